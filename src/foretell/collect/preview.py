"""What would become of a file: ``foretell import --dry-run``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.frames import FrameReader
from foretell.collect.importing import frames_of
from foretell.collect.problems import PROBLEM_ROWS
from foretell.collect.tally import Tally
from foretell.collect.tracking import shown_violations
from foretell.definitions import Catalog
from foretell.engine import Decoded, scratch


@dataclass(frozen=True)
class Preview:
    """What would become of a file.

    Args:
        first: the first events: line, event, timestamp, who, properties, traits.
        problems: line, code, message, severity, body of what is wrong, at most ``PROBLEMS_SHOWN``.
        problem_counts: code → number, over the whole file.
        violations: what breaches the tracking plan, by event, field and rule: ``event field rule action owner
            count example``.
    """

    file: str
    source: str
    rows: int
    events: int
    first: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    problem_counts: dict[str, int]
    mappings: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    violations: list[dict[str, Any]] = field(default_factory=list)


FIRST_SHOWN, PROBLEMS_SHOWN = 10, 10_000
_SHOWN_OF_PROBLEMS = PROBLEM_ROWS.names[:8]


def preview(catalog: Catalog, path: Path, source_key: str | None = None, *, now: datetime) -> Preview:
    """Read a file as :func:`import_files` would, to its end, and store nothing."""
    origin, pieces = frames_of(path, catalog, source_key, now)
    reader = FrameReader(catalog)
    total, first = Tally(), pa.table({})
    problems: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    remarks: list[pa.Table] = []
    for piece in pieces:
        decoded, tally = reader.read(piece.frame)
        total = total.plus(tally)
        if first.num_rows < FIRST_SHOWN:
            shown = shown_events(decoded, FIRST_SHOWN - first.num_rows)
            first = shown if not first.num_columns else pa.concat_tables([first, shown])
        found = decoded.problems
        for entry in pc.value_counts(found["code"]).to_pylist():
            counts[entry["values"]] = counts.get(entry["values"], 0) + entry["counts"]
        problems += found.slice(0, PROBLEMS_SHOWN - len(problems)).select(_SHOWN_OF_PROBLEMS).to_pylist()
        remarks.append(decoded.remarks)
    return Preview(
        path.name,
        origin.source,
        total.rows,
        total.events,
        first.to_pylist(),
        problems,
        counts,
        {name: rows for name, (_, rows) in total.mapped.items()},
        dict(total.skipped),
        shown_violations(pa.concat_tables(remarks, promote_options="default")) if remarks else [],
    )


_SHOWN = """
WITH who AS (
    SELECT row, string_agg(kind || ':' || value, ' ' ORDER BY priority, kind, value) AS who
    FROM identifiers GROUP BY row),
told AS (
    SELECT row, string_agg(trait || '=' || coalesce(s, CAST(CAST(n AS DOUBLE) / 1000000 AS VARCHAR), 'unset'), ', '
                           ORDER BY trait) AS traits
    FROM traits GROUP BY row)
SELECT e.line, e.event, e.ts AS timestamp, e.message_id, coalesce(w.who, '') AS who, e.properties, t.traits
FROM events e LEFT JOIN who w USING (row) LEFT JOIN told t USING (row)
ORDER BY e.row LIMIT $limit
"""


def shown_events(decoded: Decoded, limit: int) -> pa.Table:
    """The first events in a form for people."""
    rows = pa.array(range(min(limit, decoded.events.num_rows)), pa.int64())
    tables = {
        name: table.filter(pc.is_in(table["row"], rows))
        for name, table in (
            ("events", decoded.events),
            ("identifiers", decoded.identifiers),
            ("traits", decoded.traits),
        )
    }
    return scratch(_SHOWN, tables, {"limit": limit})
