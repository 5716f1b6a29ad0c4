from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.collect.decoding import NOW, codes, decoded, identifiers, rows, track, traits


def test_a_track_call() -> None:
    message = track(properties={"product_id": "p1", "price": 9.99}, context={"ip": "10.0.0.1"})
    found = decoded(message, first_line=7)
    assert rows(found.events) == [
        {
            "row": 0,
            "line": 7,
            "message_id": "m1",
            "type": "track",
            "event": "Product Viewed",
            "ts": datetime(2024, 5, 1, 10, 0),
            "known_at": datetime(2024, 6, 1, 12, 0),
            "received_at": datetime(2024, 6, 1, 12, 0),
            "source": "shop",
            "properties": '{"product_id":"p1","price":9.99}',
            "context": '{"ip":"10.0.0.1"}',
        }
    ]
    assert rows(found.properties) == [{"row": 0, "s:product_id": "p1", "n:price": 9_990_000}]
    assert identifiers(found) == [(0, "user_id", "u1", 0)]
    assert found.problems.num_rows == 0


@pytest.mark.parametrize(
    ("message", "event", "properties"),
    [
        ({"type": "page", "name": "Home", "category": "Shop"}, "Page Viewed", '{"name":"Home","category":"Shop"}'),
        (
            {"type": "page", "name": "Home", "properties": {"name": "Own", "path": "/"}},
            "Page Viewed",
            '{"name":"Own","path":"/"}',
        ),
        ({"type": "screen", "name": "Cart", "properties": {"a": 1}}, "Screen Viewed", '{"name":"Cart","a":1}'),
        ({"type": "page"}, "Page Viewed", None),
        ({"type": "identify", "traits": {"a": 1}}, "Identify", None),
        (
            {"type": "group", "groupId": "g1", "traits": {"plan": "pro"}},
            "Group",
            '{"group_id":"g1","traits":{"plan":"pro"}}',
        ),
        ({"type": "group", "groupId": 12345678901234567}, "Group", '{"group_id":"12345678901234567"}'),
        ({"type": "alias", "previousId": "a9"}, "Alias", '{"previous_id":"a9"}'),
        ({"type": "alias", "previousId": 7.0}, "Alias", '{"previous_id":"7"}'),
    ],
)
def test_other_calls(message: dict[str, Any], event: str, properties: str | None) -> None:
    found = decoded({"userId": "u1", "messageId": "m", "timestamp": "2024-05-01T10:00:00Z", **message})
    assert found.events["event"].to_pylist() == [event]
    assert found.events["properties"].to_pylist() == [properties]


def test_traits_of_identify_are_long_and_null_unsets() -> None:
    told = {"name": "Ann", "age": 41.5, "vip": True, "phone_ok": None, "zip": "02134", "tags": ["a", 1],
            "address": {"city": "Rome", "geo": {"lat": 41.9}}}  # fmt: skip
    found = decoded(track(type="identify", event=None, traits=told))
    assert traits(found) == {
        "name": ("Ann", None),
        "age": (None, 41_500_000),
        "vip": ("true", None),
        "phone_ok": (None, None),
        "zip": ("02134", 2_134_000_000),
        "tags": ('["a",1]', None),
        "address.city": ("Rome", None),
        "address.geo.lat": (None, 41_900_000),
    }


def test_traits_of_a_group_call_are_those_of_the_account() -> None:
    found = decoded(track(type="group", event=None, groupId="g1", traits={"name": "Acme", "seats": 5}))
    assert traits(found) == {
        "account.id": ("g1", None),
        "account.name": ("Acme", None),
        "account.seats": (None, 5_000_000),
    }
    assert identifiers(found) == [(0, "user_id", "u1", 0)]


def test_traits_under_the_context_count_where_identify_has_none_of_its_own() -> None:
    found = decoded(track(type="identify", event=None, context={"traits": {"plan": "pro", "email": "A@x.org"}}))
    assert traits(found) == {"plan": ("pro", None), "email": ("A@x.org", None)}
    assert (0, "email", "a@x.org", 1) in identifiers(found)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"userId": 17850}, [(0, "user_id", "17850", 0)]),
        ({"userId": 17850.0}, [(0, "user_id", "17850", 0)]),
        ({"userId": " u 1 "}, [(0, "user_id", "u 1", 0)]),
        ({"anonymousId": "a1"}, [(0, "user_id", "u1", 0), (0, "anonymous_id", "a1", 9)]),
        ({"anonymousId": "", "context": {"traits": {"email": None}}}, [(0, "user_id", "u1", 0)]),
        ({"anonymousId": True}, [(0, "user_id", "u1", 0)]),
        ({"anonymousId": {"a": 1}}, [(0, "user_id", "u1", 0)]),
        (
            {"context": {"traits": {"email": " Ann@Example.ORG ", "phone": 4670123}}},
            [(0, "user_id", "u1", 0), (0, "email", "ann@example.org", 1), (0, "phone", "4670123", 2)],
        ),
        (
            {
                "context": {
                    "externalIds": [
                        {"id": "L-1", "type": "loyalty", "collection": "users"},
                        {"id": "u1", "type": "user_id"},
                        {"id": "g", "type": "group_id", "collection": "accounts"},
                        {"id": "", "type": "empty"},
                        "odd",
                    ]
                }
            },
            [(0, "user_id", "u1", 0), (0, "loyalty", "L-1", 3)],
        ),
        (
            {"type": "alias", "event": None, "previousId": "a9"},
            [(0, "user_id", "u1", 0), (0, "anonymous_id", "a9", 9)],
        ),
        ({"properties": {"email": "gift@example.org"}}, [(0, "user_id", "u1", 0)]),
    ],
)
def test_identifiers(message: dict[str, Any], expected: list[tuple[int, str, str, int]]) -> None:
    assert identifiers(decoded(track(**message))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T10:00:00.123456Z", datetime(2024, 5, 1, 10, 0, 0, 123456)),
        ("2024-05-01T10:00:00.123456789Z", datetime(2024, 5, 1, 10, 0, 0, 123456)),
        ("2024-05-01T10:00:00+02:00", datetime(2024, 5, 1, 8, 0)),
        ("2024-05-01T10:00:00-0530", datetime(2024, 5, 1, 15, 30)),
        ("2024-05-01T10:00:00+02", datetime(2024, 5, 1, 8, 0)),
        ("2024-05-01T10:00:00", datetime(2024, 5, 1, 10, 0)),
        ("2024-05-01 10:00", datetime(2024, 5, 1, 10, 0)),
        ("2024-05-01", datetime(2024, 5, 1)),
    ],
)
def test_instants(text: str, expected: datetime) -> None:
    assert decoded(track(timestamp=text)).events["ts"].to_pylist() == [expected]


