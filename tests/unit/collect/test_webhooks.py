"""Bodies of webhooks: what their mappings make of them, what is put aside, and that nothing comes twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import collect, definitions, identify
from foretell.clock import FixedClock
from foretell.collect import FrameReader, Scope, SourceSpec, present_decoders
from foretell.collect.webhooks import MOST_BYTES, MOST_ITEMS, joined_webhooks
from foretell.definitions import Catalog, Problem
from foretell.engine import Decoded, Engine, EngineSettings, open_engine
from foretell.errors import UsageError
from tests.unit.collect.decoding import NOW

SHOP = """\
format: webhook
signature: {header: X-Signature, secret: shop_hook}
events:
  - each: orders[]
    track: Order Completed
    timestamp: paid_at
    message_id: id
    identifiers: {user_id: customer.id, email: customer.mail, loyalty: customer.card}
    properties: {order_id: id, total: amount, currency: "`\\"EUR\\"`", shop: {name: "body().shop"}, paid: true}
  - each: orders[?customer.name]
    identify: true
    identifiers: {user_id: customer.id}
    traits: {name: customer.name}
"""
PLAN = """\
on_violation: quarantine
events: {Order Completed: {properties: {order_id: {pattern: '^O'}}}}
"""
ORDER = {"id": "O1", "paid_at": "2024-05-30T10:00:00+02:00", "amount": 12.5, "customer": {"id": 7, "mail": "A@x.org"}}


def loaded(root: Path, **documents: str) -> tuple[Catalog, list[Problem]]:
    """The definitions of a workspace: ``shop`` is a source, ``plan`` a tracking plan (YAML below ``spec``)."""
    (root / "foretell.yaml").write_text("name: test\ncurrency: EUR\nsecrets: {shop_hook: '${SHOP_HOOK}'}\n")
    for key, text in documents.items():
        kind, folder = ("tracking", "tracking") if key == "plan" else ("source", "sources")
        (root / folder).mkdir(exist_ok=True)
        spec = "\n".join(f"  {line}" for line in text.strip("\n").splitlines())
        (root / folder / f"{key}.yaml").write_text(f"kind: {kind}\nkey: {key}\nspec:\n{spec}\n")
    return definitions.load(root, [collect.KIND, collect.TRACKING])


class Hooked:
    """Takes bodies in, and answers queries."""

    def __init__(self, root: Path, engine: Engine, reader: FrameReader) -> None:
        self.root, self.engine, self.reader = root, engine, reader

    def write(self, **documents: str) -> None:
        """Put documents in force."""
        self.catalog, problems = loaded(self.root, **documents)
        assert [problem.headline for problem in problems] == []
        self.reader.use(self.catalog)

    def post(self, body: object, at: datetime = NOW, *, apply: bool = True) -> int:
        """Take a body in; how many events are new."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        spec = self.catalog.get("source", "shop").spec
        assert isinstance(spec, SourceSpec)
        self.engine.spool_append([collect.webhook_frame("shop", spec, text, at)])
        return self.engine.apply_pending().events if apply else 0

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a query over the views."""
        found: list[dict[str, Any]] = self.engine.analytics.query(sql).to_pylist()
        return found

    @property
    def aside(self) -> list[str]:
        """Codes in quarantine."""
        return [row.code for row in collect.quarantined(self.engine)]


@contextmanager
def opened(root: Path, **documents: str) -> Iterator[Hooked]:
    reader = FrameReader()
    parts = [definitions.PARTS, collect.PARTS, identify.PARTS]
    stages = [identify.IdentifyStage(), collect.CollectStage("EUR")]
    settings = EngineSettings(root / "data")
    with open_engine(settings, parts, stages, collect.decoders(reader), FixedClock(NOW)) as engine:
        place = Hooked(root, engine, reader)
        place.write(**documents)
        yield place


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_HOOK", "long and random")


def decoded(body: bytes, **mapping: Any) -> Decoded:
    """What one mapping makes of one body."""
    mapping = {"track": "Seen", "identifiers": {"user_id": "id"}, **mapping}
    mapping = {name: value for name, value in mapping.items() if value is not None}
    signature = {"header": "X-Signature", "secret": "shop_hook"}
    spec = SourceSpec.model_validate({"format": "webhook", "signature": signature, "events": [mapping]})
    return collect.read_frame(collect.webhook_frame("shop", spec, body, NOW))[0]


def test_items_become_events_and_traits_of_people(tmp_path: Path) -> None:
    named = {**ORDER, "id": "O2", "customer": {"id": 8, "name": "Bo", "card": 55}}
    with opened(tmp_path, shop=SHOP) as it:
        assert it.post({"shop": "Berlin", "orders": [ORDER, named]}) == 3
        first, second, third = it.rows("SELECT event, timestamp, known_at, properties FROM events ORDER BY 1 DESC, 4")
        assert json.loads(first["properties"]) == {
            "order_id": "O1", "total": 12.5, "currency": "EUR", "shop": {"name": "Berlin"}, "paid": True,
        }  # fmt: skip
        assert f"{first['timestamp']:%H:%M}" == "08:00"
        assert first["known_at"] == NOW.replace(tzinfo=None)
        assert (json.loads(second["properties"])["order_id"], third["event"]) == ("O2", "Identify")
        assert it.rows("SELECT order_id, amount_minor, currency, source FROM orders ORDER BY 1") == [
            {"order_id": name, "amount_minor": 1250, "currency": "EUR", "source": "shop"} for name in ("O1", "O2")
        ]
        kinds = it.rows("SELECT kind, value FROM identifiers ORDER BY 1, 2")
        assert [tuple(row.values()) for row in kinds] == [
            ("email", "a@x.org"), ("loyalty", "55"), ("user_id", "7"), ("user_id", "8")
        ]  # fmt: skip
        assert it.aside == []


def test_what_comes_again_adds_nothing(tmp_path: Path) -> None:
    unnamed = SHOP.replace("    message_id: id\n", "")
    with opened(tmp_path, shop=unnamed) as it:
        body = {"shop": "Berlin", "orders": [ORDER, ORDER]}
        assert it.post(body) == 2  # equal items of one body are two events
        assert it.post(json.dumps(body, indent=2).encode(), NOW + timedelta(hours=1)) == 0
        assert it.post({**body, "shop": "Bonn"}) == 2  # what tells them apart may stand around the items
    with opened(tmp_path, shop=SHOP) as it:
        assert it.post({"shop": "Berlin", "orders": [ORDER]}) == 1
        assert it.post({"shop": "Bonn", "orders": [{**ORDER, "amount": 1}]}) == 0  # the body's own id counts


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_JSON"),
        (b'{"orders":', "BAD_JSON"),
        (b'{"orders":[' + b"[" * 100_000, "BAD_JSON"),
        (b"[]", "NO_MATCH"),
        (b'"text"', "NO_MATCH"),
        (b'{"orders":[]}', "NO_MATCH"),
        (b'{"orders":[{"id":"O1"}]}', "NO_IDENTIFIER"),
        (b'{"orders":[{"paid_at":"soon","customer":{"id":1}}]}', "BAD_TIMESTAMP"),
    ],
)
def test_what_is_broken_is_put_aside_as_it_came(tmp_path: Path, body: bytes, code: str) -> None:
    with opened(tmp_path, shop=SHOP) as it:
        assert it.post(body) == 0
        (row,) = collect.quarantined(it.engine)
        assert (row.code, row.source, row.file, row.line) == (code, "shop", "", None)
        assert row.body == body.decode()


@pytest.mark.parametrize("body", [b"\xff{}", b'{"orders":[{"id":"\xe9"}]}', b"\x00\xfe"])
def test_what_is_no_text_keeps_its_bytes_and_says_so(tmp_path: Path, body: bytes) -> None:
    with opened(tmp_path, shop=SHOP) as it:
        assert it.post(body) == 0
        (row,) = collect.quarantined(it.engine)
        assert (row.code, row.message) == ("BAD_UTF8", "the body is no valid UTF-8; its bytes are kept in base64")
        assert base64.b64decode((row.body or "").removeprefix("base64:")) == body


def test_a_bad_item_keeps_no_other_away_and_the_body_lies_aside_once(tmp_path: Path) -> None:
    with opened(tmp_path, shop=SHOP) as it:
        assert it.post({"orders": [ORDER, {"id": "O2"}, {"id": "O3"}]}) == 1
        assert it.aside == ["NO_IDENTIFIER"]


def test_the_tracking_plan_holds_and_a_mended_one_lets_the_body_in(tmp_path: Path) -> None:
    with opened(tmp_path, shop=SHOP, plan=PLAN) as it:
        assert it.post({"orders": [ORDER, {**ORDER, "id": "X2"}]}) == 1
        (row,) = collect.quarantined(it.engine)
        assert (row.code, row.message) == ("PLAN_VIOLATION", "Order Completed: order_id does not match ^O")
        assert collect.replay(it.engine, it.catalog).still == {"PLAN_VIOLATION": 1}
        it.write(plan=PLAN.replace("^O", "^[OX]"))
        report = collect.replay(it.engine, it.catalog)
        assert (report.rows, report.replayed, report.events, report.still) == (1, 1, 1, {})
        assert it.rows("SELECT count(*) AS n FROM orders") == [{"n": 2}]
        assert it.aside == []


def test_a_mended_mapping_reads_what_nothing_matched_with_the_time_it_came(tmp_path: Path) -> None:
    untimed = SHOP.replace("    timestamp: paid_at\n", "")
    with opened(tmp_path, shop=untimed) as it:
        came = NOW - timedelta(days=3)
        for number in range(3):
            assert it.post({"order": {**ORDER, "id": f"O{number}"}}, came + timedelta(hours=number)) == 0
        assert it.post(b"{") == 0
        it.write(shop=untimed.replace("orders[]", "order"))
        report = collect.replay(it.engine, it.catalog)
        assert (report.rows, report.replayed, report.events, report.still) == (4, 3, 3, {"BAD_JSON": 1})
        found = it.rows("SELECT timestamp, known_at FROM events ORDER BY 1")
        times = [(came + timedelta(hours=number)).replace(tzinfo=None) for number in range(3)]
        assert [row["timestamp"] for row in found] == times
        assert collect.replay(it.engine, it.catalog).events == 0
        it.write(shop="format: jsonl")
        left = collect.replay(it.engine, it.catalog).left
        assert left == {"there is no source document shop that maps webhooks or JSON": 1}


def test_a_rebuild_reads_bodies_by_the_document_of_today(tmp_path: Path) -> None:
    with opened(tmp_path, shop=SHOP) as it:
        spec = it.catalog.get("source", "shop").spec
        assert isinstance(spec, SourceSpec)
        frame = collect.webhook_frame("shop", spec, json.dumps({"orders": [ORDER]}).encode(), NOW)
        it.write(shop=SHOP.replace("Order Completed", "Order Placed"))

        def events(scope: Scope) -> list[str]:
            read = present_decoders(FrameReader(), it.catalog, scope)[frame.format]
            return list(read(frame).events["event"].to_pylist())

        assert events(Scope()) == ["Order Placed"]
        assert events(Scope(source="other")) == events(Scope(since=NOW + timedelta(1))) == ["Order Completed"]


def test_bodies_that_follow_each_other_are_read_together_and_give_the_same(tmp_path: Path) -> None:
    with opened(tmp_path, shop=SHOP) as it:
        spec = it.catalog.get("source", "shop").spec
        assert isinstance(spec, SourceSpec)
        bodies = [json.dumps({"orders": [{**ORDER, "id": f"O{n}"}] * (n % 3)}).encode() for n in range(6)]
        frames = [
            collect.webhook_frame("shop", spec, body, NOW + timedelta(seconds=n)) for n, body in enumerate(bodies)
        ]
        (one,) = joined_webhooks(frames)
        together, apart = collect.read_frame(one)[0], [collect.read_frame(frame)[0] for frame in frames]
        for name in ("message_id", "received_at", "known_at"):
            column = [value for part in apart for value in part.events[name].to_pylist()]
            assert together.events[name].to_pylist() == column
        aside = [row["body"] for part in apart for row in part.problems.to_pylist()]
        assert together.problems["body"].to_pylist() == aside == ['{"orders": []}'] * 2


@pytest.mark.parametrize(
    ("told", "instant"),
    [
        ("2024-05-30T10:00:00Z", "2024-05-30 10:00:00"),
        (1717063200, "2024-05-30 10:00:00"),
        (1717063200.5, "2024-05-30 10:00:00.500000"),
        (1717063200000, "2024-05-30 10:00:00"),
        ("1717063200", "2024-05-30 10:00:00"),
        (None, "2024-06-01 12:00:00"),
        ("", "2024-06-01 12:00:00"),
    ],
)
def test_times_are_texts_seconds_milliseconds_or_the_arrival(told: object, instant: str) -> None:
    found = decoded(json.dumps({"id": 1, "at": told}).encode(), timestamp="at")
    assert str(found.events["ts"][0]) == instant


@pytest.mark.parametrize("told", [1e30, -1e30, "soon", True, [], {}])
def test_what_is_no_time_is_never_taken_for_one(told: object) -> None:
    found = decoded(json.dumps({"id": 1, "at": told}).encode(), timestamp="at")
    assert found.problems["code"].to_pylist() == ([] if told is True else ["BAD_TIMESTAMP"])


def test_the_name_of_an_event_may_stand_in_the_body() -> None:
    found = decoded(b'[{"id":1,"n":"A"},{"id":2,"n":3},{"id":3}]', each="@", track={"from": "n"})
    assert found.events["event"].to_pylist() == ["A"]
    assert found.problems["code"].to_pylist() == ["NO_NAME"]


def test_a_condition_leaves_items_out_and_zero_is_a_value() -> None:
    values: list[object] = [0, False, "", None, [], {}, 1, "x"]
    body = json.dumps([{"id": n, "w": w} for n, w in enumerate(values)]).encode()
    found = decoded(body, each="@", when="w")
    assert found.identifiers["value"].to_pylist() == ["0", "6", "7"]


def test_an_expression_that_fails_on_a_body_gives_nothing() -> None:
    properties = {"a": "length(nothing)", "b": "to_number('nan')", "c": "map(&to_number(@), ['inf', '1'])", "d": "&id"}
    found = decoded(b'{"id":1}', properties=properties)
    (text,) = found.events["properties"].to_pylist()
    assert json.loads(text) == {"b": None, "c": [None, 1], "d": None}


@pytest.mark.parametrize("depth", [100, 990, 993, 996, 999, 1_100])
def test_no_depth_of_a_body_stops_the_reader(depth: int) -> None:
    found = decoded(b'{"id":1,"x":' + b"[" * depth + b"]" * depth + b"}", properties="@")
    assert found.events.num_rows + found.problems.num_rows == 1


def test_bodies_of_many_items_are_bounded() -> None:
    many = json.dumps([{"id": 1}] * (MOST_ITEMS + 1)).encode()
    assert decoded(many, each="@").problems["code"].to_pylist() == ["TOO_MANY"]
    within = json.dumps([{"x": "y" * 400}] * MOST_ITEMS).encode()  # each is wrong, and the body is told once
    assert decoded(within, each="@").problems["code"].to_pylist() == ["NO_IDENTIFIER"]
    square = json.dumps({"items": [{"id": n, "x": "y" * 100} for n in range(1_000)]}).encode()
    assert 1_000 * len(square) > MOST_BYTES
    assert decoded(square, each="items", properties="body()").problems["code"].to_pylist() == ["TOO_LARGE"]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("each: orders[]\n", "each: orders[\n", 7, "is no JMESPath expression"),
        ("message_id: id", "message_id: lenght(id)", 10, "no function lenght()"),
        ("message_id: id", "message_id: length(id, id)", 10, "takes 1 arguments"),
        ("message_id: id", "message_id: merge()", 10, "at least 1"),
        ("message_id: id", "message_id: '" + "(" * 3_000 + "'", 10, "BAD_EXPRESSION"),
        ("paid: true", "paid: [1]", 12, "is no expression"),
        ("body().shop", "bodi().shop", 12, "no function bodi()"),
        ("track: Order Completed", "track: {from: 'a['}", 8, "is no JMESPath expression"),
        ("secret: shop_hook", "secret: shop_hok", 5, "no secret called 'shop_hok'"),
        ("    traits: {name: customer.name}\n", "", 13, "identify needs traits"),
        ("message_id: id", "message_id: id\n    traits: {a: b}", 7, "traits need identify"),
        ("track: Order Completed", "track: A\n    identify: true", 7, "exactly one of track, identify"),
        ("format: webhook", "format: webhook\norigins: [https://a.example]", 4, "origins and consent are for api"),
        ("format: webhook", "format: webhook\nhistory: true", 4, "history is for files"),
        ("format: webhook", "format: jsonl", 4, "signature is for webhook"),
    ],
)
def test_mistakes_have_file_and_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert SHOP.count(old) == 1
    _, (problem, *others) = loaded(tmp_path, shop=SHOP.replace(old, new))
    assert others == []
    file, _, number = problem.where.partition(":")
    assert (file, words in f"{problem.code} {problem.message}") == ("sources/shop.yaml", True), problem
    assert abs(int(number) - line) <= 1, problem.where


def test_files_of_such_a_source_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    with opened(tmp_path, shop=SHOP, web="format: api") as it:
        for key, address in (("shop", "/hooks/shop"), ("web", "/v1")):
            with pytest.raises(UsageError, match=address):
                collect.import_files(it.engine, it.catalog, [tmp_path / "a.jsonl"], key, now=NOW)
