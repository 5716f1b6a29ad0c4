"""Loading a table: what differs from what is stored is told, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.file_checks import check_text, checked_file, empty
from foretell.collect.own_tables.document import TableSpec, spec_of
from foretell.collect.own_tables.frames import TOLD, table_frame
from foretell.collect.own_tables.json_rows import json_rows
from foretell.collect.own_tables.noting import latest
from foretell.collect.own_tables.reading import READ, read_rows
from foretell.collect.readers import not_this_format, open_rows
from foretell.collect.source_model import SourceSpec
from foretell.collect.standards import StandardContext
from foretell.definitions import Catalog
from foretell.engine import Engine, scratch
from foretell.errors import ForetellError, UsageError

FRAME_ROWS = 50_000
_SHOWN = 20
_FORMATS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".xlsx": "xlsx"}


@dataclass(frozen=True)
class Refused:
    """A row that was not taken in."""

    line: int
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """What a load did; ``rows`` = added + changed + unchanged + repeated + refused.

    Args:
        removed: rows that were stored and are gone (``refresh.mode: replace``).
        repeated: rows whose key comes again later in the same load; the last one counts.
        examples: the first rows that were refused.
    """

    table: str
    rows: int
    added: int
    changed: int
    unchanged: int
    removed: int
    repeated: int
    refused: int
    examples: tuple[Refused, ...] = ()


def load_file(engine: Engine, catalog: Catalog, key: str, path: Path, *, now: datetime) -> LoadReport:
    """Load a CSV, Parquet, Excel or JSON-lines file of rows into the table ``key``.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``UNKNOWN_COLUMN``.
        ForetellError: ``FILE_FORMAT``, ``FILE_EMPTY``, ``FILE_MISSING`` and the like; nothing is stored then.
    """
    spec = spec_of(catalog.get("table", key))
    rows = _rows(path, spec)
    if not rows.num_rows:
        raise empty(path)
    return _load(engine, catalog, key, spec, rows, file=path.name, now=now, whole=True)


def load_rows(
    engine: Engine, catalog: Catalog, key: str, rows: Sequence[dict[str, Any]], *, now: datetime
) -> LoadReport:
    """Add and change rows given as objects, column → value. No row is removed, whatever the table's mode."""
    spec = spec_of(catalog.get("table", key))
    columns = {name: pa.array([_said(row.get(name)) for row in rows], pa.string()) for name in spec.read}
    table = pa.table({"line": np.arange(1, len(rows) + 1), **columns})
    return _load(engine, catalog, key, spec, table, file="", now=now, whole=False)


def _said(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _rows(path: Path, spec: TableSpec) -> pa.Table:
    start = checked_file(path)
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".jsonl", ".ndjson")):
        return json_rows(path, start, spec.read)
    file_format = _FORMATS.get(Path(name).suffix)
    if file_format is None:
        raise UsageError(
            "FILE_FORMAT",
            f"{path.name!r} is no file of rows",
            where=str(path),
            next_step="Give a .csv, .parquet, .xlsx or .jsonl file.",
        )
    source = SourceSpec.model_construct(format=file_format, delimiter="\t" if name.endswith(".tsv") else ",")
    if file_format == "csv":
        check_text(path, start)
    opened = open_rows(path, source)
    try:
        rows = pa.concat_tables([*opened.batches] or [opened.schema.empty_table()])
    except (pa.ArrowException, UnicodeError) as error:
        raise not_this_format(path, source, error) from error
    if opened.rejected:
        line, reason, _ = opened.rejected[0]
        raise ForetellError(
            "FILE_FORMAT", reason, where=f"{path}:{line}", next_step="Mend the row; nothing was stored."
        )
    return rows


