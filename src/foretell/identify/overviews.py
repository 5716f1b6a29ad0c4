"""The whole graph in lists: the ledger, denied joins, the biggest profiles."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.engine import Analytics, OperationalStore
from foretell.identify.entries import Entry, read_entries
from foretell.identify.explaining import Denial, denial
from foretell.identify.ledger import IN_FORCE, UNDONE


@dataclass(frozen=True)
class LedgerPage:
    """A piece of the ledger, the latest first, and how many there are in all."""

    total: int
    entries: list[Entry]


@dataclass(frozen=True)
class DenialsPage:
    """A piece of the denied joins, the latest first, and how many there are in all."""

    total: int
    denials: list[Denial]


@dataclass(frozen=True)
class Size:
    """How much went into a profile.

    Args:
        nodes: profiles that it is made of.
        by_kind: identifiers of each kind.
    """

    profile_id: str
    nodes: int
    identifiers: int
    by_kind: dict[str, int]


_STILL_DENIED = (
    "FROM denied d LEFT JOIN identifiers a ON a.kind = d.kind_a AND a.value = d.value_a "
    "LEFT JOIN merged m ON m.node_key = a.node_key "
    "LEFT JOIN identifiers b ON b.kind = d.kind_b AND b.value = d.value_b "
    "LEFT JOIN merged o ON o.node_key = b.node_key "
    "WHERE coalesce(m.profile_key, a.node_key, -1) <> coalesce(o.profile_key, b.node_key, -2)"
)


def ledger(
    store: OperationalStore, *, offset: int, limit: int, reason: str | None = None, in_force: bool | None = None
) -> LedgerPage:
    """The merges, the latest first.

    Args:
        reason: only those of a reason.
        in_force: only those that hold, or only those that were undone.
    """
    parts, params = ["1 = 1"], list[object]()
    if reason is not None:
        parts.append("g.reason = ?")
        params.append(reason)
    if in_force is not None:
        parts.append("g.state = ?")
        params.append(IN_FORCE if in_force else UNDONE)
    where = " AND ".join(parts)
    ((total,),) = store.query(f"SELECT count(*) FROM merges g WHERE {where}", params)
    page = f"{where} ORDER BY g.merge_id DESC LIMIT ? OFFSET ?"
    return LedgerPage(int(total), read_entries(store, page, [*params, limit, offset]))


def denied_joins(store: OperationalStore, *, offset: int, limit: int) -> DenialsPage:
    """The joins that were denied and are so still (both are two people), the latest first."""
    ((total,),) = store.query(f"SELECT count(*) {_STILL_DENIED}")
    rows = store.query(
        "SELECT d.rule, d.kind_a, d.value_a, d.kind_b, d.value_b, d.times, d.first_at, d.last_at, d.message_id "
        f"{_STILL_DENIED} ORDER BY d.last_at DESC, d.rule, d.value_a, d.value_b LIMIT ? OFFSET ?",
        (limit, offset),
    )
    return DenialsPage(int(total), [denial(row) for row in rows])


def biggest(analytics: Analytics, limit: int) -> list[Size]:
    """The profiles with the most identifiers, the biggest first."""
    found = analytics.query(
        "WITH held AS (SELECT profile_key, kind, count(*) AS number FROM log_identifiers GROUP BY profile_key, kind), "
        "sized AS (SELECT profile_key, sum(number) AS identifiers FROM held GROUP BY profile_key), "
        "most AS (SELECT * FROM sized ORDER BY identifiers DESC, profile_key LIMIT $limit), "
        "parts AS (SELECT m.profile_key, count(*) AS nodes FROM merged m JOIN most t ON t.profile_key = m.profile_key "
        "WHERE m.node_key <> m.profile_key GROUP BY m.profile_key) "
        "SELECT n.profile_id, h.kind, h.number, t.identifiers, coalesce(p.nodes, 0) + 1 AS nodes "
        "FROM most t JOIN held h ON h.profile_key = t.profile_key JOIN nodes n ON n.node_key = t.profile_key "
        "LEFT JOIN parts p ON p.profile_key = t.profile_key ORDER BY t.identifiers DESC, t.profile_key, h.kind",
        {"limit": limit},
    )
    sizes: dict[str, Size] = {}
    for row in found.to_pylist():
        empty = Size(row["profile_id"], row["nodes"], int(row["identifiers"]), {})
        sizes.setdefault(row["profile_id"], empty).by_kind[row["kind"]] = row["number"]
    return list(sizes.values())
