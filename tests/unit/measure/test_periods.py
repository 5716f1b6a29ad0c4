"""Periods: calendar steps in the workspace's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.errors import UsageError
from foretell.measure.periods import Period, end_of_day, instants, local_days, periods

LONDON = ZoneInfo("Europe/London")
ZONES = ["UTC", "Europe/London", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spans(found: tuple[Period, ...]) -> list[tuple[str, str, str, bool]]:
    return [(p.label, f"{p.start:%m-%dT%H:%M}", f"{p.end:%m-%dT%H:%M}", p.complete) for p in found]


def test_months_begin_at_local_midnight_and_cut_ends_are_flagged() -> None:
    found = periods(at("2011-03-10T00:00"), at("2011-05-02T00:00"), "month", LONDON, at("2012-01-01"))
    assert spans(found) == [
        ("2011-03", "03-10T00:00", "03-31T23:00", False),
        ("2011-04", "03-31T23:00", "04-30T23:00", True),
        ("2011-05", "04-30T23:00", "05-02T00:00", False),
    ]


def test_a_period_that_is_not_over_is_incomplete() -> None:
    found = periods(at("2011-01-01"), at("2011-03-01"), "month", ZoneInfo("UTC"), at("2011-02-28T23:59:59"))
    assert [p.complete for p in found] == [True, False]
    assert not periods(at("2011-01-01"), at("2011-03-01"), None, LONDON, at("2011-02-01"))[0].complete


def test_weeks_are_those_of_iso_8601() -> None:
    found = periods(at("2010-12-30"), at("2011-01-10"), "week", ZoneInfo("UTC"), at("2012-01-01"))
    assert spans(found) == [
        ("2010-W52", "12-30T00:00", "01-03T00:00", False),
        ("2011-W01", "01-03T00:00", "01-10T00:00", True),
    ]


def test_days_across_a_change_of_the_clock() -> None:
    found = periods(at("2011-03-26"), at("2011-03-28T23:00"), "day", LONDON, at("2012-01-01"))
    assert [(p.end - p.start) / timedelta(hours=1) for p in found] == [24, 23, 24]


def test_stocks_are_read_at_every_boundary_and_at_the_end() -> None:
    found = instants(at("2011-01-01"), at("2011-03-05T12:00"), "month", ZoneInfo("UTC"), at("2011-02-01"))
    assert spans(found) == [
        ("2011-01-01", "01-01T00:00", "01-01T00:00", True),
        ("2011-02-01", "02-01T00:00", "02-01T00:00", True),
        ("2011-03-01", "03-01T00:00", "03-01T00:00", False),
        ("2011-03-05", "03-05T12:00", "03-05T12:00", False),
    ]
    on_boundary = instants(at("2011-01-15"), at("2011-02-01"), "month", ZoneInfo("UTC"), at("2012-01-01"))
    assert [p.label for p in on_boundary] == ["2011-02-01"]


def test_the_last_instant_lies_inside() -> None:
    total = periods(at("2011-01-01"), at("2011-02-01"), None, LONDON, at("2012-01-01"))[0]
    assert total.last_instant == at("2011-01-31T23:59:59.999999")
    assert instants(at("2011-01-01"), at("2011-01-01"), None, LONDON, at("2012-01-01"))[0].last_instant == at(
        "2011-01-01"
    )


@given(
    st.datetimes(datetime(2008, 1, 1), datetime(2026, 1, 1)),
    st.timedeltas(timedelta(0), timedelta(days=200)),
    st.sampled_from(["month", "week", "day"]),
    st.sampled_from(ZONES),
)
def test_periods_cover_the_range_without_gap_or_overlap(
    since: datetime, length: timedelta, grain: str, zone: str
) -> None:
    start, end = since.replace(tzinfo=UTC), (since + length).replace(tzinfo=UTC)
    found = periods(start, end, grain, ZoneInfo(zone), end)
    edges = [start, *(p.end for p in found)]
    assert [p.start for p in found] == edges[:-1]
    assert edges[-1] == (end if found else start)
    assert len({p.label for p in found}) == len(found)
    for period in found[1:]:
        assert (period.start - timedelta(hours=12)).astimezone(ZoneInfo(zone)).date() < period.start.astimezone(
            ZoneInfo(zone)
        ).date()


def test_local_days_are_the_zones_calendar() -> None:
    days = local_days(at("2011-06-10T12:00"), at("2011-06-11T23:00"), LONDON).to_pylist()
    assert [(row["day"].day, row["utc_date"].day) for row in days] == [
        (10, 9),
        (10, 10),
        (11, 10),
        (11, 11),
        (12, 11),
        (12, 12),
    ]
    assert days[2]["start_at"] == datetime(2011, 6, 10, 23)
    assert days[2]["end_at"] == days[4]["start_at"] == datetime(2011, 6, 11, 23)
    assert local_days(at("2011-06-10"), at("2011-06-10"), ZoneInfo("UTC")).num_rows == 1


@given(st.datetimes(datetime(2008, 1, 1), datetime(2026, 1, 1)), st.sampled_from(ZONES))
def test_every_instant_lies_in_one_local_day(moment: datetime, zone: str) -> None:
    instant = moment.replace(tzinfo=UTC)
    found = [
        row["day"]
        for row in local_days(instant - timedelta(days=2), instant, ZoneInfo(zone)).to_pylist()
        if row["utc_date"] == moment.date() and row["start_at"] <= moment < row["end_at"]
    ]
    assert found == [instant.astimezone(ZoneInfo(zone)).date()]


def test_the_end_of_a_day() -> None:
    assert end_of_day(at("2011-06-10T22:59"), LONDON) == at("2011-06-10T23:00")
    assert end_of_day(at("2011-06-10T23:00"), LONDON) == at("2011-06-11T23:00")


def test_ranges_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="before it begins") as caught:
        periods(at("2011-02-01"), at("2011-01-01"), None, LONDON, at("2012-01-01"))
    assert caught.value.code == "BAD_RANGE"
    for read in (periods, instants):
        with pytest.raises(UsageError) as caught:
            read(at("2000-01-01"), at("2011-01-01"), "day", LONDON, at("2012-01-01"))
        assert caught.value.code == "TOO_MANY_PERIODS"