def _load(
    engine: Engine,
    catalog: Catalog,
    key: str,
    spec: TableSpec,
    rows: pa.Table,
    *,
    file: str,
    now: datetime,
    whole: bool,
) -> LoadReport:
    read = read_rows(rows, spec, StandardContext.of(catalog.settings), where=file or f"table {key}")
    engine.apply_pending()
    kept = scratch(_KEPT, {"r": read})
    gone = whole and spec.refresh.mode == "replace"
    if gone:
        stored = engine.analytics.query(_STORED, {"key": key, "kind": spec.linked[0]})
    else:
        stored = engine.analytics.query(_STORED_ALREADY, {"key": key}, {"asked": kept.select(["row_key"])})
    told = scratch(_TOLD, {"r": read, "stored": stored, "kept": kept}, {"table": key, "gone": gone})
    frames = [
        table_frame(told.slice(start, FRAME_ROWS), key, spec.linked[0], file=file, now=now)
        for start in range(0, told.num_rows, FRAME_ROWS)
    ]
    if frames:
        with engine.bulk():
            engine.spool_append(frames)
            engine.apply_pending()
    return _report(key, read, kept, told)


_STORED = f"""
WITH named AS (SELECT node_key, min(value) AS value FROM log_identifiers WHERE kind = $kind GROUP BY node_key)
SELECT l.row_key, l.content, l.removed, l.seq, coalesce(l.account_id, n.value) AS owner
FROM ({latest("t.table_key = $key")}) l LEFT JOIN named n ON n.node_key = l.node_key WHERE l.place = 1"""
"""That a row is gone is told of its owner, by an identifier of the node that it belongs to."""
_ASKED = "t.table_key = $key AND EXISTS (SELECT 1 FROM asked a WHERE a.row_key = t.row_key)"
_STORED_ALREADY = f"""
SELECT l.row_key, l.content, l.removed, l.seq, l.account_id AS owner FROM ({latest(_ASKED)}) l WHERE l.place = 1"""
"""Of the rows that are loaded alone: a few of them need not read a large table."""
_KEPT = """
SELECT line, row_key, owner, content, told FROM (
  SELECT *, row_number() OVER (PARTITION BY row_key ORDER BY line DESC) AS place FROM r WHERE wrong IS NULL)
WHERE place = 1 ORDER BY line"""
_TOLD = """
WITH differ AS (
  SELECT k.line, k.row_key, k.owner, k.content, k.told, FALSE AS removed, coalesce(s.seq, 0) AS before,
    s.row_key IS NULL OR s.removed AS fresh
  FROM kept k LEFT JOIN stored s ON s.row_key = k.row_key
  WHERE s.row_key IS NULL OR s.removed OR s.content <> k.content
  UNION ALL
  SELECT 0, s.row_key, s.owner, s.content, '{}', TRUE, s.seq, FALSE FROM stored s
  WHERE $gone AND NOT s.removed AND NOT EXISTS (SELECT 1 FROM r WHERE r.row_key = s.row_key))
SELECT line, row_key, owner, content, told, removed, fresh,
  'table:' || md5($table || chr(31) || row_key || chr(31) || content || chr(31) || CAST(removed AS VARCHAR)
    || chr(31) || CAST(before AS VARCHAR)) AS message_id
FROM differ ORDER BY removed, line, row_key"""


def _report(key: str, read: pa.Table, kept: pa.Table, told: pa.Table) -> LoadReport:
    refused = read.filter(pc.is_valid(read["wrong"]))
    removed = int(pc.sum(told["removed"]).as_py() or 0)
    added = int(pc.sum(told["fresh"]).as_py() or 0)
    shown = refused.slice(0, _SHOWN).select(["line", "wrong"]).to_pylist()
    return LoadReport(
        table=key,
        rows=read.num_rows,
        added=added,
        changed=told.num_rows - removed - added,
        unchanged=kept.num_rows - (told.num_rows - removed),
        removed=removed,
        repeated=read.num_rows - refused.num_rows - kept.num_rows,
        refused=refused.num_rows,
        examples=tuple(Refused(row["line"], row["wrong"]) for row in shown),
    )


__all__ = ["READ", "TOLD", "LoadReport", "Refused", "load_file", "load_rows"]
