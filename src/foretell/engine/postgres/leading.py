"""Which of the processes of a workspace leads: a lock that the server holds as long as the process lives."""

from __future__ import annotations

import threading
from contextlib import suppress

import psycopg

from foretell.engine.postgres.connecting import Connections, Link, lock_number
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.settings import PostgresPlace
from foretell.errors import ForetellError

_PATIENCE_SECONDS = 1.0


class Leadership:
    """The leader's lock of a workspace, for one process.

    A session that is lost gives the lock back, so that whoever leads has to look now and then whether it still does.
    """

    def __init__(self, place: PostgresPlace) -> None:
        self._connections = Connections(place, "leader", most=1, patience_seconds=_PATIENCE_SECONDS)
        self._number = lock_number(place.schema, "leader")
        self._where = self._connections.where
        self._turn = threading.Lock()
        self._link: Link | None = None

    def take(self) -> bool:
        """Lead, if nobody else does; True where this process leads now.

        Raises:
            ForetellError: ``STORE_GONE`` and the like: nobody knows then.
        """
        with self._turn, explain_server_errors(self._where):
            if self._link is not None:
                try:
                    self._link.connection.execute("SELECT 1")
                except psycopg.Error:
                    self._let_go()
                else:
                    return True
            text = "SELECT pg_try_advisory_lock($1)"
            link, found = self._connections.taken(
                lambda link: link.connection.execute(text, (self._number,)).fetchone()
            )
            if found is not None and found[0]:
                self._link = link
                return True
            self._connections.give_back(link)
            return False

    def is_free(self) -> bool:
        """True where nobody leads, as far as one can say."""
        text = (
            "SELECT NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND (classid::bigint << 32) + objid::bigint = $1)"
        )
        with self._turn, explain_server_errors(self._where):
            found = self._connections.run(lambda link: link.connection.execute(text, (self._number,)).fetchone())
        return bool(found and found[0])

    def release(self) -> None:
        """Lead no more."""
        with self._turn:
            if self._link is not None:
                with suppress(psycopg.Error):
                    self._link.connection.execute("SELECT pg_advisory_unlock($1)", (self._number,))
                self._let_go()
            self._connections.close()

    def _let_go(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            self._connections.give_back(link)


def busy(place: str) -> ForetellError:
    """The error for whoever finds that another process leads."""
    return ForetellError(
        "WORKSPACE_BUSY",
        "another process leads this workspace",
        where=place,
        next_step="Wait until it has finished, or let it do the work.",
        transient=True,
    )
