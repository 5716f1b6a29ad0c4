"""Calendar months in the workspace's time zone."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from foretell.clock import from_micros, micros, shift_months


def with_month(rows: pa.Table, name: str, zone: ZoneInfo) -> pa.Table:
    """``rows`` with the column ``month`` (``2026-03``): in which month of ``zone`` the instants of column ``name``
    (timestamp[us], UTC, none null) lie."""
    at = rows[name].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    if not len(at):
        return rows.append_column("month", pa.array([], pa.string()))
    first = from_micros(int(at.min())).astimezone(zone)
    month = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    begins, labels, last = [], [], int(at.max())
    while micros(month.astimezone(UTC)) <= last:
        begins.append(micros(month.astimezone(UTC)))
        labels.append(f"{month:%Y-%m}")
        month = shift_months(month, 1)
    place = np.searchsorted(np.array(begins, np.int64), at, side="right") - 1
    return rows.append_column("month", pa.array(labels, pa.string()).take(pa.array(place)))
