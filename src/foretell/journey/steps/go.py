"""``go``: on to another journey, by the same door as everybody who enters there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from foretell.definitions import KeyText
from foretell.engine import Batch, Tx
from foretell.ids import stable_id
from foretell.journey.asking import CAME_THROUGH, ask_to_enter, lets_in
from foretell.journey.steps.base import Step, StepContext, StepKind, moves

MOST_JOURNEYS = 20
"""Through so many journeys somebody is handed on; a backstop, since plan refuses documents that lead in a circle."""


class GoStep(Step):
    """Asks another journey to let the person in, with what this run knows; this run goes on with the next step.

    Whether they enter there is that journey's to say: its `enter`, its re-entry rule, its cap, its holdout.
    """

    go: KeyText = Field(description="Key of the other journey.")


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, GoStep)
    if not lets_in(tx, step.go):
        return moves(runs, "refused: journey not live", context.following)
    known = [json.loads(text) for text in runs["variables"].to_pylist()]
    ways = [[*one.get(CAME_THROUGH, []), context.journey] for one in known]
    fits = pa.array([len(way) <= MOST_JOURNEYS for way in ways], pa.bool_())
    variables = [
        json.dumps({**one, CAME_THROUGH: way, "visits": {}}, sort_keys=True)
        for one, way in zip(known, ways, strict=True)
    ]
    asked = zip(runs["run"].to_pylist(), runs["at"].to_pylist(), strict=True)
    ids = [stable_id("go", step.go, run, step.key, at.isoformat()) for run, at in asked]
    count = runs.num_rows
    rows = pa.table(
        {
            "entry": pa.array(ids, pa.string()),
            "profile_key": runs["profile_key"],
            "node_key": runs["node_key"],
            "at": runs["at"],
            "entry_message_id": runs["entry_message_id"],
            "variables": pa.array(variables, pa.string()),
            "from_journey": pa.array([context.journey] * count, pa.string()),
            "run": runs["run"],
        }
    )
    ask_to_enter(tx, batch, step.go, rows.filter(fits))
    return moves(runs, pc.if_else(fits, "handed on", "refused: too many journeys"), context.following)


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, GoStep)
    return (("journey", step.go),)


def _exits(_step: Step, following: str | None) -> Mapping[str, str | None]:
    return {"next": following}


KIND = StepKind(
    "go", GoStep, _advance, refers=_refers, exits=_exits,
    unforeseen="who would have been handed on to another journey is counted, what would have happened there is not.",
)  # fmt: skip
