"""How a case and its ticket stand to each other, as the store keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from foretell.clock import micros
from foretell.engine import Engine, Tx

_COLUMNS = (
    "case_id", "state", "wanted_version", "synced_version", "tried_version", "ticket_id", "url", "seen_change",
    "ticket",     "attempts",
)  # fmt: skip
_SELECT = f"SELECT {', '.join(f's.{name}' for name in _COLUMNS)} FROM case_syncs s"
WAITING, SYNCED, FAILED, DELETED, MERGED, WITHHELD = "waiting", "synced", "failed", "deleted", "merged", "withheld"


@dataclass(frozen=True)
class SyncRow:
    """A case's standing with the help desk.

    Args:
        tried_version: of the case, when it was last handed over and the answer is not recorded.
        seen_change: the last change of the ticket that was taken in.
        fields: of the ticket, when both sides were last alike.
        stamp: of the ticket then.
        told: number of the last piece of history that the desk has.
    """

    case_id: str
    state: str
    wanted_version: int
    synced_version: int
    tried_version: int | None
    ticket_id: str | None
    url: str | None
    seen_change: str | None
    attempts: int
    fields: Mapping[str, str | None] = field(default_factory=dict)
    stamp: str = ""
    told: int = 0

    def with_ticket(self, **changed: Any) -> SyncRow:
        """The same with something changed."""
        return replace(self, **changed)


def rows_due(engine: Engine, now: datetime, limit: int) -> list[SyncRow]:
    """Those of which the desk is to be told now, who waits longest first."""
    return _rows(engine.ops.query(f"{_SELECT} WHERE s.next_at <= ? ORDER BY s.next_at, s.case_id LIMIT ?",
                                  (micros(now), limit)))  # fmt: skip


def rows_of_tickets(engine: Engine, ticket_ids: Sequence[str]) -> list[SyncRow]:
    """Those of tickets; of a ticket that several cases share after merges, all."""
    if not ticket_ids:
        return []
    marks = ", ".join("?" * len(ticket_ids))
    return _rows(engine.ops.query(f"{_SELECT} WHERE s.ticket_id IN ({marks}) ORDER BY s.case_id", tuple(ticket_ids)))


def row_of(engine: Engine, case_id: str) -> SyncRow | None:
    """That of a case."""
    found = _rows(engine.ops.query(f"{_SELECT} WHERE s.case_id = ?", (case_id,)))
    return found[0] if found else None


def note_tried(tx: Tx, row: SyncRow, version: int) -> None:
    """Remember, before anything leaves, that this version of the case may have left."""
    tx.execute("UPDATE case_syncs SET tried_version = ? WHERE case_id = ?", (version, row.case_id))


def keep(tx: Tx, row: SyncRow, now: datetime, *, version: int | None = None) -> None:
    """Write where a row stands; with ``version`` both sides are alike as of that version of the case.

    What was asked for meanwhile is not forgotten: then it waits again at once.
    """
    ticket = json.dumps({"fields": dict(row.fields), "stamp": row.stamp, "told": row.told}, sort_keys=True)
    tx.execute(
        "UPDATE case_syncs SET ticket_id = ?, url = ?, seen_change = ?, ticket = ? WHERE case_id = ?",
        (row.ticket_id, row.url, row.seen_change, ticket, row.case_id),
    )
    if version is not None:
        tx.execute(
            "UPDATE case_syncs SET synced_version = ?, tried_version = NULL, synced_at = ?, attempts = 0, "
            "error = NULL, state = CASE WHEN wanted_version > ? THEN 'waiting' ELSE 'synced' END, "
            "next_at = CASE WHEN wanted_version > ? THEN ? END WHERE case_id = ?",
            (version, micros(now), version, version, micros(now), row.case_id),
        )


def put_off(tx: Tx, case_id: str, state: str, next_at: datetime | None, attempts: int, error: str) -> None:
    """Write that it did not go well, and when it is tried again; None: not until somebody asks."""
    tx.execute(
        "UPDATE case_syncs SET state = ?, next_at = ?, attempts = ?, error = ? WHERE case_id = ?",
        (state, None if next_at is None else micros(next_at), attempts, error, case_id),
    )


def _rows(rows: Sequence[tuple[Any, ...]]) -> list[SyncRow]:
    found = []
    for row in rows:
        told = dict(zip(_COLUMNS, row, strict=True))
        ticket = json.loads(told.pop("ticket"))
        found.append(
            SyncRow(**told, fields=ticket.get("fields", {}), stamp=ticket.get("stamp", ""), told=ticket.get("told", 0))
        )
    return found
