"""Conditions evaluated the slow and obvious way: one person, one event at a time.

Independent of the compiler: it shares only the syntax tree with it. Money, dates, calendar steps,
windows and ties are worked out here once more, from plain dictionaries.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.condition import (
    Aggregate,
    All,
    AnyOf,
    Check,
    Condition,
    Consent,
    Did,
    Measure,
    Message,
    Not,
    Pick,
    Prediction,
    Property,
    Segment,
    Selection,
    Test,
    Trait,
)
from foretell.condition import Event as EntryEvent
from foretell.profile import USUAL_SURVIVORSHIP, Survivorship
from tests.properties.naive_survivorship import survivor

Event = dict[str, Any]


@dataclass
class History:
    """Everything that is stored.

    Args:
        events: seq ts known_at event message_id node known properties.
        traits: seq ts known_at node trait source value (None unsets).
        scores: prediction horizon node as_of score.
        consents: seq ts known_at node channel purpose state.
        owners: merged node → profile.
    """

    events: list[Event] = field(default_factory=list)
    traits: list[Event] = field(default_factory=list)
    scores: list[Event] = field(default_factory=list)
    owners: dict[int, int] = field(default_factory=dict)
    consents: list[Event] = field(default_factory=list)

    @cached_property
    def by_person(self) -> dict[int, list[Event]]:
        """The events of each profile, merged ones with their owner's."""
        found: dict[int, list[Event]] = {}
        for event in self.events:
            found.setdefault(_owner(event, self), []).append(event)
        return found


@dataclass(frozen=True)
class Asked:
    """What is known of a person's run."""

    since: datetime | None = None
    run: str | None = None
    entry: str | None = None


@dataclass(frozen=True)
class At:
    """From where one looks."""

    as_of: datetime
    zone: ZoneInfo
    known_at: datetime | None = None
    future: Duration | None = None
    segments: Mapping[str, tuple[Condition, str]] = field(default_factory=dict)
    predictions: Mapping[str, tuple[tuple[str, ...], Duration | None]] = field(default_factory=dict)
    people: Mapping[int, Asked] | None = None
    rules: Survivorship = USUAL_SURVIVORSHIP


def members(tree: Condition, history: History, at: At, of: str) -> set[int]:
    """The profiles of the universe for whom ``tree`` holds."""
    seen = [e for e in history.events if e["ts"] <= at.as_of and _arrived(e, at) and (of == "all" or e["known"])]
    wanted = {_owner(e, history) for e in seen}
    if at.people is not None:
        wanted &= set(at.people)
    return {person for person in wanted if _holds(tree, person, history, at)}


def measured(part: Measure, history: History, at: At) -> dict[int, Decimal | int | None]:
    """The number of everybody with selected events."""
    found: dict[int, Decimal | int | None] = {}
    for person in history.by_person:
        events = _selected(part.selection, person, history, at)
        if events and part.function is None:
            found[person] = len(events)
        elif events and part.function is not None:
            found[person] = _result(part.function, part.name, events, part.selection)
    return found


def _owner(row: Event, history: History) -> int:
    return history.owners.get(row["node"], row["node"])


def _arrived(row: Event, at: At) -> bool:
    return at.known_at is None or row["known_at"] <= at.known_at


def _holds(tree: Condition, person: int, history: History, at: At) -> bool:
    match tree:
        case All():
            return all(_holds(part, person, history, at) for part in tree.parts)
        case AnyOf():
            return any(_holds(part, person, history, at) for part in tree.parts)
        case Not():
            return not _holds(tree.part, person, history, at)
        case Consent() | Message() | EntryEvent():
            return _told(tree, person, history, at)
        case Did():
            return _did(tree, _selected(tree.selection, person, history, at)) != tree.negated
        case Pick():
            return _pick(tree, _selected(tree.selection, person, history, at), at)
        case Trait():
            return _test(tree.test, _trait(tree.name, person, history, at), at)
        case Prediction():
            return _numeric(tree.test, _score(tree, person, history, at))
        case Segment():
            inner, of = at.segments[tree.key]
            return person in members(inner, history, _without_since(at), of)


# ---- events


def _selected(selection: Selection, person: int, history: History, at: At) -> list[Event]:
    found = []
    for event in history.by_person.get(person, []):
        if not _arrived(event, at):
            continue
        if not _test(selection.event, event["event"], at) or not _in_window(event["ts"], selection, person, at):
            continue
        if _where(selection.where, event["properties"], at):
            found.append({**event, "where": selection.where, "at": at})
    return found


def _in_window(ts: datetime, selection: Selection, person: int, at: At) -> bool:
    if at.future is not None:
        return at.as_of < ts <= _moved(at.as_of, at.future, 1, at.zone)
    begins_after = None if selection.within is None else _moved(at.as_of, selection.within, -1, at.zone)
    since = None if at.people is None else at.people[person].since
    return ts <= at.as_of and all(edge is None or ts > edge for edge in (begins_after, since))


