"""Which events are meant, and what they come to, one person and one event at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from foretell.clock import Duration
from foretell.condition import Anchor, Change, Check, Did, Figure, Pick, Property, Ratio, Selection, Top, Variable
from tests.properties.naive_people import clock_of
from tests.properties.naive_terms import (
    At,
    Event,
    History,
    Key,
    arrived,
    dated,
    fulfils,
    key_of,
    moved,
    number_of,
    numeric,
    place,
    universe,
)

Span = tuple[datetime | None, datetime]
"""After the first instant, up to the second."""


def span_of(within: Duration | None, at: At) -> Span:
    """The window that ends where one stands, or the outcome's."""
    if at.future is not None:
        return at.as_of, at.end
    return (None if within is None else moved(at.as_of, within, -1, at.zone)), at.as_of


def selected(selection: Selection, person: int, history: History, at: At, span: Span | None = None) -> list[Event]:
    """The person's events that are meant, in order, each with the tests that its elements have to pass."""
    after, last = span or span_of(selection.within, at)
    asked = None if at.people is None or at.future is not None else at.people.get(person)
    if asked is not None and asked.since is not None:
        after = asked.since if after is None else max(after, asked.since)
    begins = _begins(selection.since, person, history, at)
    found = []
    for event in history.by_person.get(person, []):
        if not arrived(event, at) or event["ts"] > last or (after is not None and event["ts"] <= after):
            continue
        if not fulfils(selection.event, event["event"], at) or event["ts"] < begins:
            continue
        if _on_the_clock(selection, event, person, history, at) and where(selection.where, event["properties"], at):
            found.append({**event, "where": selection.where, "at": at})
    return found


def _begins(since: Anchor | date | datetime | None, person: int, history: History, at: At) -> datetime:
    """The first instant that counts."""
    tick = timedelta(microseconds=1)
    if since is None:
        return datetime.min.replace(tzinfo=at.as_of.tzinfo)
    if isinstance(since, datetime):
        return (since if since.tzinfo else since.replace(tzinfo=at.zone)) + tick
    if isinstance(since, date):
        return datetime(since.year, since.month, since.day, tzinfo=at.zone)
    anchors = selected(Selection(since.event, since.where), person, history, replace(at, people=None))
    if not anchors:
        return datetime.max.replace(tzinfo=at.as_of.tzinfo)
    return anchors[-1 if since.which == "last" else 0]["ts"] + tick  # type: ignore[no-any-return]


def _on_the_clock(selection: Selection, event: Event, person: int, history: History, at: At) -> bool:
    if not selection.hours and not selection.weekdays:
        return True
    local = event["ts"].astimezone(clock_of(person, history, at))
    return numeric(selection.hours, local.hour) and numeric(selection.weekdays, local.isoweekday())


# ---- properties


def where(tests: Iterable[Property], properties: Any, at: At) -> bool:
    """Whether the properties of an event pass all tests, those of one array for one and the same element."""
    candidates: dict[str, list[Any]] = {}
    for test in tests:
        array, elements, rest = _walk(properties, test.name)
        for check in test.test:
            positive = replace(check, negated=False)
            if array is None:
                if not fulfils((check,), _plain(properties, test.name), at):
                    return False
            elif check.negated:
                if any(fulfils((positive,), _plain(element, rest), at) for element in elements):
                    return False
            else:
                left = candidates.get(array, elements)
                candidates[array] = [one for one in left if fulfils((positive,), _plain(one, rest), at)]
    return all(candidates.values())


def _walk(properties: Any, name: str) -> tuple[str | None, list[Any], str]:
    """The array on the way to a property, its elements and the rest of the way; (None, [], "") for none."""
    here, steps = properties, name.split(".")
    for step_place, step in enumerate(steps):
        here = here.get(step) if isinstance(here, dict) else None
        if isinstance(here, list):
            return ".".join(steps[: step_place + 1]), here, ".".join(steps[step_place + 1 :])
    return None, [], ""


def _plain(properties: Any, name: str) -> Any:
    here = properties
    for step in name.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here


def _values(event: Event, name: str) -> list[Any]:
    """The values of a property, in an array those of the elements that pass the tests alone."""
    array, elements, rest = _walk(event["properties"], name)
    if array is None:
        return [_plain(event["properties"], name)]
    kept = []
    for element in elements:
        tests = [test for test in event["where"] if test.name.startswith(array + ".")]
        if all(
            check.negated or fulfils((check,), _plain(element, test.name[len(array) + 1 :]), event["at"])
            for test in tests
            for check in test.test
        ):
            kept.append(_plain(element, rest))
    return kept


def _place_of(event: Event, name: str) -> str:
    """The property that a short name means: the event's own, else that of the elements of its one array with it."""
    properties = event["properties"]
    if "." in name or key_of(_plain(properties, name)) is not None:
        return name
    arrays = [
        key for key, inner in properties.items()
        if isinstance(inner, list) and any(key_of(_plain(element, name)) is not None for element in inner)
    ]  # fmt: skip
    return f"{arrays[0]}.{name}" if len(arrays) == 1 else name


def keys_of(event: Event, name: str) -> set[Key]:
    """The values by which events are told apart or held equal."""
    return {key for value in _values(event, _place_of(event, name)) if (key := key_of(value)) is not None}


# ---- did


def counted(part: Did, person: int, history: History, at: At, span: Span | None = None) -> list[Event]:
    """The selected events that none of ``without`` follows."""
    found = selected(part.selection, person, history, at, span)
    if part.without is None:
        return found
    later = selected(part.without, person, history, at, span_of(None, at))
    return [event for event in found if not any(_undone(event, one, part.same) for one in later)]


