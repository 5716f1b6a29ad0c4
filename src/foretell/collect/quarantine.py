"""Quarantine: rows that could not be taken in, and oddities of rows that were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

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
STATES_DDL = """
ALTER TABLE quarantine ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting';
ALTER TABLE quarantine ADD COLUMN replayed_at BIGINT;
ALTER TABLE quarantine ADD COLUMN message_id TEXT;
ALTER TABLE quarantine ADD COLUMN nth BIGINT;
ALTER TABLE quarantine ADD COLUMN form TEXT;
ALTER TABLE quarantine ADD COLUMN sent_at TEXT;
CREATE INDEX quarantine_by_message ON quarantine (message_id)
"""
State = Literal["waiting", "replayed"]
"""``replayed``: the row was read again, and has been taken in."""
_COLUMNS = (
    "id", "source", "file", "line", "code", "reason", "severity", "body", "received_at", "batch", "message_id", "nth",
    "form", "sent_at",
)  # fmt: skip
_ROWS = """
SELECT md5(concat_ws(chr(31), source, file, coalesce(CAST(line AS VARCHAR), ''), code, coalesce(body, message),
                     CASE WHEN code = 'PLAN_VIOLATION' THEN message_id END)) AS id,
       source, file, line, code, message AS reason, severity, body, epoch_us(received_at) AS received_at,
       message_id, nth, form, sent_at
FROM problems
"""


@dataclass(frozen=True)
class Quarantined:
    """One quarantined row.

    Args:
        line: 1-based line or row number in the file; None for what came over the wire, and for
            what concerns a whole frame.
        severity: ``error``: the row was not taken in; ``warning``: it was, and something is odd.
        body: the row as it came; for a warning, the message id; None once it has been taken in.
        state: ``replayed`` where it was read again later and has been taken in, at ``replayed_at``.
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
    state: State = "waiting"
    replayed_at: datetime | None = None


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
    values = ", ".join(str(int(batch.number)) if name == "batch" else "?" for name in _COLUMNS)
    tx.executemany(
        f"INSERT INTO quarantine ({', '.join(_COLUMNS)}) VALUES ({values}) ON CONFLICT (id) DO NOTHING",
        python_rows(scratch(_ROWS, {"problems": problems})),
    )


@dataclass(frozen=True)
class Chosen:
    """Which rows of the quarantine.

    Args:
        source, code: those of this source, with this code; None for all.
        state: None for all.
        ids: these alone, where any are given.
    """

    source: str | None = None
    code: str | None = None
    state: State | None = "waiting"
    ids: tuple[str, ...] = ()

    def where(self) -> tuple[str, tuple[object, ...]]:
        """The condition as SQL text, and its parameters."""
        named = {"source": self.source, "code": self.code, "state": self.state}
        tests: list[tuple[str, tuple[object, ...]]] = [
            (f"{name} = ?", (value,)) for name, value in named.items() if value is not None
        ]
        if self.ids:
            tests.append((f"id IN ({', '.join('?' * len(self.ids))})", self.ids))
        if not tests:
            return "", ()
        return "WHERE " + " AND ".join(text for text, _ in tests), tuple(
            value for _, values in tests for value in values
        )


def quarantined(
    engine: Engine,
    *,
    limit: int = 100,
    source: str | None = None,
    code: str | None = None,
    state: State | None = "waiting",
    offset: int = 0,
) -> list[Quarantined]:
    """Quarantined rows, the latest batch first, then by file and line.

    Args:
        source, code, state: where given, rows of that source, with that reason, in that state alone.
    """
    where, params = Chosen(source, code, state).where()
    rows = engine.ops.query(
        "SELECT id, source, file, line, code, reason, severity, body, received_at, state, replayed_at FROM quarantine "
        f"{where} ORDER BY batch DESC, file, line, id LIMIT ? OFFSET ?",
        (*params, limit, offset),
    )
    found = []
    for *described, received, now_in, replayed in rows:
        at = None if replayed is None else from_micros(replayed)
        values: list[Any] = [*described, from_micros(received), now_in, at]
        found.append(Quarantined(*values))
    return found


def quarantine_counts(engine: Engine, *, source: str | None = None, state: State | None = "waiting") -> dict[str, int]:
    """Number of quarantined rows by reason, the most frequent first."""
    return counts_by(engine, "code", Chosen(source, None, state))


def counts_by(engine: Engine, column: Literal["code", "source", "state"], chosen: Chosen) -> dict[str, int]:
    """Number of rows by one of their columns, the most frequent first."""
    where, params = chosen.where()
    rows = engine.ops.query(
        f"SELECT {column}, count(*) AS n FROM quarantine {where} GROUP BY {column} ORDER BY n DESC, {column}", params
    )
    return {str(name): int(number) for name, number in rows}
