"""Double opt-in: a message asks whether somebody meant it, and the button behind its link says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog
from foretell.deliver.deciding import Sending, decide
from foretell.deliver.languages import language_of
from foretell.deliver.tokens import signer_of, verify_token
from foretell.engine import TIMESTAMP, Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.profile import (
    CONFIRMING,
    ConsentRequest,
    Purpose,
    Purposes,
    Survivorship,
    mark_request,
    open_requests,
    purposes_of,
    request_of,
    survivorship_of,
    text_in,
)

WAITS = "consent_request"
"""The variable of a message that asks for a confirmation: the id of the request."""
SOURCE, BASIS = "confirmation page", "double opt-in"
_MEDIA = ("email", "sms", "push")
_TEXT = ("message_id", "channel", "template", "purpose", "variables")


@dataclass(frozen=True)
class Confirmation:
    """What the page of a link shows.

    Args:
        state: ``waits`` for the button, ``confirmed``, or ``expired``.
        title: how people call the purpose.
        wording: what the person agrees to; empty where the document has no words.
        version: name of that wording.
        language: the person's, as far as known.
    """

    state: Literal["waits", "confirmed", "expired"]
    name: str
    title: str
    wording: str
    version: str
    language: str | None = None


def ask_to_confirm(engine: Engine, catalog: Catalog, *, now: datetime) -> int:
    """Ask for the messages of grants that wait for their confirmation; returns how many were queued.

    Quiet hours do not put it off: people wait for it. A request that came too late, or may not be asked for, is closed
    as refused.
    """
    waiting = open_requests(engine.ops, now)
    if not waiting:
        return 0
    queued: list[int] = []
    engine.act("deliver", lambda tx, batch: queued.append(_ask(tx, batch, catalog, waiting, now)), now=now)
    return queued[0]


def _ask(tx: Tx, batch: Batch, catalog: Catalog, waiting: list[ConsentRequest], now: datetime) -> int:
    purposes = purposes_of(catalog)
    live = []
    for one in waiting:
        purpose = purposes.of(one.name)
        expires = one.expires_at(purpose, purposes)
        if expires is None or expires <= now:
            mark_request(tx, one.request, "refused", None, now)
        else:
            live.append((one, purpose))
    if not live:
        return 0
    answer = decide(tx, batch, Sending(catalog, now), _candidates(tx, live, now, survivorship_of(catalog))).to_pylist()
    for (one, _), row in zip(live, answer, strict=True):
        if row["decision"] == "send":
            mark_request(tx, one.request, "asked", row["message_id"], now)
        else:
            mark_request(tx, one.request, "refused", None, now)
    return sum(row["decision"] == "send" for row in answer)


def _candidates(tx: Tx, live: list[tuple[ConsentRequest, Purpose]], now: datetime, rules: Survivorship) -> pa.Table:
    rows: list[dict[str, object]] = []
    for one, purpose in live:
        asked = purpose.double_opt_in
        assert asked is not None
        language = language_of(tx, one.profile_key, rules)
        wording = purpose.wording(now.date())
        said = {
            WAITS: one.request,
            "purpose_title": purpose.called(language) or purpose.name,
            "purpose_wording": "" if wording is None else text_in(wording.text, language),
        }
        channel = asked.channel or (purpose.channel if purpose.channel in _MEDIA else "email")
        texts = (stable_id("m", one.request), channel, asked.template, CONFIRMING, json.dumps(said, ensure_ascii=False))
        rows.append({**dict(zip(_TEXT, texts, strict=True)), "node_key": one.node_key, "profile_key": one.profile_key})
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in _TEXT}
    keys = {name: pa.array([row[name] for row in rows], pa.int64()) for name in ("node_key", "profile_key")}
    return pa.table({**columns, **keys, "at": pa.array([naive_utc(now)] * len(rows), TIMESTAMP)})


def confirmation(engine: Engine, catalog: Catalog, token: str, *, now: datetime) -> Confirmation:
    """What the link of a message that asks for a confirmation leads to; nothing is confirmed by looking.

    Raises:
        UsageError: ``BAD_TOKEN``; ``REQUEST_UNKNOWN`` where nobody asked for anything by this link.
    """
    return _shown(engine, catalog, _request(engine, catalog, token), now)


def confirm(engine: Engine, catalog: Catalog, token: str, *, proof: Mapping[str, str], now: datetime) -> Confirmation:
    """Write that somebody grants what they asked for; once, however often the button is pressed.

    Args:
        proof: ``ip`` and ``user_agent`` of the request, kept where the document says so.

    Raises:
        UsageError: see :func:`confirmation`.
    """
    request = _request(engine, catalog, token)
    shown = _shown(engine, catalog, request, now)
    if shown.state != "waits":
        return shown
    event = pa.table(
        {
            "message_id": [stable_id("e", request.request, "confirmed")],
            "event": ["Consent Updated"],
            "ts": pa.array([naive_utc(now)], TIMESTAMP),
            "node_key": pa.array([request.node_key], pa.int64()),
            "channel": [request.channel],
            "purpose": [request.purpose],
            "state": ["granted"],
            "source": [SOURCE],
            "basis": [BASIS],
            "request": [request.request],
            "requested_at": [request.requested_at.isoformat()],
            "wording": [request.wording or shown.version],
            "property:message_id": pa.array([request.message_id], pa.string()),
            **{name: [value[:500]] for name, value in _kept(proof, purposes_of(catalog)).items()},
        }
    )
    engine.act("deliver", lambda _tx, batch: batch.tell(event), now=now)
    return _shown(engine, catalog, _request(engine, catalog, token), now)


def _kept(proof: Mapping[str, str], purposes: Purposes) -> dict[str, str]:
    return {name: value for name, value in proof.items() if name in purposes.proof and value}


def _request(engine: Engine, catalog: Catalog, token: str) -> ConsentRequest:
    told = verify_token(signer_of(engine, catalog.settings), token, "confirm")
    found = request_of(engine.ops, told.message_id)
    if found is None:
        raise UsageError("REQUEST_UNKNOWN", "nobody asked for anything by this link", next_step="Ask once more.")
    return found


def _shown(engine: Engine, catalog: Catalog, request: ConsentRequest, now: datetime) -> Confirmation:
    purposes = purposes_of(catalog)
    purpose = purposes.of(request.name)
    expires = request.expires_at(purpose, purposes)
    late = request.state == "refused" or expires is None or micros(expires) <= micros(now)
    language = language_of(engine.ops, request.profile_key, survivorship_of(catalog))
    wording = purpose.wording(now.date())
    return Confirmation(
        "confirmed" if request.state == "confirmed" else "expired" if late else "waits",
        request.name,
        purpose.called(language) or purpose.name,
        "" if wording is None else text_in(wording.text, language),
        "" if wording is None else wording.version,
        language,
    )
