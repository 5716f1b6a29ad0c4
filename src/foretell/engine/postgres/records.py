"""Recorded batches in the schema: written in the transaction that makes the batch, so that one is never there alone."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import LiteralString

import pyarrow as pa

from foretell.engine.ports import Tx
from foretell.engine.postgres.connecting import Connections, Link
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.postgres.ops import PostgresOps
from foretell.engine.postgres.own_tables import make_tables
from foretell.engine.records import missing, read_tables, write_tables


class PostgresRecords:
    """Recorded batches that wait for whoever has the analytics store."""

    def __init__(self, ops: PostgresOps) -> None:
        self._connections = Connections(ops.place, "records", most=2)
        self._where = self._connections.where
        with explain_server_errors(self._where):
            self._connections.run(lambda link: make_tables(link, ops.place.schema))

    def write(self, number: int, rows: Mapping[str, pa.Table], tx: Tx) -> int:
        """Record batch ``number`` in ``tx``; returns its size in bytes."""
        file = io.BytesIO()
        write_tables(rows, file)
        content = file.getvalue()
        tx.execute("INSERT INTO batch_records (batch, content) VALUES (?, ?)", (number, content))
        return len(content)

    def read(self, number: int) -> dict[str, pa.Table]:
        """The rows of batch ``number`` by table; raises ``RECORD_MISSING``, ``RECORD_DAMAGED``."""

        def read(link: Link) -> bytes | None:
            text = "SELECT content FROM batch_records WHERE batch = $1"
            found = link.connection.execute(text, (number,), binary=True).fetchone()
            return None if found is None else bytes(found[0])

        with explain_server_errors(self._where):
            content = self._connections.run(read)
        if content is None:
            raise missing(number, self._where)
        return read_tables(memoryview(content), number, self._where)

    def remove(self, number: int) -> None:
        """Remove an applied record."""
        self._done("DELETE FROM batch_records WHERE batch = $1", number)

    def remove_except(self, applied: int, recorded: int) -> None:
        """Remove those that were applied; one that no batch names cannot be."""
        self._done("DELETE FROM batch_records WHERE batch <= $1", applied)

    def waiting(self) -> bool:
        """True where some wait."""
        with explain_server_errors(self._where):
            found = self._connections.run(
                lambda link: link.connection.execute("SELECT EXISTS (SELECT 1 FROM batch_records)").fetchone()
            )
        return bool(found and found[0])

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _done(self, text: LiteralString, number: int) -> None:
        with explain_server_errors(self._where):
            self._connections.run(lambda link: link.connection.execute(text, (number,)))
