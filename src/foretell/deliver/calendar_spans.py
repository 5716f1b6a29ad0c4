"""Days, weeks and months on a person's own clock, as instants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from foretell.deliver.quiet import instant_of, local_clock
from foretell.engine import TIMESTAMP

Unit = Literal["day", "week", "month"]
_DAY_MICROS = 86_400_000_000
_BEYOND: Mapping[Unit, int] = {"day": _DAY_MICROS, "week": 7 * _DAY_MICROS, "month": 32 * _DAY_MICROS}
"""So long after its begin the next unit has begun, and the one after that has not."""


def calendar_span(at: pa.ChunkedArray, zones: pa.ChunkedArray, unit: Unit) -> tuple[pa.Array, pa.Array]:
    """When the day, week (from Monday on) or month began in which ``at`` lies, and when the next one begins.

    Where clocks are put forward over midnight, the day begins with the end of the gap; where they are put back to
    it, at the first midnight.

    Args:
        at: instants, UTC (``timestamp[us]``).
        zones: IANA names, one an instant.
    """
    begin, end = pa.nulls(len(at), TIMESTAMP), pa.nulls(len(at), TIMESTAMP)
    for zone in pc.unique(zones).to_pylist():
        here = pc.equal(zones, zone).combine_chunks()
        local = local_clock(at.filter(here).combine_chunks(), zone)
        first = pc.floor_temporal(local, 1, unit)
        later = pc.add(first.cast(pa.int64()), _BEYOND[unit]).cast(TIMESTAMP)
        begin = pc.replace_with_mask(begin, here, instant_of(first, zone, "earliest"))
        end = pc.replace_with_mask(end, here, instant_of(pc.floor_temporal(later, 1, unit), zone, "earliest"))
    return begin, end
