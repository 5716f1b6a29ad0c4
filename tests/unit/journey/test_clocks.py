"""Local times: daylight saving both ways, leap days, ends of months and years, people without a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP
from foretell.journey.calendar import cron_problem, instant_of, last_scheduled
from foretell.journey.resting import next_clocks

BERLIN, YORK = "Europe/Berlin", "America/New_York"


def stamp(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def following(after: str, zone: str, clock: str, weekdays: list[str] | None = None, **options: bool | int) -> str:
    begins = pa.array([naive_utc(stamp(after))], TIMESTAMP)
    found = next_clocks(begins, pa.array([zone]), pa.array([clock]), weekdays, **options)  # type: ignore[arg-type]
    return str(found[0].as_py())


NEXT = [
    # The clock of Berlin is put forward on 29 March 2026, 02:00 to 03:00: 09:00 is an hour earlier from then on.
    ("2026-03-28 09:00", BERLIN, "09:00", None, "2026-03-29 07:00:00"),
    ("2026-03-27 09:00", BERLIN, "09:00", None, "2026-03-28 08:00:00"),
    # 02:30 is left out: it is 03:30 by then.
    ("2026-03-28 12:00", BERLIN, "02:30", None, "2026-03-29 01:30:00"),
    # It is put back on 25 October 2026, 03:00 to 02:00: 02:30 comes twice, and the first one is meant.
    ("2026-10-24 12:00", BERLIN, "02:30", None, "2026-10-25 00:30:00"),
    ("2026-10-25 00:45", BERLIN, "02:30", None, "2026-10-26 01:30:00"),
    # Other ways round the world; the local day is not that of UTC.
    ("2026-03-08 12:00", YORK, "23:30", None, "2026-03-09 03:30:00"),
    ("2026-12-31 23:30", "Pacific/Auckland", "09:00", None, "2027-01-01 20:00:00"),
    ("2026-12-31 10:00", BERLIN, "09:00", None, "2027-01-01 08:00:00"),
    ("2028-02-28 10:00", BERLIN, "09:00", None, "2028-02-29 08:00:00"),
    ("2027-02-28 10:00", BERLIN, "09:00", None, "2027-03-01 08:00:00"),
    # 1 January 2027 is a Friday.
    ("2027-01-01 10:00", BERLIN, "09:00", ["monday"], "2027-01-04 08:00:00"),
    ("2027-01-01 07:00", BERLIN, "09:00", ["friday"], "2027-01-01 08:00:00"),
    ("2027-01-01 08:00", BERLIN, "09:00", ["friday"], "2027-01-01 08:00:00"),
]


@pytest.mark.parametrize(("after", "zone", "clock", "weekdays", "wanted"), NEXT)
def test_the_next_time_by_a_clock(after: str, zone: str, clock: str, weekdays: list[str] | None, wanted: str) -> None:
    assert following(after, zone, clock, weekdays) == wanted


def test_on_a_loop_the_very_time_is_the_next_one() -> None:
    assert following("2027-01-01 08:00", BERLIN, "09:00", same=False) == "2027-01-02 08:00:00"


def test_within_the_hour_there_is_no_waiting() -> None:
    assert following("2027-01-01 08:20", BERLIN, "09:00", slack_hours=1) == "2027-01-01 08:20:00"
    assert following("2027-01-01 09:01", BERLIN, "09:00", slack_hours=1) == "2027-01-02 08:00:00"


def test_people_of_many_zones_at_once_keep_their_places() -> None:
    begins = pa.array([naive_utc(stamp("2026-07-01 12:00"))] * 3, TIMESTAMP)
    found = next_clocks(begins, pa.array([YORK, "UTC", YORK]), pa.array(["09:00", "09:00", "10:00"]))
    assert [str(one) for one in found.to_pylist()] == [
        "2026-07-01 13:00:00",
        "2026-07-02 09:00:00",
        "2026-07-01 14:00:00",
    ]


SCHEDULES = [
    (("daily", "09:00", None, None), "2026-03-28 12:00", "2026-03-29 12:00", "2026-03-29 07:00"),
    (("daily", "09:00", None, None), "2026-03-29 07:00", "2026-03-29 12:00", None),
    (("weekly", "10:00", ["tuesday"], None), "2026-12-20 00:00", "2027-01-03 00:00", "2026-12-29 09:00"),
    (("monthly", "09:00", None, "last"), "2028-02-01 00:00", "2028-03-01 00:00", "2028-02-29 08:00"),
    (("monthly", "09:00", None, 31), "2027-02-01 00:00", "2027-03-01 00:00", "2027-02-28 08:00"),
    (("monthly", "09:00", None, None), "2026-12-02 00:00", "2027-01-02 00:00", "2027-01-01 08:00"),
    (("30 2 * * *", "", None, None), "2026-03-28 12:00", "2026-03-29 12:00", "2026-03-29 01:30"),
    (("0 9 29 2 *", "", None, None), "2026-01-01 00:00", "2029-01-01 00:00", "2028-02-29 08:00"),
    (("0 9 1 * mon", "", None, None), "2026-06-02 00:00", "2026-06-09 00:00", "2026-06-08 07:00"),
    (("*/20 8-9 * * 1-5", "", None, None), "2026-06-05 00:00", "2026-06-07 00:00", "2026-06-05 07:40"),
]


@pytest.mark.parametrize(("schedule", "after", "until", "wanted"), SCHEDULES)
def test_the_last_turn_of_a_schedule(
    schedule: tuple[str, str, list[str] | None, int | str | None], after: str, until: str, wanted: str | None
) -> None:
    found = last_scheduled(*schedule, ZoneInfo(BERLIN), after=stamp(after), until=stamp(until))
    assert found == (None if wanted is None else stamp(wanted))


def test_cron_is_told_what_is_wrong_with_it() -> None:
    assert cron_problem("0 9 * * 1-5") == ""
    assert cron_problem("0 9 * *") == "'0 9 * *' has 4 fields"
    assert cron_problem("0 25 * * *") == "'25' is no hour from 0 to 23"
    assert cron_problem("0 9 31 2 *") == "'0 9 31 2 *' never comes"
    assert cron_problem("x 9 * * *") == "'x' is no minute"


def test_a_time_that_is_shown_twice_is_its_first() -> None:
    assert instant_of(date(2026, 10, 25), time(2, 30), ZoneInfo(BERLIN)) == stamp("2026-10-25 00:30")
