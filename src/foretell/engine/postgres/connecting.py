"""Connections to a workspace's schema: opened when they are needed, kept for the next, opened anew when one is lost."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from foretell.engine.postgres.faults import is_lost
from foretell.engine.postgres.values import adapt
from foretell.engine.settings import PostgresPlace
from foretell.errors import ForetellError, UsageError

PATIENCE_SECONDS = 10.0
"""So long a lost server is awaited before whoever asked is told."""
_LEAST_VERSION = 13
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.05, 1.0
_REACHING = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "client_encoding": "utf8",
}
"""A network that is gone is found out within a minute."""
_SESSION = {
    "TimeZone": "UTC",
    "client_min_messages": "warning",
    "jit": "off",
    "lock_timeout": "120s",
    "statement_timeout": "15min",
    "idle_in_transaction_session_timeout": "10min",
}
# A server that forgets what it has acknowledged would lose what we have acknowledged.
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
Connection = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")


@dataclass(eq=False)
class Link:
    """A connection, and what is remembered of its session.

    Args:
        put: temporary tables that it has, by name → their columns.
    """

    connection: Connection
    put: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def is_sound(self) -> bool:
        """True where the next may use it."""
        state = self.connection.pgconn.transaction_status
        return not self.connection.closed and state == psycopg.pq.TransactionStatus.IDLE


class Connections:
    """Connections of one process to one schema for one purpose; any thread may ask.

    Args:
        purpose: shown as ``application_name``, so that the server's list of sessions tells who is who.
        most: connections at once; whoever comes then waits for one.
        settings: session settings beside those of every connection, name → value.
        patience_seconds: how long a lost server is awaited.
    """

    def __init__(
        self,
        place: PostgresPlace,
        purpose: str,
        *,
        most: int,
        settings: Mapping[str, str] | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.where = where_of(place)
        self.schema = place.schema
        self._address = _address(place, f"foretell {purpose} {os.getpid()}")
        self._settings = {**_SESSION, **(settings or {})}
        self._patience_seconds = patience_seconds
        self._idle: list[Link] = []
        self._free = threading.BoundedSemaphore(most)
        self._turn = threading.Lock()
        self._closed = False

    def run(self, work: Callable[[Link], T], *, patience_seconds: float | None = None) -> T:
        """What ``work`` gives; where the connection is lost meanwhile it is done again with another one."""
        link, result = self.taken(work, patience_seconds=patience_seconds)
        self.give_back(link)
        return result

    def taken(self, work: Callable[[Link], T], *, patience_seconds: float | None = None) -> tuple[Link, T]:
        """As :meth:`run`, but the connection stays with the caller, who gives it back.

        Raises:
            psycopg.Error: what ``work`` raised, or the last loss.
        """
        self._free.acquire()
        try:
            return self._taken(work, self._patience_seconds if patience_seconds is None else patience_seconds)
        except BaseException:
            self._free.release()
            raise

    def _taken(self, work: Callable[[Link], T], patience_seconds: float) -> tuple[Link, T]:
        until = time.monotonic() + patience_seconds
        wait = _FIRST_WAIT_SECONDS
        while True:
            link: Link | None = None
            try:
                link = self._idle_one() or self._connect()
                return link, work(link)
            except BaseException as error:
                if link is not None:
                    self._retire(link)
                if not is_lost(error):
                    raise
                self._drop_idle()
                if self._closed or time.monotonic() + wait > until:
                    raise
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)

    def give_back(self, link: Link) -> None:
        """Let another have ``link``; where it is lost or in the midst of something, it is closed."""
        with self._turn:
            keeping = link.is_sound() and not self._closed
            if keeping:
                self._idle.append(link)
        if not keeping:
            _close(link)
        self._free.release()

    def close(self) -> None:
        """Close what is idle now, and the rest when it is given back."""
        self._closed = True
        self._drop_idle()

    def _idle_one(self) -> Link | None:
        with self._turn:
            return self._idle.pop() if self._idle else None

    def _retire(self, link: Link) -> None:
        """Keep ``link`` where only what was asked of it was wrong."""
        if not link.connection.closed and not link.is_sound():
            with suppress(psycopg.Error):
                link.connection.rollback()
        if link.is_sound() and not self._closed:
            with self._turn:
                self._idle.append(link)
        else:
            _close(link)

    def _drop_idle(self) -> None:
        with self._turn:
            idle, self._idle = self._idle, []
        for link in idle:
            _close(link)

    def _connect(self) -> Link:
        if self._closed:
            raise ForetellError("STORE_CLOSED", "the store is closed", where=self.where)
        connection: Connection = psycopg.connect(self._address, autocommit=True, cursor_factory=psycopg.RawCursor)
        try:
            adapt(connection.adapters)
            self._begin_session(connection)
        except BaseException:
            connection.close()
            raise
        return Link(connection)

    def _begin_session(self, connection: Connection) -> None:
        info = connection.info
        if info.server_version < _LEAST_VERSION * 10_000:
            raise ForetellError(
                "STORE_TOO_OLD", f"PostgreSQL {info.server_version // 10_000} is too old", where=self.where,
                next_step=f"Use PostgreSQL {_LEAST_VERSION} or later.",
            )  # fmt: skip
        encoding = info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise ForetellError(
                "STORE_ENCODING", f"the database is encoded in {encoding}", where=self.where,
                next_step="Create one with ENCODING 'UTF8'.",
            )  # fmt: skip
        texts = [sql.SQL("SET search_path TO {}").format(sql.Identifier(self.schema)), sql.SQL(_DURABLE)]
        texts += [sql.SQL("SET {} TO {}").format(sql.Identifier(name), value) for name, value in self._settings.items()]
        connection.execute(sql.SQL("; ").join(texts))


@contextmanager
def lent(connections: Connections) -> Iterator[Link]:
    """A connection while a block runs, which is not done again where it is lost."""
    link, _ = connections.taken(lambda _: None)
    try:
        yield link
    finally:
        connections.give_back(link)


def lock_number(schema: str, purpose: str) -> int:
    """The number of a workspace's advisory lock (int64): the same in every process, another for each purpose."""
    digest = hashlib.sha256(f"foretell\0{schema}\0{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def where_of(place: PostgresPlace) -> str:
    """The place for people: host, port, database and schema, never user or password."""
    parts = _parsed(place)
    host = parts.get("host") or parts.get("hostaddr") or "localhost"
    return f"PostgreSQL {host}:{parts.get('port') or 5432}/{parts.get('dbname') or ''} schema {place.schema}"


def _parsed(place: PostgresPlace) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(place.url))
    except psycopg.Error:  # its text may hold the password
        raise UsageError(
            "BAD_URL", "stores.url is no address of PostgreSQL", where="foretell.yaml",
            next_step="Write postgresql://USER:PASSWORD@HOST:5432/DATABASE.",
        ) from None  # fmt: skip


def _address(place: PostgresPlace, name: str) -> str:
    given = _parsed(place)
    return make_conninfo("", **{**_REACHING, "application_name": name, **given})


def _close(link: Link) -> None:
    with suppress(psycopg.Error):
        link.connection.close()
