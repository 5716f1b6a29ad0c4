"""Calendar steps row by row in SQL are those of the clock's own arithmetic, also where clocks are set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from foretell.clock import Duration, naive_utc, utc
from foretell.condition import Frame, Scope
from foretell.condition.clocks import Zones
from foretell.condition.deadlines import with_deadlines
from foretell.engine import PropertyColumns
from tests.properties.condition_store import Known

LENGTHS = {
    "a": Duration(1, "mo"), "b": Duration(5, "mo"), "c": Duration(1, "y"), "d": Duration(7, "d"), "e": Duration(7, "mo")
}  # fmt: skip
TURNS = (datetime(2023, 3, 26, 1), datetime(2023, 10, 29, 1), datetime(2023, 4, 1, 15), datetime(2023, 9, 30, 16))


def _instants() -> list[datetime]:
    ends = [datetime(2023, month, day, hour, 30) for month in (1, 3, 8) for day in (29, 30, 31) for hour in (0, 23)]
    near = [turn + timedelta(minutes=minutes) for turn in TURNS for minutes in range(-150, 160, 10)]
    back = [one - timedelta(days=days) for one in near for days in (0, 28, 30, 31, 153, 214, 365)]
    return sorted({*ends, *back, *(one + timedelta(microseconds=1) for one in near)})


def _since_2021() -> Zones:
    return Zones(first=datetime(2021, 1, 1))


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"]
)
def test_as_the_clock_steps(name: str) -> None:
    zone = ZoneInfo(name)
    scope = Scope(Frame(datetime(2024, 3, 1, tzinfo=UTC), zone), PropertyColumns([]), Known({}, {}), zones=_since_2021)
    instants = _instants()
    rows = ", ".join(f"(TIMESTAMP '{one.isoformat(' ')}')" for one in instants)
    query = with_deadlines(f"SELECT v.ts FROM (VALUES {rows}) AS v(ts)", LENGTHS, scope)
    found = duckdb.connect().execute(f"SELECT ts, {', '.join(LENGTHS)} FROM ({query}) AS q ORDER BY ts").fetchall()
    wanted = [(one, *(naive_utc(length.after(utc(one), zone)) for length in LENGTHS.values())) for one in instants]
    assert found == wanted
