"""Care: who of us acts, and by when?

Enters: cases that a journey or a person of the team opens (a task is a case), and what is done with
them. Leaves: lists and histories of cases, the view ``cases``, the events ``Case Opened`` and
``Case Resolved``. This room alone writes the tables ``cases`` and ``case_history``. May be called by
``journey``, ``measure``, ``web`` and ``cli``.
"""

from __future__ import annotations

from foretell.care.changing import change, close
from foretell.care.model import OUTCOMES, PRIORITIES, STATES, Case, CasePage, Happening
from foretell.care.opening import open_cases
from foretell.care.parts import PARTS
from foretell.care.reading import cases_of, list_cases, show
from foretell.care.stage import CareStage

__all__ = [
    "OUTCOMES",
    "PARTS",
    "PRIORITIES",
    "STATES",
    "CareStage",
    "Case",
    "CasePage",
    "Happening",
    "cases_of",
    "change",
    "close",
    "list_cases",
    "open_cases",
    "show",
]
