"""Journey: what happens next for each person?

Enters: ``journey`` documents, conditions, an instant. Leaves: one run a person and passage, decisions
and messages through the doors of ``deliver``, cases through ``care``, arms and codes through ``decide``;
the views ``journey_runs`` and ``journey_steps``; the events ``Journey Entered``, ``Journey Left`` and
``Journey Goal Reached``. May be called by ``measure``, ``web``, ``cli``, ``demo`` and ``app``.

:func:`tick` is called again and again with the present; between two calls nothing runs. A journey does
nothing before :func:`start`. Kinds of steps are files in ``steps/``.
"""

from __future__ import annotations

from foretell.journey import backtest
from foretell.journey.asking import Answer, Asking, ask, waiting_to_enter
from foretell.journey.assisting import Assistant
from foretell.journey.checks import KIND
from foretell.journey.document import JourneySpec, spec_of
from foretell.journey.drafts import Draft, draft_of, drafts, drop_draft, save_draft
from foretell.journey.ending import stop_all
from foretell.journey.entry_words import cap_words, entry_words, reentry_words
from foretell.journey.graph import StepNode, graph
from foretell.journey.lagging import overdue_since
from foretell.journey.moving import Moved, StepMove, move
from foretell.journey.parts import PARTS
from foretell.journey.paths import Passed, Path, path
from foretell.journey.posting_rehearsed import Posted, send_rehearsed
from foretell.journey.ready_documents import (
    Ready,
    Unpacked,
    Written,
    ready_journey,
    ready_journeys,
    unpack_ready,
    write_ready,
)
from foretell.journey.rehearsing import Person, Rehearsal, Rehearsed, Rendered, rehearse
from foretell.journey.report import JourneyLine, JourneyReport, StepCount, list_journeys, report, runs_of
from foretell.journey.stage import JourneyStage
from foretell.journey.standing import RevisionStand, StepStand, concerned, stands
from foretell.journey.states import JourneyState, drain, pause, start, state_of
from foretell.journey.steps import STEP_KINDS
from foretell.journey.tick import TickReport, tick
from foretell.journey.trusting import untrusted

__all__ = [
    "KIND",
    "PARTS",
    "STEP_KINDS",
    "Answer",
    "Asking",
    "Assistant",
    "Draft",
    "JourneyLine",
    "JourneyReport",
    "JourneySpec",
    "JourneyStage",
    "JourneyState",
    "Moved",
    "Passed",
    "Path",
    "Person",
    "Posted",
    "Ready",
    "Rehearsal",
    "Rehearsed",
    "Rendered",
    "RevisionStand",
    "StepCount",
    "StepMove",
    "StepNode",
    "StepStand",
    "TickReport",
    "Unpacked",
    "Written",
    "ask",
    "backtest",
    "cap_words",
    "concerned",
    "draft_of",
    "drafts",
    "drain",
    "drop_draft",
    "entry_words",
    "graph",
    "list_journeys",
    "move",
    "overdue_since",
    "path",
    "pause",
    "ready_journey",
    "ready_journeys",
    "reentry_words",
    "rehearse",
    "report",
    "runs_of",
    "save_draft",
    "send_rehearsed",
    "spec_of",
    "stands",
    "start",
    "state_of",
    "stop_all",
    "tick",
    "unpack_ready",
    "untrusted",
    "waiting_to_enter",
    "write_ready",
]
