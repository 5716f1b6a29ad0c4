"""Members of a segment as they leave the house: without those whose data may not be handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.profile import purposes_of, way_out
from foretell.segment.membership import members

MEMBERS = way_out("segment.members", "export", "members of a segment, listed or written to a file")


@dataclass(frozen=True)
class Export:
    """Rows that may go out.

    Args:
        left_out: how many people are not among them, by reason (``objected``, ``restricted`` …).
    """

    rows: pa.Table
    left_out: Mapping[str, int]


def export_members(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    key: str,
    *,
    as_of: datetime,
    now: datetime,
    where: Mapping[str, Any] | None = None,
) -> Export:
    """The people in segment ``key`` at ``as_of`` whose data may be handed over, see :func:`~foretell.segment.members`.

    Args:
        now: the present: who objects today is not handed over, whatever instant is asked for.
    """
    found = members(catalog, reader, key, as_of=as_of, where=where)
    kept = MEMBERS.only(engine.ops, found["profile_key"], now, purposes_of(catalog))
    rows = found.filter(pc.is_in(found["profile_key"], kept.kept)) if kept.left_out else found
    return Export(rows.drop_columns(["profile_key"]), kept.left_out)
