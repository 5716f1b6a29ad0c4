"""The preference page's data: what a person allows, read and changed by the link of a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog
from foretell.deliver import outbox
from foretell.deliver.languages import language_of
from foretell.deliver.tokens import signer_of, verify_token
from foretell.engine import TIMESTAMP, Engine
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.profile import EXEMPT, Purposes, consents, name_of, purposes_of, survivorship_of, text_in

GRANTED, DENIED = "granted", "denied"
PURPOSE = "marketing"
CHANNELS = ("email", "sms", "push", "ads", "phone")


@dataclass(frozen=True)
class Preference:
    """What a person said of a purpose over a channel.

    Args:
        state: ``granted``, ``denied``, ``expired`` or ``none``.
        allowed: whether it may be done as it stands.
        title: how people call it, in their language; empty where the workspace does not say.
        wording: what they are asked, in their language; version: the name of that wording.
    """

    channel: str
    purpose: str
    state: str
    allowed: bool = False
    title: str = ""
    wording: str = ""
    version: str = ""


@dataclass(frozen=True)
class Preferences:
    """What the page shows.

    Args:
        address: the message's address, most of it hidden: the link may have been passed on.
        channel: of the message that the link was in.
        language: the person's, as far as it is known.
    """

    message_id: str
    address: str
    channel: str
    rows: tuple[Preference, ...]
    language: str | None = None

    def state(self, channel: str, purpose: str) -> str:
        """The state of one purpose."""
        found = (row.state for row in self.rows if (row.channel, row.purpose) == (channel, purpose))
        return next(found, "none")


def preferences(engine: Engine, catalog: Catalog, token: str, *, now: datetime | None = None) -> Preferences:
    """What the person of a message allows: of the purposes that the workspace shows, else of those they spoke of.

    Args:
        token: of the message's preference or unsubscribe link.
        now: grants that have lapsed by then are shown so; None: as they were given.

    Raises:
        UsageError: ``BAD_TOKEN``; ``MESSAGE_UNKNOWN`` where the message is no longer known.
    """
    told = verify_token(signer_of(engine, catalog.settings), token)
    if told.kind not in ("preferences", "unsubscribe"):
        raise UsageError("BAD_TOKEN", "this link is not valid", next_step="Open the link of the message once more.")
    message = outbox.of_id(engine.ops, told.message_id)
    if message is None:
        raise UsageError("MESSAGE_UNKNOWN", "this message is no longer known", next_step="Use the link of a newer one.")
    key, purposes = message["profile_key"], purposes_of(catalog)
    found = consents(engine.ops, pa.array([key], pa.int64()), at=now, purposes=purposes).to_pylist()
    states = {(row["channel"], row["purpose"]): row["state"] for row in found}
    language = language_of(engine.ops, key, survivorship_of(catalog))
    shown = _described(purposes) if purposes.described else _spoken_of(states, message["medium"])
    rows = tuple(_row(purposes, pair, states.get(pair, "none"), language, now) for pair in shown)
    return Preferences(told.message_id, hidden(message["address"]), message["medium"], rows, language)


def _described(purposes: Purposes) -> list[tuple[str, str]]:
    """The purposes that the document puts on the page, in its order."""
    return [(one.channel, one.purpose) for one in purposes.listed.values() if one.on_page]


def _spoken_of(states: Mapping[tuple[str, str], str], medium: str) -> list[tuple[str, str]]:
    """Without a document: what the person spoke of, and marketing by mail, text and the message's medium."""
    pairs = {pair for pair in states if pair[1] not in EXEMPT and pair[0]}
    pairs |= {(channel, PURPOSE) for channel in ("email", "sms", medium) if channel in CHANNELS}
    return sorted(pairs, key=lambda pair: (CHANNELS.index(pair[0]) if pair[0] in CHANNELS else 9, pair))


def _row(
    purposes: Purposes, pair: tuple[str, str], state: str, language: str | None, now: datetime | None
) -> Preference:
    purpose = purposes.of(name_of(*pair))
    wording = purpose.wording(now.date()) if now else None
    allowed = state == GRANTED if purpose.asks else state != DENIED
    text, version = ("", "") if wording is None else (text_in(wording.text, language), wording.version)
    return Preference(*pair, state, allowed, purpose.called(language), text, version)


def set_preferences(
    engine: Engine, catalog: Catalog, token: str, wanted: Mapping[tuple[str, str], bool], *, now: datetime
) -> Preferences:
    """Write what the person chose: a ``Consent Updated`` for every state that changes.

    Args:
        wanted: (channel, purpose) → allowed; what is not named stays.

    Raises:
        UsageError: see :func:`preferences`; ``UNKNOWN_PREFERENCE`` for what the page does not show.
    """
    shown = preferences(engine, catalog, token, now=now)
    known = {(row.channel, row.purpose) for row in shown.rows}
    strange = sorted(set(wanted) - known)
    if strange:
        raise UsageError(
            "UNKNOWN_PREFERENCE",
            f"there is nothing to choose for {'.'.join(strange[0])}",
            next_step="Reload the page and choose again.",
        )
    changed = {
        row: GRANTED if wanted[row.channel, row.purpose] else DENIED
        for row in shown.rows
        if (row.channel, row.purpose) in wanted and _changes(row, wanted=wanted[row.channel, row.purpose])
    }
    if not changed:
        return shown
    message = outbox.of_id(engine.ops, shown.message_id)
    assert message is not None
    rows = _told(message["message_id"], message["node_key"], changed, now)
    engine.act("deliver", lambda _tx, batch: batch.tell(rows), now=now)
    return preferences(engine, catalog, token, now=now)


def _changes(row: Preference, *, wanted: bool) -> bool:
    """Whether a choice says anything new; who leaves alone what is allowed without their word says nothing."""
    if row.state == "none" and row.allowed and wanted:
        return False
    return row.state != (GRANTED if wanted else DENIED)


def _told(message_id: str, node_key: int, changed: Mapping[Preference, str], now: datetime) -> pa.Table:
    rows = sorted(changed, key=lambda row: (row.channel, row.purpose))
    count = len(rows)
    instant = str(micros(now))
    return pa.table(
        {
            "message_id": pa.array(
                [stable_id("e", message_id, row.channel, row.purpose, changed[row], instant) for row in rows]
            ),
            "event": pa.array(["Consent Updated"] * count),
            "ts": pa.array([naive_utc(now)] * count, TIMESTAMP),
            "node_key": pa.array([node_key] * count, pa.int64()),
            "channel": pa.array([row.channel or None for row in rows], pa.string()),
            "purpose": pa.array([row.purpose for row in rows]),
            "state": pa.array([changed[row] for row in rows]),
            "wording": pa.array([row.version or None for row in rows], pa.string()),
            "source": pa.array(["preference page"] * count),
            "property:message_id": pa.array([message_id] * count),
        }
    )


def hidden(address: str) -> str:
    """An address that its owner knows again and nobody else learns: ``a•••@example.com``, ``•••4567``."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at else f"•••{address[-4:]}"
