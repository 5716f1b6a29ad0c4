"""What breaks the plan is put aside, and goes in once the plan is mended."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from foretell import collect
from foretell.collect import Chosen
from foretell.collect.requests import Request, request_frames
from foretell.engine import Engine
from tests.unit.collect.decoding import NOW
from tests.unit.collect.tracking.planned import ORDERS, Planned, order, planned

LOOSE = ORDERS.replace("pattern: '^O', ", "")
TILL = """\
format: csv
group_by: receipt
mappings:
  - name: sales
    track: Order Completed
    timestamp: sold_at
    identifiers: {user_id: customer}
    properties: {order_id: receipt, total: sum(price)}
    items: {properties: {product_id: sku}}
"""
SALES = "receipt,sold_at,customer,sku,price\nO1,2024-05-01,7,a,1\nX2,2024-05-02,7,a,2\nX2,2024-05-02,7,b,3\n"


def test_one_bad_event_of_a_hundred_is_put_aside_and_goes_in_when_the_plan_is_mended(tmp_path: Path) -> None:
    messages = [order(n) for n in range(100)]
    messages[41] = order(41, order_id="X41")
    with planned(tmp_path, shop=ORDERS) as it:
        report = it.load("site.jsonl", messages)
        assert (report.rows, report.events, report.quarantined) == (100, 99, 1)
        (row,) = collect.quarantined(it.engine)
        assert (row.line, row.code) == (42, "PLAN_VIOLATION")
        assert row.message == "Order Completed: order_id does not match ^O (owner: ada@shop.example)"
        assert '"X41"' in (row.body or "")
        again = collect.replay(it.engine, it.catalog)
        assert (again.rows, again.replayed, again.events, again.still) == (1, 0, 0, {"PLAN_VIOLATION": 1})
        it.plan(shop=LOOSE)
        again = collect.replay(it.engine, it.catalog)
        assert (again.rows, again.replayed, again.events, again.still) == (1, 1, 1, {})
        assert collect.quarantined(it.engine) == []
        (kept,) = collect.quarantined(it.engine, state="replayed")
        assert (kept.id, kept.replayed_at, kept.body) == (row.id, NOW, None)
        assert it.rows("SELECT count(*) AS n, count(DISTINCT message_id) AS d FROM events") == [{"n": 100, "d": 100}]
        assert it.rows("SELECT count(*) AS n FROM orders") == [{"n": 100}]
        assert it.load("site.jsonl", messages).events == 0
        assert collect.replay(it.engine, it.catalog).rows == 0
        told = it.rows("SELECT rule, action, message_id FROM violations")
        assert told == [{"rule": "pattern", "action": "quarantine", "message_id": "m41"}]


def test_a_message_without_an_id_that_is_replayed_is_known_when_its_file_comes_again(tmp_path: Path) -> None:
    messages = [order(n) for n in range(3)]
    messages[1] = order(1, order_id="X1")
    for one in messages:
        del one["messageId"]
    with planned(tmp_path, shop=ORDERS) as it:
        assert it.load("site.jsonl", messages).quarantined == 1
        it.plan(shop=LOOSE)
        assert collect.replay(it.engine, it.catalog).replayed == 1
        report = it.load("site.jsonl", messages)
        assert (report.events, report.duplicates) == (0, 3)


def test_what_came_over_the_wire_keeps_its_arrival_and_the_senders_clock(tmp_path: Path) -> None:
    early, late = NOW.replace(hour=1), NOW.replace(hour=3)
    bad = '{"type":"track","event":"Order Completed","userId":"u","messageId":"w%d","timestamp":"%s","properties":%s}\n'
    told = '{"order_id":"X"}'

    def request(number: int, arrival: datetime, *, history: bool) -> Request:
        sent = arrival.replace(minute=10).isoformat().replace("+00:00", "Z")  # 10 minutes fast
        return Request("web", (bad % (number, sent, told)).encode(), 1, arrival, sent, history)

    with planned(tmp_path, shop=ORDERS) as it:
        requests = [request(1, early, history=False), request(2, late, history=False), request(3, late, history=True)]
        it.engine.spool_append(request_frames(requests))
        it.engine.apply_pending()
        assert collect.quarantine_counts(it.engine) == {"PLAN_VIOLATION": 3}
        it.plan(shop=LOOSE)
        assert collect.replay(it.engine, it.catalog).replayed == 3
        found = it.rows("SELECT message_id, received_at, timestamp, known_at FROM events ORDER BY message_id")
        for row, arrival in zip(found, (early, late, late), strict=True):
            assert row["received_at"] == row["timestamp"] == row["known_at"] == arrival.replace(tzinfo=None)


def test_equal_messages_without_an_id_are_put_aside_each(tmp_path: Path) -> None:
    body = b'{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":"X"}}\n'
    with planned(tmp_path, shop=ORDERS) as it:
        arrivals = [NOW.replace(hour=hour) for hour in (1, 2)]
        it.engine.spool_append(request_frames([Request("web", body, 1, arrival) for arrival in arrivals]))
        it.engine.apply_pending()
        assert collect.quarantine_counts(it.engine) == {"PLAN_VIOLATION": 2}
        it.plan(shop=LOOSE)
        assert collect.replay(it.engine, it.catalog).events == 2


def test_rows_of_a_group_are_put_aside_together_and_replayed_together(tmp_path: Path) -> None:
    with planned(tmp_path) as it:
        it.source("till", TILL)
        it.plan(shop=ORDERS)
        report = it.load("till.csv", SALES, "till")
        assert (report.rows, report.events, report.quarantined) == (3, 1, 2)
        assert [row.line for row in collect.quarantined(it.engine)] == [3, 4]
        it.plan(shop=LOOSE)
        one = collect.quarantined(it.engine)[1]
        again = collect.replay(it.engine, it.catalog, Chosen(ids=(one.id,)))
        assert (again.rows, again.replayed, again.events) == (2, 2, 1)
        found = it.rows("SELECT order_id, amount_minor FROM orders ORDER BY order_id")
        assert [(row["order_id"], row["amount_minor"]) for row in found] == [("O1", 100), ("X2", 500)]
        assert it.rows("SELECT count(*) AS n FROM order_items WHERE order_id = 'X2'") == [{"n": 2}]
        report = it.load("till.csv", SALES, "till")
        assert (report.events, report.duplicates) == (0, 2)


def test_rows_that_no_mapping_took_go_in_when_the_mapping_is_mended(tmp_path: Path) -> None:
    narrow = TILL.replace("    track:", "    when: any(customer = '8')\n    track:")
    with planned(tmp_path) as it:
        it.source("till", narrow)
        assert it.load("till.csv", SALES, "till").quarantined == 3
        it.source("till", TILL)
        again = collect.replay(it.engine, it.catalog, Chosen(source="till", code="NO_MAPPING"))
        assert (again.rows, again.replayed, again.events) == (3, 3, 2)
        fresh = it.load("till.csv", SALES, "till")
        assert (fresh.events, fresh.duplicates) == (0, 2)


def test_rows_that_were_put_aside_by_an_older_release_go_in(tmp_path: Path) -> None:
    narrow = TILL.replace("    track:", "    when: any(customer = '8')\n    track:")
    with planned(tmp_path) as it:
        it.source("till", narrow)
        it.load("till.csv", SALES, "till")
        it.load("site.jsonl", [{**order(1), "userId": None}])
        with it.engine.ops.write() as tx:
            assert tx.execute("UPDATE quarantine SET form = NULL, message_id = NULL, nth = NULL, sent_at = NULL") == 4
        it.source("till", TILL)
        again = collect.replay(it.engine, it.catalog)
        assert (again.rows, again.replayed, again.events, again.still) == (4, 3, 2, {"NO_IDENTIFIER": 1})


def test_what_is_not_kept_whole_stays_and_is_counted(tmp_path: Path) -> None:
    with planned(tmp_path) as it:
        it.load("site.jsonl", '{"type":"track","event":"x' + "y" * 1_100_000 + '"}\n{oops\n')
        again = collect.replay(it.engine, it.catalog)
        assert (again.rows, again.still) == (1, {"BAD_JSON": 1})
        assert again.left == {"TOO_LARGE: the row is not kept as it came": 1}


def test_a_crash_before_the_rows_are_taken_in_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with planned(tmp_path, shop=ORDERS) as it:
        it.load("site.jsonl", [order(0), order(1, order_id="X1")])
        it.plan(shop=LOOSE)
        _spool_without_applying(it)
    with planned(tmp_path, shop=LOOSE) as it:
        again = collect.replay(it.engine, it.catalog)
        assert again.rows == 0
        assert collect.quarantined(it.engine) == []
        assert it.rows("SELECT count(*) AS n FROM events") == [{"n": 2}]


def _spool_without_applying(it: Planned) -> None:
    class Stopped(Exception):
        pass

    class Stopping:
        """An engine that is killed when it has spooled."""

        def __init__(self, engine: Engine) -> None:
            self._engine, self._spooled = engine, False

        def __getattr__(self, name: str) -> Any:
            if name == "apply_pending" and self._spooled:
                raise Stopped
            self._spooled |= name == "spool_append"
            return getattr(self._engine, name)

    try:
        collect.replay(Stopping(it.engine), it.catalog)  # type: ignore[arg-type]  # all that it is asked for
    except Stopped:
        return
    raise AssertionError("it went on")


def test_two_workspaces_in_one_process_have_each_its_own_plan(tmp_path: Path) -> None:
    with planned(tmp_path / "a", shop=ORDERS) as strict, planned(tmp_path / "b", shop=LOOSE) as loose:
        bad = [order(1, order_id="X1")]
        assert (strict.load("x.jsonl", bad).quarantined, loose.load("x.jsonl", bad).quarantined) == (1, 0)
        strict.plan(shop=LOOSE)
        assert strict.load("y.jsonl", bad).events == 1


def test_what_was_put_aside_belongs_to_the_person_whom_it_names(tmp_path: Path) -> None:
    """Where nobody is known by then, the example says nothing of them."""
    with planned(tmp_path, shop=ORDERS) as it:
        known = {**order(1, order_id="X1 Ada"), "userId": "ada"}
        it.load("a.jsonl", [{**order(0), "userId": "ada"}, known])
        others = [{**order(2, order_id="X2 Bob"), "userId": "bob"}, {**order(3, total=-5), "userId": "eve"}]
        it.load("b.jsonl", others)
        rows = it.rows("SELECT message_id, profile_id <> '' AS named, example FROM violations ORDER BY message_id")
        assert rows == [
            {"message_id": "m1", "named": True, "example": "X1 Ada"},
            {"message_id": "m2", "named": False, "example": "x0 xxx"},
            {"message_id": "m3", "named": False, "example": "-5"},
        ]