def test_without_a_timestamp_an_event_happened_on_arrival() -> None:
    found = decoded(track(timestamp=None))
    assert found.events["ts"].to_pylist() == [NOW.replace(tzinfo=None)]
    assert codes(found) == []


def test_five_minutes_ahead_are_believed_and_more_are_not() -> None:
    found = decoded(track(timestamp="2024-06-01T12:05:00Z"), track(messageId="m2", timestamp="2024-06-01T12:05:01Z"))
    assert found.events["ts"].to_pylist() == [datetime(2024, 6, 1, 12, 5), datetime(2024, 6, 1, 12, 0)]
    assert [(row["line"], row["code"], row["severity"]) for row in found.problems.to_pylist()] == [
        (2, "FUTURE_TIMESTAMP", "warning")
    ]


def test_over_the_wire_the_senders_clock_is_corrected() -> None:
    """Segment: timestamp = received_at - (sent_at - original_timestamp)."""
    late = track(timestamp="2024-05-31T10:00:00Z", sentAt="2024-05-31T10:00:30Z")
    assert decoded(late, arrival="api").events["ts"].to_pylist() == [datetime(2024, 6, 1, 11, 59, 30)]
    assert decoded(late).events["ts"].to_pylist() == [datetime(2024, 5, 31, 10, 0)]


def test_history_is_known_after_its_lag_and_at_arrival_at_the_latest() -> None:
    found = decoded(
        track(timestamp="2011-01-01T00:00:00Z"),
        track(messageId="m2", timestamp="2024-06-01T11:30:00Z"),
        lag=timedelta(hours=1),
    )
    assert found.events["known_at"].to_pylist() == [datetime(2011, 1, 1, 1, 0), datetime(2024, 6, 1, 12, 0)]


def test_a_minted_message_id_is_repeatable_and_depends_on_source_content_and_occurrence() -> None:
    import numpy as np

    message = track(messageId=None)

    def minted(**options: Any) -> list[str]:
        ids: list[str] = decoded(message, message, **options).events["message_id"].to_pylist()
        return ids

    twice = minted(nth=np.array([0, 1]))
    assert twice == minted(nth=np.array([0, 1]), first_line=100, received_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert len({*twice, *minted(nth=np.array([0, 1]), source="other")}) == 4
    assert len(set(minted(arrival="api", first_line=None))) == 2


def test_a_line_that_only_mentions_messageId_keeps_apart_from_its_equal() -> None:  # noqa: N802
    message = track(messageId=None, properties={"messageId": "inner"})
    assert len(set(decoded(message, message).events["message_id"].to_pylist())) == 2


def test_empty_lists_in_the_place_of_objects_are_what_php_writes() -> None:
    found = decoded(track(properties=[], context=[], traits=[]))
    assert rows(found.events.select(["properties", "context"])) == [{}]
    assert codes(found) == []


def test_rows_are_counted_anew_where_lines_fall_out() -> None:
    found = decoded(
        track(messageId="a", properties={"x": 1}),
        "{broken",
        track(messageId="b", userId=None),
        track(messageId="c", type="identify", event=None, traits={"t": 3}, properties={"x": 4}),
    )
    assert found.events["message_id"].to_pylist() == ["a", "c"]
    assert found.events["row"].to_pylist() == [0, 1]
    assert rows(found.properties) == [{"row": 0, "n:x": 1_000_000}, {"row": 1, "n:x": 4_000_000}]
    assert rows(found.traits) == [{"row": 1, "trait": "t", "n": 3_000_000}]
    assert identifiers(found) == [(0, "user_id", "u1", 0), (1, "user_id", "u1", 0)]
    assert [(row["line"], row["code"]) for row in found.problems.to_pylist()] == [(2, "BAD_JSON"), (3, "NO_IDENTIFIER")]
