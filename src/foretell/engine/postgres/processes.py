"""The processes that work on a workspace: who they are, where they answer, when they were last heard of."""

from __future__ import annotations

from typing import Any

from foretell.engine.company import Process
from foretell.engine.postgres.connecting import Connections, Link
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.postgres.own_tables import ALIVE, ALIVE_SECONDS, is_there, make_tables
from foretell.engine.settings import PostgresPlace


class Processes:
    """The table of processes."""

    def __init__(self, place: PostgresPlace) -> None:
        self._connections = Connections(place, "processes", most=2, patience_seconds=1.0)
        self._where = self._connections.where
        self._schema = place.schema

    def beat(self, one: Process) -> None:
        """Enter a process, or say that it is still there; whoever is long gone is removed."""

        def note(link: Link) -> None:
            values = (one.name, one.role, int(one.is_leader), one.address, one.token)
            make_tables(link, self._schema)
            link.connection.execute(_NOTE, values)
            if one.is_leader:
                link.connection.execute(_ONE_LEADS, (one.name,))
            link.connection.execute(_FORGET, (ALIVE_SECONDS * 20,))

        with explain_server_errors(self._where):
            self._connections.run(note)

    def leave(self, name: str) -> None:
        """Remove a process that ends."""
        with explain_server_errors(self._where):
            self._connections.run(
                lambda link: link.connection.execute("DELETE FROM processes WHERE process = $1", (name,))
            )

    def leader(self) -> Process | None:
        """Whoever leads and can be reached; None where nobody was heard of lately."""
        found = [one for one in self.all() if one.is_leader and one.address]
        return found[0] if found else None

    def all(self) -> list[Process]:
        """The processes that were heard of lately, the last first."""
        with explain_server_errors(self._where):
            rows = self._connections.run(self._read)
        return [
            Process(name, role, bool(leads), address, token, beat) for name, role, leads, address, token, beat in rows
        ]

    def _read(self, link: Link) -> list[tuple[Any, ...]]:
        if not is_there(link, self._schema):
            return []
        return link.connection.execute(_ALL).fetchall()

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()


_NOTE = (
    "INSERT INTO processes VALUES ($1, $2, $3, $4, $5, clock_timestamp()) ON CONFLICT (process) DO UPDATE SET "
    "role = excluded.role, is_leader = excluded.is_leader, address = excluded.address, token = excluded.token, "
    "beat = excluded.beat"
)
_ONE_LEADS = "UPDATE processes SET is_leader = 0 WHERE process <> $1 AND is_leader = 1"
_FORGET = "DELETE FROM processes WHERE beat < clock_timestamp() - make_interval(secs => $1)"
_ALL = f"SELECT process, role, is_leader, address, token, beat FROM processes WHERE {ALIVE} ORDER BY beat DESC"
