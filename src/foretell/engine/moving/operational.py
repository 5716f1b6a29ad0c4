"""Operational tables from one store to another, table by table, each in a transaction of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from foretell.engine.crash_points import reached
from foretell.engine.moving.proof import Proof, require_equal, told_as_table
from foretell.engine.ports import OperationalStore, Tx
from foretell.engine.settings import EngineSettings
from foretell.errors import ForetellError, UsageError

NOTES = "moved_tables"
"""In the target while a move is not finished: what has arrived."""
_ROWS = 50_000
_PLACES = {"batches": ("segment", "first_byte", "end_byte")}
"""Columns that say where bodies lie in the source's spool: in the target they lie elsewhere."""
_MAKE_NOTES = (
    f"CREATE TABLE IF NOT EXISTS {NOTES} (name TEXT PRIMARY KEY, source_batch BIGINT NOT NULL, "
    "row_count BIGINT NOT NULL, checksum BIGINT NOT NULL)"
)
Told = Callable[[str, int], None]
Rows = Sequence[tuple[Any, ...]]


class Reading:
    """The tables of a store, read in parts, beside the store's own connections.

    Args:
        settings: where it stands; nobody writes to it.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    def tables(self) -> dict[str, list[str]]:
        """Table → its columns in order, without those that only one kind of store has."""
        if self._settings.postgres is None:
            with closing(self._file()) as file:
                names = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                found = {
                    str(name): [row[1] for row in file.execute(f'PRAGMA table_info("{name}")').fetchall()]
                    for (name,) in names.fetchall()
                }
        else:
            from foretell.engine.postgres import reading

            found = reading.tables(self._settings.postgres)
        return {name: columns for name, columns in sorted(found.items()) if name != NOTES}

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Rows]:
        """All rows, a part at a time."""
        named = ", ".join(f'"{column}"' for column in columns)
        text = f'SELECT {named} FROM "{table}"'
        if self._settings.postgres is None:
            with closing(self._file()) as file:
                asked = file.execute(text)
                while part := asked.fetchmany(_ROWS):
                    yield part
        else:
            from foretell.engine.postgres import reading

            yield from reading.parts(self._settings.postgres, text, _ROWS)

    def _file(self) -> sqlite3.Connection:
        path: Path = self._settings.data / "operations.sqlite"
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)


def begin(target: OperationalStore, source_batch: int, where: str) -> dict[str, Proof]:
    """Prepare a store whose tables are made for a move; returns what an earlier run had carried over.

    Args:
        source_batch: the last batch of the source; where it has changed since, all is carried over anew.

    Raises:
        UsageError: ``NOT_EMPTY`` where something lies there that no move began.
    """
    with target.write() as tx:
        batches = int(tx.query("SELECT count(*) FROM batches")[0][0])
        begun = has_notes(tx)
        if batches and not begun:
            raise UsageError(
                "NOT_EMPTY", "a workspace lies there already", where=where,
                next_step="Name another place, or take away what lies there.",
            )  # fmt: skip
        tx.execute(_MAKE_NOTES)
        tx.execute(f"DELETE FROM {NOTES} WHERE source_batch <> ?", (source_batch,))
        found = tx.query(f"SELECT name, row_count, checksum FROM {NOTES}")
    return {name: Proof(int(rows), int(checksum)) for name, rows, checksum in found}


def has_notes(tx: Tx) -> bool:
    """True where a move to this store was begun and not finished."""
    try:
        tx.execute("SAVEPOINT looking")
        tx.query(f"SELECT count(*) FROM {NOTES}")
    except Exception:  # noqa: BLE001 - each driver has words of its own for a table that is not there
        tx.execute("ROLLBACK TO SAVEPOINT looking")
        return False
    return True


def carry(
    source: Reading, there: Reading, target: OperationalStore, source_batch: int, known: dict[str, Proof], told: Told
) -> dict[str, Proof]:
    """Carry every table over and read it back; returns what they hold.

    Raises:
        ForetellError: ``COPY_DIFFERS``, ``TABLE_UNKNOWN`` where the target lacks a table that holds rows.
    """
    mine, theirs = source.tables(), there.tables()
    done = dict(known)
    for name, columns in mine.items():
        kept = [column for column in columns if column not in _PLACES.get(name, ())]
        if name in done:
            continue
        if name not in theirs:
            _require_nothing(source, name, kept)
            continue
        proof = _carried(source, target, name, kept, source_batch)
        require_equal(name, proof, Proof.of(told_as_table(kept, part) for part in there.rows(name, kept)))
        done[name] = proof
        told(name, proof.rows)
    return done


def end(target: OperationalStore) -> None:
    """The move is finished."""
    with target.write() as tx:
        tx.execute(f"DROP TABLE IF EXISTS {NOTES}")


def _carried(source: Reading, target: OperationalStore, name: str, columns: Sequence[str], source_batch: int) -> Proof:
    proof = Proof()
    named = ", ".join(f'"{column}"' for column in columns)
    enters = f'INSERT INTO "{name}" ({named}) VALUES ({", ".join("?" * len(columns))})'
    with target.write() as tx:
        tx.execute(f'DELETE FROM "{name}"')
        for part in source.rows(name, columns):
            tx.executemany(enters, part)
            proof = proof.plus(told_as_table(columns, part))
        note = f"INSERT INTO {NOTES} VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        note += "source_batch = excluded.source_batch, row_count = excluded.row_count, checksum = excluded.checksum"
        tx.execute(note, (name, source_batch, proof.rows, proof.checksum))
        reached("move.table")
    reached("move.after_table")
    return proof


def _require_nothing(source: Reading, name: str, columns: Sequence[str]) -> None:
    if any(source.rows(name, columns)):
        raise ForetellError(
            "TABLE_UNKNOWN", "the other store has no such table", thing=name,
            next_step="This workspace was written by another release: open it once with this one, then move it.",
        )  # fmt: skip
