"""Erased people leave the lists of platforms too: noted without saying whose they were, told until acknowledged.

What is kept of a membership is the hashed identifiers that the platform has, under an id that leads to nobody, and they
go once the platform has acknowledged the removal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.clock import from_micros, micros
from foretell.deliver.audience_told import told_by_address
from foretell.deliver.channels.base import Receipt
from foretell.deliver.receipts import pause_after
from foretell.engine import Engine, Tx
from foretell.ids import stable_id

WAITING, TOLD, ACKNOWLEDGED = "waiting", "told", "acknowledged"
_AT_ONCE = 1_000
# Who has left, and of whom the platform was told so, is none that it knows.
_KNOWN = """
SELECT m.audience, m.node_key, m.joined_at, m.told, m.address FROM audience_members m
WHERE m.profile_key IN ({people}) AND (m.left_at IS NULL OR EXISTS (
  SELECT 1 FROM messages q WHERE q.profile_key = m.profile_key AND q.medium = 'ads' AND q.template = m.audience
  AND q.at >= m.left_at AND q.state NOT IN ('sent', 'delivered')))"""


@dataclass(frozen=True)
class Removal:
    """A membership that a platform has to forget.

    Args:
        told: what the platform was told when the person joined; without the offer.
    """

    removal_id: str
    audience: str
    told: Mapping[str, Any]
    attempts: int


@dataclass(frozen=True)
class RemovalCounts:
    """Of an audience: memberships of erased people, by how far their removal is.

    Args:
        told: the platform has accepted the request and has not said yet that it is done.
        acknowledged: it has said so.
        last_at: when the last one was acknowledged.
        error: what the last try failed with, of those that wait.
    """

    waiting: int = 0
    told: int = 0
    acknowledged: int = 0
    last_at: datetime | None = None
    error: str = ""


def forget_members(tx: Tx, people: str) -> None:
    """Note what platforms have to forget; within the transaction that erases.

    Args:
        people: SQL that gives the profile keys.
    """
    found = tx.query(_KNOWN.format(people=people))
    if not found:
        return
    by_address = told_by_address(pa.array([row[4] for row in found], pa.string())).to_pylist()
    rows = []
    for (audience, node, joined, told, _), plain in zip(found, by_address, strict=True):
        known = json.loads(told or plain)
        kept = {name: known[name] for name in ("hashed", "offer", "product") if name in known}
        removal = stable_id("r", audience, str(node), str(joined))
        rows.append((removal, audience, json.dumps(kept, sort_keys=True)))
    tx.executemany(
        "INSERT INTO audience_removals (removal_id, audience, told, state, attempts, next_at, error) "
        f"VALUES (?, ?, ?, '{WAITING}', 0, 0, '') ON CONFLICT (removal_id) DO NOTHING",
        rows,
    )


def due_removals(engine: Engine, now: datetime) -> list[Removal]:
    """Those that are to be told now, by audience."""
    rows = engine.ops.query(
        f"SELECT removal_id, audience, told, attempts FROM audience_removals WHERE state = '{WAITING}' "
        "AND next_at <= ? ORDER BY audience, removal_id LIMIT ?",
        (micros(now), _AT_ONCE),
    )
    return [Removal(key, audience, json.loads(told), attempts) for key, audience, told, attempts in rows]


def record_removals(
    engine: Engine, removals: Sequence[Removal], receipts: Mapping[str, Receipt], now: datetime, *, delivers: bool
) -> int:
    """Write what platforms answered; returns how many have taken it. What is refused waits for somebody to look.

    Args:
        delivers: acceptance means that it is done.
    """
    done, open_ = [], []
    for one in removals:
        receipt = receipts.get(one.removal_id) or Receipt(one.removal_id, "later", error="the channel gave no receipt")
        at = micros(now)
        if receipt.outcome == "accepted":
            over = delivers or not receipt.accepted_id  # no id: there was nothing to remove
            state = ACKNOWLEDGED if over else TOLD
            done.append((state, receipt.accepted_id, at, at if over else None, int(over), one.removal_id))
        else:
            wait = max(pause_after(one.attempts + 1), receipt.retry_after or pause_after(1))
            open_.append((micros(now + wait), at, receipt.error or "it was refused", one.removal_id))
    with engine.ops.write() as tx:
        tx.executemany(
            "UPDATE audience_removals SET state = ?, accepted_id = ?, asked_at = coalesce(asked_at, ?), done_at = ?, "
            "told = CASE WHEN ? = 1 THEN NULL ELSE told END, attempts = attempts + 1, error = '' WHERE removal_id = ?",
            done,
        )
        tx.executemany(
            "UPDATE audience_removals SET next_at = ?, asked_at = coalesce(asked_at, ?), attempts = attempts + 1, "
            "error = ? WHERE removal_id = ?",
            open_,
        )
    return len(done)


def settle_removals(tx: Tx, accepted_id: str, now: datetime, *, done: bool, error: str = "") -> None:
    """What came of the request in which removals were told: acknowledged, or to be told again."""
    if done:
        tx.execute(
            f"UPDATE audience_removals SET state = '{ACKNOWLEDGED}', told = NULL, done_at = ? "
            f"WHERE accepted_id = ? AND state = '{TOLD}'",
            (micros(now), accepted_id),
        )
    else:
        tx.execute(
            f"UPDATE audience_removals SET state = '{WAITING}', accepted_id = NULL, next_at = ?, error = ? "
            f"WHERE accepted_id = ? AND state = '{TOLD}'",
            (micros(now + pause_after(6)), error, accepted_id),
        )


def removal_counts(engine: Engine) -> dict[str, RemovalCounts]:
    """By audience."""
    found: dict[str, RemovalCounts] = {}
    rows = engine.ops.query(
        "SELECT audience, state, count(*), max(done_at), max(error) FROM audience_removals GROUP BY audience, state"
    )
    for audience, state, count, done_at, error in rows:
        more: dict[str, Any] = {state: count}
        if state == ACKNOWLEDGED:
            more["last_at"] = from_micros(done_at)
        if state == WAITING:
            more["error"] = error
        found[audience] = RemovalCounts(**{**vars(found.get(audience, RemovalCounts())), **more})
    return found
