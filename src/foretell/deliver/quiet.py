"""Quiet hours: until when a message waits, in the zone of its person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import TIMESTAMP

_DAY_MICROS = 86_400_000_000


@dataclass(frozen=True)
class QuietHours:
    """From ``begin`` (quiet) to ``end`` (no longer quiet) on the person's clock, over midnight where
    ``begin`` is the later one."""

    begin: time
    end: time


def quiet_until(at: pa.ChunkedArray, zones: pa.ChunkedArray, hours: QuietHours) -> pa.Array:
    """The first instant after ``at`` at which it is no longer quiet; null where it is not quiet at ``at``.

    Where clocks are put forward over the end, the hours end with the gap; where they are put back over
    it, they end at the first time the clock shows it that is still to come.

    Args:
        at: instants, UTC (``timestamp[us]``).
        zones: IANA names, one an instant.
    """
    result = pa.nulls(len(at), TIMESTAMP)
    for zone in pc.unique(zones).to_pylist():  # a few dozen zones, whatever the number of people
        here = pc.equal(zones, zone).combine_chunks()
        found = _until(at.filter(here).combine_chunks(), zone, hours)
        result = pc.replace_with_mask(result, here, found)
    return result


def _until(at: pa.Array, zone: str, hours: QuietHours) -> pa.Array:
    begin, end = _micros(hours.begin), _micros(hours.end)
    local = local_clock(at, zone).cast(pa.int64())
    day = pc.multiply(pc.floor(pc.divide(local.cast(pa.float64()), float(_DAY_MICROS))).cast(pa.int64()), _DAY_MICROS)
    clock = pc.subtract(local, day)
    late = pc.greater_equal(clock, begin)
    quiet = pc.and_(late, pc.less(clock, end)) if begin < end else pc.or_(late, pc.less(clock, end))
    last_day = day if begin < end else pc.if_else(late, pc.add(day, _DAY_MICROS), day)
    ending = pc.add(last_day, end).cast(TIMESTAMP)
    first, second = (instant_of(ending, zone, fold) for fold in ("earliest", "latest"))
    return pc.if_else(quiet, pc.if_else(pc.greater(first, at), first, second), pa.scalar(None, TIMESTAMP))


def local_clock(at: pa.Array, zone: str) -> pa.Array:
    """What clocks in ``zone`` show at instants (UTC)."""
    return pc.local_timestamp(at.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us", tz=zone)))


def instant_of(local: pa.Array, zone: str, fold: str) -> pa.Array:
    """When clocks in ``zone`` show ``local``, UTC; where they never do, the end of the gap.

    Args:
        fold: ``earliest`` or ``latest``, for what they show twice.
    """
    found = pc.assume_timezone(local, zone, ambiguous=fold, nonexistent="latest")
    return found.cast(pa.timestamp("us", tz="UTC")).cast(TIMESTAMP)


def _micros(clock: time) -> int:
    return (clock.hour * 60 + clock.minute) * 60_000_000
