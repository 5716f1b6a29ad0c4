"""The ledger for people: every decision about a message, whether it went out or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.clock import from_micros, naive_utc, utc
from foretell.engine import Engine
from foretell.errors import UsageError

PAGE_SIZE = 50
FINAL = ("send", "refuse")
"""Decisions that are listed where none is asked for: what was put off is decided again, and nobody asked
for a message to people held out."""
_NAMED = ("channel", "medium", "template", "purpose", "journey", "run", "step", "campaign", "topic")
FILTERS = ("message_id", "profile_key", "decision", "reason", "state", "lane", *_NAMED)
LANES = ("transactional", "bulk")
_LANES = {"transactional": "d.purpose = 'transactional'", "bulk": "coalesce(d.purpose, '') <> 'transactional'"}
_SHOWN = (
    "message_id", "profile_key", *_NAMED, "address", "state", "attempts", "at", "next_at", "sent_at", "handed_over_at",
    "delivered_at", "opened_at", "clicked_at", "ended_at", "accepted_id", "error",
    "failure", "priority",
)  # fmt: skip
_TIMES = frozenset(name for name in _SHOWN if name == "at" or name.endswith("_at"))


@dataclass(frozen=True)
class LedgerPage:
    """A page of the ledger, the latest first.

    Args:
        rows: ``decision``, ``reason``, the columns of a message and ``profile_id``. What was never queued
            has neither state nor address.
    """

    total: int
    rows: tuple[dict[str, Any], ...]


def ledger(
    engine: Engine,
    filters: Mapping[str, object] | None = None,
    page: int = 1,
    *,
    size: int = PAGE_SIZE,
    since: datetime | None = None,
    text: str = "",
    people: Sequence[int] = (),
) -> LedgerPage:
    """What was decided about messages, by the instant at which they were due, the latest first.

    Of a message that was asked for several times the decision to send it counts, unless it was outbid later while it
    was queued, else the latest one; what
    needs no decision (people taken out of an audience) is sent. Without the filter ``decision`` those of
    :data:`FINAL` are listed.

    Args:
        filters: column → value, of :data:`FILTERS`; ``None`` values are left out.
        page: from 1.
        since: only what was due then or later.
        text: only rows whose template, journey, step, campaign or topic holds it, or whose message id it is.
        people: profile keys whose rows are there as well, whatever ``text`` says.

    Raises:
        UsageError: ``UNKNOWN_FILTER``.
    """
    wanted = {name: value for name, value in (filters or {}).items() if value is not None}
    strange = sorted(set(wanted) - set(FILTERS))
    if strange:
        next_step = f"Columns: {', '.join(FILTERS)}."
        raise UsageError("UNKNOWN_FILTER", f"messages cannot be chosen by {strange[0]!r}", next_step=next_step)
    lane = wanted.pop("lane", None)
    where = [f"d.{name} = ${name}" for name in wanted]
    if lane is not None:
        where.append(_LANES.get(str(lane), "1 = 0"))
    params: dict[str, object] = dict(wanted)
    tables: dict[str, pa.Table] = {}
    if "decision" not in wanted:
        where.append(f"d.decision IN {FINAL}")
    if since is not None:
        where.append("d.at >= $since")
        params["since"] = naive_utc(since)
    if text.strip():
        where.append(_HOLDS)
        params |= {"told": text.strip(), "words": text.strip().lower().replace(" ", "_")}
        tables["found_people"] = pa.table({"profile_key": pa.array(people, pa.int64())})
    return _page(engine, f"{_DECIDED} WHERE {' AND '.join(where)}", params, tables, max(page, 1), size)


def seen_in_ledger(engine: Engine, column: str) -> tuple[str, ...]:
    """The values that a column of :data:`FILTERS` has in the ledger, in alphabetical order."""
    assert column in (*_NAMED, "reason")
    sources = ["log_decisions"] if column == "reason" else ["log_decisions", "log_messages"]
    parts = " UNION ".join(f"SELECT {column} AS value FROM {source}" for source in sources)
    found = engine.analytics.query(f"SELECT value FROM ({parts}) s WHERE value IS NOT NULL ORDER BY value")
    return tuple(found["value"].to_pylist())


def ledger_row(engine: Engine, message_id: str) -> dict[str, Any]:
    """One row of the ledger, whatever was decided last; raises ``MESSAGE_UNKNOWN``."""
    chosen = f"{_DECIDED} WHERE d.message_id = $message_id"
    found = _page(engine, chosen, {"message_id": message_id}, {}, 1, 1).rows
    if not found:
        raise UsageError("MESSAGE_UNKNOWN", f"nobody asked for a message {message_id!r}")
    return found[0]


def kept_messages(engine: Engine, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Message id → the row of the outbox as people see it; what was never queued is not there."""
    found = engine.ops.query(
        f"SELECT {', '.join(f'm.{name}' for name in _SHOWN)}, n.profile_id FROM messages m "
        f"LEFT JOIN nodes n ON n.node_key = m.profile_key WHERE m.message_id IN ({', '.join('?' * len(ids))})",
        list(ids),
    )
    return {row[0]: _row(row) for row in found}


