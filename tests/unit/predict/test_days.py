"""Local days in zones east and west of Greenwich, across the change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from foretell.engine import scratch
from foretell.predict.features.days import local_day


@pytest.mark.parametrize(
    "zone", ["America/New_York", "America/St_Johns", "Pacific/Honolulu", "UTC", "Europe/London", "Asia/Kolkata"]
)
def test_the_day_is_the_persons_calendar_day(zone: str) -> None:
    begin = datetime(2011, 3, 12, tzinfo=UTC)
    instants = [begin + timedelta(hours=hours) for hours in range(0, 24 * 300, 7)]
    stored = pa.table({"ts": pa.array([at.replace(tzinfo=None) for at in instants], pa.timestamp("us"))})
    day = local_day("ts", ZoneInfo(zone), begin + timedelta(days=400))
    found = scratch(f"SELECT {day} AS day FROM t", {"t": stored})["day"].to_pylist()
    expected = [at.astimezone(ZoneInfo(zone)).date() for at in instants]
    gaps = [(one - expected[0]).days for one in expected]
    assert [one - found[0] if isinstance(one, int) else (one - found[0]).days for one in found] == gaps
