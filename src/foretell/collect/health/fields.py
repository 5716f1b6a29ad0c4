"""Monitors of properties and traits: usually there, of their usual type, gone missing, or new."""

from __future__ import annotations

from collections.abc import Iterator

from foretell.collect.health.monitors import LEAST_BEFORE, LEAST_NOW, Monitor, least_of, most
from foretell.collect.health.presence import Presence

USUAL = 0.9
"""A property is usually there, or usually a number, from this share on."""
LEAST_FALL = 0.05
GONE_EVENTS = 12.0
"""Of a property that is there now and then, so many were expected in a day in which none was: by chance, that happens
once in 160,000 days."""
NEVER_SHARE, NEW_EVENTS, NEW_SHARE = 0.001, 10, 0.01
"""A property that was in a smaller share of events is new in so many events, and in such a share of them."""


def field_monitors(row: Presence) -> Iterator[Monitor]:
    """What there is to say of a property of the events of a name."""
    before, now = row.told
    if before.whole < LEAST_BEFORE or now.whole < LEAST_NOW:
        return
    if before.value >= USUAL:
        yield _present(row)
        yield from _type(row)
    elif before.value <= NEVER_SHARE and now.part >= NEW_EVENTS and now.value >= NEW_SHARE:
        yield _told(
            row, "new", f"{_name(row)} was hardly ever there in 27 days, and is in {now.part:,} of {now.whole:,} "
            "events of the last 24 hours.", "Write it into the tracking plan, or look whether a name was changed.",
        )  # fmt: skip
    elif before.part and not now.part and before.value * now.whole >= GONE_EVENTS:
        yield _told(
            row, "gone", f"{_name(row)} is in none of {now.whole:,} events of the last 24 hours; {before.value:.1%} is "
            "usual.", "Look whether it was left out on purpose where this event is sent.",
        )  # fmt: skip


def _told(row: Presence, monitor: str, sentence: str, next_step: str) -> Monitor:
    value = row.told[1].value
    return Monitor(row.source, monitor, _subject(row), "share", value, None, None, "warn", sentence, next_step)


def _subject(row: Presence) -> str:
    return row.path if row.path.startswith("traits.") else f"{row.event}.{row.path}"


def _name(row: Presence) -> str:
    return f"{row.path} of {row.event}"


def _present(row: Presence) -> Monitor:
    before, now = row.told
    low = least_of(before, now, LEAST_FALL)
    out = low is not None and now.value < low
    return Monitor(
        row.source, "present", _subject(row), "share", now.value, low, None, "broken" if out else "ok",
        f"{_name(row)} is there in {now.value:.1%} of the events of the last 24 hours; {before.value:.1%} is usual.",
        "Look what changed where this event is sent." if out else "",
    )  # fmt: skip


def _type(row: Presence) -> Iterator[Monitor]:
    before, now = row.number
    low, high = least_of(before, now, LEAST_FALL), most(before, now, LEAST_FALL)
    if low is None or high is None or 1 - USUAL < before.value < USUAL:
        return
    out = not low <= now.value <= high
    usual, other = ("a number", "text") if before.value >= USUAL else ("text", "a number")
    yield Monitor(
        row.source, "type", _subject(row), "share", now.value, low, high, "broken" if out else "ok",
        f"{_name(row)} is usually {usual}; in the last 24 hours it is {other} in "
        f"{abs(now.value - (usual == 'a number')):.1%} of the events.",
        "Look what changed where this event is sent, or mend the type in the tracking plan." if out else "",
    )  # fmt: skip


def completeness(held: list[Presence]) -> float | None:
    """The mean over properties that are usually there: how often they are, in their usual type, at most 1."""
    ratios = [
        min(1.0, row.told[1].value / row.told[0].value) * _of_its_type(row)
        for row in held
        if row.told[0].value >= USUAL and row.told[0].whole >= LEAST_BEFORE and row.told[1].whole >= LEAST_NOW
    ]
    return sum(ratios) / len(ratios) if ratios else None


def _of_its_type(row: Presence) -> float:
    """The share that is of the usual type now, against usual, at most 1; 1 where no type is usual."""
    before, now = (share.value for share in row.number)
    if not row.number[1].whole:
        return 1.0
    if before >= USUAL:
        return min(1.0, now / before)
    return min(1.0, (1 - now) / (1 - before)) if before <= 1 - USUAL else 1.0
