"""Consent as people look at it: how many said what, and everything that one person ever said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foretell.clock import micros, naive_utc, utc
from foretell.engine import Analytics, Engine
from foretell.profile.consents.purposes import Purposes, name_of
from foretell.profile.consents.tables import HELD
from foretell.profile.consents.words import strict_words


@dataclass(frozen=True)
class Spoken:
    """One word of a person, as it came.

    Args:
        state: ``granted``, ``denied``, ``requested`` (waits for its confirmation) or ``unknown``.
        proof: what is kept as proof beside the message.
    """

    channel: str
    purpose: str
    state: str
    at: datetime
    known_at: datetime
    source: str
    basis: str
    wording: str
    expires_at: datetime | None
    message_id: str
    proof: dict[str, Any]


def consent_counts(engine: Engine, at: datetime, purposes: Purposes) -> dict[str, dict[str, int]]:
    """How many people granted, denied or let expire each purpose, by its name; who never spoke is not counted.

    Beside ``granted``, ``denied`` and ``expired`` there is ``pending``: requests whose link still works.
    """
    found = engine.analytics.query(_COUNTS, {"now": naive_utc(at)}, {"terms": purposes.terms(at)})
    counted: dict[str, dict[str, int]] = {}
    for row in found.to_pylist():
        counted.setdefault(name_of(row["channel"], row["purpose"]), {})[row["state"]] = row["people"]
    for name, since in purposes.waiting_since(at).items():
        one = purposes.of(name)
        number = engine.ops.query(
            "SELECT count(*) FROM consent_requests WHERE state IN ('open', 'asked') AND channel = ? AND purpose = ? "
            "AND requested_at > ?",
            (one.channel, one.purpose, micros(since)),
        )[0][0]
        if number:
            counted.setdefault(name, {})["pending"] = int(number)
    return counted


def consent_history(analytics: Analytics, profile_key: int, most: int = 500) -> list[Spoken]:
    """What a person said, the latest first."""
    found = analytics.query(_HISTORY, {"person": profile_key, "most": most}).to_pylist()
    return [
        Spoken(
            row["channel"], row["purpose"], row["state"], utc(row["ts"]), utc(row["known_at"]), row["source"],
            row["basis"], row["wording"] or "", None if row["expires_at"] is None else utc(row["expires_at"]),
            row["message_id"], json.loads(row["proof"] or "{}"),
        )
        for row in found
    ]  # fmt: skip


_COUNTS = f"""
WITH held AS (
  SELECT h.* EXCLUDE (state), CASE WHEN h.state = 'granted' AND (h.expires_at <= $now OR epoch_us(h.ts) <= t.given_by)
    THEN 'expired' ELSE h.state END AS state
  FROM ({HELD}) h LEFT JOIN terms t ON t.channel = h.channel AND t.purpose = h.purpose
), counting AS (WITH {strict_words("held")})
SELECT channel, purpose, state, count(*) AS people FROM counting GROUP BY channel, purpose, state
ORDER BY channel, purpose, state"""
_HISTORY = """
SELECT channel, purpose, state, ts, known_at, source, basis, wording, expires_at, message_id, proof FROM log_consents
WHERE profile_key = $person AND coalesce(spoken_by, node_key) = node_key
ORDER BY ts DESC, seq DESC, purpose LIMIT $most"""
