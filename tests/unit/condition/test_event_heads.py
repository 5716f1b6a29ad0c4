"""Sequences, ratios, changes, ranks and bound values over a small shop, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foretell.clock import Duration
from foretell.condition import Explanation, Reader, parse, references
from tests.properties.condition_store import asked_people, stored
from tests.properties.naive import Asked, History
from tests.unit.condition.test_reading import CATALOG

NOON = datetime(2024, 3, 31, 12, tzinfo=UTC)
ANN, BOB, CLEO = 1, 2, 3
VIEWED, BOUGHT, OPENED, SOLVED = "Product Viewed", "Order Completed", "Ticket Opened", "Ticket Solved"


def _days(days: float) -> datetime:
    return NOON - timedelta(days=days)


_rows: list[tuple[int, str, datetime, dict[str, Any]]] = [
    (ANN, VIEWED, _days(20), {"product_id": "a", "category": "shoes"}),
    (ANN, VIEWED, _days(19), {"product_id": "b", "category": "shoes"}),
    (ANN, VIEWED, _days(18), {"product_id": "c", "category": "socks"}),
    (ANN, BOUGHT, _days(16), {"revenue": 60, "products": [
        {"product_id": "a", "category": "shoes", "price": 20}, {"product_id": "d", "category": "hats", "price": 40}]}),
    (BOB, VIEWED, _days(7), {"product_id": "a", "category": "shoes"}),
    (BOB, BOUGHT, _days(6), {"revenue": 60, "products": [{"product_id": "b", "category": "shoes", "price": 60}]}),
    (BOB, OPENED, _days(5), {"ticket_id": 1}),
    (BOB, OPENED, _days(4), {"ticket_id": 2}),
    (BOB, SOLVED, _days(3), {"ticket_id": 1}),
    (CLEO, BOUGHT, _days(45), {"revenue": 10, "products": []}),
    (CLEO, BOUGHT, _days(40), {"revenue": 30, "products": []}),
    (CLEO, BOUGHT, _days(2), {"revenue": 15, "products": []}),
    (CLEO, OPENED, _days(1), {"ticket_id": 3}),
    (CLEO, SOLVED, _days(0), {"ticket_id": 3}),
    (BOB, "Signed Up", _days(60), {}),
]  # fmt: skip
HISTORY = History(
    events=[
        {"seq": seq, "node": node, "event": event, "ts": ts, "properties": properties, "message_id": f"m{seq:02}",
         "known_at": ts, "known": True}
        for seq, (node, event, ts, properties) in enumerate(_rows)
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with stored(HISTORY, tmp_path_factory.mktemp("shop")) as engine:
        yield Reader(engine, CATALOG)


NOT_BOUGHT = {"sequence": [{"did": VIEWED}, {"did_not": BOUGHT, "within": "7d"}], "same": "product_id"}
LOOKED = {"did": VIEWED, "times": {"gte": 2}, "per": "category", "as": "c"}

CASES: list[tuple[dict[str, Any], set[int]]] = [
    (NOT_BOUGHT, {ANN, BOB}),  # a was bought after four days, b never; Bob's a: seven days have passed to the instant
    ({**NOT_BOUGHT, "within": "7d"}, set()),  # Bob's first step stands on the edge, which is outside
    ({"sequence": [{"did": VIEWED}, {"did": BOUGHT, "within": "4d"}], "same": "product_id"}, {ANN}),
    ({"sequence": [{"did": VIEWED}, {"did": BOUGHT, "within": "95h"}], "same": "product_id"}, set()),
    ({"sequence": [{"did": VIEWED}, {"did": BOUGHT, "within": "4d"}], "same": "products.product_id"}, set()),
    ({"sequence": [{"did": BOUGHT}, {"did_not": SOLVED}], "open": True}, {ANN}),
    ({"sequence": [{"did": BOUGHT}, {"did_not": SOLVED, "within": "1d"}]}, {ANN, BOB, CLEO}),
    ({"sequence": [{"did": BOUGHT}, {"did": BOUGHT}, {"did": OPENED}]}, {CLEO}),
    ({"sequence": [{"did": VIEWED}, {"did_not": VIEWED}, {"did": BOUGHT}]}, {ANN, BOB}),
    # After her last order a ticket was opened within two days, after the one before that none.
    ({"sequence": [{"did": BOUGHT}, {"did_not": OPENED, "within": "2d"}, {"did": SOLVED}]}, {CLEO}),
    ({"sequence": [{"did": BOUGHT}, {"did_not": OPENED, "within": "2d"}, {"did": SOLVED, "within": "39d"}]}, set()),
    ({"all": [LOOKED, {"did_not": BOUGHT, "where": {"products.category": "$c"}}]}, set()),
    ({"all": [LOOKED, {"did": BOUGHT, "where": {"products.category": "$c"}}]}, {ANN}),
    ({"all": [LOOKED, {"did_not": BOUGHT, "where": {"products.category": "$c"}, "within": "16d"}]}, {ANN}),
    ({"all": [LOOKED, {"not": {"any": [{"did": VIEWED, "where": {"category": {"is_not": "$c"}}}]}}]}, set()),
    ({"all": [LOOKED, {"did": VIEWED, "where": {"category": {"is_not": "$c"}}, "times": 1}]}, {ANN}),
    ({"all": [LOOKED, {"did": BOUGHT, "where": {"products.category": {"is_not": "$c"}}, "times": 0}]}, {ANN}),
    ({"all": [{"did": VIEWED, "per": "category", "as": "c"},
              {"did": BOUGHT, "where": {"products.category": {"is_not": "$c"}}, "sum": "revenue", "gte": 60}]}, {ANN}),
    ({"all": [{"did": VIEWED, "per": "category", "as": "c"},
              {"did": VIEWED, "where": {"category": {"is_not": "$c"}}, "distinct": "product_id", "is": 2}]}, {ANN}),
    ({"did": BOUGHT, "per": "products.category", "sum": {"products.price": {"gte": 50}}}, {BOB}),
    ({"did": BOUGHT, "per": "category", "sum": {"products.price": {"gte": 40}}}, {ANN, BOB}),
    ({"did": OPENED, "without": SOLVED, "same": "ticket_id"}, {BOB}),
    ({"did": OPENED, "without": SOLVED}, set()),
    ({"did": BOUGHT, "times": {"gte": 2}, "in_any": "5d"}, set()),  # five days after the first it has left
    ({"did": BOUGHT, "times": {"gte": 2}, "in_any": "121h"}, {CLEO}),
    ({"did": BOUGHT, "times": {"gte": 2}, "sum": {"revenue": {"gt": 40}}, "in_any": "6d"}, set()),
    ({"did": VIEWED, "distinct": {"category": {"gte": 2}}, "in_any": "48h"}, {ANN}),
    ({"did": VIEWED, "distinct": {"category": {"gte": 2}}, "in_any": "24h"}, set()),
    ({"did": BOUGHT, "since": {"first": BOUGHT}}, {CLEO}),
    ({"did": BOUGHT, "since": {"first": BOUGHT, "where": {"revenue": 30}}}, {CLEO}),
    ({"did": VIEWED, "since": {"last": SOLVED}}, set()),
    ({"did": BOUGHT, "since": "2024-03-15"}, {ANN, BOB, CLEO}),
    ({"did": BOUGHT, "since": "2024-03-15T12:00:00"}, {BOB, CLEO}),
    ({"did": BOUGHT, "within": "30d", "change": {"lte": "-50%"}}, {CLEO}),
    ({"did": BOUGHT, "within": "30d", "change": {"lt": "-50%"}}, set()),
    ({"did": BOUGHT, "within": "30d", "change": {"lte": "-50%", "base": {"gte": 3}}}, set()),
    ({"did": BOUGHT, "within": "30d", "sum": "revenue", "change": {"is": -0.625}}, {CLEO}),
    ({"did": BOUGHT, "within": "30d", "avg": "revenue", "change": {"is": "-25%"}}, {CLEO}),
    ({"did": BOUGHT, "within": "30d", "change": {"is_not": "-50%"}}, {ANN, BOB}),  # nothing before: missing
    ({"ratio": [{"did": SOLVED}, {"did": OPENED}], "lt": "100%"}, {BOB}),
    ({"ratio": [{"did": SOLVED}, {"did": OPENED}], "is_not": 1}, {ANN, BOB}),
    ({"ratio": [{"did": SOLVED}, {"did": OPENED}], "within": "2d", "is": 1}, {CLEO}),
    ({"ratio": [{"did": BOUGHT}, {"did": BOUGHT, "where": {"revenue": {"lt": 30}}}], "within": "41d",
      "change": {"is": 1, "base": 1}}, {CLEO}),
    ({"did": BOUGHT, "sum": "revenue", "top": 1}, {ANN, BOB}),  # ties are all in
    ({"did": BOUGHT, "sum": "revenue", "top": "34%"}, {ANN, BOB}),
    ({"did": BOUGHT, "sum": "revenue", "top": "67%"}, {ANN, BOB, CLEO}),
    ({"did": BOUGHT, "top": 1}, {CLEO}),
    ({"did_not": BOUGHT, "top": 1}, {ANN, BOB}),
    ({"did": VIEWED, "top": "100%"}, {ANN, BOB}),
    ({"did": BOUGHT, "min": "revenue", "top": 1, "times": {"gte": 1}}, {ANN, BOB}),
    ({"did": BOUGHT, "sum": "products.price", "top": "100%"}, {ANN, BOB, CLEO}),  # nothing in the basket is 0
]  # fmt: skip


@pytest.mark.parametrize(("raw", "people"), CASES)
def test_by_hand(raw: dict[str, Any], people: set[int], reader: Reader) -> None:
    tree = parse(raw)
    assert set(reader.members(tree, as_of=NOON)["profile_key"].to_pylist()) == people
    assert reader.why(tree, CLEO, as_of=NOON).holds == (CLEO in people)


def told(reader: Reader, raw: dict[str, Any], person: int) -> Explanation:
    return reader.why(parse(raw), person, as_of=NOON).parts[1]


def ids(part: Explanation) -> list[str]:
    return [one.message_id for one in part.events]


def test_the_chain_of_a_sequence_is_told(reader: Reader) -> None:
    chain = told(reader, {"sequence": [{"did": VIEWED}, {"did": BOUGHT}], "same": "product_id"}, ANN)
    assert (chain.found, ids(chain)) == ("2 of 2 events; product_id: a", ["m00", "m03"])
    begun = told(reader, {"sequence": [{"did": VIEWED}, {"did": BOUGHT}, {"did": BOUGHT}]}, ANN)
    assert (begun.holds, begun.found, ids(begun)) == (False, "2 of 3 events", ["m02", "m03"])
    solved = told(reader, {"sequence": [{"did": OPENED}, {"did_not": SOLVED}], "same": "ticket_id", "open": True}, CLEO)
    assert solved.found == "1 of 1 events, what may not follow came or may still come; ticket_id: 3"
    assert told(reader, NOT_BOUGHT, CLEO).found == "no event of the first step"


def test_what_was_found_is_told(reader: Reader) -> None:
    ranked = told(reader, {"did": BOUGHT, "sum": "revenue", "top": 1}, CLEO)
    assert ranked.found == "3 events; place 3 among 3 with 55"
    fell = told(reader, {"did": BOUGHT, "sum": "revenue", "within": "30d", "change": {"lt": 0}}, CLEO)
    assert fell.found == "1 events; sum of revenue: 15, before 40 (-62.5%)"
    assert told(reader, {"ratio": [{"did": SOLVED}, {"did": OPENED}], "gt": 0}, BOB).found == "1 of 2 (50%)"
    window = told(reader, {"did": BOUGHT, "times": {"gte": 2}, "in_any": "6d"}, CLEO)
    assert window.found == "in the 6d up to 2024-02-20T12:00:00+00:00; 2 events"
    assert ids(window) == ["m10", "m09"]
    valued = told(reader, {"did": VIEWED, "per": "category", "times": {"gte": 2}}, ANN)
    assert (valued.found, ids(valued)) == ("category: shoes; 2 events", ["m01", "m00"])


def test_parts_that_speak_of_a_bound_value_are_told_for_one(reader: Reader) -> None:
    raw = {"all": [LOOKED, {"did": BOUGHT, "where": {"products.category": "$c"}}]}
    looked, bought = told(reader, raw, ANN).parts
    assert (looked.found, ids(bought)) == ("category: shoes; 2 events", ["m03"])
    assert [part.found for part in told(reader, raw, CLEO).parts] == [
        "no category for which it holds; 0 events", "no value",
    ]  # fmt: skip


def test_people_in_runs_are_read_since_their_own_instant(reader: Reader) -> None:
    people = asked_people({ANN: Asked(since=_days(18.5)), BOB: Asked(since=_days(5.5)), CLEO: Asked(since=_days(41))})
    for raw, expected in [
        ({"sequence": [{"did": VIEWED}, {"did": BOUGHT}]}, {ANN}),
        ({"sequence": [{"did": VIEWED}, {"did": BOUGHT}], "same": "product_id"}, set()),
        ({"ratio": [{"did": SOLVED}, {"did": OPENED}], "lt": 1}, {BOB}),
        ({"did": BOUGHT, "times": {"gte": 2}, "in_any": "1000d"}, {CLEO}),
        ({"did": VIEWED, "per": "category", "times": {"gte": 2}}, set()),
        ({"did": SOLVED, "since": {"last": BOUGHT}}, {BOB, CLEO}),  # the anchor may lie before the run
    ]:
        found = reader.members(parse(raw, journey=True), as_of=NOON, people=people)
        assert set(found["profile_key"].to_pylist()) == expected, raw


def test_outcomes_read_up_to_the_horizon(reader: Reader) -> None:
    begin, horizon = _days(8), Duration(7, "d")
    for raw, expected in [
        ({"sequence": [{"did": VIEWED}, {"did": BOUGHT}]}, {BOB}),
        ({"sequence": [{"did": VIEWED}, {"did_not": SOLVED, "within": "6d"}]}, set()),
        ({"sequence": [{"did": VIEWED}, {"did_not": OPENED, "within": "1d"}]}, {BOB}),
        ({"sequence": [{"did": BOUGHT}, {"did_not": OPENED, "within": "5d"}]}, set()),  # opened after one day
        ({"ratio": [{"did": SOLVED}, {"did": OPENED}], "is": 0.5}, {BOB}),
    ]:
        found = reader.members(parse(raw, future=True), as_of=begin, future=horizon)
        assert set(found["profile_key"].to_pylist()) == expected, raw


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        ({"sequence": [{"did": "Product Veiwed"}, {"did": BOUGHT}], "same": "product_id"}, ["sequence.0.did"]),
        ({"sequence": [{"did": VIEWED}, {"did": BOUGHT}], "same": "sku"}, ["sequence.0.did", "sequence.1.did"]),
        ({"ratio": [{"did": SOLVED}, {"did": "Ticket Opned"}], "gt": 0}, ["ratio.1.did"]),
        ({"did": OPENED, "without": "Ticket Slved", "times": {"gte": 2}}, ["without"]),
        ({"did": OPENED, "since": {"last": "Ordr"}}, ["since.last"]),
        ({"did": BOUGHT, "per": "category", "times": {"gte": 2}}, []),
        ({"did": BOUGHT, "sum": "revenu", "top": 1}, ["did"]),
    ],
)
def test_names_never_seen_are_reported_where_they_stand(raw: dict[str, Any], codes: list[str], reader: Reader) -> None:
    found = [one for one in reader.warnings(parse(raw), as_of=NOON) if one.code.endswith("NEVER_SEEN")]
    assert [one.where for one in found] == codes


def test_references_name_every_event_and_property() -> None:
    named = references(
        parse(
            {
                "all": [
                    {"sequence": [{"did": "A", "where": {"a": 1}}, {"did_not": "B", "within": "7d"}], "same": "p"},
                    {"ratio": [{"did": "C"}, {"did": "D"}], "gt": 1},
                    {"did": "E", "without": "F", "since": {"last": "G"}, "sum": "r", "top": 5, "same": "t"},
                ]
            }
        )
    )
    assert [str(test[0].operands[0]) for test in named.events] == ["A", "B", "C", "D", "E", "G", "F"]
    assert [(str(test[0].operands[0]), name) for test, name in named.properties] == [
        ("A", "a"), ("A", "p"), ("B", "p"), ("E", "r"), ("E", "t"), ("F", "t"),
    ]  # fmt: skip


def test_what_can_turn_false_again_has_no_first_instant(reader: Reader) -> None:
    people = asked_people({ANN: Asked(), BOB: Asked()})
    for more in (
        {"since": {"last": VIEWED}}, {"in_any": "7d"}, {"per": "category"}, {"top": 5}, {"without": VIEWED},
        {"within": "7d", "change": {"gt": 0}},
    ):  # fmt: skip
        assert reader.first_instants(parse({"did": BOUGHT, **more}), as_of=NOON, people=people) is None
    begun = reader.first_instants(parse({"did": BOUGHT, "since": "2024-03-20"}), as_of=NOON, people=people)
    assert begun is not None
    assert begun["profile_key"].to_pylist() == [BOB]
