"""Instants and durations: daylight saving, ends of months, and what is no instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from foretell.clock import (
    Duration,
    FixedClock,
    SystemClock,
    from_micros,
    micros,
    naive_utc,
    parse_instant,
    shift_months,
    utc,
    zone_of,
)
from foretell.errors import UsageError

LONDON = ZoneInfo("Europe/London")
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["1s", "15m", "24h", "90d", "2w", "6mo", "1y", "0d", "999999s"])
def test_a_duration_is_read_and_written(text: str) -> None:
    assert str(Duration.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "d", "90", "-1d", "1.5h", "1 d", "1D", "1month", "1234567d", "1d\n", "１d ", 90, None]
)
def test_what_is_no_duration_is_said(text: object) -> None:
    with pytest.raises(UsageError) as caught:
        Duration.parse(text)
    assert caught.value.code == "BAD_DURATION"
    assert repr(text) in caught.value.what


def test_exact_lengths_and_days_for_axes() -> None:
    assert Duration.parse("36h").exact == timedelta(hours=36)
    assert Duration.parse("2w").days == 14
    assert Duration.parse("36h").days == 1.5
    assert Duration.parse("1mo").exact is None
    assert Duration.parse("1mo").days == 30.4375
    assert Duration.parse("1y").days == 365.25


@pytest.mark.parametrize(
    ("start", "duration", "zone", "expected"),
    [
        ("2024-01-31T12:00", "1mo", LONDON, "2024-02-29T12:00"),
        ("2023-01-31T12:00", "1mo", LONDON, "2023-02-28T12:00"),
        ("2024-02-29T12:00", "1y", LONDON, "2025-02-28T12:00"),
        ("2024-10-31T12:00", "4mo", LONDON, "2025-02-28T12:00"),
        ("2023-12-15T12:00", "1mo", LONDON, "2024-01-15T12:00"),
        # The clock on the wall stays, so the instant moves by an hour where summer begins or ends.
        ("2024-03-01T09:00", "1mo", LONDON, "2024-04-01T08:00"),
        ("2024-10-01T08:00", "1mo", LONDON, "2024-11-01T09:00"),
        # A wall clock that does not exist (01:30 on the night it jumps) is read as if it had not jumped.
        ("2024-01-31T01:30", "2mo", LONDON, "2024-03-31T01:30"),
        ("2024-01-31T01:30", "2mo", BERLIN, "2024-03-31T01:30"),
        # The day is the zone's day: 23:30 UTC on 30 January is the 31st in Berlin.
        ("2024-01-30T23:30", "1mo", BERLIN, "2024-02-28T23:30"),
        # Exact durations know no zone.
        ("2024-03-30T12:00", "24h", LONDON, "2024-03-31T12:00"),
        ("2024-03-30T12:00", "1d", LONDON, "2024-03-31T12:00"),
    ],
)
def test_after(start: str, duration: str, zone: ZoneInfo, expected: str) -> None:
    assert Duration.parse(duration).after(at(start), zone) == at(expected)


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [("2024-03-31T12:00", "1mo", "2024-02-29T13:00"), ("2024-01-15T00:00", "1y", "2023-01-15T00:00")],
)
def test_before(start: str, duration: str, expected: str) -> None:
    assert Duration.parse(duration).before(at(start), LONDON) == at(expected)


def test_clamping_is_not_undone_by_going_back() -> None:
    end = shift_months(datetime(2024, 1, 31, tzinfo=LONDON), 1)
    assert (end.month, end.day) == (2, 29)
    assert shift_months(end, -1).day == 29
    assert shift_months(datetime(2024, 1, 31, tzinfo=LONDON), -13).date().isoformat() == "2022-12-31"


@pytest.mark.parametrize("text", ["999999w", "999999mo", "999999y"])
def test_a_duration_out_of_the_calendar_is_said(text: str) -> None:
    for move in (Duration.parse(text).before, Duration.parse(text).after):
        with pytest.raises(UsageError) as caught:
            move(at("2024-01-01"), LONDON)
        assert caught.value.code == "BAD_DURATION"


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2011-12-09", LONDON, "2011-12-09T00:00"),
        ("2011-07-09", LONDON, "2011-07-08T23:00"),
        ("2011-12-09T12:50:00Z", BERLIN, "2011-12-09T12:50"),
        ("2011-12-09T12:50:00+02:00", LONDON, "2011-12-09T10:50"),
        ("2011-12-09 12:50", BERLIN, "2011-12-09T11:50"),
        ("2024-10-27T01:30", LONDON, "2024-10-27T00:30"),
        ("2024-03-31T01:30", LONDON, "2024-03-31T01:30"),
    ],
)
def test_an_instant_is_read_in_its_zone(text: str, zone: ZoneInfo, expected: str) -> None:
    found = parse_instant(text, zone)
    assert found == at(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2011-13-01", "2011-02-29", "09.12.2011", "2011-12-09 ", "25:00"])
def test_what_is_no_instant_is_said(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_instant(text, LONDON)
    assert caught.value.code == "BAD_INSTANT"
    assert repr(text) in caught.value.what


def test_an_instant_before_the_calendar_is_no_instant() -> None:
    with pytest.raises(UsageError, match="0001-01-01"):
        parse_instant("0001-01-01", ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize("name", ["", "Europe", "Europe/Atlantis", "../../etc/passwd", "\0"])
def test_an_unknown_zone_is_said(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        zone_of(name)
    assert caught.value.code == "UNKNOWN_ZONE"


def test_stored_instants_come_back() -> None:
    for instant in (at("2024-03-31T01:30:00.123456"), at("1969-12-31T23:59:59.999999"), at("1970-01-01")):
        assert from_micros(micros(instant)) == instant
        assert utc(naive_utc(instant)) == instant
    assert micros(at("1970-01-01T00:00:01")) == 1_000_000
    assert naive_utc(datetime(2024, 7, 1, 12, tzinfo=LONDON)) == datetime(2024, 7, 1, 11)


def test_clocks_give_utc() -> None:
    assert FixedClock(at("2024-01-01")).now() == at("2024-01-01")
    assert SystemClock().now().tzinfo is UTC
