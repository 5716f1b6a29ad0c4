"""What is stored, from where one looks, and values and times, for the naive evaluator.

Money, dates, calendar steps and texts are worked out here once more, from plain dictionaries.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.condition import Check, Condition, Test, Variable
from foretell.profile import USUAL_SURVIVORSHIP, Survivorship

Event = dict[str, Any]
Key = tuple[str, Any]
"""A value, as far as values are told apart: ("text", …) or ("number", …)."""
Lists = Mapping[str, Sequence[tuple[datetime, frozenset[str]]]]


@dataclass
class History:
    """Everything that is stored.

    Args:
        events: seq ts known_at event message_id node known properties.
        traits: seq ts known_at node trait source value (None unsets).
        scores: prediction horizon node as_of score.
        consents: seq ts known_at node channel purpose state.
        owners: merged node → profile.
        personas: node persona as_of known_at.
        lists: of each reference list its versions: valid from, texts.
        members: who said when that they belong to an account, or no longer: seq ts known_at node account ended.
        account_traits: seq ts known_at node account trait value.
        rows: versions of the rows of own tables: seq ts known_at table key node account values (None: removed);
            ``node`` or ``account`` is None.
        sightings: node ts known_at known, where others than of the events.
        profile_ids: of profiles whose id is not ``p_`` and their key.
    """

    events: list[Event] = field(default_factory=list)
    traits: list[Event] = field(default_factory=list)
    scores: list[Event] = field(default_factory=list)
    owners: dict[int, int] = field(default_factory=dict)
    consents: list[Event] = field(default_factory=list)
    personas: list[Event] = field(default_factory=list)
    lists: Lists = field(default_factory=dict)
    members: list[Event] = field(default_factory=list)
    account_traits: list[Event] = field(default_factory=list)
    rows: list[Event] = field(default_factory=list)
    sightings: list[Event] | None = None
    profile_ids: Mapping[int, str] = field(default_factory=dict)
    seen: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def traits_by_person(self) -> dict[int, list[Event]]:
        """The told values of each profile's traits."""
        found: dict[int, list[Event]] = {}
        for row in self.traits:
            found.setdefault(owner(row, self), []).append(row)
        return found

    def profile_id(self, person: int) -> str:
        """The id of a profile."""
        return self.profile_ids.get(person, f"p_{person}")

    @cached_property
    def by_person(self) -> dict[int, list[Event]]:
        """The events of each profile, merged ones with their owner's, in time, ties by message id."""
        found: dict[int, list[Event]] = {}
        for event in sorted(self.events, key=place):
            found.setdefault(owner(event, self), []).append(event)
        return found


@dataclass(frozen=True)
class Asked:
    """What is known of a person's run, and at the moment of a decision."""

    since: datetime | None = None
    run: str | None = None
    entry: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class At:
    """From where one looks.

    Args:
        of: whose universe is meant (set by ``members``).
        clock: the zone of the person looked at (set for each).
        bound: what ``$c`` stands for (set for each value).
    """

    as_of: datetime
    zone: ZoneInfo
    known_at: datetime | None = None
    future: Duration | None = None
    segments: Mapping[str, tuple[Condition, str]] = field(default_factory=dict)
    predictions: Mapping[str, tuple[tuple[str, ...], Duration | None]] = field(default_factory=dict)
    people: Mapping[int, Asked] | None = None
    rules: Survivorship = USUAL_SURVIVORSHIP
    lists: Lists = field(default_factory=dict)
    of: str = "all"
    clock: ZoneInfo | None = None
    bound: Mapping[str, Key] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        """The last instant whose events are read."""
        return self.as_of if self.future is None else moved(self.as_of, self.future, 1, self.zone)


def owner(row: Event, history: History) -> int:
    """The profile that a row belongs to."""
    node: int = row["node"]
    return history.owners.get(node, node)


def arrived(row: Event, at: At) -> bool:
    """Whether the row had come in."""
    return at.known_at is None or row["known_at"] <= at.known_at


def place(event: Event) -> tuple[datetime, bytes]:
    """Where an event stands among others."""
    return event["ts"], event["message_id"].encode()


