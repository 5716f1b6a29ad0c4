"""Which messages are handed over next: the transactional lane first, and journeys in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from foretell.clock import micros
from foretell.definitions import Catalog
from foretell.deliver import outbox
from foretell.deliver.context import asking_analytics
from foretell.deliver.outbox import Queued
from foretell.deliver.rates import in_turns
from foretell.engine import Engine

ROUND = 2_000
SHARE = 500
"""So many messages a process takes for itself where several send."""
_TRANSACTIONAL = "purpose = 'transactional'"
_BULK = "purpose <> 'transactional'"
_FIRST_JOURNEY = "SELECT min(journey) FROM messages WHERE state = 'queued' AND journey > ?"
"""By its index: however many messages a journey has waiting, one look finds the next journey."""
_Pick = Callable[[str, Sequence[object], int], list[Queued]]


def next_turn(engine: Engine, catalog: Catalog, now: datetime) -> list[Queued]:
    """What is handed over next, in order; where several processes send, it is this one's already.

    Where more is due than fits into a turn, every journey has a part of it: nobody waits for a wave of another
    journey to be over.
    """
    most = SHARE if engine.is_shared else ROUND
    pick = _picking(engine, catalog, now)
    first = pick(_TRANSACTIONAL, (), most)
    left = most - len(first)
    if not left:
        return first
    bulk = _shared_out(engine, pick, left) if _crowded(engine, now, left) else pick(_BULK, (), left)
    return in_turns([*first, *bulk])


def _picking(engine: Engine, catalog: Catalog, now: datetime) -> _Pick:
    if not engine.is_shared:
        return lambda only, params, most: outbox.waiting(engine, now, most, only, params)
    but = () if engine.has_analytics else asking_analytics(catalog)
    return lambda only, params, most: outbox.take(engine, now, most, but, only, params)


def _crowded(engine: Engine, now: datetime, most: int) -> bool:
    """Whether more waits than a turn takes; asked before anything is claimed."""
    sql = "SELECT 1 FROM messages WHERE state = 'queued' AND next_at <= ? ORDER BY next_at LIMIT 1 OFFSET ?"
    return bool(engine.ops.look_up(sql, (micros(now), most)))


def _shared_out(engine: Engine, pick: _Pick, most: int) -> list[Queued]:
    """The earliest of every journey; what some do not need, the others get."""
    chosen: dict[str | None, list[Queued]] = {}
    waiting = _journeys(engine)
    for place, journey in enumerate(waiting):
        left = most - sum(map(len, chosen.values()))
        share = -(-left // (len(waiting) - place))
        chosen[journey] = _of(pick, journey, share)
    return [message for part in chosen.values() for message in part]


def _of(pick: _Pick, journey: str | None, most: int) -> list[Queued]:
    if most <= 0:
        return []
    if journey is None:
        return pick(f"{_BULK} AND journey IS NULL", (), most)
    return pick(f"{_BULK} AND journey = ?", (journey,), most)


def _journeys(engine: Engine) -> list[str | None]:
    """Every journey with messages that wait, and None for those of no journey."""
    found: list[str | None] = [None]
    last = ""
    while (first := engine.ops.look_up(_FIRST_JOURNEY, (last,))[0][0]) is not None:
        found.append(last := first)
    return found
