"""Trying a channel out: whether it could send, and a test message to an address that somebody names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from pydantic import ValidationError

from foretell.definitions import Catalog
from foretell.deliver import channel_document, sandboxes, standings, suppressions
from foretell.deliver.channels.base import Channel, ChannelKind, ChannelPlace, Medium, Outgoing, Receipt
from foretell.deliver.permissions import permissions
from foretell.engine import Engine, table_of
from foretell.errors import ForetellError, UsageError
from foretell.identify import find
from foretell.ids import stable_id
from foretell.profile import Purposes, purposes_of

TEST = "t"
"""How ids of test messages begin; what is told of them is passed over."""
_IDENTIFIERS = {"email": "email", "sms": "phone"}
_ASKED = {"profile_key": pa.int64(), "medium": pa.string(), "purpose": pa.string()}


@dataclass(frozen=True)
class ChannelCheck:
    """Whether a channel could send.

    Args:
        said: what the vendor says, or what is wrong.
        code: of the error; empty where all is well.
    """

    channel: str
    ok: bool
    said: str
    code: str = ""
    next_step: str = ""


@contextmanager
def opened(engine: Engine, catalog: Catalog, key: str) -> Iterator[tuple[ChannelKind, Channel]]:
    """The channel ``key``, closed after the block.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION`` where nothing serves it; ``SECRET_MISSING``, ``EXTRA_MISSING``.
    """
    kind = channel_document.kind_of(catalog, key)
    channel = channel_document.open_channel(catalog, key, ChannelPlace(catalog.settings, engine.ops))
    if kind is None or channel is None:
        raise UsageError(
            "UNKNOWN_DEFINITION",
            f"there is no channel {key!r}",
            thing=f"channel {key}",
            next_step="See `foretell channel list`.",
        )
    try:
        yield kind, channel
    finally:
        close = getattr(channel, "close", None)
        if close is not None:
            close()


def check_channel(engine: Engine, catalog: Catalog, key: str) -> ChannelCheck:
    """Open a channel and ask its vendor whether it knows us; nothing is sent.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION`` where nothing serves it.
    """
    try:
        with opened(engine, catalog, key) as (kind, channel):
            probe = getattr(channel, "probe", None)
            if kind.development:
                return ChannelCheck(key, True, "What goes out over it lands in the inbox.")
            return ChannelCheck(key, True, "Its settings are complete." if probe is None else str(probe()))
    except ForetellError as error:
        if error.code == "UNKNOWN_DEFINITION":
            raise
        return ChannelCheck(key, False, error.what, error.code, error.next_step)
    except ValidationError as error:
        return ChannelCheck(key, False, str(error.errors()[0]["msg"]), "BAD_VALUE", "Mend the channel's settings.")
    except OSError as error:
        return ChannelCheck(key, False, str(error), "VENDOR_UNREACHABLE", "Look at its address, and the network.")


def send_test(
    engine: Engine, catalog: Catalog, channel_key: str, outgoings: Sequence[Outgoing], *, now: datetime
) -> list[Receipt]:
    """Hand over messages at once, past the outbox; a receipt each, in their order. Nothing is kept of them.

    What the gate guards holds for a test too: nothing goes to an address that a sandbox keeps back, that is suppressed,
    or whose person objected or was restricted; those are refused here.

    Raises:
        UsageError: as :func:`opened`.
    """
    with opened(engine, catalog, channel_key) as (kind, channel):
        medium, purposes = kind.capabilities.medium, purposes_of(catalog)
        why = [_kept_back(engine, catalog, channel_key, medium, one.address, purposes, now) for one in outgoings]
        going = [one for one, reason in zip(outgoings, why, strict=True) if not reason]
        answers: list[Receipt] = []
        for start in range(0, len(going), kind.capabilities.batch_size):
            answers += channel.send(going[start : start + kind.capabilities.batch_size], now=now)
    bad = [one for one in answers if one.outcome != "accepted"]
    if answers:
        with engine.ops.write() as tx:
            told = (channel_key, len(answers) - len(bad), len(bad), bad[-1].error if bad else "")
            standings.note_sent(tx, [told], now)
    left = iter(answers)
    return [
        Receipt(one.message_id, "refused", error=reason) if reason else next(left)
        for one, reason in zip(outgoings, why, strict=True)
    ]


def message_of_test(catalog: Catalog, channel_key: str, medium: Medium, to: str, now: datetime) -> Outgoing:
    """The message of `foretell channel test`: it says that it is one."""
    company = catalog.settings.sending.from_name or catalog.settings.name
    text = f"This is a test of the channel {channel_key} of {company}. Nobody has to answer it."
    html = f"<p>{text}</p>" if medium == "email" else ""
    key = stable_id(TEST, channel_key, to, now.isoformat())
    return Outgoing(key, channel_key, to, f"[Test] {company}", html, text, now, data={"test": True})


def _kept_back(
    engine: Engine, catalog: Catalog, key: str, medium: Medium, address: str, purposes: Purposes, now: datetime
) -> str:
    """Why nothing may go to an address; empty where it may."""
    if sandboxes.keeps_back(catalog, key, address):
        return "the sandbox does not list this address"
    listed = suppressions.suppression(engine, medium, address)
    if listed is not None:
        return f"the address is suppressed: {listed[0]}"
    kind = _IDENTIFIERS.get(medium)
    if kind is None:
        return ""
    try:
        person = find(engine, f"{kind}:{address}").profile_key
    except UsageError:
        return ""
    asked = table_of(_ASKED, [(person, medium, "service")])
    told = permissions(engine.ops, asked, purposes, now).to_pylist()
    return next((f"the person does not allow it: {row['found']}" for row in told if not row["allowed"]), "")
