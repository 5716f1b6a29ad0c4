"""The one place that wires rooms, stores and settings together.

Enters: the root of a workspace, an instant. Leaves: an opened :class:`Workspace`, with which doors call the rooms, and
what became of it when it was brought to an instant. May be called by ``web``, ``demo``, ``bench`` and ``cli``.
"""

from __future__ import annotations

from foretell.app.advancing import Advance, advance, freshen
from foretell.app.applying import all_problems, apply, draft_plan, impact, plan
from foretell.app.people import (
    Split,
    accept_pair,
    identity_moves,
    identity_preview,
    identity_rules,
    kept_of,
    match_people,
    match_questions,
    matching_spec,
    merge_people,
    refresh_matching,
    reject_pair,
    split_person,
)
from foretell.app.rooms import KINDS, ROOMS, follow, kind_of, stages
from foretell.app.workspace import (
    Workspace,
    beside,
    open_workspace,
    opened_for_restore,
    protected,
    rebuild,
    reload_definitions,
)

__all__ = [
    "KINDS",
    "ROOMS",
    "Advance",
    "Split",
    "Workspace",
    "accept_pair",
    "advance",
    "all_problems",
    "apply",
    "beside",
    "draft_plan",
    "follow",
    "freshen",
    "identity_moves",
    "identity_preview",
    "identity_rules",
    "impact",
    "kept_of",
    "kind_of",
    "match_people",
    "match_questions",
    "matching_spec",
    "merge_people",
    "open_workspace",
    "opened_for_restore",
    "plan",
    "protected",
    "rebuild",
    "refresh_matching",
    "reject_pair",
    "reload_definitions",
    "split_person",
    "stages",
]
