"""Keys of a workspace on PostgreSQL: every machine that works on it has the same ones."""

from __future__ import annotations

from contextlib import closing

from foretell.engine.postgres.connecting import Connections, Link
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.postgres.schema import is_made, make_schema
from foretell.engine.settings import PostgresPlace

_MAKE = "INSERT INTO workspace_keys VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
_FIND = "SELECT key FROM workspace_keys WHERE name = $1"


def kept_keys(place: PostgresPlace) -> dict[str, bytes]:
    """All keys of the workspace, by name."""

    def kept(link: Link) -> dict[str, bytes]:
        if not is_made(link, place.schema):
            return {}
        rows = link.connection.execute("SELECT name, key FROM workspace_keys ORDER BY name").fetchall()
        return {name: bytes(key) for name, key in rows}

    with closing(Connections(place, "keys", most=1)) as connections, explain_server_errors(connections.where):
        return connections.run(kept)


def put_key(place: PostgresPlace, name: str, key: bytes) -> None:
    """Keep a key that the workspace had elsewhere, in the place of one that is there."""
    put = "INSERT INTO workspace_keys VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET key = excluded.key"
    with closing(Connections(place, "keys", most=1)) as connections, explain_server_errors(connections.where):
        connections.run(lambda link: link.connection.execute(put, (name, key)))


def kept_in_schema(place: PostgresPlace, name: str, fresh: bytes) -> bytes:
    """The key ``name`` of the workspace: what is kept there, else ``fresh``, which is kept from then on.

    Raises:
        ForetellError: ``STORE_GONE`` and the like.
    """

    def kept(link: Link) -> bytes:
        if not is_made(link, place.schema):
            make_schema(link, place.schema)
        found = link.connection.execute(_FIND, (name,)).fetchone()
        if found is None:  # whoever comes first makes it; all others read it
            link.connection.execute(_MAKE, (name, fresh))
            found = link.connection.execute(_FIND, (name,)).fetchone()
        assert found is not None
        return bytes(found[0])

    connections = Connections(place, "keys", most=1)
    try:
        with explain_server_errors(connections.where):
            return connections.run(kept)
    finally:
        connections.close()
