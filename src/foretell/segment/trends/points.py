"""Sizes at a row of instants, from what is kept and from the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from foretell.condition import Condition, Of, Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.segment.document import condition_of, spec_of
from foretell.segment.meaning import meaning_of
from foretell.segment.trends.grid import first_event, weeks_until
from foretell.segment.trends.kept import Counted, Place, keep_points, kept_points, newest_event

YEAR_WEEKS = 53


@dataclass(frozen=True)
class TrendPoint:
    """A segment at an instant.

    Args:
        joined, left: people since the point before; None at the first point.
        stays: of those who were in at the point before, the share who still are; None where nobody was.
    """

    at: datetime
    people: int
    joined: int | None
    left: int | None
    stays: float | None


@dataclass(frozen=True)
class Trend:
    """A segment's sizes, oldest first."""

    key: str
    points: tuple[TrendPoint, ...]


def trend(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    key: str,
    *,
    now: datetime,
    weeks: int = YEAR_WEEKS,
    until_now: bool = True,
    keep: bool = True,
    anew: bool = False,
) -> Trend:
    """The size of segment ``key`` at the beginning of each of the last weeks, by today's condition.

    Counts of past instants are kept, and computed anew where the segment's meaning has changed or an event
    came late. Merges, splits and erasures of people change no count that is kept.

    Args:
        until_now: end with a point at ``now``, which is not kept.
        keep: keep what had to be computed; False where the stores are open for reading alone.
        anew: use no count that is kept.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION`` and what :meth:`Reader.members` raises.
    """
    document = catalog.get("segment", key)
    instants = weeks_until(now, weeks, catalog.settings.zone_info, first_event(engine.analytics))
    meaning, seq = meaning_of(catalog, key), newest_event(engine)
    known = {} if anew else kept_points(engine, key, meaning)
    lasting = _places(instants)
    places = _places((*instants, now) if until_now and now not in instants else instants)
    missing = [place for place in places if place not in known]
    if missing:
        made = _counted(missing, condition_of(document), spec_of(document).of, reader)
        fresh = [(place, made[place]) for place in missing if place in set(lasting)]
        if keep and fresh:
            keep_points(engine, key, meaning, fresh, seq=seq, now=now)
        known = {**known, **made}
    return Trend(key, _points([(place, known[place]) for place in places]))


def trends(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    *,
    now: datetime,
    weeks: int = 13,
    keep: bool = True,
    enough: Callable[[], bool] = lambda: False,
) -> list[Trend]:
    """The sizes of all segments over the last weeks, by key; those that lean on a wrong document are left out.

    Args:
        enough: asked before each segment of which something has to be counted; once it says so, such segments come
            without points, and the next call goes on where this one ended.
    """
    found = []
    for document in catalog.all("segment"):
        try:
            if _is_counted(engine, catalog, document.key, now, weeks) or not enough():
                place = (engine, catalog, reader, document.key)
                found.append(trend(*place, now=now, weeks=weeks, until_now=False, keep=keep))
            else:
                found.append(Trend(document.key, ()))
        except UsageError:
            continue  # `plan` tells what is wrong
    return found


def _is_counted(engine: Engine, catalog: Catalog, key: str, now: datetime, weeks: int) -> bool:
    """Whether every point but the one at ``now`` is kept."""
    places = _places(weeks_until(now, weeks, catalog.settings.zone_info, first_event(engine.analytics)))
    return kept_points(engine, key, meaning_of(catalog, key)).keys() >= set(places)


def _places(instants: Sequence[datetime]) -> list[Place]:
    first: list[Place] = [(instants[0], None)] if instants else []
    return first + [(at, before) for before, at in pairwise(instants)]


def _counted(places: Sequence[Place], tree: Condition, of: Of, reader: Reader) -> dict[Place, Counted]:
    """The counts, with one look at each instant where ``places`` follow each other."""
    found: dict[Place, Counted] = {}
    last: tuple[datetime, pa.Array] | None = None
    for at, before in places:
        if before is not None and (last is None or last[0] != before):
            last = (before, _members(tree, of, reader, before))
        people = _members(tree, of, reader, at)
        stayed = 0
        if before is not None and last is not None:
            stayed = int(pc.sum(pc.is_in(people, last[1])).as_py() or 0)
        found[at, before] = Counted(len(people), len(people) - stayed)
        last = (at, people)
    return found


def _members(tree: Condition, of: Of, reader: Reader, at: datetime) -> pa.Array:
    return reader.members(tree, as_of=at, of=of)["profile_key"].combine_chunks()


def _points(counted: Sequence[tuple[Place, Counted]]) -> tuple[TrendPoint, ...]:
    made, before_people = [], 0
    for (at, before), one in counted:
        if before is None:
            made.append(TrendPoint(at, one.people, None, None, None))
        else:
            stayed = one.people - one.joined
            share = stayed / before_people if before_people else None
            made.append(TrendPoint(at, one.people, one.joined, before_people - stayed, share))
        before_people = one.people
    return tuple(made)
