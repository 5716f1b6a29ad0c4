"""The other processes of a workspace: who leads, who is still there. On SQLite a process is alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from foretell.engine.optional import require
from foretell.engine.settings import EngineSettings

if TYPE_CHECKING:
    from foretell.engine.postgres import Leadership, Processes


@dataclass(frozen=True)
class Process:
    """A process of a workspace.

    Args:
        name: its own for as long as it has the workspace open.
        role: what it is there for, as ``serve --role`` says it.
        address: where other processes reach it; empty where they cannot.
        token: by which it knows another process of the workspace.
        beat: when it was last heard of, by the server's clock; None where it was never entered.
    """

    name: str
    role: str
    is_leader: bool
    address: str
    token: str = field(repr=False)
    beat: datetime | None = None


class Company:
    """The processes that work on a workspace on PostgreSQL, as one of them sees them."""

    def __init__(self, processes: Processes, leadership: Leadership) -> None:
        self._processes = processes
        self._leadership = leadership

    def beat(self, one: Process) -> None:
        """Say that ``one`` is here."""
        self._processes.beat(one)

    def leave(self, name: str) -> None:
        """Say that it is here no more."""
        self._processes.leave(name)

    def leader(self) -> Process | None:
        """Whoever leads and can be reached; None where nobody was heard of lately."""
        return self._processes.leader()

    def nobody_leads(self) -> bool:
        """True where somebody may take the lead."""
        return self._leadership.is_free()

    def close(self) -> None:
        """Close the connections."""
        self._processes.close()
        self._leadership.release()


def company_of(settings: EngineSettings) -> Company | None:
    """The company of a workspace; None where one process at a time has it.

    Raises:
        ForetellError: ``STORE_GONE`` and the like.
    """
    if settings.postgres is None:
        return None
    require("psycopg", "postgres", "stores.operational: postgresql")
    from foretell.engine.postgres import Leadership, Processes

    return Company(Processes(settings.postgres), Leadership(settings.postgres))
