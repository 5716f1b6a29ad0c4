"""What steps share at which a run stays: how often it may come by on a loop, and when a clock shows a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from foretell.clock import micros, zone_of
from foretell.definitions import Catalog, KeyText
from foretell.engine import TIMESTAMP, Tx, integers
from foretell.errors import UsageError
from foretell.journey.calendar import WEEKDAYS, clock_of, instant_of
from foretell.journey.steps.base import MOVES, Step
from foretell.profile import golden, survivorship_of

MOST_VISITS = 100
"""Of a loop whose document says nothing."""
_VISITS = "visits"
_ZONES = ("timezone", "zone")
_HOUR = 3_600_000_000

Micros = npt.NDArray[np.int64]


class RestingStep(Step):
    """A step at which a run stays for a while."""

    most: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description=f"On a loop: so often a run may come here; default: {MOST_VISITS}.",
    )
    over: KeyText | None = Field(None, description="Step for a run that came here too often; default: the end.")


def with_over(step: Step, ways: Mapping[str, str | None]) -> dict[str, str | None]:
    """``ways`` and, where the document bounds the loop, the way out of it."""
    assert isinstance(step, RestingStep)
    bounded = step.most is not None or step.over is not None
    return {**ways, **({"over": step.over} if bounded else {})}


def bounded(step: Step, most: int | None, runs: pa.Table, moved: pa.Table) -> pa.Table:
    """``moved`` where those who come to a step of a loop are counted, and who came too often leaves it.

    Args:
        most: see :attr:`~foretell.journey.steps.StepContext.most`.
        moved: :data:`MOVES` in the order of ``runs``.
    """
    if most is None or not runs.num_rows:
        return moved
    assert isinstance(step, RestingStep)
    counts, texts = [], []
    for text, waiting in zip(runs["variables"].to_pylist(), runs["waiting"].to_pylist(), strict=True):
        known = json.loads(text)
        visits = {**known.get(_VISITS, {})}
        visits[step.key] = visits.get(step.key, 0) + (0 if waiting else 1)
        counts.append(visits[step.key])
        texts.append(None if waiting else json.dumps({**known, _VISITS: visits}, sort_keys=True))
    over = pa.array([count > most for count in counts])
    columns = {
        "run": moved["run"],
        "outcome": pc.if_else(over, f"over: {most} times", moved["outcome"]),
        "next": pc.if_else(over, pa.scalar(step.over, pa.string()), moved["next"]),
        "due_at": pc.if_else(over, runs["at"], moved["due_at"]),
        "variables": pc.coalesce(moved["variables"], pa.array(texts, pa.string())),
    }
    return pa.table([columns[name] for name in MOVES.names], schema=MOVES)


def zones_of(tx: Tx, profile_keys: pa.ChunkedArray | pa.Array, catalog: Catalog) -> pa.Array:
    """The IANA zone of each person, the workspace's where none is known that there is."""
    asked = pc.unique(profile_keys)
    usual = catalog.settings.zone
    found: dict[int, str] = {}
    if len(asked):
        told = golden(tx, asked, survivorship_of(catalog), traits=_ZONES)
        named = told.filter(pc.is_valid(told["s"]))
        good = {zone for zone in pc.unique(named["s"]).to_pylist() if _exists(zone)}
        for trait in reversed(_ZONES):
            part = named.filter(pc.equal(named["trait"], trait))
            pairs = zip(part["profile_key"].to_pylist(), part["s"].to_pylist(), strict=True)
            found.update({key: zone for key, zone in pairs if zone in good})
    zones = pa.array([found.get(key, usual) for key in asked.to_pylist()], pa.string())
    place = pc.index_in(profile_keys, asked)
    taken = zones.take(place.combine_chunks() if isinstance(place, pa.ChunkedArray) else place)
    assert isinstance(taken, pa.Array)
    return taken


def _exists(zone: str) -> bool:
    try:
        zone_of(zone)
    except UsageError:
        return False
    return True


def next_clocks(
    after: pa.Array | pa.ChunkedArray,
    zones: pa.Array,
    clocks: pa.Array,
    weekdays: Iterable[str] | None = None,
    *,
    slack_hours: int = 0,
    same: bool = True,
) -> pa.Array:
    """For each run the first instant from ``after`` on at which the person's clock shows a time.

    Daylight saving: a time that the clock leaves out is when it is put past it, one that it shows twice the first.

    Args:
        after: timestamps, UTC.
        zones, clocks: IANA names and times such as ``09:00``, one a run.
        weekdays: only on these.
        slack_hours: who comes so much later than the time does not wait for the next one.
        same: whether ``after`` itself may be it.

    Returns: timestamps, UTC.
    """
    begins = integers(after.cast(TIMESTAMP).cast(pa.int64()))
    result = begins.copy()
    looked = begins - slack_hours * _HOUR + (0 if same and not slack_hours else 1)
    pairs = list(zip(zones.to_pylist(), clocks.to_pylist(), strict=True))
    for zone, clock in sorted(set(pairs)):
        places = np.flatnonzero(np.array([pair == (zone, clock) for pair in pairs]))
        slots = _slots(int(looked[places].min()), int(looked[places].max()), zone, clock, weekdays)
        found = slots[np.searchsorted(slots, looked[places], side="left")]
        result[places] = np.maximum(found, begins[places]) if same else found
    return pa.array(result).cast(TIMESTAMP)


def _slots(first: int, last: int, zone: str, clock: str, weekdays: Iterable[str] | None) -> Micros:
    """The instants (µs) at which a clock shows a time, from before ``first`` to after ``last``."""
    at, where = clock_of(clock), zone_of(zone)
    wanted = set(WEEKDAYS if weekdays is None else weekdays)
    begin, end = (_day(stamp) for stamp in (first, last))
    days = (begin + timedelta(days=ahead) for ahead in range(-2, (end - begin).days + 10))
    return np.array(
        sorted(micros(instant_of(day, at, where)) for day in days if WEEKDAYS[day.weekday()] in wanted), dtype=np.int64
    )


def _day(stamp: int) -> date:
    return datetime.fromtimestamp(stamp // 1_000_000, UTC).date()
