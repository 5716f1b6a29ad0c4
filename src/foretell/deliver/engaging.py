"""What people do with messages, and what vendors tell of them: openings, clicks, unsubscriptions, answers; bounces
and complaints.

Every report becomes one own event, however often it is told: the first opening (by a person, and by a
machine), a click once a second and address, a bounce and a complaint once.
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.deliver import outbox, suppressions
from foretell.deliver.afterwards import settle_by_receipts
from foretell.deliver.outbox import EVENT_NAMES
from foretell.deliver.own_events import SAID
from foretell.deliver.scanners import with_scanners
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, python_rows, scratch, table_of
from foretell.errors import ForetellError
from foretell.ids import stable_id

KINDS = {
    "open": "Opened",
    "click": "Link Clicked",
    "reply": "Replied",
    "bounce": "Bounced",
    "spam": "Marked as Spam",
    "soft_bounce": "Bounced",
    "unsubscribe": "Unsubscribed",
    "stop": "Unsubscribed",
    "delivered": "Delivered",
    "accepted": None,
    "failed": None,
}
"""What is told, and the event that it becomes; None: it only says how the message stands."""
_ENDS = {"bounce": "bounced", "spam": "complained", "stop": "stopped"}
"""What puts an address on the list of those that nothing is sent to, and why. A soft bounce does not."""
_LEAVING = pa.array(["unsubscribe", "stop"])
_HARDNESS = {"bounce": "hard", "soft_bounce": "soft"}
_OPTIONAL = {
    "url": pa.string(), "machine": pa.bool_(), "key": pa.string(), "said": pa.string(), "topic": pa.string(),
}  # fmt: skip


def engaged(engine: Engine, _catalog: Catalog, rows: pa.Table, *, now: datetime) -> int:
    """Take in what people did; returns how many events are new.

    Args:
        rows: message_id, kind (of :data:`KINDS`), at (timestamp, UTC); where they apply: url of clicks, machine
            (bool: a program did it, see ``machines``), topic (of the link; else the message's), key (the vendor's id of
            the report, by which it knows one that comes again) and said (its words). Reports of messages that nobody
            knows are passed over.

    Raises:
        ForetellError: ``UNKNOWN_ENGAGEMENT`` for another kind; nothing has changed then.
    """
    unknown = sorted(set(rows["kind"].to_pylist()) - set(KINDS))
    if unknown:
        raise ForetellError(
            "UNKNOWN_ENGAGEMENT",
            f"there is no engagement called {unknown[0]!r}",
            next_step=f"Kinds: {', '.join(KINDS)}.",
        )
    asked = _identified(with_scanners(engine, rows))
    if asked.num_rows == 0 or not _any_new(engine, asked):
        return 0
    new: list[int] = []
    engine.act("deliver", lambda tx, batch: new.append(_take(tx, batch, asked)), now=now)
    return new[0]


def _identified(rows: pa.Table) -> pa.Table:
    """Reports with the id of their event, each id once: the earliest report of it."""
    for name, kind in _OPTIONAL.items():
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, kind))
    columns = [rows[name] for name in ("message_id", "kind", "url", "machine", "key")]
    seconds = pc.floor_temporal(rows["at"].cast(TIMESTAMP), unit="second").cast(pa.int64())
    ids = []
    for message, kind, url, machine, key, second in zip(
        *(column.to_pylist() for column in columns), seconds.to_pylist(), strict=True
    ):
        parts = {
            "open": ["machine" if machine else "person"],
            "click": [url or "", str(second), "machine" if machine else "person"],
            "reply": [key or str(second)],
            "unsubscribe": [str(second)],
            "stop": [key or str(second)],
        }
        ids.append(stable_id("e", message, kind, *parts.get(kind, [key] if key else [])))
    asked = rows.select(["message_id", "kind", "at", "url", "machine", "said"])
    asked = asked.append_column("link_topic", rows["topic"].cast(pa.string()))
    asked = asked.append_column("event_id", pa.array(ids, pa.string()))
    return scratch(
        "SELECT event_id, message_id, kind, CAST(n.at AS TIMESTAMP) AS at, url, coalesce(machine, false) AS machine, "
        "CASE WHEN said = '' THEN NULL ELSE said END AS said, link_topic "
        "FROM (SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY q.at) AS place FROM asked q) n "
        "WHERE place = 1 ORDER BY n.at, event_id",
        {"asked": asked},
    )


def _any_new(engine: Engine, asked: pa.Table) -> bool:
    """False where all of it is known already: a pixel loaded again costs no batch."""
    if asked.num_rows > 100:
        return True
    ids = asked["event_id"].to_pylist()
    marks = ", ".join("?" * len(ids))
    known = engine.ops.query(f"SELECT count(*) FROM engagements WHERE event_id IN ({marks})", ids)
    return int(known[0][0]) < len(ids)


def _take(tx: Tx, batch: Batch, asked: pa.Table) -> int:
    messages = outbox.of_ids(tx, asked["message_id"])
    kept = ["message_id", "node_key", "medium", "address", *SAID]
    told = scratch(
        "SELECT a.*, m.* EXCLUDE (message_id) FROM a JOIN m USING (message_id) ORDER BY a.at, a.event_id",
        {"a": asked, "m": messages.select(kept)},
    )
    told = told.filter(pc.is_in(told["medium"], pa.array(list(EVENT_NAMES))))
    tx.put("told_engagements", told.select(["event_id"]))
    seen = tx.query("SELECT e.event_id FROM told_engagements t JOIN engagements e ON e.event_id = t.event_id")
    known = table_of({"event_id": pa.string()}, seen)["event_id"].combine_chunks()
    fresh = told.filter(pc.invert(pc.is_in(told["event_id"], known)))
    if fresh.num_rows == 0:
        return 0
    _remember(tx, batch, fresh)
    _tell(batch, fresh)
    return int(fresh.num_rows)


def _remember(tx: Tx, batch: Batch, fresh: pa.Table) -> None:
    rows = scratch(
        "SELECT event_id, message_id, kind, epoch_us(f.at) AS at, url, CAST(machine AS INTEGER) AS machine, said "
        "FROM f",
        {"f": fresh},
    )
    tx.executemany(
        "INSERT INTO engagements (event_id, message_id, kind, at, url, machine, said) VALUES (?, ?, ?, ?, ?, ?, ?)",
        python_rows(rows),
    )
    settle_by_receipts(tx, batch, fresh["message_id"])
    for kind, reason in _ENDS.items():
        part = fresh.filter(pc.equal(fresh["kind"], kind)).select(["medium", "address", "message_id"]).to_pylist()
        listed = [(row["medium"], row["address"], reason, row["message_id"]) for row in part]
        suppressions.add(tx, listed, batch.now)


def _tell(batch: Batch, fresh: pa.Table) -> None:
    fresh = fresh.filter(pc.is_in(fresh["kind"], pa.array([kind for kind, event in KINDS.items() if event])))
    if not fresh.num_rows:
        return
    begins = pa.array([EVENT_NAMES[medium] for medium in fresh["medium"].to_pylist()], pa.string())
    ends = pa.array([KINDS[kind] for kind in fresh["kind"].to_pylist()], pa.string())
    named = pc.binary_join_element_wise(begins, ends, " ")
    leaving = pc.is_in(fresh["kind"], _LEAVING)
    source = pc.if_else(pc.equal(fresh["kind"], "stop"), pa.scalar("reply"), pa.scalar("link"))
    hardness = pa.array([_HARDNESS.get(kind) for kind in fresh["kind"].to_pylist()], pa.string())
    columns = {
        "message_id": fresh["event_id"],
        "event": pc.if_else(leaving, pa.scalar("Unsubscribed"), named),
        "ts": fresh["at"],
        "node_key": fresh["node_key"],
        "property:message_id": fresh["message_id"],
        **{name: fresh[name] for name in SAID if name not in ("channel", "topic")},
        "topic": pc.coalesce(fresh["link_topic"], fresh["topic"]),
        # An unsubscription speaks of the medium: consent is kept by it.
        "channel": pc.if_else(leaving, fresh["medium"], fresh["channel"]),
        "source": pc.if_else(leaving, source, pa.scalar(None, pa.string())),
        "bounce": hardness,
        "link_url": fresh["url"],
        "machine": pc.if_else(fresh["machine"], pa.scalar(True), pa.scalar(None, pa.bool_())),
    }
    batch.tell(pa.table(columns))