def universe(history: History, at: At) -> frozenset[int]:
    """Everybody who is counted; worked out once for each instant."""
    asked = ("universe", at.as_of, at.known_at, at.of)
    if asked not in history.seen:
        rows = history.events if history.sightings is None else history.sightings
        seen = [row for row in rows if row["ts"] <= at.as_of and arrived(row, at) and (at.of == "all" or row["known"])]
        history.seen[asked] = frozenset(owner(row, history) for row in seen)
    found: frozenset[int] = history.seen[asked]
    return found


# ---- values


def number_of(value: Any) -> Decimal | None:
    """The number that a value is, a text of digits too."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", value, re.ASCII):
        return None
    number = Decimal(str(value)).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
    return number if abs(number) < Decimal("9.2e12") else None


def text_of(value: Any) -> str | None:
    """The text that a value is; truth values are texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def key_of(value: Any) -> Key | None:
    """By what values are told apart; None for a missing one."""
    text, number = text_of(value), number_of(value)
    if text is not None:
        return "text", text
    return None if number is None else ("number", number)


def fulfils(test: Test, value: Any, at: At) -> bool:
    """Whether every check of ``test`` holds for a value."""
    return all(_fits(check, value, at) != check.negated for check in test)


def _fits(check: Check, value: Any, at: At) -> bool:
    operand = check.operands[0] if check.operands else None
    if check.name in ("before", "after", "anniversary_in") or check.name.startswith(("ago_", "age_")):
        found = moment_of(value)
        return found is not None and dated(check, found, at)
    if isinstance(operand, Variable):
        assert check.name == "is"
        return key_of(value) == at.bound[operand.name]
    if check.name == "exists":
        return key_of(value) is not None
    if check.name == "in":
        return any(_fits(Check("is", (one,)), value, at) for one in check.operands)
    if check.name == "in_list":
        return _is_listed(value, str(operand), at)
    if check.name in ("contains", "starts_with", "ends_with", "matches"):
        return _said(check.name, text_of(value), str(operand))
    operands = [text_of(one) if isinstance(one, bool) else one for one in check.operands]
    mine: Any = number_of(value) if isinstance(operands[0], Decimal) else text_of(value)
    return mine is not None and ordered(check.name, _sortable(mine), [_sortable(one) for one in operands])


