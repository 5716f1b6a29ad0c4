"""All monitors of all sources, as of an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foretell.collect.health.fields import completeness, field_monitors
from foretell.collect.health.monitors import LEAST_BEFORE, Monitor, Share, State, most, span_words
from foretell.collect.health.presence import Presence, presence
from foretell.collect.health.reading import Arrivals, arrivals, breached, put_aside
from foretell.collect.health.rhythm import DAY, LEAST_WEEKS, QUARTERS, WEEK, Bound, Counts, days, silence
from foretell.collect.health.score import QualityScore, scored
from foretell.collect.tracking.compiling import applies, spec_of
from foretell.definitions import Catalog
from foretell.engine import Engine

LEAST_RISE = 0.02
LEAST_SCORED = 100
"""Events of the 28 days before without which a source has no score yet."""
_DAYS_BEFORE = 28 * DAY
_ORDER = {"broken": 0, "warn": 1, "silent": 2, "learning": 3, "ok": 4}
_SHARES = {
    "late": ("came more than a day late", "Look why the sender holds events back."),
    "repeated": (
        "came again under a message id that was known, and were left out",
        "Look whether the sender repeats itself, or two senders give the same ids. Nothing is counted twice.",
    ),
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
    """Every source of which anything ever came before ``now``, by key."""
    plans = [spec_of(document) for document in catalog.all("tracking")]
    came = arrivals(engine, now)
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


def _health(source: str, came: Arrivals, bad: _Bad, held: list[Presence], now: datetime) -> SourceHealth:
    history = days(came.counts)
    if not came.counts.any() and came.first_slot >= QUARTERS:
        return SourceHealth(source, came.last_at, 0, tuple(history), (_silent(source, came, now),), scored({}))
    fresh = _freshness(source, silence(came.counts, (now - came.last_at).total_seconds()), came.last_at)
    shares = _shares(came, *bad)
    monitors = [fresh, _volume(source, history[-1])]
    monitors += [_risen(source, name, *sides) for name, sides in shares.items()]
    monitors += [one for row in held for one in field_monitors(row)]
    monitors.sort(key=lambda one: _ORDER[one.state])
    score = _score(shares, held, fresh) if _is_learned(came) else scored({}, learning=True)
    return SourceHealth(source, came.last_at, came.last_hour, tuple(history), tuple(monitors), score)


def _is_learned(came: Arrivals) -> bool:
    """Whether enough came, for long enough, that a score tells something."""
    return came.first_slot >= LEAST_WEEKS * WEEK and came.counts[-_DAYS_BEFORE:-DAY].sum() >= LEAST_SCORED


def _score(shares: dict[str, tuple[Share, Share]], held: list[Presence], fresh: Monitor) -> QualityScore:
    well = {name: 1 - sides[1].value for name, sides in shares.items() if sides[1].whole}
    return scored(
        {
            "completeness": completeness(held),
            "validity": well.get("quarantined"),
            "timeliness": 0.0 if fresh.state == "broken" else well.get("late"),
            "consistency": well.get("violations"),
        }
    )


def _shares(came: Arrivals, aside: tuple[int, int], breaches: tuple[int, int] | None) -> dict[str, tuple[Share, Share]]:
    """Share → before, and in the last day."""

    def both(counts: Counts) -> tuple[int, int]:
        return int(counts[-_DAYS_BEFORE:-DAY].sum()), int(counts[-DAY:].sum())

    taken, again = both(came.counts), both(came.repeated)
    arrived = taken[0] + aside[0], taken[1] + aside[1]
    sent = taken[0] + again[0], taken[1] + again[1]
    found = {"late": _sides(both(came.late), taken), "repeated": _sides(again, sent)}
    found["quarantined"] = _sides(aside, arrived)
    return found if breaches is None else found | {"violations": _sides(breaches, arrived)}


def _sides(parts: tuple[int, int], wholes: tuple[int, int]) -> tuple[Share, Share]:
    before, now = (Share(min(part, whole), whole) for part, whole in zip(parts, wholes, strict=True))
    return before, now


def _silent(source: str, came: Arrivals, now: datetime) -> Monitor:
    seconds = (now - came.last_at).total_seconds()
    return Monitor(
        source, "freshness", "", "seconds", seconds, None, None, "silent",
        f"Nothing came for {span_words(seconds)}; after eight weeks a source is no longer watched.",
        "Look whether its sender still runs, or leave it be if it was given up.", came.last_at,
    )  # fmt: skip


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
    # What comes again is left out: it does no harm, so nobody is called.
    wrong: State = "warn" if name == "repeated" else "broken"
    return Monitor(source, name, "", "share", now.value, None, high, wrong if out else "ok",
                   f"{said}; up to {high:.1%} is usual.", step if out else "")  # fmt: skip
