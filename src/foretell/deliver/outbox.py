"""The ledger of messages, which is the outbox as well: queued → claimed → sent, delivered and so on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros
from foretell.deliver import spans
from foretell.deliver.parts import TIMES
from foretell.engine import TIMESTAMP, Batch, Engine, OperationalStore, Tx, scratch, table_of

STORED = {
    "message_id": pa.string(), "profile_key": pa.int64(), "node_key": pa.int64(), "at": pa.int64(),
    "channel": pa.string(), "medium": pa.string(), "template": pa.string(), "purpose": pa.string(),
    "journey": pa.string(), "run": pa.string(), "step": pa.string(), "campaign": pa.string(), "topic": pa.string(),
    "variables": pa.string(), "address": pa.string(), "state": pa.string(), "attempts": pa.int64(),
    "next_at": pa.int64(), "sent_at": pa.int64(), "handed_over_at": pa.int64(), "delivered_at": pa.int64(),
    "opened_at": pa.int64(), "clicked_at": pa.int64(), "ended_at": pa.int64(), "accepted_id": pa.string(),
    "error": pa.string(), "address_node": pa.int64(), "failure": pa.string(),
    "priority": pa.int64(),
}  # fmt: skip
"""Columns of the table ``messages``; instants in microseconds."""
QUEUED, CLAIMED, SENT, DELIVERED = "queued", "claimed", "sent", "delivered"
FAILED, UNCERTAIN, CANCELLED, BOUNCED = "failed", "uncertain", "cancelled", "bounced"
SANDBOXED = "sandboxed"
"""It would have gone, were it not for the sandbox: kept for caps of the rehearsal, never handed over."""
STATES = (QUEUED, CLAIMED, SENT, DELIVERED, BOUNCED, FAILED, UNCERTAIN, CANCELLED, SANDBOXED)
EVENT_NAMES = {"email": "Email", "sms": "SMS", "push": "Push", "alert": "Message"}
"""How the events of a medium begin; those of audiences are told when people join and leave."""
_KEYS_A_QUERY = 2_000
_OVER = "the run is over"
_INSTANTS = {"at", "next_at"}
_COLUMNS = ", ".join(f"m.{name}" for name in STORED)


@dataclass(frozen=True)
class Queued:
    """A message that waits for its channel.

    Args:
        node_key: the node of the identifier that it is addressed to, where it is one.
    """

    message_id: str
    profile_key: int
    node_key: int
    at: datetime
    channel: str
    medium: str
    template: str
    purpose: str
    journey: str | None
    run: str | None
    step: str | None
    campaign: str | None
    topic: str | None
    variables: str
    address: str
    attempts: int
    next_at: datetime


def insert(tx: Tx, batch: Batch, rows: pa.Table, state: str = QUEUED) -> None:
    """Queue messages; one that is there already stays as it is.

    Args:
        rows: ``message_id profile_key node_key channel medium template purpose journey run step campaign
            topic variables address`` and ``at`` (timestamp); ``address_node`` and ``priority`` where there are any.
        state: ``queued``, or ``sandboxed`` for what is never handed over.
    """
    if rows.num_rows == 0:
        return
    instants = rows["at"].cast(TIMESTAMP).cast(pa.int64())
    told = {
        "at": instants,
        "state": pa.repeat(pa.scalar(state, pa.string()), rows.num_rows),
        "attempts": pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows),
        "next_at": instants if state == QUEUED else pa.nulls(rows.num_rows, pa.int64()),
    }
    if "priority" not in rows.column_names:
        told["priority"] = pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows)
    columns = {
        name: told.get(name, rows[name] if name in rows.column_names else pa.nulls(rows.num_rows, kind))
        for name, kind in STORED.items()
    }
    table = pa.table({name: column.cast(STORED[name]) for name, column in columns.items()})
    marks = ", ".join("?" * len(STORED))
    entered = tx.enter(
        f"INSERT INTO messages ({', '.join(STORED)}) VALUES ({marks}) ON CONFLICT (message_id) DO NOTHING", table
    )
    spans.keep(tx, table["message_id"])
    if entered == table.num_rows:
        _show(batch, table)
    else:
        publish(tx, batch, table["message_id"])


def publish(tx: Tx, batch: Batch, ids: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Hand the rows of messages, as they stand now, to the view ``messages``; returns them."""
    rows = of_ids(tx, ids)
    _show(batch, rows)
    return rows


def _show(batch: Batch, rows: pa.Table) -> None:
    times = ", ".join(f"make_timestamp(r.{name}) AS {name}" for name in TIMES)
    batch.emit(
        "message_rows",
        scratch(
            "SELECT message_id, node_key, channel, medium, template, purpose, journey, run, step, campaign, topic, "
            f"state, attempts, {times}, error FROM r",
            {"r": rows},
        ),
    )


