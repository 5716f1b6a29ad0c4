"""What people asked for, and by when it has to be done: one calendar month, counted as 30 days from receipt.

Regulation (EU) 2016/679, Article 12(3). A request is about a person as they were named; once it is fulfilled by
erasure nothing of it is left but the keyed hashes of the identifiers.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from foretell.clock import from_micros, micros
from foretell.engine import Engine, Tx
from foretell.errors import UsageError
from foretell.profile.privacy.hashing import keyed_hashes
from foretell.profile.privacy.people import identifiers_of, nodes_of
from foretell.profile.privacy.restrictions import Asks

RequestKind = Literal["access", "erasure", "objection", "restriction", "rectification"]
State = Literal["open", "done", "refused"]
KINDS: tuple[RequestKind, ...] = ("access", "erasure", "objection", "restriction", "rectification")
TERM = timedelta(days=30)


@dataclass(frozen=True)
class Step:
    """One step of a request's history."""

    at: datetime
    made_by: str
    what: str
    told: str


@dataclass(frozen=True)
class PrivacyRequest:
    """A request.

    Args:
        subject: the person as they were named; empty once they are erased.
        hashes: keyed hashes of their identifiers.
        profile_key: None once they are erased.
        history: oldest first; only where one request is shown.
    """

    request: str
    kind: RequestKind
    subject: str
    hashes: tuple[str, ...]
    profile_key: int | None
    received_at: datetime
    due_at: datetime
    state: State
    closed_at: datetime | None
    note: str
    made_by: str
    history: tuple[Step, ...] = ()

    def days_left(self, now: datetime) -> int | None:
        """Whole days until it is due, negative where it is late; None where it is closed."""
        return None if self.state != "open" else (self.due_at - now).days


_COLUMNS = (
    "r.request, r.kind, r.subject, r.hashes, coalesce(m.profile_key, r.node_key), r.received_at, r.due_at, r.state, "
    "r.closed_at, r.note, r.made_by"
)
_FROM = "FROM privacy_requests r LEFT JOIN merged m ON m.node_key = r.node_key"


def kind_of(text: str) -> RequestKind:
    """A kind of request by its name.

    Raises:
        UsageError: ``REQUEST_KIND``.
    """
    for kind in KINDS:
        if kind == text:
            return kind
    raise UsageError("REQUEST_KIND", f"{text!r} is no kind of request", next_step=f"Write {', '.join(KINDS)}.")


def open_request(
    engine: Engine,
    kind: RequestKind,
    *,
    subject: str,
    profile_key: int,
    key: bytes,
    now: datetime,
    received_at: datetime | None = None,
    note: str = "",
    made_by: str,
) -> PrivacyRequest:
    """Note that a person asked for something.

    Args:
        key: of the keyed hashes.
        received_at: when they asked; the term runs from then.

    Raises:
        UsageError: ``RECEIVED_LATER`` where that lies ahead.
    """
    received = received_at or now
    if received > now:
        raise UsageError("RECEIVED_LATER", "a request cannot have been received in the future", thing="request")
    identifiers = identifiers_of(engine.ops, nodes_of(engine.ops, [profile_key]))
    hashes = keyed_hashes(identifiers, key)["hash"].to_pylist()
    name = f"pr_{secrets.token_hex(8)}"
    with engine.ops.write() as tx:
        tx.execute(
            "INSERT INTO privacy_requests VALUES (?, ?, ?, ?, ?, ?, ?, 'open', NULL, ?, ?)",
            (name, kind, subject, json.dumps(hashes), profile_key, micros(received), micros(received + TERM), note,
             made_by),
        )  # fmt: skip
        note_step(tx, name, "received", "", made_by=made_by, at=now)
    return show_request(engine.ops, name)


def list_requests(store: Asks, *, state: State | None = None, limit: int = 1_000) -> list[PrivacyRequest]:
    """Requests, those that are open and due first at the top."""
    where, params = ("WHERE r.state = ?", (state,)) if state else ("", ())
    rows = store.query(
        f"SELECT {_COLUMNS} {_FROM} {where} ORDER BY CASE r.state WHEN 'open' THEN 0 ELSE 1 END, "
        "CASE r.state WHEN 'open' THEN r.due_at ELSE -r.closed_at END, r.request LIMIT ?",
        (*params, limit),
    )
    return [_request(row) for row in rows]


def requests_about(store: Asks, profile_key: int) -> list[PrivacyRequest]:
    """All requests that are about a person, the earliest first."""
    rows = store.query(
        f"SELECT {_COLUMNS} {_FROM} WHERE r.node_key = ? OR m.profile_key = ? ORDER BY r.received_at, r.request",
        (profile_key, profile_key),
    )
    return [one for one in map(_request, rows) if one.profile_key == profile_key]


def show_request(store: Asks, request: str) -> PrivacyRequest:
    """One request with its history.

    Raises:
        UsageError: ``REQUEST_UNKNOWN``.
    """
    rows = store.query(f"SELECT {_COLUMNS} {_FROM} WHERE r.request = ?", (request,))
    if not rows:
        raise UsageError("REQUEST_UNKNOWN", f"there is no privacy request {request}", thing="request")
    steps = store.query(
        "SELECT at, made_by, what, told FROM privacy_history WHERE request = ? ORDER BY number", (request,)
    )
    return _request(rows[0], tuple(Step(from_micros(at), by, what, told) for at, by, what, told in steps))


def close_request(engine: Engine, request: str, state: State, *, made_by: str, now: datetime, note: str = "") -> None:
    """Say that a request was fulfilled, or why it is refused.

    Raises:
        UsageError: ``REQUEST_UNKNOWN``, ``REQUEST_CLOSED``.
    """
    if show_request(engine.ops, request).state != "open":
        raise UsageError("REQUEST_CLOSED", f"the privacy request {request} is closed", thing="request")
    with engine.ops.write() as tx:
        settle_request(tx, request, state, made_by=made_by, at=now, note=note)


def settle_request(tx: Tx, request: str, state: State, *, made_by: str, at: datetime, note: str = "") -> None:
    """Close a request within a transaction."""
    tx.execute(
        "UPDATE privacy_requests SET state = ?, closed_at = ? WHERE request = ? AND state = 'open'",
        (state, micros(at), request),
    )
    note_step(tx, request, state, note, made_by=made_by, at=at)


def note_step(tx: Tx, request: str, what: str, told: str, *, made_by: str, at: datetime) -> None:
    """Add a step to a request's history."""
    tx.execute(
        "INSERT INTO privacy_history SELECT ?, coalesce(max(number), 0) + 1, ?, ?, ?, ? FROM privacy_history "
        "WHERE request = ?",
        (request, micros(at), made_by, what, told, request),
    )


def open_requests_of(store: Asks, profile_keys: list[int], kind: RequestKind) -> list[str]:
    """The open requests of a kind that are about these people."""
    rows = store.query(
        f"SELECT r.request, coalesce(m.profile_key, r.node_key) {_FROM} WHERE r.state = 'open' AND r.kind = ? "
        "AND r.node_key IS NOT NULL ORDER BY r.request",
        (kind,),
    )
    wanted = set(profile_keys)
    return [request for request, owner in rows if owner in wanted]


def _request(row: tuple[Any, ...], history: tuple[Step, ...] = ()) -> PrivacyRequest:
    request, kind, subject, hashes, owner, received, due, state, closed, note, made_by = row
    return PrivacyRequest(
        request, kind, subject, tuple(json.loads(hashes)), owner, from_micros(received), from_micros(due), state,
        None if closed is None else from_micros(closed), note, made_by, history,
    )  # fmt: skip
