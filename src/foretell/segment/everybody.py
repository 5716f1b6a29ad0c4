"""Whom a segment could hold."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from foretell.condition import Of, Reader, parse

_ANYTHING = {"did": "Order Completed", "times": {"gte": 0}}
"""Of whatever event everybody has none or more."""


def everybody(reader: Reader, *, of: Of, as_of: datetime, known_at: datetime | None = None) -> pa.Table:
    """Column ``profile_key``: the whole universe ``of`` at ``as_of``, in no order."""
    return reader.members(parse(_ANYTHING), as_of=as_of, known_at=known_at, of=of).select(["profile_key"])
