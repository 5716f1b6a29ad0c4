"""Accounts and households: who belongs to which, in which role, and what is told of them.

A ``group`` call says that its person belongs to an account (https://segment.com/docs/connections/spec/group/).
Three of its traits speak of the membership and not of the account: ``role``, ``group_type`` (``account``
unless it says otherwise, e.g. ``household``) and ``left`` (true: the person belongs to it no more). The
latest call by event time counts, of one instant the later in sequence.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import KEY_BYTES, AnalyticsTable, Batch, Tx, View, beside, python_rows, scratch
from foretell.identify.entries import Readable

ACCOUNT = "account"
"""The kind of an account that names none."""
_OF_MEMBERSHIP = ("role", "group_type", "left")
_TRAITS = "traits."
_KEYS_A_QUERY = 5_000

ACCOUNTS_DDL = """
CREATE TABLE account_members (
    node_key BIGINT, account_id TEXT, kind TEXT NOT NULL, role TEXT, ended BIGINT NOT NULL, ts BIGINT NOT NULL,
    seq BIGINT NOT NULL, PRIMARY KEY (node_key, account_id)) /*clustered*/;
"""
"""By node, so that a merge moves nothing and a split gives everything back."""

MEMBER_ROWS = AnalyticsTable(
    "account_member_rows",
    {
        "seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "known_at": "TIMESTAMP", "account_id": "VARCHAR",
        "kind": "VARCHAR", "role": "VARCHAR", "ended": "BOOLEAN",
    },
    "node_key",
    order=("account_id", "ts"),
    derived="log_account_members",
)  # fmt: skip
TRAIT_ROWS = AnalyticsTable(
    "account_trait_rows",
    {
        "seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "known_at": "TIMESTAMP", "account_id": "VARCHAR",
        "trait": "VARCHAR", "s": "VARCHAR", "n": "BIGINT",
    },
    "node_key",
    order=("trait", "ts"),
    derived="log_account_traits",
)  # fmt: skip

_LATEST_MEMBERS = (
    "SELECT m.*, row_number() OVER (PARTITION BY m.profile_key, m.account_id ORDER BY m.ts DESC, m.seq DESC) AS place "
    "FROM log_account_members m"
)
_LATEST_TRAITS = (
    "SELECT t.*, row_number() OVER (PARTITION BY t.account_id, t.trait ORDER BY t.ts DESC, t.seq DESC) AS place "
    "FROM account_trait_rows t"
)
ACCOUNT_VIEWS = (
    View(
        "accounts",
        "WITH told AS (SELECT account_id, min(ts) AS first_seen, max(ts) AS last_told FROM account_member_rows "
        "GROUP BY account_id), kinds AS (SELECT account_id, kind, row_number() OVER (PARTITION BY account_id "
        "ORDER BY ts DESC, seq DESC) AS place FROM account_member_rows), "
        f"now AS (SELECT account_id, count(*) AS members FROM ({_LATEST_MEMBERS}) l WHERE place = 1 AND NOT ended "
        "GROUP BY account_id), "
        f"named AS (SELECT account_id, s AS name FROM ({_LATEST_TRAITS}) l WHERE place = 1 AND trait = 'name') "
        "SELECT t.account_id, k.kind, d.name, coalesce(n.members, 0) AS members, t.first_seen, t.last_told FROM told t "
        "JOIN kinds k ON k.account_id = t.account_id AND k.place = 1 LEFT JOIN now n ON n.account_id = t.account_id "
        "LEFT JOIN named d ON d.account_id = t.account_id",
        {
            "account_id": "Id of the account, as group calls tell it.",
            "kind": "account, household or another, by the latest call.",
            "name": "Its trait name, where it has one.",
            "members": "People who belong to it now, after all merges known today.",
            "first_seen": "First call that named it, UTC.",
            "last_told": "Latest call that named it, UTC.",
        },
    ),
    View(
        "account_members",
        f"SELECT l.account_id, n.profile_id, l.kind, l.role, l.ts AS since FROM ({_LATEST_MEMBERS}) l "
        "JOIN nodes n ON n.node_key = l.profile_key WHERE l.place = 1 AND NOT l.ended",
        {
            "account_id": "Id of the account.",
            "profile_id": "The person who belongs to it, after all merges known today.",
            "kind": "account, household or another.",
            "role": "The person's role in it, where one was told.",
            "since": "The call that says so, UTC.",
        },
    ),
    View(
        "account_traits",
        "SELECT account_id, trait, s AS text, CAST(n AS DOUBLE) / CAST(1000000 AS DOUBLE) AS number, ts AS told_at "
        f"FROM ({_LATEST_TRAITS}) l WHERE place = 1 AND (s IS NOT NULL OR n IS NOT NULL)",
        {
            "account_id": "Id of the account.",
            "trait": "Name of the trait.",
            "text": "Its latest value where that is a text or a boolean.",
            "number": "Its latest value where that is a number.",
            "told_at": "When it was told, UTC.",
        },
    ),
)


def note_accounts(tx: Tx, batch: Batch) -> None:
    """Keep what the batch's group calls tell; needs ``node_key`` on the batch's events."""
    calls = pc.and_(pc.equal(batch.events["type"], "group"), pc.greater(batch.events["node_key"], 0))
    if not pc.any(calls).as_py():
        return
    traits = _told(batch, batch.events["row"].filter(calls))
    members = scratch(_MEMBERS, {"t": traits, "e": batch.events.select(["row", "seq", "node_key", "ts", "known_at"])})
    batch.emit("account_member_rows", members)
    tx.executemany(
        "INSERT INTO account_members VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node_key, account_id) DO UPDATE SET "
        "kind = excluded.kind, role = excluded.role, ended = excluded.ended, ts = excluded.ts, seq = excluded.seq "
        "WHERE (excluded.ts, excluded.seq) > (account_members.ts, account_members.seq)",
        python_rows(scratch(_STATES, {"m": members})),
    )
    own = pc.invert(pc.is_in(traits["trait"], pa.array([*_OF_MEMBERSHIP, ""])))
    rows = beside(traits.filter(own), batch.events, ["seq", "node_key", "ts", "known_at"])
    batch.emit("account_trait_rows", rows.drop_columns(["row"]))


def forget_accounts(tx: Tx, nodes: str) -> None:
    """Forget the memberships of the nodes that the query ``nodes`` gives."""
    tx.execute(f"DELETE FROM account_members WHERE node_key IN ({nodes})")


def accounts_of(store: Readable, profile_keys: list[int]) -> list[dict[str, Any]]:
    """The accounts that people belong to now: profile_key, account_id, kind, role, since (µs, UTC), by person and id.

    Args:
        store: an open transaction or the operational store.
    """
    found: list[dict[str, Any]] = []
    for start in range(0, len(profile_keys), _KEYS_A_QUERY):
        part = profile_keys[start : start + _KEYS_A_QUERY]
        marks = ", ".join("?" * len(part))
        rows = store.query(
            "SELECT profile_key, account_id, kind, role, ts FROM ("
            "SELECT w.profile_key, a.*, row_number() OVER (PARTITION BY w.profile_key, a.account_id "
            "ORDER BY a.ts DESC, a.seq DESC) AS place FROM ("
            f"SELECT node_key AS profile_key, node_key FROM nodes WHERE node_key IN ({marks}) UNION ALL "
            f"SELECT profile_key, node_key FROM merged WHERE profile_key IN ({marks})) w "
            "JOIN account_members a ON a.node_key = w.node_key) l WHERE place = 1 AND ended = 0 "
            "ORDER BY profile_key, account_id",
            (*part, *part),
        )
        names = ("profile_key", "account_id", "kind", "role", "since")
        found += [dict(zip(names, row, strict=True)) for row in rows]
    return found


def _told(batch: Batch, rows: pa.ChunkedArray) -> pa.Table:
    """``row account_id trait s n``: the traits of the calls ``rows``; the trait '' stands for the call itself."""
    properties = batch.decoded.properties
    mine = properties.filter(pc.is_in(properties["row"], rows.combine_chunks()))
    texts = _column(mine, "s:group_id", pa.string())
    numbers = _column(mine, "n:group_id", pa.int64())
    calls = scratch(
        "SELECT row, trim(coalesce(s, CAST(n // 1000000 AS VARCHAR))) AS account_id FROM c WHERE "
        f"strlen(trim(coalesce(s, CAST(n // 1000000 AS VARCHAR)))) BETWEEN 1 AND {KEY_BYTES} ORDER BY row",
        {"c": pa.table({"row": mine["row"], "s": texts, "n": numbers})},
    )
    parts = [_NO_TRAITS, _long(calls["row"], "", None, None)]
    names = {name[2:] for name in mine.column_names if name[2:].startswith(_TRAITS)}
    for name in sorted(names):
        s, n = _column(mine, f"s:{name}", pa.string()), _column(mine, f"n:{name}", pa.int64())
        told = pc.or_(pc.is_valid(s), pc.is_valid(n))
        trait = name.removeprefix(_TRAITS)
        parts.append(_long(mine["row"].filter(told), trait, s.filter(told), n.filter(told)))
    return scratch(
        "SELECT t.row, c.account_id, t.trait, t.s, t.n FROM t JOIN c ON c.row = t.row ORDER BY t.row, t.trait",
        {"t": pa.concat_tables(parts), "c": calls},
    )


_NO_TRAITS = pa.schema(
    [("row", pa.int64()), ("trait", pa.string()), ("s", pa.string()), ("n", pa.int64())]
).empty_table()


def _long(rows: pa.ChunkedArray, trait: str, s: pa.ChunkedArray | None, n: pa.ChunkedArray | None) -> pa.Table:
    height = len(rows)
    columns = [
        rows,
        pa.repeat(pa.scalar(trait, pa.string()), height),
        pa.nulls(height, pa.string()) if s is None else s,
        pa.nulls(height, pa.int64()) if n is None else n,
    ]
    return pa.table(columns, schema=_NO_TRAITS.schema)


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    if name in table.column_names:
        return table[name].cast(kind)
    return pa.chunked_array([pa.nulls(table.num_rows, kind)])


_MEMBERS = f"""
WITH calls AS (
  SELECT row, account_id, max(CASE WHEN trait = 'group_type' THEN lower(trim(s)) END) AS kind,
    max(CASE WHEN trait = 'role' THEN s END) AS role, max(CASE WHEN trait = 'left' THEN s END) = 'true' AS ended
  FROM t GROUP BY row, account_id)
SELECT e.seq, e.node_key, e.ts, e.known_at, c.account_id, coalesce(nullif(c.kind, ''), '{ACCOUNT}') AS kind, c.role,
  coalesce(c.ended, FALSE) AS ended
FROM calls c JOIN e ON e.row = c.row ORDER BY e.seq"""
_STATES = """
SELECT node_key, account_id, kind, role, CAST(ended AS BIGINT) AS ended, epoch_us(ts) AS ts, seq FROM (
  SELECT *, row_number() OVER (PARTITION BY node_key, account_id ORDER BY ts DESC, seq DESC) AS place FROM m)
WHERE place = 1 ORDER BY node_key, account_id"""
