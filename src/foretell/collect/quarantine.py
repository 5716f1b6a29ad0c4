"""Quarantine: rows that could not be taken in, and oddities of rows that were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros
from foretell.collect.problems import PROBLEM_ROWS
from foretell.engine import Batch, Engine, Tx, python_rows, scratch

QUARANTINE_DDL = """
CREATE TABLE quarantine (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, file TEXT NOT NULL, line BIGINT, code TEXT NOT NULL,
    reason TEXT NOT NULL, severity TEXT NOT NULL, body TEXT, received_at BIGINT NOT NULL, batch BIGINT NOT NULL);
CREATE INDEX quarantine_by_source ON quarantine (source, batch)
"""
_ROWS = """
SELECT md5(concat_ws(chr(31), source, file, coalesce(CAST(line AS VARCHAR), ''), code, coalesce(body, message))) AS id,
       source, file, line, code, message AS reason, severity, body, epoch_us(received_at) AS received_at
FROM problems
"""


@dataclass(frozen=True)
class Quarantined:
    """One quarantined row.

    Args:
        line: 1-based line or row number in the file; None for what came over the wire, and for
            what concerns a whole frame.
        severity: ``error``: the row was not taken in; ``warning``: it was, and something is odd.
        body: the row as it came; for a warning, the message id.
    """

    id: str
    source: str
    file: str
    line: int | None
    code: str
    message: str
    severity: str
    body: str | None
    received_at: datetime


def put_aside(tx: Tx, batch: Batch) -> None:
    """Keep the batch's problems; one that is there already stays once."""
    problems = batch.decoded.problems
    if not problems.num_rows:
        return
    for column in PROBLEM_ROWS:
        if column.name not in problems.column_names:
            problems = problems.append_column(column, pa.nulls(problems.num_rows, column.type))
    defaults = {"severity": "error", "source": "", "file": ""}
    for name, value in defaults.items():
        index = problems.column_names.index(name)
        problems = problems.set_column(index, name, pc.fill_null(problems[name], value))
    tx.executemany(
        f"INSERT INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {int(batch.number)}) ON CONFLICT (id) DO NOTHING",
        python_rows(scratch(_ROWS, {"problems": problems})),
    )


def quarantined(
    engine: Engine, *, limit: int = 100, source: str | None = None, code: str | None = None
) -> list[Quarantined]:
    """Quarantined rows, the latest batch first, then by file and line.

    Args:
        source, code: where given, rows of that source or with that reason alone.
    """
    where, params = _where(source, code)
    rows = engine.ops.query(
        "SELECT id, source, file, line, code, reason, severity, body, received_at FROM quarantine "
        f"{where} ORDER BY batch DESC, file, line, id LIMIT ?",
        (*params, limit),
    )
    found = []
    for *described, received in rows:
        values: list[Any] = [*described, from_micros(received)]
        found.append(Quarantined(*values))
    return found


def quarantine_counts(engine: Engine, *, source: str | None = None) -> dict[str, int]:
    """Number of quarantined rows by reason, the most frequent first."""
    where, params = _where(source, None)
    rows = engine.ops.query(
        f"SELECT code, count(*) AS n FROM quarantine {where} GROUP BY code ORDER BY n DESC, code", params
    )
    return {str(code): int(number) for code, number in rows}


def _where(source: str | None, code: str | None) -> tuple[str, tuple[str, ...]]:
    tests = [(name, value) for name, value in (("source", source), ("code", code)) if value is not None]
    if not tests:
        return "", ()
    return "WHERE " + " AND ".join(f"{name} = ?" for name, _ in tests), tuple(value for _, value in tests)
