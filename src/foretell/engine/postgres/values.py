"""Values of parameters and results as SQLite would take and give them, so that a room cannot tell the stores apart."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper, Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from foretell.engine.postgres.encoding import NUL_AS
from foretell.engine.postgres.sql import numbered


class Encoded(bytes):
    """A parameter in binary form already; its type is what the statement says."""


class _EncodedDumper(Dumper):
    format = Format.BINARY
    oid = 0

    def dump(self, obj: Encoded) -> Buffer | None:
        return obj


class _TruthDumper(Int8BinaryDumper):
    """True and False as 1 and 0: no operational table has a column of truths."""

    def dump(self, obj: int) -> Buffer | None:
        return super().dump(int(obj))


class _TruthLoader(Loader):
    def load(self, data: Buffer) -> int:
        return int(bytes(data) == b"t")


class _NumericLoader(Loader):
    """Sums of integers are integers, averages are doubles."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


def adapt(adapters: AdaptersMap) -> None:
    """Let a connection take and give values as rooms know them."""
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(int, Int8BinaryDumper)
    adapters.register_dumper(bool, _TruthDumper)
    adapters.register_dumper(Encoded, _EncodedDumper)
    adapters.register_loader("bool", _TruthLoader)
    adapters.register_loader("numeric", _NumericLoader)


def without_nul(params: Sequence[object]) -> tuple[object, ...]:
    """``params`` with another character for NUL, which PostgreSQL keeps in no text."""
    return tuple(value.replace(*NUL_AS) if isinstance(value, str) and NUL_AS[0] in value else value for value in params)


def asked(
    connection: psycopg.Connection[tuple[object, ...]], sql: str, params: Sequence[object]
) -> psycopg.Cursor[tuple[object, ...]]:
    """Run one statement of the operational subset."""
    return connection.execute(numbered(sql), without_nul(params))
