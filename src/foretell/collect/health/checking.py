"""All monitors of all sources, as of an instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from foretell.collect.health.monitors import LEAST_BEFORE, LEAST_NOW, Monitor, Share, State, least_of, most, span_words
from foretell.collect.health.reading import Arrivals, Presence, arrivals, breached, presence, put_aside
from foretell.collect.health.rhythm import DAY, HOUR, Bound, Counts, days, silence
from foretell.collect.health.score import QualityScore, scored
from foretell.collect.tracking.compiling import applies, spec_of
from foretell.definitions import Catalog
from foretell.engine import Engine

USUAL = 0.9
"""A property is usually there, or usually a number, from this share on."""
LEAST_FALL, LEAST_RISE = 0.05, 0.02
_DAYS_BEFORE = 28 * DAY
_ORDER = {"broken": 0, "warn": 1, "learning": 2, "ok": 3}
_SHARES = {
    "late": ("came more than a day late", "Look why the sender holds events back."),
    "quarantined": ("could not be taken in", "Open the quarantine, mend the cause, then replay."),
    "violations": ("breach a tracking plan", "Open the violations of the tracking plan; each names its owner."),
}


_Bad = tuple[tuple[int, int], tuple[int, int] | None]
"""Rows in quarantine, and events that breach a plan where there is one: before, and in the last day."""


@dataclass(frozen=True)
class SourceHealth:
    """How a source is.

    Args:
        monitors: those that are broken first.
        days: events of the last 28 times 24 hours with what was usual, the present last.
        last_hour: events of the last hour.
    """

    source: str
    last_at: datetime
    last_hour: int
    days: tuple[Bound, ...]
    monitors: tuple[Monitor, ...]
    score: QualityScore


def source_health(engine: Engine, catalog: Catalog, *, now: datetime) -> list[SourceHealth]:
    """Every source of which anything came in the eight weeks before ``now``, by key."""
    plans = [spec_of(document) for document in catalog.all("tracking")]
    came = arrivals(engine.analytics, now)
    aside, breaches = put_aside(engine, now), breached(engine.analytics, now)
    held: dict[str, list[Presence]] = {}
    for one in presence(engine, now):
        held.setdefault(one.source, []).append(one)
    found = []
    for source in sorted(came):
        planned = any(applies(plan, source) for plan in plans)
        bad = _of(source, aside), _of(source, breaches) if planned else None
        found.append(_health(source, came[source], bad, held.get(source, []), now))
    return found


def _of(source: str, counts: dict[tuple[str, bool], int]) -> tuple[int, int]:
    """Of the time before, and of the last day."""
    return counts.get((source, False), 0), counts.get((source, True), 0)


def _health(
    source: str,
    came: Arrivals,
    bad: tuple[tuple[int, int], tuple[int, int] | None],
    held: list[Presence],
    now: datetime,
) -> SourceHealth:
    """Args: ``bad``: rows in quarantine, and events that breach a plan where there is one."""
    history = days(came.counts)
    fresh = _freshness(source, silence(came.counts, (now - came.last_at).total_seconds()), came.last_at)
    shares = _shares(came, *bad)
    monitors = [fresh, _volume(source, history[-1])]
    monitors += [_risen(source, name, *sides) for name, sides in shares.items()]
    monitors += [one for row in held for one in _properties(row)]
    monitors.sort(key=lambda one: _ORDER[one.state])
    well = {name: 1 - sides[1].value for name, sides in shares.items() if sides[1].whole}
    parts = {
        "completeness": _completeness(held),
        "validity": well.get("quarantined"),
        "timeliness": 0.0 if fresh.state == "broken" else well.get("late"),
        "consistency": well.get("violations"),
    }
    hour = int(came.counts[-HOUR:].sum())
    return SourceHealth(source, came.last_at, hour, tuple(history), tuple(monitors), scored(parts))


def _shares(came: Arrivals, aside: tuple[int, int], breaches: tuple[int, int] | None) -> dict[str, tuple[Share, Share]]:
    """Share → before, and in the last day."""

    def both(counts: Counts) -> tuple[int, int]:
        return int(counts[-_DAYS_BEFORE:-DAY].sum()), int(counts[-DAY:].sum())

    taken = both(came.counts)
    arrived = taken[0] + aside[0], taken[1] + aside[1]
    found = {"late": _sides(both(came.late), taken), "quarantined": _sides(aside, arrived)}
    return found if breaches is None else found | {"violations": _sides(breaches, arrived)}


def _sides(parts: tuple[int, int], wholes: tuple[int, int]) -> tuple[Share, Share]:
    before, now = (Share(min(part, whole), whole) for part, whole in zip(parts, wholes, strict=True))
    return before, now


def _freshness(source: str, found: Bound, last_at: datetime) -> Monitor:
    said = f"Nothing came for {span_words(found.value)}"
    if found.high is None:
        return Monitor(source, "freshness", "", "seconds", found.value, None, None, "learning",
                       f"{said}; what is usual is known after three weeks.")  # fmt: skip
    usual = f"up to {span_words(found.high)} is usual at this time of the week"
    if not found.out:
        return Monitor(source, "freshness", "", "seconds", found.value, None, found.high, "ok", f"{said}; {usual}.")
    return Monitor(
        source, "freshness", "", "seconds", found.value, None, found.high, "broken", f"{said}; {usual}.",
        "Look whether the sender still runs and its write key is valid.", last_at,
    )  # fmt: skip


def _volume(source: str, found: Bound) -> Monitor:
    said = f"{found.value:,.0f} events came in 24 hours"
    if found.low is None or found.high is None:
        return Monitor(source, "volume", "", "events", found.value, None, None, "learning",
                       f"{said}; what is usual is known after four weeks.")  # fmt: skip
    usual = f"{found.low:,.0f} to {found.high:,.0f} are usual on this day of the week"
    state: State = "ok"
    step = ""
    if found.out and found.value < found.low:
        state, step = "broken", "Look which pages or systems of the sender no longer send."
    elif found.out:
        state, step = "warn", "Look whether a campaign runs, or events are sent twice under new message ids."
    return Monitor(source, "volume", "", "events", found.value, found.low, found.high, state, f"{said}; {usual}.", step)


def _risen(source: str, name: str, before: Share, now: Share) -> Monitor:
    what, step = _SHARES[name]
    said = f"{now.part:,} of {now.whole:,} events of the last 24 hours {what}"
    high = most(before, now, LEAST_RISE)
    if high is None:
        young = before.whole < LEAST_BEFORE
        why = "too few came so far to say what is usual" if young else "too few came to judge"
        return Monitor(source, name, "", "share", now.value if now.whole else None, None, None,
                       "learning" if young else "ok", f"{said}; {why}.")  # fmt: skip
    out = now.value > high
    return Monitor(source, name, "", "share", now.value, None, high, "broken" if out else "ok",
                   f"{said}; up to {high:.1%} is usual.", step if out else "")  # fmt: skip


def _properties(row: Presence) -> Iterator[Monitor]:
    """Whether a property that is usually there still is, and still of its type."""
    subject = f"{row.event}.{row.path}"
    before, now = row.told
    low = least_of(before, now, LEAST_FALL)
    if before.value < USUAL or low is None:
        return
    out = now.value < low
    yield Monitor(
        row.source, "present", subject, "share", now.value, low, None, "broken" if out else "ok",
        f"{row.path} of {row.event} is there in {now.value:.1%} of the events of the last 24 hours; "
        f"{before.value:.1%} is usual.",
        "Look what changed where this event is sent." if out else "",
    )  # fmt: skip
    yield from _type(row, subject)


def _type(row: Presence, subject: str) -> Iterator[Monitor]:
    before, now = row.number
    low, high = least_of(before, now, LEAST_FALL), most(before, now, LEAST_FALL)
    if low is None or high is None or 1 - USUAL < before.value < USUAL:
        return
    out = not low <= now.value <= high
    usual, other = ("a number", "text") if before.value >= USUAL else ("text", "a number")
    yield Monitor(
        row.source, "type", subject, "share", now.value, low, high, "broken" if out else "ok",
        f"{row.path} of {row.event} is usually {usual}; in the last 24 hours it is {other} in "
        f"{abs(now.value - (usual == 'a number')):.1%} of the events.",
        "Look what changed where this event is sent, or mend the type in the tracking plan." if out else "",
    )  # fmt: skip


def _completeness(held: list[Presence]) -> float | None:
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
