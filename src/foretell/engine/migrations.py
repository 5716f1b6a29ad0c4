"""Operational migrations: every room's DDL scripts, run once each, in the order of the rooms."""

from __future__ import annotations

from collections.abc import Sequence

from foretell.engine.ports import OperationalStore, RoomParts
from foretell.errors import ForetellError

_LEDGER = "CREATE TABLE IF NOT EXISTS migrations (room TEXT, number BIGINT, PRIMARY KEY (room, number)) /*clustered*/"


def statements(script: str) -> list[str]:
    """The statements of a DDL script (``;`` ends one; text literals hold none)."""
    return [part.strip() for part in script.split(";") if part.strip()]


def migrate(store: OperationalStore, rooms: Sequence[RoomParts]) -> int:
    """Bring the schema up to the code; returns how many scripts ran.

    Raises:
        ForetellError: ``WORKSPACE_TOO_NEW`` where the store was written by a newer release.
    """
    with store.write() as tx:
        tx.execute(_LEDGER)
        done = {(room, number) for room, number in tx.query("SELECT room, number FROM migrations")}
        known = _known(rooms)
        newer = sorted(done - known)
        if newer:
            raise ForetellError(
                "WORKSPACE_TOO_NEW",
                "this workspace was written by a newer release",
                thing=f"{newer[0][0]} migration {newer[0][1]}",
                next_step="Install that release, or restore a backup.",
            )
        count = 0
        for parts in rooms:
            for number, script in enumerate(parts.migrations, start=1):
                if (parts.room, number) in done:
                    continue
                for statement in statements(script):
                    tx.execute(statement)
                tx.execute("INSERT INTO migrations VALUES (?, ?)", (parts.room, number))
                count += 1
    return count


def is_current(store: OperationalStore, rooms: Sequence[RoomParts]) -> bool:
    """True where exactly the scripts of ``rooms`` have run; False also where nothing has yet.

    Raises:
        ForetellError: where the store does not answer now.
    """
    try:
        done = store.query("SELECT room, number FROM migrations")
    except ForetellError as error:
        if error.transient:
            raise
        return False
    return set(done) == _known(rooms)


def _known(rooms: Sequence[RoomParts]) -> set[tuple[str, int]]:
    return {(parts.room, number) for parts in rooms for number in range(1, len(parts.migrations) + 1)}
