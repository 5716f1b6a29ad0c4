"""The spool in the schema as a whole: filled from elsewhere, and read from its beginning; nobody else works on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType

from psycopg import sql

from foretell.engine.framing import Frame, pack, unpacked
from foretell.engine.postgres.connecting import Connections, Link, lent
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.postgres.own_tables import SPAN, make_part, make_tables
from foretell.engine.postgres.reading import parts
from foretell.engine.postgres.spool_writing import arrived, as_columns
from foretell.engine.settings import PostgresPlace

_GIVEN = """
WITH given AS (
    SELECT nextval('spool_ids') AS id, g.frame, g.arrived FROM (
        SELECT frame, arrived, place FROM unnest($1::bytea[], $2::int8[]) WITH ORDINALITY AS u (frame, arrived, place)
        ORDER BY place) g),
kept AS (INSERT INTO spool (id, part, frame) SELECT id, 0, frame FROM given)
"""
_APPLIED = _GIVEN + "SELECT count(*) FROM given"
_WAITING = (
    _GIVEN + "INSERT INTO spool_waiting (id, size, arrived) "
    "SELECT id, octet_length(frame), to_timestamp(arrived / 1e6) FROM given"
)
_FRAMES = """
SELECT s.frame FROM spool s LEFT JOIN spool_waiting w ON w.id = s.id
WHERE (w.id IS NOT NULL) = {waiting} ORDER BY s.id, s.part"""
_AT_ONCE = 8
"""Frames that are fetched together: those of imported files are as large as a batch."""


class FilledSpool:
    """The spool of a schema, emptied and filled anew while the block runs."""

    def __init__(self, place: PostgresPlace) -> None:
        self._place = place
        self._opened = ExitStack()

    def __enter__(self) -> FilledSpool:
        with ExitStack() as opened:
            connections = Connections(self._place, "move", most=1)
            opened.callback(connections.close)
            opened.enter_context(explain_server_errors(connections.where))
            self._link: Link = opened.enter_context(lent(connections))
            make_tables(self._link, self._place.schema)
            with self._link.connection.transaction():
                self._link.connection.execute("TRUNCATE spool")
                self._link.connection.execute("TRUNCATE spool_waiting")
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def put(self, frames: Sequence[Frame], *, waiting: bool) -> None:
        """Append frames in order; those that are ``waiting`` are applied by whoever claims them."""
        found = self._link.connection.execute("SELECT last_value FROM spool_ids").fetchone()
        assert found is not None
        for number in range(found[0] // SPAN, (found[0] + len(frames)) // SPAN + 1):
            make_part(self._link, self._place.schema, number)
        columns = as_columns([(pack(frame), arrived(frame)) for frame in frames])
        self._link.connection.execute(sql.SQL(_WAITING if waiting else _APPLIED), columns)

    def count(self) -> int:
        """How many frames it holds."""
        found = self._link.connection.execute("SELECT count(*) FROM spool").fetchone()
        return 0 if found is None else int(found[0])


def frames_of(place: PostgresPlace, *, waiting: bool) -> Iterator[list[Frame]]:
    """The frames that wait, or those that were applied, in the order in which they arrived."""
    for rows in parts(place, _FRAMES.format(waiting=waiting), _AT_ONCE):
        yield [unpacked(bytes(frame)) for (frame,) in rows]
