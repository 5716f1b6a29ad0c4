"""The preference page's data: what a person allows, read and changed by the link of a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog
from foretell.deliver import outbox
from foretell.deliver.tokens import signer_of, verify_token
from foretell.engine import TIMESTAMP, Engine
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.profile import consents

GRANTED, DENIED = "granted", "denied"
PURPOSE = "marketing"
CHANNELS = ("email", "sms", "push", "ads", "phone")


@dataclass(frozen=True)
class Preference:
    """What a person said of a purpose over a channel; ``state`` is ``granted``, ``denied`` or ``none``."""

    channel: str
    purpose: str
    state: str


@dataclass(frozen=True)
class Preferences:
    """What the page shows.

    Args:
        address: the message's address, most of it hidden: the link may have been passed on.
        channel: of the message that the link was in.
    """

    message_id: str
    address: str
    channel: str
    rows: tuple[Preference, ...]

    def state(self, channel: str, purpose: str) -> str:
        """The state of one purpose."""
        found = (row.state for row in self.rows if (row.channel, row.purpose) == (channel, purpose))
        return next(found, "none")


def preferences(engine: Engine, catalog: Catalog, token: str) -> Preferences:
    """What the person of a message allows.

    Args:
        token: of the message's preference or unsubscribe link.

    Raises:
        UsageError: ``BAD_TOKEN``; ``MESSAGE_UNKNOWN`` where the message is no longer known.
    """
    told = verify_token(signer_of(engine, catalog.settings), token)
    if told.kind not in ("preferences", "unsubscribe"):
        raise UsageError("BAD_TOKEN", "this link is not valid", next_step="Open the link of the message once more.")
    message = outbox.of_id(engine.ops, told.message_id)
    if message is None:
        raise UsageError("MESSAGE_UNKNOWN", "this message is no longer known", next_step="Use the link of a newer one.")
    found = consents(engine.ops, pa.array([message["profile_key"]], pa.int64())).to_pylist()
    states = {(row["channel"], row["purpose"]): row["state"] for row in found if row["purpose"] != "service"}
    for channel in dict.fromkeys(["email", "sms", message["medium"]]):
        if channel in CHANNELS:
            states.setdefault((channel, PURPOSE), "none")
    order = sorted(states, key=lambda pair: (CHANNELS.index(pair[0]) if pair[0] in CHANNELS else 9, pair))
    rows = tuple(Preference(channel, purpose, states[channel, purpose]) for channel, purpose in order)
    return Preferences(told.message_id, hidden(message["address"]), message["medium"], rows)


def set_preferences(
    engine: Engine, catalog: Catalog, token: str, wanted: Mapping[tuple[str, str], bool], *, now: datetime
) -> Preferences:
    """Write what the person chose: a ``Consent Updated`` for every state that changes.

    Args:
        wanted: (channel, purpose) → allowed; what is not named stays.

    Raises:
        UsageError: see :func:`preferences`; ``UNKNOWN_PREFERENCE`` for what the page does not show.
    """
    shown = preferences(engine, catalog, token)
    known = {(row.channel, row.purpose) for row in shown.rows}
    strange = sorted(set(wanted) - known)
    if strange:
        raise UsageError(
            "UNKNOWN_PREFERENCE",
            f"there is nothing to choose for {'.'.join(strange[0])}",
            next_step="Reload the page and choose again.",
        )
    said = {pair: GRANTED if allowed else DENIED for pair, allowed in wanted.items()}
    changed = {pair: state for pair, state in said.items() if shown.state(*pair) != state}
    if not changed:
        return shown
    message = outbox.of_id(engine.ops, shown.message_id)
    assert message is not None
    rows = _told(message["message_id"], message["node_key"], changed, now)
    engine.act("deliver", lambda _tx, batch: batch.tell(rows), now=now)
    return preferences(engine, catalog, token)


def _told(message_id: str, node_key: int, changed: Mapping[tuple[str, str], str], now: datetime) -> pa.Table:
    pairs = sorted(changed)
    count = len(pairs)
    instant = str(micros(now))
    return pa.table(
        {
            "message_id": pa.array([stable_id("e", message_id, *pair, changed[pair], instant) for pair in pairs]),
            "event": pa.array(["Consent Updated"] * count),
            "ts": pa.array([naive_utc(now)] * count, TIMESTAMP),
            "node_key": pa.array([node_key] * count, pa.int64()),
            "channel": pa.array([channel for channel, _ in pairs]),
            "purpose": pa.array([purpose for _, purpose in pairs]),
            "state": pa.array([changed[pair] for pair in pairs]),
            "source": pa.array(["preference page"] * count),
            "property:message_id": pa.array([message_id] * count),
        }
    )


def hidden(address: str) -> str:
    """An address that its owner knows again and nobody else learns: ``a•••@example.com``, ``•••4567``."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at else f"•••{address[-4:]}"
