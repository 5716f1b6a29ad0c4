"""Days, weeks and months of people against a clock that is read hour by hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.deliver.calendar_spans import Unit, calendar_span
from foretell.engine import TIMESTAMP

# Santiago's clocks skip midnight, Havana's show it twice, Kolkata is off by half an hour.
ZONES = ["UTC", "Europe/Berlin", "America/Santiago", "America/Havana", "Asia/Kolkata", "America/New_York"]


def unit_of(at: datetime, zone: str, unit: Unit) -> object:
    day: date = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
    return {"day": day, "week": tuple(day.isocalendar())[:2], "month": (day.year, day.month)}[unit]


@settings(max_examples=60)
@given(
    at=st.datetimes(datetime(2023, 12, 25), datetime(2026, 3, 31)),
    zone=st.sampled_from(ZONES),
    unit=st.sampled_from(["day", "week", "month"]),
)
def test_a_span_holds_what_the_calendar_shows(at: datetime, zone: str, unit: Unit) -> None:
    begin, end = calendar_span(pa.chunked_array([pa.array([at], TIMESTAMP)]), pa.chunked_array([[zone]]), unit)
    first, following = begin[0].as_py(), end[0].as_py()
    tiny = timedelta(microseconds=1)
    assert first <= at < following
    assert unit_of(first, zone, unit) == unit_of(at, zone, unit) == unit_of(following - tiny, zone, unit)
    assert unit_of(first - tiny, zone, unit) != unit_of(at, zone, unit) != unit_of(following, zone, unit)


@pytest.mark.parametrize(
    ("at", "zone", "unit", "hours"),
    [
        (datetime(2026, 3, 29, 12), "Europe/Berlin", "day", 23),
        (datetime(2026, 10, 25, 12), "Europe/Berlin", "day", 25),
        (datetime(2024, 2, 10), "UTC", "month", 29 * 24),
        (datetime(2025, 12, 31, 23, 30), "Europe/Berlin", "month", 31 * 24),  # it is January there
        (datetime(2025, 12, 31), "UTC", "week", 168),  # from December to January
    ],
)
def test_how_long_a_span_is(at: datetime, zone: str, unit: Unit, hours: int) -> None:
    begin, end = calendar_span(pa.chunked_array([pa.array([at], TIMESTAMP)]), pa.chunked_array([[zone]]), unit)
    assert end[0].as_py() - begin[0].as_py() == timedelta(hours=hours)