def _undone(event: Event, later: Event, same: tuple[str, ...]) -> bool:
    return place(later) > place(event) and all(keys_of(event, name) & keys_of(later, name) for name in same)


def did(part: Did, person: int, history: History, at: At) -> bool:
    """Whether the tests hold, of the events of some value where there is ``per``; says nothing of ``negated``."""
    if part.per is None:
        return _tested(part, person, history, at, None)
    values = {key for event in counted(part, person, history, at) for key in keys_of(event, part.per)}
    return any(did_with(part, value, person, history, at) for value in values)


def did_with(part: Did, value: Key, person: int, history: History, at: At) -> bool:
    """Whether the tests hold for the events with a value of ``per``; there has to be one."""
    return bool(_of_value(part, value, counted(part, person, history, at))) and _tested(
        part, person, history, at, value
    )


def _of_value(part: Did, value: Key, events: list[Event]) -> list[Event]:
    assert part.per is not None
    found = []
    for event in events:
        if value in keys_of(event, part.per):
            name = _place_of(event, part.per)
            at = replace(event["at"], bound={**event["at"].bound, " per": value})
            alike = Property(name, (Check("is", (Variable(" per"),)),))
            found.append({**event, "where": (*event["where"], alike), "at": at})
    return found


def _tested(part: Did, person: int, history: History, at: At, value: Key | None) -> bool:
    def events(span: Span | None = None) -> list[Event]:
        found = counted(part, person, history, at, span)
        return found if value is None else _of_value(part, value, found)

    now = events()
    windows = [now] if part.in_any is None else _windows(now, part.in_any, at)
    if not any(_counts(part, window) for window in windows):
        return False
    if part.change is not None:
        before, figure = events(_before(part.selection.within, at)), part.change.figure
        numbers = [figure_of(figure, part.selection, some) for some in (now, before)]
        if not _changed(part.change, numbers[0], numbers[1], len(before)):
            return False
    return part.top is None or _is_top(part, part.top, person, history, at)


def _windows(events: list[Event], length: Duration, at: At) -> Iterator[list[Event]]:
    yield []
    ends = [event["ts"] for event in events]
    for end in {*ends, *(moved(one, length, 1, at.zone) for one in ends)}:
        if end <= at.end:
            yield [event for event in events if moved(end, length, -1, at.zone) < event["ts"] <= end]


def _counts(part: Did, events: list[Event]) -> bool:
    if part.times is not None and not numeric(part.times, len(events)):
        return False
    return all(
        numeric(one.test, figure_of(Figure(one.function, one.name), part.selection, events)) for one in part.aggregates
    )


def _is_top(part: Did, top: Top, person: int, history: History, at: At) -> bool:
    everybody = universe(history, at)
    asked = (part, top, at.as_of, at.known_at, at.of, tuple(at.bound.items()), id(at.people))
    if asked not in history.seen:
        counts = {one: counted(part, one, history, at) for one in everybody}
        numbers = {one: figure_of(top.figure, part.selection, events) for one, events in counts.items() if events}
        history.seen[asked] = {one: number for one, number in numbers.items() if number is not None}
    figures: dict[int, Any] = history.seen[asked]
    if person not in figures:
        return False
    ahead = sum(number > figures[person] for number in figures.values())
    if top.count is not None:
        return bool(ahead < top.count)
    assert top.share is not None
    return bool(ahead < Fraction(top.share) * len(everybody))


def figure_of(figure: Figure, selection: Selection, events: list[Event]) -> Any:
    """The number over some events; None where it is missing."""
    if figure.function is None:
        return len(events)
    values = [(event, value) for event in events for value in _values(event, figure.name)]
    if figure.function == "distinct":
        return len({key_of(value) for _, value in values} - {None})
    numbers = [(event, number) for event, value in values if (number := number_of(value)) is not None]
    if figure.function == "sum":
        net = len(selection.event) != 1 or selection.event[0].name != "is" or selection.event[0].negated
        return sum((-abs(n) if net and event["event"] == "Order Refunded" else n for event, n in numbers), Decimal(0))
    if not numbers:
        return None
    plain = [number for _, number in numbers]
    if figure.function == "avg":
        return sum(map(Fraction, plain), Fraction(0)) / len(plain)
    return min(plain) if figure.function == "min" else max(plain)


# ---- compared with before


def _before(within: Duration | None, at: At) -> Span:
    assert within is not None
    assert at.future is None
    begin = moved(at.as_of, within, -1, at.zone)
    return moved(begin, within, -1, at.zone), begin


def _changed(change: Change, now: Any, before: Any, base: int) -> bool:
    value = None
    if now is not None and before is not None and before != 0:
        value = (Fraction(now) - Fraction(before)) / Fraction(before)
    return numeric(change.test, value) and numeric(change.base, base)


def ratio(part: Ratio, person: int, history: History, at: At) -> bool:
    """Whether the tests of a ratio and of its change hold."""

    def number(span: Span) -> tuple[Fraction | None, int]:
        over, under = (len(selected(one, person, history, at, span)) for one in (part.over, part.under))
        return (Fraction(over, under) if under else None), under

    now, _ = number(span_of(part.within, at))
    if part.change is not None:
        before, base = number(_before(part.within, at))
        if not _changed(part.change, now, before, base):
            return False
    return numeric(part.test, now)


def pick(part: Pick, person: int, history: History, at: At) -> bool:
    """Whether the last or first of the selected events passes its tests."""
    events = selected(part.selection, person, history, at)
    if not events:
        return not part.ago and all(check.negated for test in part.properties for check in test.test)
    event = events[-1] if part.which == "last" else events[0]
    return all(dated(check, event["ts"], at) for check in part.ago) and where(part.properties, event["properties"], at)