def _where(tests: Iterable[Property], properties: Any, at: At) -> bool:
    candidates: dict[str, list[Any]] = {}
    for test in tests:
        array, elements, rest = _walk(properties, test.name)
        for check in test.test:
            positive = replace(check, negated=False)
            if array is None:
                if not _test((check,), _plain(properties, test.name), at):
                    return False
            elif check.negated:
                if any(_test((positive,), _plain(element, rest), at) for element in elements):
                    return False
            else:
                left = candidates.get(array, elements)
                candidates[array] = [one for one in left if _test((positive,), _plain(one, rest), at)]
    return all(candidates.values())


def _walk(properties: Any, name: str) -> tuple[str | None, list[Any], str]:
    """The array on the way to a property, its elements and the rest of the way; (None, [], "") for none."""
    here, steps = properties, name.split(".")
    for place, step in enumerate(steps):
        here = here.get(step) if isinstance(here, dict) else None
        if isinstance(here, list):
            return ".".join(steps[: place + 1]), here, ".".join(steps[place + 1 :])
    return None, [], ""


def _plain(properties: Any, name: str) -> Any:
    here = properties
    for step in name.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here


def _did(part: Did, events: list[Event]) -> bool:
    if part.times is not None and not _numeric(part.times, Decimal(len(events))):
        return False
    return all(_aggregate(one, part.selection, events) for one in part.aggregates)


def _aggregate(part: Aggregate, selection: Selection, events: list[Event]) -> bool:
    value = _result(part.function, part.name, events, selection)
    return _numeric(part.test, None if value is None else Decimal(value), exact=part.function == "avg")


def _result(function: str, name: str, events: list[Event], selection: Selection) -> Any:
    values = [(event, value) for event in events for value in _values(event, name)]
    if function == "distinct":
        return len({(_text(value), None if _text(value) is not None else _number(value)) for _, value in values
                    if _text(value) is not None or _number(value) is not None})  # fmt: skip
    numbers = [(event, number) for event, value in values if (number := _number(value)) is not None]
    if function == "sum":
        net = len(selection.event) != 1 or selection.event[0].name != "is" or selection.event[0].negated
        return sum((-abs(n) if net and event["event"] == "Order Refunded" else n for event, n in numbers), Decimal(0))
    if not numbers:
        return None
    plain = [number for _, number in numbers]
    if function == "avg":
        return sum(plain, Decimal(0)) / len(plain)
    return min(plain) if function == "min" else max(plain)


def _values(event: Event, name: str) -> list[Any]:
    array, elements, rest = _walk(event["properties"], name)
    if array is None:
        return [_plain(event["properties"], name)]
    kept = []
    for element in elements:
        tests = [test for test in event["where"] if test.name.startswith(array + ".")]
        if all(
            check.negated or _test((check,), _plain(element, test.name[len(array) + 1 :]), event["at"])
            for test in tests
            for check in test.test
        ):
            kept.append(_plain(element, rest))
    return kept


def _pick(part: Pick, events: list[Event], at: At) -> bool:
    ordered = sorted(events, key=lambda event: (event["ts"], event["message_id"].encode()))
    if not ordered:
        return not part.ago and all(check.negated for test in part.properties for check in test.test)
    event = ordered[-1] if part.which == "last" else ordered[0]
    when = all(_dated(check, event["ts"], at) for check in part.ago)
    return when and _where(part.properties, event["properties"], at)


def _trait(name: str, person: int, history: History, at: At) -> Any:
    rows = [
        row for row in history.traits if _owner(row, history) == person and row["ts"] <= at.as_of and _arrived(row, at)
    ]
    return survivor(rows, name, at.rules)


def _score(part: Prediction, person: int, history: History, at: At) -> Decimal | None:
    horizons, max_age = at.predictions[part.key]
    horizon = part.horizon or horizons[0]
    rows = [
        row
        for row in history.scores
        if row["prediction"] == part.key and row["horizon"] == horizon
        and _owner(row, history) == person and row["as_of"] <= at.as_of
    ]  # fmt: skip
    if max_age is not None:
        rows = [row for row in rows if row["as_of"] >= _moved(at.as_of, max_age, -1, at.zone)]
    if not rows:
        return None
    latest = max(rows, key=lambda row: (row["as_of"], row["node"] not in history.owners, -row["node"]))
    return Decimal(repr(latest["score"]))


# ---- runs and consent


def _without_since(at: At) -> At:
    people = at.people and {key: replace(asked, since=None) for key, asked in at.people.items()}
    return replace(at, people=people)


def _told(tree: Consent | Message | EntryEvent, person: int, history: History, at: At) -> bool:
    if isinstance(tree, Consent):
        return _consent(tree, person, history, at) == "granted"
    if isinstance(tree, Message):
        return any(_message(tree, event, person, at) for event in _past(person, history, at)) != tree.negated
    entry = _asked(person, at).entry
    begun = [event["properties"] for event in _past(person, history, at) if event["message_id"] == entry]
    if not begun:
        return all(check.negated for check in tree.test)
    return _where([Property(tree.name, tree.test)], begun[0], at)


