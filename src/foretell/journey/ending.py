"""The end of a whole journey: everybody inside stops at once, or the last of a draining one has gone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx
from foretell.journey import runs, states
from foretell.journey.published import Revisions
from foretell.journey.rounds import places_of
from foretell.journey.stopping import stop

CHUNK = 10_000
STOPPED: Final = "stopped"


def stop_all(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> int:
    """Stop a journey: everybody inside ends at ``now``, and what they have not been sent is taken back.

    What is being handed over at that moment still goes. It may be killed anywhere: nobody moves on from its
    beginning, and the next tick, or doing it again, ends the rest. Goals are still noted, of both arms.

    Returns:
        The people who were inside.

    Raises:
        UsageError: ``NOT_STARTED`` where it never ran.
    """
    states.change(engine, catalog, key, STOPPED, now=now)
    return end_everybody(engine, key, now)


def end_everybody(engine: Engine, key: str, now: datetime) -> int:
    """End the runs that go on, in recorded batches; returns how many they were."""
    revisions, total = Revisions(engine.ops), 0
    while states.inside(engine, key):
        taken = 0

        def change(tx: Tx, batch: Batch) -> None:
            nonlocal taken
            rows = runs.inside(tx, key, CHUNK)
            taken = rows.num_rows
            at = runs.replaced(rows, at=naive_utc(now), due_at=micros(now))
            for (revision,), places in places_of(at, ["revision"]):
                published = revisions.get(key, int(str(revision)))
                stop(tx, batch, published, at.take(pa.array(places)), STOPPED)

        engine.act("journey", change, now=now)
        total += taken
    return total


def note_drained(engine: Engine, catalog: Catalog, key: str, now: datetime) -> bool:
    """Say of a draining journey that nobody is inside any more, where that is so."""
    if states.inside(engine, key):
        return False
    states.change(engine, catalog, key, "drained", now=now)
    return True
