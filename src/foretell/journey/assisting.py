"""Moving runs on beside the process that leads: what needs no look at what people did, by any process of a workspace.

The leader decides who enters, who is over and which way a branch goes, since it has the analytics store. The steps in
between (a message through the gate with its row in the outbox, a code, a case, an audience) any process takes, in parts
that nobody else has. Journeys come in the leader's order, and none before those ahead of it are through, so that caps
see what they would see in one process.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pyarrow as pa

from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine, Turning
from foretell.journey import claiming, runs, states
from foretell.journey.order import in_order
from foretell.journey.published import Revisions
from foretell.journey.rounds import AsksAnalytics, play_claimed
from foretell.journey.work import Work

CHUNK = 5_000


class Assistant:
    """Takes part in the ticks of a process that does not lead; one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asking: dict[str, set[claiming.Place]] = {}

    def tick(self, catalog: Catalog, reader: Reader, *, now: datetime) -> int:
        """Take what is due and can be done here, up to ``now``; returns the steps that were made.

        It may be killed anywhere: what is committed stays, and what it had claimed any process takes.
        """
        work = Work(self._engine, catalog, reader, now, Revisions(self._engine.ops))
        moves = 0
        for state in in_order(work):
            if state.state not in states.MOVING:
                continue
            moves += self._advance(work, state.journey)
            if runs.any_due(self._engine.ops, state.journey, now):
                return moves
        return moves

    def _advance(self, work: Work, journey: str) -> int:
        asking, moves = self._asking.setdefault(journey, set()), 0
        while runs.any_due(self._engine.ops, journey, work.now):
            try:
                taken = play_claimed(work, journey, partial(_just_come, journey, asking), asking).steps
            except AsksAnalytics as place:
                asking.add(place.place)
                continue
            if not taken:
                break
            moves += taken
        return moves


def _just_come(journey: str, asking: set[claiming.Place], turning: Turning, until: int) -> pa.Table:
    return claiming.just_come(turning, journey, until, CHUNK, asking)