def of_ids(tx: Tx, ids: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Messages by their ids: columns :data:`STORED`, in the order of ids."""
    tx.put("asked_messages", pa.table({"message_id": pc.unique(ids)}))
    found = tx.query(
        f"SELECT {_COLUMNS} FROM asked_messages a JOIN messages m ON m.message_id = a.message_id ORDER BY m.message_id"
    )
    return table_of(STORED, found)


def of_id(store: OperationalStore, message_id: str) -> dict[str, Any] | None:
    """One message, or None."""
    found = store.query(f"SELECT {_COLUMNS} FROM messages m WHERE m.message_id = ?", (message_id,))
    return dict(zip(STORED, found[0], strict=True)) if found else None


def waiting(
    engine: Engine, now: datetime, most: int, only: str = "1 = 1", params: Sequence[object] = ()
) -> list[Queued]:
    """Messages whose instant has come, the earliest first.

    Args:
        only: SQL with ``params``: which of them.
    """
    where = f"state = 'queued' AND next_at <= ? AND {only} ORDER BY next_at, message_id LIMIT ?"
    return _queued(engine, where, (micros(now), *params, most))


def next_due(engine: Engine, now: datetime) -> datetime | None:
    """When the first message that waits after ``now`` is due; None where none does."""
    sql = "SELECT next_at FROM messages WHERE state = 'queued' AND next_at > ? ORDER BY next_at LIMIT 1"
    found = engine.ops.look_up(sql, (micros(now),))
    return from_micros(found[0][0]) if found else None


def take(
    engine: Engine,
    now: datetime,
    most: int,
    but: Sequence[str] = (),
    only: str = "1 = 1",
    params: Sequence[object] = (),
) -> list[Queued]:
    """Claim messages whose instant has come, the earliest first; no other process gets them.

    Args:
        but: templates whose messages are left to another process.
        only: SQL with ``params``: which of the others.
    """
    left = f" AND (medium = 'ads' OR template NOT IN ({', '.join('?' * len(but))}))" if but else ""
    found = engine.claim_rows(
        f"SELECT message_id, {', '.join(_read_columns())} FROM messages WHERE state = 'queued' AND next_at <= ?{left} "
        f"AND {only} ORDER BY next_at, message_id LIMIT ?",
        (micros(now), *but, *params, most),
        "UPDATE messages SET state = 'claimed', claimed_by = ?, attempts = attempts + 1, handed_over_at = NULL "
        "WHERE message_id = ?",
    )
    names = list(Queued.__dataclass_fields__)
    return [Queued(**_read(names, row[1:], _INSTANTS)) for row in found]


def by_id(engine: Engine, message_id: str) -> Queued | None:
    """One message as its channel would be handed it, due at its own instant where nothing else is planned."""
    row = of_id(engine.ops, message_id)
    if row is None:
        return None
    told = {name: row[name] for name in Queued.__dataclass_fields__}
    due = row["at"] if row["next_at"] is None else row["next_at"]
    return Queued(**{**told, "at": from_micros(row["at"]), "next_at": from_micros(due)})


def queued_of(messages: pa.Table) -> list[Queued]:
    """Rows of :data:`STORED` as their channels would be handed them."""
    found = []
    for row in messages.to_pylist():
        due = row["at"] if row["next_at"] is None else row["next_at"]
        node = row["node_key"] if row["address_node"] is None else row["address_node"]
        told = {name: row[name] for name in Queued.__dataclass_fields__}
        found.append(Queued(**{**told, "node_key": node, "at": from_micros(row["at"]), "next_at": from_micros(due)}))
    return found


def claimed(engine: Engine) -> list[Queued]:
    """Messages that were about to be handed over by whoever is gone."""
    if not engine.is_shared:
        return _queued(engine, "state = 'claimed' ORDER BY next_at, message_id", ())
    found = engine.ops.query("SELECT DISTINCT coalesce(claimed_by, '') FROM messages WHERE state = 'claimed'")
    gone = sorted(engine.gone(name for (name,) in found))
    marks = ", ".join("?" * len(gone))
    where = f"state = 'claimed' AND coalesce(claimed_by, '') IN ({marks}) ORDER BY next_at, message_id"
    return _queued(engine, where, gone) if gone else []


def only_taken(engine: Engine) -> set[str]:
    """What processes have taken for themselves where several send, and never got to: nobody was handed it."""
    if not engine.is_shared:
        return set()
    sql = "SELECT message_id FROM messages WHERE state = 'claimed' AND handed_over_at IS NULL"
    return {message_id for (message_id,) in engine.ops.query(sql)}


def _queued(engine: Engine, where: str, params: Sequence[object]) -> list[Queued]:
    names = list(Queued.__dataclass_fields__)
    rows = engine.ops.query(f"SELECT {', '.join(_read_columns())} FROM messages WHERE {where}", params)
    return [Queued(**_read(names, row, _INSTANTS)) for row in rows]


def _read_columns() -> list[str]:
    names = Queued.__dataclass_fields__
    return ["coalesce(address_node, node_key)" if name == "node_key" else name for name in names]


def _read(names: Sequence[str], row: Sequence[Any], instants: set[str]) -> dict[str, Any]:
    return {name: from_micros(value) if name in instants else value for name, value in zip(names, row, strict=True)}


def suppressed_among(engine: Engine, messages: Sequence[Queued]) -> set[tuple[str, str]]:
    """(medium, address) of those messages to which nothing may be sent."""
    found: set[tuple[str, str]] = set()
    addresses = sorted({message.address for message in messages})
    for start in range(0, len(addresses), _KEYS_A_QUERY):
        part = addresses[start : start + _KEYS_A_QUERY]
        marks = ", ".join("?" * len(part))
        found |= set(engine.ops.query(f"SELECT medium, address FROM suppressions WHERE address IN ({marks})", part))
    return found


def unclaim(engine: Engine, ids: Sequence[str]) -> None:
    """Back into the queue, as due as before."""
    if ids:
        with engine.ops.write() as tx:
            tx.executemany(
                "UPDATE messages SET state = 'queued' WHERE message_id = ? AND state = 'claimed'",
                [(one,) for one in ids],
            )


def claim(engine: Engine, ids: Sequence[str], now: datetime) -> None:
    """Make durable that these messages are about to be handed over."""
    if not ids:
        return
    with engine.ops.write() as tx:
        if engine.is_shared:
            tx.executemany(
                "UPDATE messages SET handed_over_at = ? WHERE message_id = ? AND state = 'claimed'",
                [(micros(now), one) for one in ids],
            )
            return
        tx.executemany(
            "UPDATE messages SET state = 'claimed', attempts = attempts + 1 WHERE message_id = ? AND state = 'queued'",
            [(one,) for one in ids],
        )


def leave(tx: Tx, ids: Sequence[str]) -> None:
    """What has left belongs to the identifier that it was addressed to, whoever that is after a split."""
    tx.executemany(
        "UPDATE messages SET node_key = address_node, profile_key = coalesce((SELECT m.profile_key FROM merged m "
        "WHERE m.node_key = messages.address_node), address_node) WHERE message_id = ? AND address_node IS NOT NULL",
        [(one,) for one in ids],
    )


def cancel(tx: Tx, batch: Batch, runs: pa.Array | pa.ChunkedArray, at: datetime) -> None:
    """Take back what runs have not sent yet; what is being handed over is not touched.

    Args:
        runs: ids of runs.
        at: when they were taken back.
    """
    tx.put("ended_runs", pa.table({"run": pc.unique(runs)}))
    found = tx.query(
        "SELECT m.message_id FROM ended_runs r JOIN messages m ON m.run = r.run "
        "WHERE m.state = 'queued' AND m.medium <> 'ads'"
    )
    give_up(tx, batch, [(one, CANCELLED, _OVER) for (one,) in found], at)


def queue_again(tx: Tx, batch: Batch, runs: pa.Table) -> None:
    """Put back what :func:`cancel` took from runs that go on after all.

    Args:
        runs: ``run`` and ``ended_at`` (µs): since when they were over.
    """
    tx.put("resumed_runs", runs.select(["run", "ended_at"]))
    found = tx.query(
        "SELECT m.message_id FROM resumed_runs r JOIN messages m ON m.run = r.run "
        "WHERE m.state = 'cancelled' AND m.error = ? AND m.ended_at >= r.ended_at",
        (_OVER,),
    )
    tx.executemany(
        "UPDATE messages SET state = 'queued', next_at = at, ended_at = NULL, error = NULL WHERE message_id = ?", found
    )
    publish(tx, batch, pa.array([message_id for (message_id,) in found], pa.string()))


def give_up(tx: Tx, batch: Batch, rows: Sequence[tuple[str, str, str]], at: datetime) -> None:
    """End messages: (message_id, state, why)."""
    if not rows:
        return
    tx.executemany(
        "UPDATE messages SET state = ?, error = ?, next_at = NULL, ended_at = ? WHERE message_id = ?",
        [(state, why, micros(at), message_id) for message_id, state, why in rows],
    )
    publish(tx, batch, pa.array([row[0] for row in rows], pa.string()))
