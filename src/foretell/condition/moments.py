"""Dates and times: from checks to bounds, and from bounds to SQL over texts.

A text is a date, a wall time in the workspace's zone, or a time with an offset, in ISO 8601. Texts
without an offset are held against the bound's wall time, so that no engine needs time zones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from foretell.clock import Duration, shift_months
from foretell.condition import sql
from foretell.condition.nodes import Check, Operand

_DATE = "[12][0-9]{3}-[01][0-9]-[0-3][0-9]"
_TIME = "[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_OFFSET = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
WALL = f"^{_DATE}({_TIME})?$"
"""Texts that are a date or a wall time."""
AWARE = f"^{_DATE}{_TIME}{_OFFSET}$"
"""Texts that are an instant."""


@dataclass(frozen=True)
class Bound:
    """``value OPERATOR bound``: the bound as an instant (UTC) and as wall time in the zone."""

    operator: str
    instant: datetime
    wall: datetime

    @classmethod
    def at(cls, operator: str, instant: datetime, zone: ZoneInfo) -> Bound:
        """A bound at an instant."""
        return cls(operator, instant.astimezone(UTC), instant.astimezone(zone).replace(tzinfo=None))

    @classmethod
    def on(cls, operator: str, wall: datetime, zone: ZoneInfo) -> Bound:
        """A bound at a wall time."""
        return cls(operator, wall.replace(tzinfo=zone).astimezone(UTC), wall)


def bounds(check: Check, as_of: datetime, zone: ZoneInfo) -> list[Bound]:
    """The bounds that a value must keep for a check ``before after ago_… age_…`` to hold."""
    first, last = check.operands[0], check.operands[-1]
    if check.name in ("before", "after"):
        return [_fixed(check.name, first, zone)]
    if check.name.startswith("ago_"):
        return [Bound.at("<=", as_of, zone), *_ago(check.name[4:], first, last, as_of, zone)]
    today = as_of.astimezone(zone).date()
    return [_born("<", today, -1, zone), *_age(check.name[4:], int(str(first)), int(str(last)), today, zone)]


def _fixed(name: str, operand: Operand, zone: ZoneInfo) -> Bound:
    operator = "<" if name == "before" else ">"
    if isinstance(operand, datetime):
        return Bound.at(operator, operand, zone) if operand.tzinfo else Bound.on(operator, operand, zone)
    assert isinstance(operand, date)
    if name == "before":
        return Bound.on("<", datetime.combine(operand, time()), zone)
    return Bound.on(">=", datetime.combine(operand + timedelta(days=1), time()), zone)


def _ago(name: str, first: Operand, last: Operand, as_of: datetime, zone: ZoneInfo) -> list[Bound]:
    assert isinstance(first, Duration)
    assert isinstance(last, Duration)
    near, far = first.before(as_of, zone), last.before(as_of, zone)
    if name == "between":
        return [Bound.at("<=", near, zone), Bound.at(">=", far, zone)]
    return [Bound.at({"gt": "<", "gte": "<=", "lt": ">", "lte": ">="}[name], near, zone)]


def _age(name: str, first: int, last: int, today: date, zone: ZoneInfo) -> list[Bound]:
    reached = {"gte": first, "gt": first + 1, "is": first, "between": first}.get(name)
    below = {"lt": first, "lte": first + 1, "is": first + 1, "between": last + 1}.get(name)
    found = []
    if reached is not None:
        found.append(_born("<", today, reached, zone))
    if below is not None:
        found.append(_born(">=", today, below, zone))
    return found


def _born(operator: str, today: date, years: int, zone: ZoneInfo) -> Bound:
    """Born on the day ``years`` before ``today`` or earlier (``<``), or later (``>=``); -1 is: by today."""
    noon = datetime.combine(today, time(12))
    day = shift_months(noon, -12 * min(years, today.year - 1000)).date() if years > 0 else today
    return Bound.on(operator, datetime.combine(day + timedelta(days=1), time()), zone)


def text_test(column: str, found: list[Bound]) -> str:
    """SQL: the date or time in the text ``column`` keeps all bounds; null where it is none."""
    wall = sql.both(f"TRY_CAST({column} AS TIMESTAMP) {b.operator} {sql.wall(b.wall)}" for b in found)
    zoned = sql.both(f"TRY_CAST({column} AS TIMESTAMPTZ) {b.operator} {sql.zoned(b.instant)}" for b in found)
    return (
        f"CASE WHEN regexp_matches({column}, '{WALL}') THEN {wall} "
        f"WHEN regexp_matches({column}, '{AWARE}') THEN {zoned} END"
    )


def instant_test(column: str, found: list[Bound]) -> str:
    """SQL: the stored timestamp ``column`` keeps all bounds."""
    return sql.both(f"{column} {b.operator} {sql.instant(b.instant)}" for b in found)
