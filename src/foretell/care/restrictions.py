"""Of whom nothing is opened: people whose data may not be used."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell import profile
from foretell.engine import OperationalStore, Tx

_BARS = ("restriction", "suppression")


def allowed(store: Tx | OperationalStore, rows: pa.Table, now: datetime) -> pa.Table:
    """``rows`` (with ``profile_key``) without those of people whose data may not be used."""
    if not rows.num_rows:
        return rows
    barred = profile.restricted(store, rows["profile_key"], now)
    barred = barred.filter(pc.is_in(barred["kind"], pa.array(_BARS)))
    return rows.filter(pc.invert(pc.is_in(rows["profile_key"], barred["profile_key"].combine_chunks())))
