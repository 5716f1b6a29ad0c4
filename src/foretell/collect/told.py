"""What a frame tells before its JSON is spread into columns, and the step that spreads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.flatten import Flat, flattened
from foretell.collect.problems import PROBLEM_ROWS, problem_rows
from foretell.collect.widen import wide_columns
from foretell.engine import ELEMENTS, EVENTS, IDENTIFIERS, TRAITS, Decoded, scratch

PATH_LIMIT = 1_000
"""Property paths of a frame that get columns, the most frequent ones; the rest stays in the JSON."""


@dataclass(frozen=True)
class Origin:
    """Where a frame came from.

    Args:
        source: key of the source document, or the name given in its place.
        file: name of the file; empty for what came over the wire.
        received_at: arrival, UTC.
    """

    source: str
    file: str
    received_at: datetime


def read_properties(events: pa.Table, traits: pa.Table) -> Flat:
    """The members of the properties of ``events`` and of trait objects.

    Args:
        events: ``row`` (0, 1, 2 …) and ``properties``.
        traits: ``row``, ascending, and ``token`` (a JSON object).
    """
    docs = events.select(["row", "properties"]).rename_columns(["owner", "token"])
    return flattened(docs, traits.rename_columns(["owner", "token"]), events.num_rows)


def trait_rows(flat: Flat) -> pa.Table:
    """Traits in long form (columns of ``TRAITS``): null unsets, an array is kept as its JSON text."""
    plain = flat.traits.filter(pc.invert(flat.traits["held"])).select(["owner", "path", "s", "n"])
    lists = flat.lists.append_column("n", pa.nulls(flat.lists.num_rows, pa.int64()))
    tables = [plain.rename_columns(TRAITS.names), lists.rename_columns(TRAITS.names)]
    return pa.concat_tables([table.cast(TRAITS) for table in tables])


def assembled(
    events: pa.Table,
    flat: Flat,
    identifiers: pa.Table,
    traits: pa.Table,
    problems: Sequence[pa.Table],
    origin: Origin,
) -> Decoded:
    """Spread properties into columns and the elements of arrays into rows.

    Args:
        events: columns of ``EVENTS``; ``row`` counts 0, 1, 2 …
        flat: the members of their properties.
        identifiers, traits: columns of ``IDENTIFIERS`` and ``TRAITS``.
        problems: tables of ``PROBLEM_ROWS``.
    """
    leaves, inner, left_out = _within_limit(flat)
    warnings = _warnings(origin, left_out, flat.deeper)
    elements = flat.elements.select(["array", "owner", "ordinal"]).rename_columns(ELEMENTS.names)
    return Decoded(
        events=events.select(EVENTS.names).cast(EVENTS),
        identifiers=identifiers.cast(IDENTIFIERS),
        properties=_wide(pa.table({"row": events["row"]}), leaves),
        elements=_wide(elements.cast(ELEMENTS), inner),
        traits=traits.cast(TRAITS),
        problems=pa.concat_tables([PROBLEM_ROWS.empty_table(), *problems, *warnings]),
    )


def _wide(rows: pa.Table, leaves: pa.Table) -> pa.Table:
    if leaves.num_rows:
        for name, column in wide_columns(leaves, rows.num_rows).items():
            rows = rows.append_column(name, column)
    return rows


def _within_limit(flat: Flat) -> tuple[pa.Table, pa.Table, list[str]]:
    """Keep the leaves of the most frequent paths; returns the names of the others too."""
    leaves, inner = flat.properties, flat.inner
    arrays = max(pc.count_distinct(flat.elements["array"]).as_py(), 1)
    distinct = pc.count_distinct(leaves["path"]).as_py()
    if distinct + pc.count_distinct(inner["path"]).as_py() * arrays <= PATH_LIMIT:
        return leaves, inner, []
    tables = {"leaves": leaves, "inner_leaves": inner, "elements": flat.elements}
    tables["lost"] = scratch(_RANKED, tables, {"limit": PATH_LIMIT})
    names = scratch("SELECT concat_ws('.', held_in, path) AS path FROM lost ORDER BY rank", tables)
    return (
        scratch("SELECT l.* FROM leaves l ANTI JOIN (FROM lost WHERE held_in IS NULL) USING (path)", tables),
        scratch(
            "SELECT i.* FROM inner_leaves i JOIN elements e ON e.element = i.owner "
            'ANTI JOIN lost ON lost.held_in = e."array" AND lost.path = i.path',
            tables,
        ),
        names["path"].to_pylist(),
    )


_RANKED = """
WITH seen AS (
    SELECT CAST(NULL AS VARCHAR) AS held_in, path FROM leaves WHERE s IS NOT NULL OR n IS NOT NULL
    UNION ALL SELECT e."array", i.path FROM inner_leaves i JOIN elements e ON e.element = i.owner
    WHERE s IS NOT NULL OR n IS NOT NULL),
counted AS (SELECT held_in, path, count(*) AS n FROM seen GROUP BY ALL),
ranked AS (SELECT *, row_number() OVER (ORDER BY n DESC, held_in NULLS FIRST, path) AS rank FROM counted)
SELECT held_in, path, rank FROM ranked WHERE rank > $limit
"""


def _warnings(origin: Origin, left_out: Sequence[str], deeper: Sequence[str]) -> list[pa.Table]:
    found = []
    if left_out:
        text = f"{len(left_out):,} property paths beyond {PATH_LIMIT:,} stay in the JSON alone: "
        found.append(("PROPERTY_LIMIT", text + _few(left_out)))
    if deeper:
        found.append(("PROPERTY_DEPTH", "what is nested deeper stays in the JSON alone: " + _few(deeper)))
    if not found:
        return []
    codes, messages = zip(*found, strict=True)
    empty = [None] * len(found)
    rows = pa.table({"line": empty, "code": codes, "message": messages, "body": empty})
    return [
        problem_rows(rows, source=origin.source, file=origin.file, received_at=origin.received_at, severity="warning")
    ]


def _few(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(repr((name or "…")[:80]) for name in names[:most])
    return shown + (" …" if len(names) > most else "")
