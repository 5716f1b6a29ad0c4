"""Audiences: who is in, who left, and what the advertising platform is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog
from foretell.deliver import audience_document, outbox, people, sandboxes
from foretell.deliver.audience_told import told_by_address, told_of
from foretell.deliver.deciding import Sending, record_decisions
from foretell.deliver.gate import SEND, GateRules, gate
from foretell.deliver.permissions import AUDIENCES, permissions
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, python_rows, scratch, table_of, with_column
from foretell.ids import stable_id
from foretell.profile import Purposes, purposes_of

PURPOSE = "marketing"
_AT_ONCE = 500
_MEMBER = {
    "audience": pa.string(), "profile_key": pa.int64(), "node_key": pa.int64(), "run": pa.string(),
    "code": pa.string(), "joined_at": pa.int64(), "left_at": pa.int64(), "address": pa.string(), "told": pa.string(),
    "told_at": pa.int64(),
}  # fmt: skip
_NAMES = ", ".join(f"m.{name}" for name in _MEMBER)


def join_audience(tx: Tx, batch: Batch, audience: str, rows: pa.Table, context: Sending) -> pa.Table:
    """Let people join an audience; where advertising is not allowed or without an address they do not.

    Args:
        rows: profile_key, node_key, at (timestamp), run; code, variables (JSON text of the run: its offer becomes
            part of what the platform is told), journey and step where there are any. Who is in stays in.

    Returns:
        ``rows`` with decision and reason; every row leaves a decision row.
    """
    asked = judged(tx, audience, rows, context)
    let_in(tx, batch, audience, asked, context.catalog)
    return with_column(with_column(rows, "decision", asked["decision"]), "reason", asked["reason"])


def judged(tx: Tx, audience: str, rows: pa.Table, context: Sending) -> pa.Table:
    """``rows`` of :func:`join_audience` with what the gate says of each."""
    asked = _asked(audience, rows, "join")
    people.ask_about(tx, asked["profile_key"])
    spec = audience_document.spec_for(context.catalog, audience)
    reached = people.reachable(tx, context.catalog, ("ads", "sms") if "phone" in spec.match else ("ads",))
    asked = people.addressed(asked, reached)
    carried = with_column(asked, "channel", pa.repeat(spec.channel, asked.num_rows))
    asked = asked.append_column("sandboxed", sandboxes.marked(carried, context.catalog)["sandboxed"])
    consents = permissions(tx, asked, purposes_of(context.catalog), context.now)
    for name, column, table in (("phone", "phone", reached), ("consent", "found", consents)):
        place = pc.index_in(asked["profile_key"], table["profile_key"].combine_chunks())
        asked = asked.append_column(name, table[column].take(place))
    answer = gate(
        asked.append_column("fault", pa.nulls(asked.num_rows, pa.string())),
        consents=consents,
        suppressed=people.suppressed(tx, asked),
        history=people.no_history(),
        rules=GateRules(),
    )
    for name in ("decision", "reason", "checks"):
        asked = asked.append_column(name, answer[name])
    return asked


def let_in(tx: Tx, batch: Batch, audience: str, asked: pa.Table, catalog: Catalog) -> int:
    """Write a decision row for each of ``asked``, and let those in who may join; returns how many did."""
    record_decisions(batch, asked)
    going = people.with_address_nodes(tx, _once(asked.filter(pc.equal(asked["decision"], SEND))))
    inside = _members(tx, audience, going)
    inside = inside.filter(pc.is_null(inside["left_at"]))
    fresh = going.filter(pc.invert(pc.is_in(going["profile_key"], inside["profile_key"].combine_chunks())))
    if fresh.num_rows:
        told = told_of(tx, catalog, audience, fresh)
        _enter(tx, batch, audience, with_column(with_column(fresh, "told", told["told"]), "code", told["code"]))
    return int(fresh.num_rows)


def leave_audience(tx: Tx, batch: Batch, audience: str, rows: pa.Table) -> None:
    """Take people out of an audience; who is not in stays out.

    Args:
        rows: profile_key, node_key, at (timestamp), run.
    """
    asked = _once(_asked(audience, rows, "leave"))
    inside = _members(tx, audience, asked)
    inside = inside.filter(pc.is_null(inside["left_at"]))
    place = pc.index_in(inside["profile_key"], asked["profile_key"].combine_chunks())
    _leave(tx, batch, inside, asked["at"].take(place))


def leave_without_consent(engine: Engine, purposes: Purposes, now: datetime) -> int:
    """Take everybody out to whom advertising is not allowed any more; returns how many."""
    inside = engine.ops.query("SELECT DISTINCT profile_key FROM audience_members WHERE left_at IS NULL")
    if not inside:
        return 0
    told = AUDIENCES.ask(engine.ops, pa.array([key for (key,) in inside], pa.int64()), now, purposes)
    leaving = told.filter(pc.invert(told["allowed"])).select(["profile_key"])
    return _take_out(engine, leaving, now) if leaving.num_rows else 0


def _take_out(engine: Engine, leaving: pa.Table, now: datetime) -> int:
    left: list[int] = []

    def work(tx: Tx, batch: Batch) -> None:
        tx.put("leaving_members", leaving, key="profile_key")
        found = tx.query(
            f"SELECT {_NAMES} FROM audience_members m WHERE m.left_at IS NULL "
            "AND m.profile_key IN (SELECT profile_key FROM leaving_members) ORDER BY m.audience, m.profile_key"
        )
        members = table_of(_MEMBER, found)
        _leave(tx, batch, members, pa.repeat(pa.scalar(naive_utc(now), TIMESTAMP), members.num_rows))
        left.append(members.num_rows)

    engine.act("deliver", work, now=now)
    return left[0]


def leave_after(engine: Engine, audience: str, joined_before: datetime, now: datetime) -> int:
    """Take those out who joined before that; returns how many."""
    where = "m.audience = ? AND m.left_at IS NULL AND m.joined_at <= ?"
    return _act_on(engine, where, (audience, micros(joined_before)), now, _leave)


def tell_again(engine: Engine, audience: str, told_before: datetime, now: datetime) -> int:
    """Tell the platform once more of those who are in and of whom it was told last before that: else it lets them
    go by itself. Returns how many."""
    where = "m.audience = ? AND m.left_at IS NULL AND coalesce(m.told_at, m.joined_at) <= ?"
    return _act_on(engine, where, (audience, micros(told_before)), now, _renew)


def _act_on(
    engine: Engine,
    where: str,
    params: tuple[object, ...],
    now: datetime,
    does: Callable[[Tx, Batch, pa.Table, Any], None],
) -> int:
    if not engine.ops.query(f"SELECT 1 FROM audience_members m WHERE {where} LIMIT 1", params):
        return 0
    done: list[int] = []

    def work(tx: Tx, batch: Batch) -> None:
        rows = tx.query(f"SELECT {_NAMES} FROM audience_members m WHERE {where} ORDER BY m.node_key", params)
        members = table_of(_MEMBER, rows)
        does(tx, batch, members, pa.repeat(pa.scalar(naive_utc(now), TIMESTAMP), members.num_rows))
        done.append(members.num_rows)

    engine.act("deliver", work, now=now)
    return done[0]


def _renew(tx: Tx, batch: Batch, members: pa.Table, at: pa.Array) -> None:
    instants = at.cast(TIMESTAMP).cast(pa.int64())
    keys = list(zip(members["audience"].to_pylist(), members["node_key"].to_pylist(), strict=True))
    told = zip(instants.to_pylist(), keys, strict=True)
    tx.executemany(
        "UPDATE audience_members SET told_at = ? WHERE audience = ? AND node_key = ?",
        [(instant, *key) for instant, key in told],
    )
    ids = [stable_id("a", audience, str(node), "again", str(instants[0])) for audience, node in keys]
    asked = {"message_id": pa.array(ids, pa.string()), "at": at, **_joined_by(tx, members["run"])}
    _queue(tx, batch, members, pa.table(asked), "join")


def overtaken(engine: Engine, messages: Sequence[outbox.Queued]) -> dict[str, str]:
    """Messages about memberships that say otherwise by now, and why; the membership as it is has a message of its own.

    A join that waited for another try, and a leave in the meantime, would else arrive in the wrong order.
    """
    asked = [(one.message_id, one.template, one.node_key) for one in messages if one.medium == "ads"]
    if not asked:
        return {}
    does = {one.message_id: json.loads(one.variables)["action"] for one in messages if one.medium == "ads"}
    found: dict[str, str] = {}
    for start in range(0, len(asked), _AT_ONCE):
        part = asked[start : start + _AT_ONCE]
        nodes = sorted({node for _, _, node in part})
        rows = engine.ops.query(
            "SELECT audience, node_key, left_at FROM audience_members "
            f"WHERE node_key IN ({', '.join('?' * len(nodes))})",
            nodes,
        )
        inside = {(audience, node): left is None for audience, node, left in rows}
        for message_id, audience, node in part:
            is_in = inside.get((audience, node))
            if is_in is not None and is_in != (does[message_id] == "join"):
                found[message_id] = "the person has come back" if is_in else "the person has left again"
    return found


def _asked(audience: str, rows: pa.Table, action: str) -> pa.Table:
    asked = rows
    for name in ("code", "journey", "step", "variables"):
        if name not in asked.column_names:
            asked = asked.append_column(name, pa.nulls(asked.num_rows, pa.string()))
    keys = zip(asked["node_key"].to_pylist(), asked["at"].cast(TIMESTAMP).cast(pa.int64()).to_pylist(), strict=True)
    ids = [stable_id("a", audience, str(node), action, str(at)) for node, at in keys]
    asked = asked.append_column("message_id", pa.array(ids, pa.string()))
    same = {"channel": "ads", "medium": "ads", "template": audience, "purpose": PURPOSE}
    for name, value in same.items():
        asked = asked.append_column(name, pa.array([value] * asked.num_rows, pa.string()))
    return asked


def _once(rows: pa.Table) -> pa.Table:
    """The first row of every person."""
    numbered = rows.append_column("place", pa.array(np.arange(rows.num_rows, dtype=np.int64)))
    first = numbered.group_by("profile_key").aggregate([("place", "min")])["place_min"]
    return rows.take(first.take(pc.sort_indices(first)))


def _members(tx: Tx, audience: str, rows: pa.Table) -> pa.Table:
    tx.put("asked_members", pa.table({"profile_key": pc.unique(rows["profile_key"])}), key="profile_key")
    found = tx.query(
        # CROSS: the few people are read first, and not the whole audience.
        f"SELECT {_NAMES} FROM asked_members a CROSS JOIN audience_members m "
        "WHERE m.profile_key = a.profile_key AND m.audience = ? ORDER BY m.profile_key",
        (audience,),
    )
    return table_of(_MEMBER, found)


def _enter(tx: Tx, batch: Batch, audience: str, rows: pa.Table) -> None:
    owners = pc.coalesce(rows["address_node"], rows["node_key"])
    members = with_column(rows, "node_key", owners)
    members = members.append_column("audience", pa.array([audience] * rows.num_rows, pa.string()))
    members = members.append_column("joined_at", members["at"].cast(TIMESTAMP).cast(pa.int64()))
    members = members.append_column("told_at", members["joined_at"])
    members = members.append_column("left_at", pa.nulls(rows.num_rows, pa.int64())).select(list(_MEMBER))
    tx.executemany(
        f"INSERT INTO audience_members ({', '.join(_MEMBER)}) VALUES ({', '.join('?' * len(_MEMBER))}) "
        "ON CONFLICT (audience, node_key) DO UPDATE SET profile_key = excluded.profile_key, run = excluded.run, "
        "code = excluded.code, joined_at = excluded.joined_at, left_at = NULL, address = excluded.address, "
        "told = excluded.told, told_at = excluded.told_at",
        python_rows(members),
    )
    _tell(tx, batch, members, rows.select(["message_id", "at", "journey", "step"]), "join")


def _leave(tx: Tx, batch: Batch, members: pa.Table, at: pa.Array | pa.ChunkedArray) -> None:
    if members.num_rows == 0:
        return
    instants = at.cast(TIMESTAMP).cast(pa.int64())
    tx.executemany(
        "UPDATE audience_members SET left_at = ? WHERE audience = ? AND node_key = ?",
        zip(instants.to_pylist(), members["audience"].to_pylist(), members["node_key"].to_pylist(), strict=True),
    )
    keys = zip(members["audience"].to_pylist(), members["node_key"].to_pylist(), instants.to_pylist(), strict=True)
    ids = pa.array([stable_id("a", audience, str(node), "leave", str(left)) for audience, node, left in keys])
    asked = pa.table({"message_id": ids, "at": at, **_joined_by(tx, members["run"])})
    _tell(tx, batch, with_column(members, "left_at", instants), asked, "leave")


def _joined_by(tx: Tx, runs: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    """Journey and step that let the people of ``runs`` join: they are left on behalf of the same."""
    tx.put("leaving_runs", pa.table({"run": pc.unique(runs.drop_null())}), key="run")
    found = tx.query(
        "SELECT l.run, max(m.journey), max(m.step) FROM leaving_runs l JOIN messages m ON m.run = l.run "
        "WHERE m.run IS NOT NULL AND m.medium = 'ads' GROUP BY l.run"
    )
    known = table_of({"run": pa.string(), "journey": pa.string(), "step": pa.string()}, found)
    place = pc.index_in(runs, known["run"].combine_chunks())
    return {name: known[name].take(place) for name in ("journey", "step")}


def _tell(tx: Tx, batch: Batch, members: pa.Table, asked: pa.Table, does: str) -> None:
    """Publish memberships, tell the events, and queue what the platform has to know.

    Args:
        asked: message_id, at, journey and step, a row a member.
    """
    ids, at = asked["message_id"], asked["at"]
    batch.emit(
        "audience_rows",
        scratch(
            "SELECT audience, node_key, run, make_timestamp(joined_at) AS joined_at, "
            "make_timestamp(left_at) AS left_at FROM m",
            {"m": members},
        ),
    )
    count = members.num_rows
    batch.tell(
        pa.table(
            {
                "message_id": pc.binary_join_element_wise("e", ids, "_"),
                "event": pa.array([f"Audience {'Joined' if does == 'join' else 'Left'}"] * count, pa.string()),
                "ts": at.cast(TIMESTAMP),
                "node_key": members["node_key"],
                "audience": members["audience"],
                "run": members["run"],
            }
        )
    )
    _queue(tx, batch, members, asked, does)


def _queue(tx: Tx, batch: Batch, members: pa.Table, asked: pa.Table, does: str) -> None:
    """Queue what the platform has to know of members; ``asked`` as above."""
    known = pc.coalesce(members["told"], told_by_address(members["address"]))
    variables = pc.binary_join_element_wise('{"action": "' + does + '", "told": ', known, "}", "")
    same = {"channel": "ads", "medium": "ads", "purpose": PURPOSE}
    queued = members.select(["profile_key", "node_key", "run", "address"])
    for name in ("message_id", "at", "journey", "step"):
        queued = queued.append_column(name, asked[name])
    queued = queued.append_column("template", members["audience"])
    queued = queued.append_column("variables", variables)
    for name, value in same.items():
        queued = queued.append_column(name, pa.array([value] * members.num_rows, pa.string()))
    outbox.insert(tx, batch, queued)
