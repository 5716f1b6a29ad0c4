"""What every channel is made of: what it can do, what it is handed, what it answers.

A channel is one file of this folder with a ``CHANNEL``, found by being there; others come by the entry
point group ``foretell.channels``. It may know this file, its vendor's library and the doors of earlier
rooms, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from foretell.definitions import WorkspaceSettings
from foretell.engine import OperationalStore

Medium = Literal["email", "sms", "push", "ads", "alert"]
MEDIA: tuple[Medium, ...] = ("email", "sms", "push", "ads", "alert")
Outcome = Literal["accepted", "refused", "later", "uncertain"]


@dataclass(frozen=True)
class Outgoing:
    """A rendered message.

    Args:
        message_id: unique; the idempotency key.
        address: e-mail address, phone number or what else the medium sends to.
        headers: further headers, for e-mail.
        at: the instant at which it was due, UTC.
    """

    message_id: str
    channel: str
    address: str
    subject: str
    html: str
    text: str
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What became of one message.

    Args:
        outcome: ``accepted``; ``refused`` (never try again); ``later`` (try again); ``uncertain`` (it may
            have gone out: a channel that is not idempotent never tries it again).
        accepted_id: the vendor's id.
        bad_address: for ``refused``: the address itself is the reason, it bounces.
        retry_after: for ``later``: not before so long.
    """

    message_id: str
    outcome: Outcome
    accepted_id: str = ""
    error: str = ""
    bad_address: bool = False
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
        promise that answers ``uncertain`` instead.
        """
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
class ChannelKind:
    """A kind of channel.

    Args:
        name: as ``uses`` of a channel document names it.
        settings: model of the document's ``settings``.
        open: opens it with those settings.
        development: lands in the inbox instead of with people.
    """

    name: str
    capabilities: Capabilities
    settings: type[BaseModel]
    open: Callable[[BaseModel, ChannelPlace], Channel]
    development: bool = False
