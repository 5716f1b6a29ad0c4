"""What every channel is made of: what it can do, what it is handed, what it answers.

A channel is one file of this folder with a ``CHANNEL``, found by being there; others come by the entry
point group ``foretell.channels``. It may know this file, its vendor's library and the doors of earlier
rooms, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from foretell.definitions import WorkspaceSettings
from foretell.engine import OperationalStore

Medium = Literal["email", "sms", "push", "ads", "alert"]
MEDIA: tuple[Medium, ...] = ("email", "sms", "push", "ads", "alert")
Outcome = Literal["accepted", "refused", "later", "uncertain"]
Lane = Literal["transactional", "bulk"]
ToldKind = Literal[
    "accepted", "delivered", "bounce", "soft_bounce", "failed", "spam", "open", "click", "reply", "unsubscribe", "stop"
]
"""What a vendor tells of a message, or of an address. ``accepted``: it has it and goes on; ``bounce``: the address
takes nothing, for good; ``soft_bounce``: not this time, and the vendor tries no more; ``failed``: the vendor gave it
up for a reason that is not the address; ``stop``: the address wants nothing more over this medium."""


@dataclass(frozen=True)
class Outgoing:
    """A rendered message.

    Args:
        message_id: unique; the idempotency key.
        address: e-mail address, phone number or what else the medium sends to.
        headers: further headers, for e-mail.
        at: the instant at which it was due, UTC.
        data: what a channel that is no letter needs (the change of an audience, a case, raw fields); JSON values.
        lane: ``transactional`` messages go first, with a budget of their own.
    """

    message_id: str
    channel: str
    address: str
    subject: str
    html: str
    text: str
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    lane: Lane = "bulk"


@dataclass(frozen=True)
class Receipt:
    """What became of one message.

    Args:
        outcome: ``accepted``; ``refused`` (never try again); ``later`` (try again); ``uncertain`` (it may
            have gone out: a channel that is not idempotent never tries it again).
        accepted_id: the vendor's id.
        bad_address: for ``refused``: the address itself is the reason, it bounces.
        stopped: for ``refused``: whoever has the address wants nothing more over this medium; it is listed so.
        retry_after: for ``later``: not before so long.
    """

    message_id: str
    outcome: Outcome
    accepted_id: str = ""
    error: str = ""
    bad_address: bool = False
    stopped: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Capabilities:
    """What a channel can do.

    Args:
        idempotent: handed the same message id twice, it sends once.
        batch_size: most messages in one call.
        delivers: acceptance means that it arrived.
    """

    medium: Medium
    idempotent: bool
    batch_size: int
    delivers: bool = False


class Channel(Protocol):
    """An opened channel."""

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """Hand over at most ``batch_size`` messages; one receipt each, in their order.

        An exception means that nothing was handed over and trying again may help; a channel that cannot
        promise that answers ``uncertain`` instead. What a channel keeps open between calls it ends in a method
        ``close()``, which whoever opened it calls where there is one. A method ``probe()`` asks the vendor whether
        it knows us, and answers in words or raises.
        """
        ...


@dataclass(frozen=True)
class ListLook:
    """What a platform says of its list of an audience.

    Args:
        standing: its state, in the platform's words.
        size_low, size_high: people whom it can reach; the same where it tells one number, None where it tells none.
        match_low, match_high: share of those told whom it knows, 0 to 1.
        life_days: after so long without being told again a person drops out; None: never.
        rounding: how the platform rounds, in words.
    """

    list_id: str
    name: str
    standing: str
    size_low: int | None = None
    size_high: int | None = None
    match_low: float | None = None
    match_high: float | None = None
    life_days: int | None = None
    rounding: str = ""


@dataclass(frozen=True)
class UploadLook:
    """What came of a request that a platform takes in later.

    Args:
        refused: rows that it could not take; it does not say which.
        said: why, and how many matched, in its words.
    """

    state: Literal["processing", "done", "partly", "failed"]
    rows: int = 0
    refused: int = 0
    said: str = ""


@runtime_checkable
class ListKeeper(Protocol):
    """A channel that keeps lists at a platform, and can say how they stand."""

    def look(self, list_id: str | None, name: str, told: int, *, now: datetime) -> ListLook | None:
        """The list of that id, or of that name; None where there is none yet.

        Args:
            told: so many people are on it by what it was told.

        Raises:
            ForetellError: the platform does not say.
        """
        ...

    def upload(self, accepted_id: str, *, now: datetime) -> UploadLook:
        """What came of what was accepted under that id; the same errors."""
        ...

    def close(self) -> None:
        """End the connections."""
        ...


class NoSettings(BaseModel):
    """A channel without settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class ChannelPlace:
    """Where a channel is opened.

    Args:
        ops: only for the development channels, whose outside world lies in the workspace.
    """

    settings: WorkspaceSettings
    ops: OperationalStore


@dataclass(frozen=True)
class HookRequest:
    """What a vendor posted to ``/hooks/channels/KEY``.

    Args:
        url: as the vendor wrote it: some sign it. With the query.
        headers: their names in lower case.
        body: as it came.
        now: when it came, UTC.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    now: datetime


@dataclass(frozen=True)
class Told:
    """What a vendor tells of one message.

    Args:
        at: when it happened, UTC.
        message_id: ours; empty where the vendor does not know it.
        address: of a reply or a ``stop``: it is about the latest message to this address.
        key: the vendor's id of what it tells, the same when it tells it again.
        error: the vendor's words and code, for what went wrong.
        url: of a click.
        machine: a program opened or clicked.
    """

    kind: ToldKind
    at: datetime
    message_id: str = ""
    address: str = ""
    key: str = ""
    error: str = ""
    url: str | None = None
    machine: bool = False


@dataclass(frozen=True)
class Asked:
    """What somebody of the team asks for by a button of a message.

    Args:
        kind: ``take_case``: the case becomes theirs.
        case_id: of the case.
        by: who asks, by the name that the vendor knows.
        reply_to: an address at the vendor that takes an answer; empty where there is none.
    """

    kind: Literal["take_case"]
    case_id: str
    by: str
    reply_to: str = ""


AskedBy = Callable[[BaseModel, ChannelPlace, HookRequest], Sequence[Asked]]
"""Verifies a vendor's request as :data:`Receive` does, and reads what somebody asks for."""
Answers = Callable[[BaseModel, Asked, str], bool]
"""Tells whoever asked what came of it; False where the vendor did not take that."""


Receive = Callable[[BaseModel, ChannelPlace, HookRequest], Sequence[Told]]
"""Verifies a vendor's request and reads it; raises UsageError ``BAD_SIGNATURE``, ``BAD_JSON``."""


@dataclass(frozen=True)
class ChannelKind:
    """A kind of channel.

    Args:
        name: as ``uses`` of a channel document names it.
        settings: model of the document's ``settings``.
        open: opens it with those settings.
        development: lands in the inbox instead of with people.
        receive: reads what the vendor tells afterwards; None where it tells nothing.
        asked: reads what the team asks for by buttons of messages; None where there are none.
        answers: says what came of it.
    """

    name: str
    capabilities: Capabilities
    settings: type[BaseModel]
    open: Callable[[BaseModel, ChannelPlace], Channel]
    development: bool = False
    receive: Receive | None = None
    asked: AskedBy | None = None
    answers: Answers | None = None
