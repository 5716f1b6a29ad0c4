"""Journey: what happens next for each person?

Enters: ``journey`` documents, conditions, an instant. Leaves: one run a person and passage, decisions
and messages through the doors of ``deliver``, cases through ``care``, arms and codes through ``decide``;
the views ``journey_runs`` and ``journey_steps``; the events ``Journey Entered``, ``Journey Left`` and
``Journey Goal Reached``. May be called by ``measure``, ``web``, ``cli``, ``demo`` and ``app``.

:func:`tick` is called again and again with the present; between two calls nothing runs. A journey does
nothing before :func:`start`. Kinds of steps are files in ``steps/``.
"""

from __future__ import annotations

from foretell.journey.checks import KIND
from foretell.journey.document import JourneySpec, spec_of
from foretell.journey.graph import StepNode, graph
from foretell.journey.lagging import overdue_since
from foretell.journey.parts import PARTS
from foretell.journey.report import JourneyLine, JourneyReport, StepCount, list_journeys, report, runs_of
from foretell.journey.stage import JourneyStage
from foretell.journey.states import JourneyState, pause, start, state_of
from foretell.journey.steps import STEP_KINDS
from foretell.journey.tick import TickReport, tick

__all__ = [
    "KIND",
    "PARTS",
    "STEP_KINDS",
    "JourneyLine",
    "JourneyReport",
    "JourneySpec",
    "JourneyStage",
    "JourneyState",
    "StepCount",
    "StepNode",
    "TickReport",
    "graph",
    "list_journeys",
    "overdue_since",
    "pause",
    "report",
    "runs_of",
    "spec_of",
    "start",
    "state_of",
    "tick",
]
