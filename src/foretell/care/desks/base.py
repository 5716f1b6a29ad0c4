"""What every help desk is made of: tickets in our words, and what can be asked of a desk.

A desk is one file of this folder with a ``DESK``, found by being there; others come by the entry point group
``foretell.desks``. It may know this file, its vendor's library and the doors of earlier rooms, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from pydantic import BaseModel

from foretell.definitions import WorkspaceSettings
from foretell.deliver import HookRequest

FIELDS = ("state", "priority", "owner", "team")
"""What both sides keep alike. ``state`` is one of :data:`TICKET_STATES`; ``priority`` as of a case; ``owner`` and
``team`` by their names here, null where there is none. A field that is missing has a value that we have no word for: it
is left as it is."""
TICKET_STATES = ("open", "waiting", "solved")
Fields = Mapping[str, str | None]
Life = Literal["live", "sealed", "deleted", "merged"]
"""``sealed``: it can be read and not changed any more."""


class DeskLater(Exception):
    """The desk cannot be asked now, or nobody knows what it did; everything waits.

    Args:
        after: how long it asks to wait.
    """

    def __init__(self, what: str, after: timedelta | None = None) -> None:
        super().__init__(what)
        self.after = after


class DeskRefused(Exception):
    """The desk refuses this request; the same again would not help."""


class DeskOvertaken(Exception):
    """The ticket was changed since it was last read; nothing was done."""


@dataclass(frozen=True)
class TicketNow:
    """A ticket as it stands.

    Args:
        stamp: by which a change says what it was made on.
        merged_into: id of the ticket that goes on in its place, where it was merged and that is known.
    """

    ticket_id: str
    url: str
    fields: Fields
    stamp: str
    life: Life = "live"
    merged_into: str | None = None


@dataclass(frozen=True)
class TicketNote:
    """What somebody wrote.

    Args:
        to_person: the person reads it too, or wrote it.
        by_person: they wrote it themselves.
    """

    text: str
    to_person: bool = False
    by_person: bool = False


@dataclass(frozen=True)
class TicketChange:
    """One change of a ticket.

    Args:
        change_id: grows with time.
        mark: of our own changes what :class:`Draft` and :class:`Update` said; empty for others.
        fields: what became of fields, only those that changed.
    """

    change_id: str
    at: datetime
    by: str
    mark: str = ""
    fields: Fields = field(default_factory=dict)
    notes: Sequence[TicketNote] = ()


@dataclass(frozen=True)
class Draft:
    """A ticket that is to be made.

    Args:
        mark: by which the desk's history shows that it was us.
        email, name: of the person; null where none is known.
        follows: id of the sealed ticket that it goes on from.
    """

    case_id: str
    mark: str
    subject: str
    text: str
    fields: Fields
    email: str | None = None
    name: str | None = None
    follows: str | None = None


@dataclass(frozen=True)
class Update:
    """A change that is to be made on a ticket: the fields that change, and at most one note, which the person is not
    shown."""

    mark: str
    fields: Fields
    stamp: str
    note: str | None = None


@dataclass(frozen=True)
class News:
    """Part of the desk's list of changes.

    Args:
        ticket_ids: of tickets that changed, deleted ones too.
        place: where to go on reading.
        more: there is more to read now.
    """

    ticket_ids: Sequence[str]
    place: str
    more: bool


class Desk(Protocol):
    """An opened help desk. Everything may raise :class:`DeskLater` and :class:`DeskRefused`."""

    def find(self, case_id: str) -> TicketNow | None:
        """The newest ticket that was made for a case."""
        ...

    def create(self, draft: Draft) -> TicketNow:
        """Make a ticket; asked the same within an hour, it makes none twice."""
        ...

    def read(self, ticket_id: str) -> TicketNow:
        """A ticket; of one that is gone, its life is ``deleted``."""
        ...

    def changes(self, ticket_id: str, after: str | None) -> Sequence[TicketChange]:
        """Everything that happened to a ticket, oldest first; only what came after a change that is known."""
        ...

    def update(self, ticket_id: str, update: Update) -> TicketNow:
        """Change a ticket; raises :class:`DeskOvertaken`."""
        ...

    def news(self, place: str | None, since: datetime) -> News:
        """Which tickets changed since ``place``; without one, since an instant."""
        ...

    def can_say(self, name: str, value: str | None) -> bool:
        """Whether a ticket's field can be given a value; what a desk has no word for stays as it is there."""
        ...

    def ask_to_redact(self, ticket_id: str) -> None:
        """Note on a ticket that what it says of its person is to be removed, and let go of our id in it."""
        ...

    def close(self) -> None:
        """End all connections."""
        ...


@dataclass(frozen=True)
class DeskPlace:
    """Where a desk is opened."""

    settings: WorkspaceSettings
    now: datetime


class DeskSettings(Protocol):
    """What settings of every desk have."""

    @property
    def outcome(self) -> str:
        """Outcome of cases that are closed because their ticket is solved."""
        ...

    @property
    def poll(self) -> str:
        """How often its list of changes is read."""
        ...


@dataclass(frozen=True)
class DeskKind:
    """A kind of help desk.

    Args:
        name: as ``care.help_desk.uses`` names it.
        settings: model of ``care.help_desk.settings``; has what :class:`DeskSettings` asks for.
        secrets: those of its settings that name a secret.
        open: opens it with those settings.
        receive: verifies a webhook and gives the ids of the tickets it speaks of; raises ``BAD_SIGNATURE``.
    """

    name: str
    settings: type[BaseModel]
    secrets: Sequence[str]
    open: Callable[[BaseModel, DeskPlace], Desk]
    receive: Callable[[BaseModel, DeskPlace, HookRequest], Sequence[str]]
