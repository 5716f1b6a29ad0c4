"""What a lift says in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import Duration
from foretell.measure.effects import CANNOT, FEWEST, Answer, ArmResult, Effects
from foretell.measure.lift_rows import Entries

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}


@dataclass(frozen=True)
class SoFar:
    """People whose window is not over; they do not count yet.

    Args:
        treated, held_out: how many; ``goals`` of each have reached the goal already.
        first_at, last_at: when the first and the last window is over; None where none is open.
    """

    treated: int
    held_out: int
    treated_goals: int
    held_out_goals: int
    first_at: datetime | None
    last_at: datetime | None


def verdict_of(found: Effects, entries: Entries, waiting: SoFar, currency: str) -> tuple[Answer, str]:
    """The answer and the sentence that says it."""
    missing = _missing(found, entries, waiting)
    if missing:
        return "not yet", f"Not yet: {missing}"
    if entries.foreseen and 2 * entries.foreseen >= entries.active:
        return CANNOT, (
            "History cannot answer: what these people did was already known when the journey was played through it, "
            "so nothing that it sent can have changed it. The arms differ by chance alone."
        )
    if not entries.received:
        return CANNOT, "Nobody can tell: none of the treated received anything, so the arms differ by chance alone."
    window, has_goal = _span(entries.spec.goal_within), entries.spec.goal is not None
    revenue = _money_sentence(found, currency)
    if not has_goal:
        return found.revenue.answer, f"{_capital(found.revenue.answer)}: {revenue}"
    shares = _share_sentence(found, window)
    return found.conversions.answer, f"{_capital(found.conversions.answer)}: {shares} {_of_revenue(found, revenue)}"


def _missing(found: Effects, entries: Entries, waiting: SoFar) -> str:
    """What it takes until something can be said; nothing where it can."""
    treated, held = found.treated.people, found.held_out.people
    if not (treated or held or waiting.treated or waiting.held_out):
        return "nobody has entered whose entry counts."
    if not (held or waiting.held_out):
        return "nobody was held out, so there is nothing to measure against. Give the journey a holdout."
    if min(treated, held) >= FEWEST:
        return ""
    window = _span(entries.spec.goal_within)
    when = "" if waiting.last_at is None else f" The last of those on their way {_day(waiting.last_at)}."
    if waiting.first_at is not None and not (treated or held):
        return f"the {window} after the entry end on {_day(waiting.first_at)} for the first."
    return (
        f"the {window} after the entry are over for {treated} treated and {held} held out, "
        f"and it takes {FEWEST} of each.{when}"
    )


def _share_sentence(found: Effects, window: str) -> str:
    treated, held, effect = found.treated, found.held_out, found.conversions
    return (
        f"{_of(treated)} treated people reached the goal within {window}, {_of(held)} held out: "
        f"{_points(effect.value)} points ({_points(effect.low)} to {_points(effect.high)})."
    )


def _money_sentence(found: Effects, currency: str) -> str:
    effect = found.revenue
    if effect.low is None or effect.high is None:
        return "nothing can be said of the revenue."
    value, low, high = (_signed(amount or 0.0, 2) for amount in (effect.value, effect.low, effect.high))
    return f"revenue a person {value} {currency} ({low} to {high})."


def _of_revenue(found: Effects, sentence: str) -> str:
    word = "" if found.revenue.low is None else f" {_capital(found.revenue.answer)}."
    return f"{_capital(sentence)}{word}"


def _of(arm: ArmResult) -> str:
    share = 100 * (arm.share or 0.0)
    digits = 1 if arm.people >= 200 else 0
    return f"{share:.{digits}f} % of {arm.people:,}"


def _points(value: float | None) -> str:
    return _signed(100 * (value or 0.0), 1)


def _signed(value: float, digits: int) -> str:
    text = f"{abs(value):,.{digits}f}"
    return ("−" if value < 0 else "+") + text if float(text.replace(",", "")) else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def notes_of(entries: Entries) -> Iterator[str]:
    """What a reader should know beside the numbers: who is left out, and why."""
    if entries.contaminated:
        yield f"Left out: {_people(entries.contaminated)} of both arms, two who turned out to be one."
    if entries.otherwise:
        yield f"Left out: {_people(entries.otherwise)} who entered when goal, window or holdout were others."
    if entries.foreseen and 2 * entries.foreseen < entries.active:
        yield f"Of {_people(entries.foreseen)} something that happened after their entry was known before it."


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _span(window: str) -> str:
    """A duration as written (``30d``) in words."""
    length = Duration.parse(window)
    return f"{length.count} {_UNITS[length.unit]}{'' if length.count == 1 else 's'}"


def _day(instant: datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"