_TOLD = ("message_id", "profile_key", "at", "decision", "reason", *_NAMED)
_OF_BOTH = ", ".join(f"coalesce(m.{name}, d.{name}) AS {name}" for name in ("message_id", "profile_key", "at", *_NAMED))
_DECIDED = f"""
FROM (SELECT {_OF_BOTH}, coalesce(d.decision, 'send') AS decision, coalesce(d.reason, 'ok') AS reason, m.state
  FROM (SELECT l.*, row_number() OVER (PARTITION BY l.message_id
      ORDER BY CASE WHEN l.reason = 'outbid' THEN 0 WHEN l.decision = 'send' THEN 1 ELSE 2 END,
      l.decided_at DESC, l.at DESC) AS place
    FROM log_decisions l) d
  FULL JOIN log_messages m ON m.message_id = d.message_id
  WHERE coalesce(d.place, 1) = 1) d
LEFT JOIN nodes n ON n.node_key = d.profile_key"""
_HOLDS = (
    "(d.message_id = $told OR d.profile_key IN (SELECT profile_key FROM found_people) OR "
    + " OR ".join(
        f"position($words IN lower(coalesce(d.{name}, ''))) > 0"
        for name in ("template", "journey", "step", "campaign", "topic")
    )
    + ")"
)


def _page(
    engine: Engine, chosen: str, params: Mapping[str, object], tables: Mapping[str, pa.Table], page: int, size: int
) -> LedgerPage:
    rows = engine.analytics.query(
        f"SELECT {', '.join(f'd.{name}' for name in _TOLD)}, n.profile_id, count(*) OVER () AS total {chosen} "
        f"ORDER BY d.at DESC, d.message_id DESC LIMIT {int(size)} OFFSET {(page - 1) * int(size)}",
        params,
        tables,
    ).to_pylist()
    if rows or page == 1:
        total = rows[0]["total"] if rows else 0
    else:
        total = engine.analytics.query(f"SELECT count(*) AS total {chosen}", params, tables)["total"][0].as_py()
    kept = kept_messages(engine, [row["message_id"] for row in rows]) if rows else {}
    return LedgerPage(int(total), tuple(_decided(row, kept.get(row["message_id"])) for row in rows))


def _decided(row: Mapping[str, Any], message: Mapping[str, Any] | None) -> dict[str, Any]:
    known = {name: row[name] for name in ("message_id", "profile_key", "profile_id", *_NAMED)}
    told = {**(message or dict.fromkeys(_SHOWN) | {"at": utc(row["at"])}), **known}
    lane = LANES[0] if row["purpose"] == LANES[0] else LANES[1]
    return {**told, "decision": row["decision"], "reason": row["reason"], "lane": lane}


def _row(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: from_micros(value) if name in _TIMES and value is not None else value
        for name, value in zip((*_SHOWN, "profile_id"), row, strict=True)
    }