def _is_listed(value: Any, key: str, at: At) -> bool:
    """Whether the list has that text, or writes that number."""
    known = at.as_of if at.known_at is None else min(at.as_of, at.known_at)
    valid = [version for version in at.lists[key] if version[0] <= known]
    texts = max(valid, key=lambda version: version[0])[1] if valid else frozenset()
    text, number = text_of(value), number_of(value)
    if text is not None:
        return text in texts
    plain = [one for one in texts if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", one, re.ASCII)]
    return number is not None and any(number_of(one) == number for one in plain)


def _said(name: str, text: str | None, wanted: str) -> bool:
    if text is None:
        return False
    if name == "matches":
        return re.search(re.sub(r"\$$", r"\\Z", wanted), text, re.ASCII) is not None
    if name == "contains":
        return wanted in text
    return text.startswith(wanted) if name == "starts_with" else text.endswith(wanted)


def _sortable(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def numeric(test: Test, number: Any) -> bool:
    """Whether every check of ``test`` holds for a number (None: missing), exactly."""
    exact = None if number is None else Fraction(number)
    return all(_numeric_one(check, exact) != check.negated for check in test)


def _numeric_one(check: Check, number: Fraction | None) -> bool:
    if number is None or check.name == "exists":
        return number is not None
    operands = [Fraction(one) for one in check.operands if isinstance(one, Decimal)]
    return number in operands if check.name == "in" else ordered(check.name, number, operands)


def ordered(name: str, value: Any, operands: list[Any]) -> bool:
    """A comparison, ``between`` with both ends."""
    short = name.split("_")[-1]
    if short == "between":
        return bool(operands[0] <= value <= operands[1])
    return bool({
        "is": value == operands[0], "gt": value > operands[0], "gte": value >= operands[0],
        "lt": value < operands[0], "lte": value <= operands[0],
    }[short])  # fmt: skip


# ---- time


def moment_of(value: Any) -> datetime | None:
    """A wall time (naive) or an instant (aware)."""
    if not isinstance(value, str) or not re.match(r"[12]\d{3}-\d\d-\d\d", value, re.ASCII):
        return None
    shape = r".{10}([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?"
    if not re.fullmatch(shape, value, re.ASCII):
        return None
    if "." in value:
        head, tail = value.split(".")
        digits = re.match(r"\d+", tail).group()  # type: ignore[union-attr]
        value = f"{head}.{digits.ljust(6, '0')}{tail[len(digits) :]}"
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _earlier(moment: datetime, bound: datetime, zone: ZoneInfo) -> int:
    """-1, 0 or 1: ``moment`` before, at or after an instant or a wall time of the zone."""
    if moment.tzinfo is None:
        other = bound if bound.tzinfo is None else bound.astimezone(zone).replace(tzinfo=None)
    else:
        other = (bound if bound.tzinfo else bound.replace(tzinfo=zone)).astimezone(UTC)
    return (moment > other) - (moment < other)


def dated(check: Check, moment: datetime, at: At) -> bool:
    """Whether a check of a time holds."""
    operand = check.operands[0]
    if check.name in ("before", "after"):
        if isinstance(operand, datetime):
            return _earlier(moment, operand, at.zone) == (-1 if check.name == "before" else 1)
        assert isinstance(operand, date)
        start = datetime(operand.year, operand.month, operand.day)
        if check.name == "before":
            return _earlier(moment, start, at.zone) < 0
        return _earlier(moment, start + timedelta(days=1), at.zone) >= 0
    if check.name == "anniversary_in":
        assert isinstance(operand, Duration)
        return _returns(moment, operand, at)
    if check.name.startswith("age_"):
        years = _age(moment, at)
        return years is not None and ordered(check.name, Decimal(years), list(check.operands))
    if _earlier(moment, at.as_of, at.zone) > 0:
        return False
    edges = [moved(at.as_of, one, -1, at.zone) for one in check.operands if isinstance(one, Duration)]
    sides = [_earlier(moment, edge, at.zone) for edge in edges]
    return {
        "ago_gt": sides[0] < 0, "ago_gte": sides[0] <= 0, "ago_lt": sides[0] > 0, "ago_lte": sides[0] >= 0,
        "ago_between": sides[0] <= 0 and sides[-1] >= 0,
    }[check.name]  # fmt: skip


def _age(moment: datetime, at: At) -> int | None:
    today = at.as_of.astimezone(at.zone).date()
    born = moment.date() if moment.tzinfo is None else moment.astimezone(at.zone).date()
    if born > today:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _returns(moment: datetime, within: Duration, at: At) -> bool:
    """Whether the yearly return of a date falls on one of the person's next days, today among them."""
    clock = at.clock or at.zone
    first = moment.date() if moment.tzinfo is None else moment.astimezone(clock).date()
    today = at.as_of.astimezone(clock).date()
    end = moved(datetime(today.year, today.month, today.day, tzinfo=UTC), within, 1, ZoneInfo("UTC")).date()
    day = today
    while day < end:
        leapless = (first.month, first.day) == (2, 29) and not calendar.isleap(day.year)
        if day.year > first.year and (day.month, day.day) == ((2, 28) if leapless else (first.month, first.day)):
            return True
        day += timedelta(days=1)
    return False


def moved(instant: datetime, by: Duration, sign: int, zone: ZoneInfo) -> datetime:
    """An instant so much later (``sign`` 1) or earlier (-1)."""
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}.get(by.unit)
    if seconds is not None:
        return instant + timedelta(seconds=sign * seconds * by.count)
    local = instant.astimezone(zone)
    year, month, left = local.year, local.month, by.count * (12 if by.unit == "y" else 1)
    for _ in range(left):
        month += sign
        if month in (0, 13):
            year, month = year + sign, 12 if month == 0 else 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    found = datetime(year, month, day, local.hour, local.minute, local.second, local.microsecond, zone, fold=local.fold)
    return found.astimezone(UTC)
