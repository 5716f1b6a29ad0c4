"""The workspace's own tables, how full and how fresh they are, and their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from foretell.clock import Duration, utc
from foretell.collect.own_tables.document import spec_of
from foretell.collect.own_tables.noting import latest
from foretell.definitions import Catalog, Document
from foretell.engine import Engine

_COUNTS = (
    "SELECT l.table_key, sum(CASE WHEN l.removed THEN 0 ELSE 1 END) AS n, "
    "count(DISTINCT CASE WHEN l.removed OR l.profile_key = 0 THEN NULL ELSE l.profile_key END) AS people, "
    "count(DISTINCT CASE WHEN l.removed THEN NULL ELSE l.account_id END) AS accounts, max(l.ts) AS changed "
    f"FROM ({latest()}) l WHERE l.place = 1 GROUP BY l.table_key"
)

MOST_ROWS = 50
"""Of a person in a table, where many people's rows are asked for at once."""


def _every(of: str) -> str:
    """SQL text: the rows as they are now; ``of`` as in :func:`latest`."""
    return (
        "SELECT l.table_key, l.row_key, l.profile_key, n.profile_id, l.account_id, l.ts, e.properties "
        f"FROM ({latest(of)}) l JOIN event_log e ON e.seq = l.seq LEFT JOIN nodes n ON n.node_key = l.profile_key "
        "WHERE l.place = 1 AND NOT l.removed"
    )


def _ever_of(owner: str) -> str:
    """SQL text: whether a row was ever somebody's; ``owner`` is a test of the version ``o``."""
    return (
        f"EXISTS (SELECT 1 FROM log_table_rows o WHERE o.table_key = t.table_key AND o.row_key = t.row_key AND {owner})"
    )


_OF_ONE = f"{_every(_ever_of('o.profile_key = $person'))} AND l.profile_key = $person"
_BY_PERSON = (
    f"{_every(_ever_of('EXISTS (SELECT 1 FROM people p WHERE p.profile_key = o.profile_key)'))} "
    "AND EXISTS (SELECT 1 FROM people p WHERE p.profile_key = l.profile_key)"
)


@dataclass(frozen=True)
class OwnTable:
    """A table of the workspace's own.

    Args:
        link: kind of identifier by which rows belong to somebody, or ``account``, or ``series``.
        changed_at: when a load last changed something; None: never.
        overdue: nothing changed for longer than ``refresh.every``.
    """

    key: str
    description: str | None
    owner: str | None
    link: str
    columns: tuple[str, ...]
    mode: str
    every: str | None
    rows: int
    people: int
    accounts: int
    changed_at: datetime | None
    overdue: bool
    file: str


def own_tables(engine: Engine, catalog: Catalog, *, now: datetime) -> list[OwnTable]:
    """All tables, by key."""
    counts = {row["table_key"]: row for row in engine.analytics.query(_COUNTS).to_pylist()}
    zone = catalog.settings.zone_info
    return [_table(document, counts.get(document.key, {}), now, zone) for document in catalog.all("table")]


def _table(document: Document, counts: dict[str, Any], now: datetime, zone: ZoneInfo) -> OwnTable:
    spec = spec_of(document)
    changed = utc(counts["changed"]) if counts else None
    every = spec.refresh.every
    since = None if every is None else Duration.parse(str(every)).before(now, zone)
    return OwnTable(
        document.key,
        spec.description,
        None if spec.owner is None else spec.owner.name,
        spec.linked[0],
        tuple(spec.columns),
        spec.refresh.mode,
        None if every is None else str(every),
        int(counts.get("n", 0)),
        int(counts.get("people", 0)),
        int(counts.get("accounts", 0)),
        changed,
        since is not None and (changed is None or changed < since),
        document.file,
    )


def rows_of(
    engine: Engine, *, table: str | None = None, profile_key: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Rows as they are now: ``table key profile_id account_id since row``, by table and key.

    Args:
        table: of this table alone.
        profile_key: of this person alone.
    """
    sql, params = _every("$table IS NULL OR t.table_key = $table"), {"table": table, "limit": limit}
    if profile_key is not None:
        sql, params = f"{_OF_ONE} AND ($table IS NULL OR l.table_key = $table)", {**params, "person": profile_key}
    found = engine.analytics.query(f"{sql} ORDER BY l.table_key, l.row_key LIMIT $limit", params)
    return [
        {
            "table": row["table_key"],
            "key": row["row_key"],
            "profile_id": row["profile_id"],
            "account_id": row["account_id"],
            "since": utc(row["ts"]),
            "row": _values(row),
        }
        for row in found.to_pylist()
    ]


def rows_by_person(engine: Engine, profile_keys: Sequence[int]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """The rows of people as they are now: person → table → values of at most :data:`MOST_ROWS` rows, by key."""
    people = pa.table({"profile_key": pa.array(sorted(set(profile_keys)), pa.int64())})
    found = engine.analytics.query(
        "SELECT * FROM (SELECT q.*, row_number() OVER (PARTITION BY profile_key, table_key ORDER BY row_key) AS nth "
        f"FROM ({_BY_PERSON}) q) WHERE nth <= {MOST_ROWS} ORDER BY profile_key, table_key, row_key",
        tables={"people": people},
    )
    rows: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for row in found.to_pylist():
        rows.setdefault(row["profile_key"], {}).setdefault(row["table_key"], []).append(_values(row))
    return rows


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(row["properties"], parse_float=_plain).get("row", {})
    return values


def _plain(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number
