"""Grants that wait for their confirmation (double opt-in): asked for by an event, ended by a link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from foretell.clock import Duration, from_micros, micros
from foretell.engine import Tx, python_rows, scratch
from foretell.ids import stable_id
from foretell.profile.consents.purposes import Purpose, Purposes, name_of
from foretell.profile.consents.words import Asks

OPEN, ASKED, CONFIRMED, REFUSED = "open", "asked", "confirmed", "refused"
ONE_PER = timedelta(hours=1)
"""Asking again within that time sends no second message: a form that is sent over and over bothers nobody."""
_COLUMNS = "request, node_key, channel, purpose, wording, source, requested_at, event_id, state, message_id, ended_at"


@dataclass(frozen=True)
class ConsentRequest:
    """A grant that waits, or waited, for its confirmation.

    Args:
        node_key: whose identifier asked for it; ``profile_key`` is their person today.
        state: ``open``, ``asked`` (a message is on its way), ``confirmed`` or ``refused``.
        message_id: of the message that asks.
    """

    request: str
    node_key: int
    profile_key: int
    channel: str
    purpose: str
    wording: str
    source: str
    requested_at: datetime
    state: str
    message_id: str | None
    ended_at: datetime | None

    @property
    def name(self) -> str:
        """``CHANNEL.PURPOSE``."""
        return name_of(self.channel, self.purpose)

    def expires_at(self, purpose: Purpose, purposes: Purposes) -> datetime | None:
        """Until when the link works; None where the purpose asks for no confirmation any more."""
        asked = purpose.double_opt_in
        return None if asked is None else Duration.parse(asked.valid_for).after(self.requested_at, purposes.zone)


def request_of(store: Asks, request: str) -> ConsentRequest | None:
    """One request, or None."""
    found = _read(store, "r.request = ?", (request,))
    return found[0] if found else None


def open_requests(store: Asks, at: datetime) -> list[ConsentRequest]:
    """Those for which no message was sent yet and which are not put off beyond ``at``, the earliest first."""
    return _read(store, "r.state = 'open' AND r.ask_at <= ? ORDER BY r.requested_at, r.request", (micros(at),))


def requests_of(store: Asks, profile_key: int) -> list[ConsentRequest]:
    """Those of a person, the earliest first."""
    theirs = "SELECT ? AS node_key UNION ALL SELECT o.node_key FROM merged o WHERE o.profile_key = ?"
    where = f"r.node_key IN ({theirs}) ORDER BY r.requested_at, r.request"
    return [one for one in _read(store, where, (profile_key, profile_key)) if one.profile_key == profile_key]


def mark_request(tx: Tx, request: str, state: str, message_id: str | None, at: datetime) -> None:
    """Note that a message asks, or that none may."""
    tx.execute(
        "UPDATE consent_requests SET state = ?, message_id = ?, ended_at = ? WHERE request = ? AND state = 'open'",
        (state, message_id, micros(at) if state == REFUSED else None, request),
    )


def take_requests(tx: Tx, told: pa.Table, purposes: Purposes) -> None:
    """Keep requests for purposes that have to be confirmed; of repeated ones the first within an hour."""
    rows = python_rows(scratch(_WAITING, {"told": told, "d": purposes.confirmed})) if told.num_rows else ()
    for node_key, channel, purpose, wording, source, at, event_id in rows:
        request = stable_id("r", event_id, channel, purpose)
        since = at - ONE_PER // timedelta(microseconds=1)
        tx.execute(
            f"INSERT INTO consent_requests ({_COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, 'open', NULL, NULL "
            "WHERE NOT EXISTS (SELECT 1 FROM consent_requests WHERE node_key = ? AND channel = ? AND purpose = ? "
            "AND state IN ('open', 'asked') AND requested_at > ? AND requested_at <= ?) "
            "ON CONFLICT (request) DO NOTHING",
            (request, node_key, channel, purpose, wording, source, at, event_id, node_key, channel, purpose, since, at),
        )


def confirm_requests(tx: Tx, told: pa.Table) -> None:
    """Note which requests the words of ``told`` (``request``, ``ts``) confirm."""
    if told.num_rows:
        rows = python_rows(scratch("SELECT epoch_us(ts) AS at, request FROM told ORDER BY seq", {"told": told}))
        tx.executemany("UPDATE consent_requests SET state = 'confirmed', ended_at = ? WHERE request = ?", rows)


def _read(store: Asks, where: str, params: tuple[object, ...]) -> list[ConsentRequest]:
    rows = store.query(
        "SELECT r.request, r.node_key, coalesce(m.profile_key, r.node_key), r.channel, r.purpose, r.wording, r.source, "
        "r.requested_at, r.state, r.message_id, r.ended_at FROM consent_requests r "
        f"LEFT JOIN merged m ON m.node_key = r.node_key WHERE {where}",
        params,
    )
    return [_request(dict(zip(ConsentRequest.__dataclass_fields__, row, strict=True))) for row in rows]


def _request(told: dict[str, Any]) -> ConsentRequest:
    ended = told["ended_at"]
    instants = {
        "requested_at": from_micros(told["requested_at"]),
        "ended_at": None if ended is None else from_micros(ended),
    }
    return ConsentRequest(**(told | instants))


_WAITING = """
SELECT t.node_key, t.channel, t.purpose, t.wording, t.source, epoch_us(t.ts) AS requested_at, t.message_id
FROM told t JOIN d ON d.channel = t.channel AND d.purpose = t.purpose ORDER BY t.ts, t.seq"""
