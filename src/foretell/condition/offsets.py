"""When and by how much the clocks of time zones are ahead of UTC, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from foretell.clock import naive_utc, offset_change, offset_seconds, utc

_STEP = timedelta(days=4)
_NEAR = timedelta(days=2)
_YEAR = timedelta(days=366)
FIRST = datetime(1900, 1, 1)
"""From when on changes are looked for (UTC)."""
_ALWAYS, _NEVER = datetime(1, 1, 1), datetime(9999, 1, 1)


@dataclass(frozen=True)
class Offset:
    """From ``since`` (UTC, inclusive) to ``until`` the zone is ``ahead`` seconds ahead of UTC."""

    zone: str
    since: datetime
    until: datetime
    ahead: int


def offsets(zone: str, since: datetime, until: datetime) -> list[Offset]:
    """The offsets of a zone between two instants (UTC without a zone); the first reaches back, the last ahead for good.

    Changes are looked for in steps of four days: what lasts shorter than that is passed over.
    """
    since = max(since, FIRST)
    first = datetime(since.year, 1, 1)
    changes = _changes(zone, first, datetime(until.year + 1, 1, 2))
    within = [change for change in changes if since < change[0] <= until]
    ahead = _ahead(ZoneInfo(zone), since)
    starts = [(_ALWAYS, ahead), *within]
    ends = [*(start for start, _ in starts[1:]), _NEVER]
    return [Offset(zone, start, end, ahead) for (start, ahead), end in zip(starts, ends, strict=True)]


def around(rows: list[Offset], first: date, last: date) -> list[Offset]:
    """As few rows as give the same local dates wherever these can be days from ``first`` to ``last`` of any year.

    An instant that is days away from them keeps away, whichever offset it is given.
    """
    kept: list[Offset] = []
    for row in rows:
        if not _touches(row, first, last):
            continue
        if kept and kept[-1].ahead == row.ahead:
            continue
        if kept:
            kept[-1] = replace(kept[-1], until=row.since)
        kept.append(row)
    kept = kept or rows[-1:]
    return (
        [replace(kept[0], since=_ALWAYS), *kept[1:-1], replace(kept[-1], until=_NEVER)]
        if len(kept) > 1
        else [replace(kept[0], since=_ALWAYS, until=_NEVER)]
    )


def _touches(row: Offset, first: date, last: date) -> bool:
    if row.until - row.since > _YEAR:
        return True
    days = last - first
    starts = (datetime(year, first.month, min(first.day, 28)) for year in range(row.since.year - 1, row.until.year + 1))
    return any(start - _NEAR < row.until and start + days + 3 * _NEAR > row.since for start in starts)


@lru_cache(maxsize=1024)
def _changes(zone: str, since: datetime, until: datetime) -> tuple[tuple[datetime, int], ...]:
    """The instants at which the offset changes, with the new one."""
    return tuple(_found(ZoneInfo(zone), since, until))


def _found(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, int]]:
    day, ahead = since, _ahead(zone, since)
    while day < until:
        following = _ahead(zone, day + _STEP)
        if following != ahead:
            yield naive_utc(offset_change(zone, utc(day), utc(day + _STEP))), following
        day, ahead = day + _STEP, following


def _ahead(zone: ZoneInfo, instant: datetime) -> int:
    return offset_seconds(zone, utc(instant))
