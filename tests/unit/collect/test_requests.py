"""Several requests read together tell what each of them tells alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from foretell.collect import FrameReader, Request, read_frame, request_frames
from foretell.collect.requests import FRAME_BYTES
from foretell.engine import Decoded
from foretell.engine.applier import concatenated

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
TABLES = ("events", "identifiers", "properties", "elements", "traits", "problems")


def request(number: int, *messages: dict[str, Any], **more: Any) -> Request:
    lines = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    arrived = NOON + timedelta(seconds=number)
    return Request(more.pop("source", "site"), lines, len(messages), arrived, **more)


def track(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "userId": name, **more}


REQUESTS = [
    request(0, track("ann", messageId="m1", timestamp="2025-03-01T11:00:00Z", properties={"a": 1})),
    request(1, track("ben"), track("ben"), sent_at="2025-03-01T13:00:01Z"),
    request(2, {"type": "nothing"}, track("cem", timestamp="2025-03-01T10:00:00Z"), sent_at="2025-03-01T10:30:02Z"),
    request(3, track("dua", timestamp="2030-01-01T00:00:00Z"), {"type": "track", "event": "Nobody"}),
    request(4, track("eve", properties={"items": [{"x": 1}, {"x": 2}]}),
            {"type": "identify", "userId": "eve", "traits": {"email": "E@people.example"}}),
    request(5, track("flo", timestamp="2025-01-01T00:00:00Z", sentAt="2025-03-01T12:00:00Z"), sent_at="odd"),
]  # fmt: skip


def as_rows(decoded: Decoded) -> dict[str, list[dict[str, Any]]]:
    def rows(table: pa.Table) -> list[dict[str, Any]]:
        found = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
        return sorted(found, key=lambda row: json.dumps(row, default=str, sort_keys=True))

    return {name: rows(getattr(decoded, name)) for name in TABLES}


def test_together_as_alone() -> None:
    alone = concatenated([read_frame(request_frames([one])[0])[0] for one in REQUESTS])
    (together,) = request_frames(REQUESTS)
    assert as_rows(read_frame(together)[0]) == as_rows(alone)
    assert alone.events.num_rows == 8
    assert alone.problems.num_rows == 3


def test_texts_of_messages_become_the_same_lines() -> None:
    def viewed(one: Request) -> Request:
        assert isinstance(one.lines, bytes)
        return replace(one, lines=[msgspec.Raw(line) for line in one.lines.split(b"\n")[:-1]])

    mixed = [viewed(one) if number % 2 else one for number, one in enumerate(REQUESTS)]
    assert request_frames(mixed) == request_frames(list(map(viewed, REQUESTS))) == request_frames(REQUESTS)
    assert [one.size for one in mixed] == [one.size for one in REQUESTS]


def test_frames_that_follow_each_other_are_joined() -> None:
    frames = [frame for one in REQUESTS for frame in request_frames([one])]
    (joined,) = FrameReader().join(frames)
    assert as_rows(read_frame(joined)[0]) == as_rows(concatenated([read_frame(frame)[0] for frame in frames]))
    assert FrameReader().join([joined, *frames])[0].meta["requests"][:6] == joined.meta["requests"]


def test_equal_messages_without_an_id_stay_apart() -> None:
    events = read_frame(request_frames(REQUESTS)[0])[0].events
    assert len(set(events["message_id"].to_pylist())) == events.num_rows


def test_times_are_those_of_each_request() -> None:
    events = read_frame(request_frames(REQUESTS)[0])[0].events
    received = [(NOON + timedelta(seconds=number)).replace(tzinfo=None) for number in (0, 1, 1, 2, 3, 4, 4, 5)]
    assert events["received_at"].to_pylist() == received
    ts = events["ts"].to_pylist()
    assert ts[0] == datetime(2025, 3, 1, 11)  # nothing says when it was sent
    assert ts[3] == received[3] - timedelta(minutes=30, seconds=2)
    assert ts[4] == received[4], "too far in the future: placed at its own arrival"
    assert ts[7] == datetime(2025, 1, 1, 0, 0, 5)  # its own sentAt goes before the request's


@pytest.mark.parametrize("other", [{"source": "app"}, {"history": True}])
def test_what_differs_is_not_joined(other: dict[str, Any]) -> None:
    apart = [REQUESTS[0], request(7, track("gus"), **other), REQUESTS[1]]
    frames = request_frames(apart)
    assert len(frames) == 3
    assert FrameReader().join(frames) == frames


def test_a_frame_has_a_bound() -> None:
    large = [request(number, track("ann", properties={"x": "y" * 300_000})) for number in range(10)]
    frames = request_frames(large)
    assert len(frames) > 1
    assert all(len(frame.body) <= FRAME_BYTES for frame in frames)
    lines = [one.lines for one in large if isinstance(one.lines, bytes)]
    assert b"".join(frame.body for frame in frames) == b"".join(lines)
