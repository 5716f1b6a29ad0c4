"""What Foretell does itself: one recorded batch, all or nothing, in the same log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from foretell.engine import Batch, EngineSettings, Stage, Tx, open_engine
from foretell.errors import ForetellError
from tests.support.small_events import NOW, event, frame, open_small

AT = datetime(2026, 1, 5, 8, 30)
ANN = {"user_id": "ann"}


def told(message: str, node: int, **properties: object) -> pa.Table:
    columns = {name: pa.array([value]) for name, value in properties.items()}
    head = {"message_id": [message], "event": ["Email Sent"], "ts": pa.array([AT], pa.timestamp("us"))}
    return pa.table({**head, "node_key": pa.array([node], pa.int64()), **columns})


def test_told_events_are_in_the_log_with_their_properties(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
        engine.apply_pending()

        def work(tx: Tx, batch: Batch) -> None:
            tx.execute("INSERT INTO counters VALUES ('sent', 1)")
            batch.tell(told("m1", 1, step="miss_you", price=2.5, count=3, first=True, absent=None))
            batch.tell(told("m2", 1, other="x"))

        engine.act("deliver", work, now=NOW)
        rows = engine.analytics.query("SELECT * FROM events WHERE source = 'foretell' ORDER BY message_id").to_pylist()
        assert [row["properties"] for row in rows] == [
            '{"step":"miss_you","price":2.5,"count":3,"first":true}',
            '{"other":"x"}',
        ]
        assert {(row["profile_id"], row["timestamp"], row["known_at"]) for row in rows} == {
            (engine.analytics.query("SELECT profile_id FROM profiles")["profile_id"][0].as_py(), AT, AT)
        }
        price, step = engine.log.properties().of("price"), engine.log.properties().of("step")
        assert price is not None
        assert step is not None
        found = engine.analytics.query(
            f"SELECT {price.number} AS n, {step.text} AS s FROM log_events WHERE message_id = 'm1'"
        )
        assert found.to_pylist() == [{"n": 2_500_000, "s": "miss_you"}]
        assert engine.ops.query("SELECT value FROM counters WHERE name = 'sent'") == [(1,)]


def test_lists_of_texts_are_arrays_of_the_log(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:

        def work(tx: Tx, batch: Batch) -> None:
            batch.tell(told("m1", 1, liked=["price", "team"], other=["x"]))
            batch.tell(told("m2", 1, step="plain"))
            batch.tell(told("m3", 1, liked=["team"]))
            batch.tell(told("m4", 1, liked=[]))

        engine.act("deliver", work, now=NOW)
        liked = engine.log.properties().of("liked")
        assert liked is not None
        assert liked.array == "liked"
        rows = engine.analytics.query(
            f"SELECT e.message_id, x.ordinal, x.{liked.text} AS value FROM event_elements x "
            "JOIN event_log e ON e.seq = x.seq WHERE x.\"array\" = 'liked' ORDER BY 1, 2"
        ).to_pylist()
        assert [tuple(row.values()) for row in rows] == [("m1", 0, "price"), ("m1", 1, "team"), ("m3", 0, "team")]
        texts = engine.analytics.query("SELECT properties FROM events ORDER BY message_id")["properties"].to_pylist()
        assert texts == [
            '{"liked":["price","team"],"other":["x"]}', '{"step":"plain"}', '{"liked":["team"]}', '{"liked":[]}'
        ]  # fmt: skip


def test_an_own_event_counts_as_known_when_it_says_so(tmp_path: Path) -> None:
    later = datetime(2026, 1, 5, 9, 0)
    with open_small(tmp_path) as engine:

        def work(tx: Tx, batch: Batch) -> None:
            batch.tell(told("m1", 1, known_at=later))
            batch.tell(told("m2", 1))

        engine.act("deliver", work, now=NOW)
        rows = engine.analytics.query("SELECT known_at, properties FROM events ORDER BY message_id").to_pylist()
        assert rows == [{"known_at": later, "properties": "{}"}, {"known_at": AT, "properties": "{}"}]


def test_a_message_id_told_before_is_passed_over(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        for _ in range(2):
            engine.act("deliver", lambda _, batch: batch.tell(told("m1", 1)), now=NOW)
        assert engine.analytics.query("SELECT count(*) AS n FROM event_log")["n"][0].as_py() == 1


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def work(tx: Tx, batch: Batch) -> None:
        tx.execute("INSERT INTO counters VALUES ('sent', 1)")
        batch.tell(told("m1", 1).drop_columns(["ts"]))

    with open_small(tmp_path) as engine:
        with pytest.raises(ForetellError, match="lacks its ts"):
            engine.act("deliver", work, now=NOW)
        assert engine.ops.query("SELECT count(*) FROM counters WHERE name = 'sent'") == [(0,)]
        assert engine.ops.query("SELECT count(*) FROM batches") == [(0,)]


class Reacting(Stage):
    room = "test"

    def __init__(self) -> None:
        self.seen: list[tuple[int, int, str]] = []

    def react(self, tx: Tx, batch: Batch) -> None:
        columns = ["node_key", "profile_key", "event"]
        self.seen += [tuple(row.values()) for row in batch.events.select(columns).to_pylist()]


def test_stages_react_and_events_follow_a_merge(tmp_path: Path) -> None:
    from foretell import identify, profile

    reacting = Reacting()
    parts = [identify.PARTS, profile.PARTS]
    with open_engine(EngineSettings(tmp_path), parts, [reacting], {}, FixedNow()) as engine:
        with engine.ops.write() as tx:
            tx.execute("INSERT INTO merged VALUES (2, 1)")
        engine.act(
            "deliver",
            lambda _, batch: batch.tell(pa.concat_tables([told("m1", 2), told("m2", 1), told("m3", 7)])),
            now=NOW,
        )
    assert reacting.seen == [(2, 1, "Email Sent"), (1, 1, "Email Sent"), (7, 7, "Email Sent")]


class FixedNow:
    def now(self) -> datetime:
        return NOW
