"""Exports of segments: every entry and exit told once it can be, in order, signed; files that erasures reach."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow.parquet as papq
import pytest

from foretell import deliver, identify, protect, segment
from foretell.definitions import load
from foretell.testing.webhook_receiver import ANSWERS, Receiver, webhook_receiver
from tests.support.exporting_shop import BUYERS, Shop, bought, objection, webhook
from tests.support.small_events import NOW, event
from tests.support.small_sending import person

WEEK = 24 * 7


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver("shared") as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    with made.engine:
        yield made


def said(receiver: Receiver) -> list[tuple[str, str]]:
    return [(one["event"], one["fields"]["user_id"]) for one in receiver.taken.values()]


def test_who_enters_and_who_leaves_is_told_once(shop: Shop, receiver: Receiver) -> None:
    shop.arrive(*person("old"), bought("old", -1))
    shop.go_to(-0.5)
    shop.define(BUYERS, webhook(receiver.url, fields=["user_id", "email", "traits.first_name", "traits.points"]))
    assert shop.go_to(0).told == 0, "who was in before has not entered"
    shop.arrive(*person("ann", points=7), bought("ann", 1))
    assert shop.go_to(2).as_dict() == {**deliver.exports.ExportReport().as_dict(), "told": 1}
    assert shop.go_to(2).told == shop.go_to(3).told == 0
    assert shop.go_to(WEEK + 2).told == 2
    first, *left = receiver.taken.values()
    assert first == {
        "id": next(iter(receiver.taken)), "event": "entered", "segment": "buyers",
        "at": (NOW + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "profile_id": identify.find(shop.engine, "user_id:ann").profile_id,
        "fields": {
            "user_id": "ann", "email": "ann@customers.example", "traits.first_name": "Ann", "traits.points": 7,
        },
    }  # fmt: skip
    assert [one["event"] for one in left] == ["exited", "exited"]
    assert (set(receiver.attempts.values()), receiver.unsigned) == ({1}, 0)
    assert (shop.standing().told, shop.standing().waiting, shop.standing().error) == (3, 0, "")


def test_what_is_not_taken_comes_again_in_order_and_holds_up_nobody_else(shop: Shop, receiver: Receiver) -> None:
    shop.define(BUYERS, webhook(receiver.url, fields=["user_id"]))
    shop.go_to(0)
    shop.arrive(*person("ann"), *person("bob"), bought("ann", 1), bought("bob", 1))
    with mock.patch.dict(ANSWERS, {"ann": 503}):
        shop.go_to(2)
        assert said(receiver) == [("entered", "bob")]
        shop.go_to(2.01)
        assert max(receiver.attempts.values()) == 1, "not before its pause is over"
        shop.go_to(WEEK + 2)
        assert said(receiver) == [("entered", "bob"), ("exited", "bob")], "ann has not entered yet, for all it knows"
        assert shop.standing().waiting == 2
    shop.go_to(WEEK + 9)
    assert said(receiver)[2:] == [("entered", "ann"), ("exited", "ann")]
    assert sorted(receiver.attempts.values()) == [1, 1, 1, 3], "the same key each time"


def test_a_server_that_cannot_be_reached_is_waited_for(shop: Shop) -> None:
    with webhook_receiver("shared") as receiver:
        shop.define(BUYERS, webhook(receiver.url, fields=["user_id"]))
        shop.go_to(0)
    shop.arrive(*person("ann"), *person("bob"), bought("ann", 1), bought("bob", 1))
    for hours in (2, 4, 12):
        assert (shop.go_to(hours).failed, shop.standing().waiting) == (1, 2)
    assert shop.go_to(12.01).failed == 0, "it is left alone for a while"
    assert "refused" in shop.standing().error
    with webhook_receiver("shared") as receiver:
        shop.define(BUYERS, webhook(receiver.url, fields=["user_id"]))
        assert shop.go_to(24).told == 2
    assert (shop.standing().failures, shop.standing().waiting, shop.standing().error) == (0, 0, "")


def test_what_is_refused_or_given_up_lets_the_next_go(shop: Shop, receiver: Receiver) -> None:
    shop.define(BUYERS, webhook(receiver.url, fields=["user_id"]))
    shop.go_to(0)
    shop.arrive(*person("ann"), *person("bob"), bought("ann", 1), bought("bob", 1))
    with mock.patch.dict(ANSWERS, {"ann": 403, "bob": 503}):
        assert shop.go_to(2).refused == 1
        for turn in range(1, 14):
            shop.go_to(2 + 7 * turn)
        assert (shop.standing().refused, shop.standing().waiting) == (2, 0)
    shop.go_to(WEEK + 2)
    assert said(receiver) == [("exited", "ann"), ("exited", "bob")]


def test_only_what_is_asked_for(shop: Shop, receiver: Receiver) -> None:
    shop.define(BUYERS, webhook(receiver.url, fields=["user_id"], webhook={"events": ["exited"]}))
    shop.go_to(0)
    shop.arrive(*person("ann"), bought("ann", 1))
    for hours in (2, 3, WEEK + 2, WEEK + 3):
        shop.go_to(hours)
    assert said(receiver) == [("exited", "ann")]


def test_who_may_not_go_out_is_counted_and_not_told(shop: Shop, receiver: Receiver) -> None:
    shop.define(BUYERS, webhook(receiver.url, fields=["user_id"]), webhook(receiver.url, "ads", purpose="ads"))
    shop.go_to(0)
    shop.arrive(*person("ann"), *person("bob"), bought("ann", 1), bought("bob", 1), objection("bob"))
    shop.go_to(2)
    assert said(receiver) == [("entered", "ann")]
    assert dict(shop.standing().left_out) == {"objected": 1}
    assert (shop.standing("ads").told, dict(shop.standing("ads").left_out)) == (0, {"no_consent": 1, "objected": 1})


def test_people_who_turn_out_to_be_one_are_told_as_one(shop: Shop, receiver: Receiver) -> None:
    shop.define(BUYERS, webhook(receiver.url, fields=["user_id"]))
    shop.go_to(0)
    shop.arrive(*person("ann"), bought("ann", 1), event("Bought", "b", 1, ids={"email": "a@work.example"}))
    with mock.patch.dict(ANSWERS, {"ann": 503, "None": 503}):
        shop.go_to(2)
    shop.arrive(event("Joined", "j", 3, ids={"user_id": "ann", "email": "a@work.example"}))
    shop.go_to(4)
    shop.go_to(WEEK + 4)
    people = {one["profile_id"] for one in receiver.taken.values()}
    assert len(people) == 1
    assert [one["event"] for one in receiver.taken.values()] == ["entered", "entered", "exited"]


def test_whoever_is_erased_is_not_told_of(shop: Shop, receiver: Receiver) -> None:
    shop.define(BUYERS, webhook(receiver.url, fields=["user_id"]))
    shop.go_to(0)
    shop.arrive(*person("ann"), bought("ann", 1))
    with mock.patch.dict(ANSWERS, {"ann": 503}):
        shop.go_to(2)
    assert shop.engine.ops.query("SELECT count(*) FROM export_tellings") == [(1,)]
    place = protect.Opened(shop.root, shop.engine, shop.catalog, (), _never)
    protect.erase_people(place, ["user_id:ann"], made_by="test", now=NOW)
    assert shop.engine.ops.query("SELECT count(*) FROM export_tellings") == [(0,)]
    shop.go_to(3)
    assert receiver.taken == {}


def test_a_private_network_is_never_asked_unless_it_may_be(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.define(BUYERS, webhook("https://10.0.0.1/in", webhook={"allow_private": False}))
    shop.go_to(0)
    monkeypatch.setattr("socket.create_connection", _never)
    shop.arrive(*person("ann"), bought("ann", 1))
    assert shop.go_to(2).failed == 1
    assert "a private network" in shop.standing().error


def test_an_export_that_is_gone_is_forgotten_and_one_of_another_segment_begins_anew(
    shop: Shop, receiver: Receiver
) -> None:
    shop.define(BUYERS, webhook(receiver.url))
    shop.go_to(0)
    other = {**BUYERS, "key": "others"}
    shop.define(BUYERS, other, webhook(receiver.url, segment="others"))
    shop.go_to(1)
    shop.arrive(*person("ann"), bought("ann", 1))
    shop.go_to(2)
    assert [one["segment"] for one in receiver.taken.values()] == ["others"]
    shop.define(BUYERS)
    shop.go_to(3)
    assert deliver.exports.standings(shop.engine) == {}


@pytest.mark.parametrize("name", ["vips.csv", "vips.parquet"])
def test_a_file_is_written_when_it_is_due_and_an_erasure_reaches_it(shop: Shop, name: str) -> None:
    fields = ["user_id", "traits.points"]
    spec = {"segment": "buyers", "to": f"exports/{name}", "every": "2h", "fields": fields}
    shop.define(BUYERS, {"kind": "export", "key": "file", "spec": spec})
    shop.arrive(*person("ann", points=7), *person("bob"), *person("cid"))
    shop.arrive(*(bought(one, -1) for one in ("ann", "bob", "cid")), objection("cid"))
    assert (shop.go_to(0).files, shop.go_to(1).files) == (1, 0)
    path = shop.root / "exports" / name
    assert sorted(row["user_id"] for row in rows_of(path)) == ["ann", "bob"]
    assert [float(row["traits.points"]) for row in rows_of(path) if row["user_id"] == "ann"] == [7.0]
    assert (shop.standing("file").told, dict(shop.standing("file").left_out)) == (2, {"objected": 1})
    place = protect.Opened(shop.root, shop.engine, shop.catalog, (), _never)
    protect.erase_people(place, ["user_id:ann"], made_by="test", now=NOW)
    assert [row["user_id"] for row in rows_of(path)] == ["bob"]
    shop.arrive(*person("dan"), bought("dan", 1))
    assert shop.go_to(2).files == 1
    assert sorted(row["user_id"] for row in rows_of(path)) == ["bob", "dan"]


def test_a_file_that_cannot_be_written_leaves_the_one_that_is_there(shop: Shop) -> None:
    spec = {"segment": "buyers", "to": "exports/vips.csv"}
    shop.define(BUYERS, {"kind": "export", "key": "file", "spec": spec})
    shop.go_to(0)
    before = (shop.root / "exports/vips.csv").read_bytes()
    with mock.patch("os.replace", side_effect=OSError(28, "No space left on device")):
        assert shop.go_to(25).failed == 1
    assert (shop.root / "exports/vips.csv").read_bytes() == before
    assert shop.standing("file").error
    assert shop.go_to(26).files == 1


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({}, "an export has one target"),
        ({"to": "exports/a.csv", "webhook": {"url": "https://a.example/", "secret": "hook"}}, "one target"),
        ({"to": "../a.csv"}, "to"),
        ({"to": "segments/a.csv"}, "to"),
        ({"to": "exports/a.xlsx"}, "to"),
        ({"webhook": {"url": "https://a.example/", "secret": "hook"}, "every": "1d"}, "every is for files"),
        ({"webhook": {"url": "http://a.example/", "secret": "hook"}}, "never sent unencrypted"),
        ({"webhook": {"url": "https://a.example/", "secret": "nope"}}, "no secret called 'nope'"),
        ({"to": "exports/a.csv", "fields": ["password"]}, "fields"),
        ({"to": "exports/a.csv", "fields": ["email", "email"]}, "twice"),
        ({"to": "exports/a.csv", "segment": "nobody"}, "nobody"),
    ],
)
def test_what_is_no_export(tmp_path: Path, spec: dict[str, Any], told: str) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments/all.yaml").write_text(json.dumps(BUYERS))
    (tmp_path / "exports/all.yaml").write_text(
        json.dumps({"kind": "export", "key": "a", "spec": {"segment": "buyers", **spec}})
    )
    (tmp_path / "foretell.yaml").write_text("name: a\nsecrets: {hook: shared}\n")
    _, problems = load(tmp_path, [segment.KIND, deliver.exports.KIND], environ={})
    assert any(told in problem.message for problem in problems), [problem.message for problem in problems]


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = papq.read_table(path).to_pylist()
        return rows
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _never(*_: object, **__: object) -> Any:
    raise AssertionError("it was called")