def _past(person: int, history: History, at: At) -> list[Event]:
    return [event for event in history.by_person.get(person, []) if event["ts"] <= at.as_of and _arrived(event, at)]


def _asked(person: int, at: At) -> Asked:
    assert at.people is not None
    return at.people[person]


def _message(part: Message, event: Event, person: int, at: At) -> bool:
    channel, _, what = event["event"].partition(" ")
    if channel not in {"Email", "SMS", "Push", "Message"}:
        return False
    told = {name: _text(event["properties"].get(name)) for name in ("run", "step", "machine")}
    run = _asked(person, at).run
    if run is None or told["run"] != run or told["step"] != part.step:
        return False
    if part.state == "opened":
        return what in ("Link Clicked", "Replied") or (what == "Opened" and told["machine"] != "true")
    return {"clicked": "Link Clicked"}.get(part.state, part.state.capitalize()) == str(what)


def _consent(part: Consent, person: int, history: History, at: At) -> str | None:
    words = [
        row
        for row in history.consents
        if (row["channel"], row["purpose"]) == (part.channel, part.purpose)
        and _owner(row, history) == person and row["ts"] <= at.as_of and _arrived(row, at)
        and row["state"] in ("granted", "denied")
    ]  # fmt: skip
    latest = [
        row["state"] for row in words if row["ts"] == max(word["ts"] for word in words if word["node"] == row["node"])
    ]  # of each identity its own
    return "denied" if "denied" in latest else "granted" if latest else None


# ---- values


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", value, re.ASCII):
        return None
    number = Decimal(str(value)).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
    return number if abs(number) < Decimal("9.2e12") else None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def _test(test: Test, value: Any, at: At) -> bool:
    return all(_check(check, value, at) != check.negated for check in test)


def _check(check: Check, value: Any, at: At) -> bool:
    if check.name in ("before", "after") or check.name.startswith(("ago_", "age_")):
        found = _moment(value)
        return found is not None and _dated(check, found, at)
    if check.name == "exists":
        return _text(value) is not None or _number(value) is not None
    if check.name == "in":
        return any(_check(Check("is", (one,)), value, at) for one in check.operands)
    if check.name in ("contains", "starts_with", "ends_with", "matches"):
        text, wanted = _text(value), str(check.operands[0])
        if text is None:
            return False
        if check.name == "matches":
            return re.search(re.sub(r"\$$", r"\\Z", wanted), text, re.ASCII) is not None
        if check.name == "contains":
            return wanted in text
        return text.startswith(wanted) if check.name == "starts_with" else text.endswith(wanted)
    operands = [_text(one) if isinstance(one, bool) else one for one in check.operands]
    mine: Any = _number(value) if isinstance(operands[0], Decimal) else _text(value)
    return mine is not None and _ordered(check.name, _sortable(mine), [_sortable(one) for one in operands])


def _sortable(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _numeric(test: Test, number: Decimal | None, *, exact: bool = False) -> bool:
    return all(_numeric_one(check, number) != check.negated for check in test)


def _numeric_one(check: Check, number: Decimal | None) -> bool:
    if number is None or check.name == "exists":
        return number is not None
    if check.name == "in":
        return number in check.operands
    return _ordered(check.name, number, list(check.operands))


def _ordered(name: str, value: Any, operands: list[Any]) -> bool:
    short = name.split("_")[-1]
    if short == "between":
        return bool(operands[0] <= value <= operands[1])
    return bool({
        "is": value == operands[0], "gt": value > operands[0], "gte": value >= operands[0],
        "lt": value < operands[0], "lte": value <= operands[0],
    }[short])  # fmt: skip


# ---- time


def _moment(value: Any) -> datetime | None:
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


def _dated(check: Check, moment: datetime, at: At) -> bool:
    operand = check.operands[0]
    if check.name in ("before", "after"):
        if isinstance(operand, datetime):
            return _earlier(moment, operand, at.zone) == (-1 if check.name == "before" else 1)
        assert isinstance(operand, date)
        start = datetime(operand.year, operand.month, operand.day)
        if check.name == "before":
            return _earlier(moment, start, at.zone) < 0
        return _earlier(moment, start + timedelta(days=1), at.zone) >= 0
    if check.name.startswith("age_"):
        years = _age(moment, at)
        return years is not None and _ordered(check.name, Decimal(years), list(check.operands))
    if _earlier(moment, at.as_of, at.zone) > 0:
        return False
    edges = [_moved(at.as_of, one, -1, at.zone) for one in check.operands if isinstance(one, Duration)]
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


def _moved(instant: datetime, by: Duration, sign: int, zone: ZoneInfo) -> datetime:
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
    moved = datetime(year, month, day, local.hour, local.minute, local.second, local.microsecond, zone, fold=local.fold)
    return moved.astimezone(UTC)
