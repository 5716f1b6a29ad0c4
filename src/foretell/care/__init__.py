"""Care: who of us acts, and by when?

Enters: cases that a journey or a person of the team opens (a task is a case), what is done with them, case rules as
documents, teams and the help desk as settings, scores, what changed at the help desk. Leaves: lists and histories of
cases, tickets, the view ``cases``, the events ``Case Opened`` and ``Case Resolved``. This room alone writes the tables
``cases``, ``case_*``, ``team_turns`` and ``desk_*``. May be called by ``journey``, ``measure``, ``web`` and ``cli``.
"""

from __future__ import annotations

from foretell.care import issues
from foretell.care.belonging import contacts, noted_responses
from foretell.care.by_hand import NewCase, open_one
from foretell.care.change_model import NOBODY, CaseChange
from foretell.care.changing import change, change_all, close, close_all, reopen, take
from foretell.care.desk_settings import problems_of
from foretell.care.desks import desk_kinds
from foretell.care.holding import held_back, leave_held, open_held
from foretell.care.looking import open_by_rules
from foretell.care.model import LINKS, OUTCOMES, PRIORITIES, STATES, Case, CasePage, DoneStep, Happening, Link, Ticket
from foretell.care.opening import kept_cases, open_cases
from foretell.care.openings import Opens
from foretell.care.parts import PARTS
from foretell.care.reading import Sort, Wanted, cases_of, count_by_state, list_cases, owners, show, surveys
from foretell.care.ready_rules import FittedRule, ReadyRule, fitted_rule, ready_rule, ready_rules, write_ready_rule
from foretell.care.refreshing import CareReport, refresh
from foretell.care.rule_document import BY_VALUE, CaseRuleSpec, rule_of
from foretell.care.rule_document import KIND as CASE_RULE
from foretell.care.stage import CareStage
from foretell.care.sync_case import SyncReport
from foretell.care.syncing import DeadLetter, DeskStanding, desk_standing, note_news, sync, sync_again

__all__ = [
    "BY_VALUE",
    "CASE_RULE",
    "LINKS",
    "NOBODY",
    "OUTCOMES",
    "PARTS",
    "PRIORITIES",
    "STATES",
    "CareReport",
    "CareStage",
    "Case",
    "CaseChange",
    "CasePage",
    "CaseRuleSpec",
    "DeadLetter",
    "DeskStanding",
    "DoneStep",
    "FittedRule",
    "Happening",
    "Link",
    "NewCase",
    "Opens",
    "ReadyRule",
    "Sort",
    "SyncReport",
    "Ticket",
    "Wanted",
    "cases_of",
    "change",
    "change_all",
    "close",
    "close_all",
    "contacts",
    "count_by_state",
    "desk_kinds",
    "desk_standing",
    "fitted_rule",
    "held_back",
    "issues",
    "kept_cases",
    "leave_held",
    "list_cases",
    "note_news",
    "noted_responses",
    "open_by_rules",
    "open_cases",
    "open_held",
    "open_one",
    "owners",
    "problems_of",
    "ready_rule",
    "ready_rules",
    "refresh",
    "reopen",
    "rule_of",
    "show",
    "surveys",
    "sync",
    "sync_again",
    "take",
    "write_ready_rule",
]
