from __future__ import annotations

import json
from typing import Any

import pytest

from foretell.collect import Origin, lines_frame, read_frame
from tests.unit.collect.decoding import NOW, codes, decoded, track


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{broken", "BAD_JSON"),
        ("plainly no JSON", "BAD_JSON"),
        ('{"type": "track"} {"type": "track"}', "BAD_JSON"),
        ("[1, 2]", "NOT_AN_OBJECT"),
        ("17", "NOT_AN_OBJECT"),
        ("null", "NOT_AN_OBJECT"),
        ("{}", "UNKNOWN_TYPE"),
        (track(type="purchase"), "UNKNOWN_TYPE"),
        (track(type=5), "UNKNOWN_TYPE"),
        (track(event=None), "EVENT_MISSING"),
        (track(event="  "), "EVENT_MISSING"),
        (track(timestamp="yesterday"), "BAD_TIMESTAMP"),
        (track(timestamp="2024-13-01T00:00:00Z"), "BAD_TIMESTAMP"),
        (track(timestamp="infinity"), "BAD_TIMESTAMP"),
        (track(timestamp="epoch"), "BAD_TIMESTAMP"),
        (track(timestamp=1714557600), "BAD_TIMESTAMP"),
        (track(timestamp=""), "BAD_TIMESTAMP"),
        (track(timestamp="0000-01-01T00:00:00Z"), "EARLY_TIMESTAMP"),
        (track(timestamp="0001-01-01T00:00:00Z"), "EARLY_TIMESTAMP"),
        (track(timestamp="0000-01-01T00:00:00+02:00"), "EARLY_TIMESTAMP"),
        (track(timestamp="1899-12-31T23:59:59Z"), "EARLY_TIMESTAMP"),
        (track(properties="text"), "BAD_PROPERTIES"),
        (track(properties=[1]), "BAD_PROPERTIES"),
        (track(type="identify", event=None, traits=3), "BAD_TRAITS"),
        (track(context="x"), "BAD_CONTEXT"),
        (track(userId=None), "NO_IDENTIFIER"),
        (track(userId=""), "NO_IDENTIFIER"),
        (track(userId="  ", anonymousId=False), "NO_IDENTIFIER"),
    ],
)
def test_a_bad_line_goes_to_quarantine_and_the_others_stay(line: Any, code: str) -> None:
    found = decoded(track(messageId="before"), line, track(messageId="after"), first_line=10)
    assert found.events["message_id"].to_pylist() == ["before", "after"]
    (problem,) = found.problems.to_pylist()
    body = line if isinstance(line, str) else json.dumps(line)
    assert (problem["line"], problem["code"], problem["severity"], problem["body"]) == (11, code, "error", body)
    assert problem["message"]
    assert problem["source"] == "shop"


def test_a_bad_line_alone_leaves_empty_tables_of_the_right_shape() -> None:
    found = decoded("nothing")
    assert found.events.num_rows == 0
    assert found.identifiers.num_rows == found.traits.num_rows == found.elements.num_rows == 0
    assert codes(found) == ["BAD_JSON"]


def read(body: bytes, **options: Any) -> Any:
    origin = Origin("shop", "events.jsonl", NOW)
    chosen = {"arrival": "import", "first_line": 1, **options}
    return read_frame(lines_frame(body, origin, **chosen))


def line(**changes: Any) -> bytes:
    return json.dumps(track(**changes)).encode() + b"\n"


def test_invalid_utf8_is_a_bad_line_and_not_a_bad_file() -> None:
    broken = line(event="caf@").replace(b"@", b"\xff")
    found, tally = read(line(messageId="a", event="café") + broken + line(messageId="c"))
    assert found.events["message_id"].to_pylist() == ["a", "c"]
    assert found.events["event"].to_pylist() == ["café", "Product Viewed"]
    (problem,) = found.problems.to_pylist()
    assert (problem["line"], problem["code"]) == (2, "BAD_UTF8")
    assert "caf\ufffd" in problem["body"]
    assert (tally.rows, tally.events, tally.quarantined) == (3, 2, 1)


@pytest.mark.parametrize(("arrival", "limit"), [("api", 32 * 1024), ("import", 1024 * 1024)])
def test_too_large_events(arrival: str, limit: int) -> None:
    good = line(messageId="a", properties={"x": "y" * (limit - 400)})
    bad = line(messageId="b", properties={"x": "y" * limit})
    found, _ = read(good + bad, arrival=arrival)
    assert found.events["message_id"].to_pylist() == ["a"]
    (problem,) = found.problems.to_pylist()
    assert problem["code"] == "TOO_LARGE"
    assert len(problem["body"]) == 2_000


def test_blank_lines_and_windows_line_ends_are_no_problem() -> None:
    body = line(messageId="a").replace(b"\n", b"\r\n") + b"\r\n\n  \t\n" + line(messageId="b").rstrip(b"\n")
    found, tally = read(body)
    assert found.events["line"].to_pylist() == [1, 5]
    assert found.problems.num_rows == 0
    assert tally.rows == 2


def test_the_end_of_the_line_does_not_change_a_minted_id() -> None:
    unix, windows = line(messageId=None), line(messageId=None).replace(b"\n", b"\r\n")
    assert read(unix)[0].events["message_id"].to_pylist() == read(windows)[0].events["message_id"].to_pylist()
