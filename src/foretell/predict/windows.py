"""Rolling origin: at which past instants a model learns, and at which it is judged.

An origin is an instant whose outcome window ``(origin, origin + horizon]`` was complete at the
training instant. The latest origin is the test; a model that is judged there may only have learnt
from outcomes that were complete by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.errors import ForetellError

STEP_DAYS = 30
MOST_ORIGINS = 18
HISTORY_DAYS = 30
"""An origin needs at least so much history before it."""
SNAPSHOT_DAYS = 1
"""A history that begins so shortly before the one origin was told at one instant: traits, no behaviour."""
FOLDS = 5
REPEATS = 3
REPEATS_UP_TO = 20_000
"""People up to which they are put into folds three times; of more, chance says little in one."""


@dataclass(frozen=True)
class Split:
    """Which origins fit and which one tests, fixed before anything is fitted.

    Args:
        horizon: as written.
        origins: all complete origins, oldest first; the final model learns from all of them.
        fit: those whose outcomes were complete at the test origin, oldest first.
        test: the latest origin.
        by: ``time`` where the test lies after everything the judged model learnt from; ``people``
            where history is too short for that, and other people's overlapping windows are used.
        folds: parts into which the people are put where there is one origin only; each is judged by a
            model of the others. 0 where there are several origins.
        repeats: how often they are put into parts anew.
    """

    horizon: str
    origins: tuple[datetime, ...]
    fit: tuple[datetime, ...]
    test: datetime
    by: Literal["time", "people"]
    folds: int = 0
    repeats: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the run's record."""
        crossed = {"folds": self.folds, "repeats": self.repeats} if self.folds else {}
        return {
            **crossed,
            "horizon": self.horizon,
            "by": self.by,
            "fit": [origin.isoformat() for origin in self.fit],
            "test": self.test.isoformat(),
            "origins": [origin.isoformat() for origin in self.origins],
        }


def complete_origins(first: datetime, until: datetime, horizon: str, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Origins of which the outcome was complete at ``until``, oldest first.

    Args:
        first: when the history begins.
        until: the training instant; the latest origin is one horizon before it, the others lie
            30 days apart (a week to 30 days for shorter horizons).
    """
    length = Duration.parse(horizon)
    step = timedelta(days=min(max(length.days, 7.0), STEP_DAYS))
    latest = length.before(until, zone)
    history = timedelta(days=HISTORY_DAYS)
    found = []
    for place in range(MOST_ORIGINS):
        origin = latest - place * step
        if origin - first < history:
            break
        found.append(origin)
    return tuple(reversed(found))


def complete_by(origins: Sequence[datetime], instant: datetime, horizon: str, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Those of ``origins`` whose outcome window had ended at ``instant``."""
    length = Duration.parse(horizon)
    return tuple(origin for origin in origins if length.after(origin, zone) <= instant)


def latest_complete(origins: Sequence[datetime], place: int, horizon: str, zone: ZoneInfo) -> int | None:
    """Index of the latest of ``origins`` that was complete when the one at ``place`` began, or None."""
    found = len(complete_by(origins, origins[place], horizon, zone))
    return found - 1 if found else None


def split_of(first: datetime, until: datetime, horizon: str, zone: ZoneInfo, *, thing: str, people: int = 0) -> Split:
    """The split for one horizon.

    Args:
        people: how many there are to learn from; of many, one repeat of the folds is enough.

    Raises:
        ForetellError: ``TOO_LITTLE_HISTORY`` where there is no origin.
    """
    origins = complete_origins(first, until, horizon, zone) or _snapshot(first, until, horizon, zone)
    if not origins:
        days = (until - first) / timedelta(days=1)
        need = Duration.parse(horizon).days + HISTORY_DAYS
        raise ForetellError(
            "TOO_LITTLE_HISTORY",
            f"{days:.0f} days of history hold no complete window of {horizon}",
            thing=thing,
            next_step=f"Import at least {need:.0f} days of history, or shorten the horizon.",
        )
    test = origins[-1]
    if len(origins) == 1:
        return Split(horizon, origins, origins, test, "people", FOLDS, REPEATS if people <= REPEATS_UP_TO else 1)
    fit = complete_by(origins, test, horizon, zone)
    if fit:
        return Split(horizon, origins, fit, test, "time")
    return Split(horizon, origins, origins[:-1], test, "people")


def _snapshot(first: datetime, until: datetime, horizon: str, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The one origin of a history whose beginning was all told at one instant: the latest complete one."""
    latest = Duration.parse(horizon).before(until, zone)
    told = timedelta(0) <= latest - first <= timedelta(days=SNAPSHOT_DAYS)
    return (latest,) if told else ()
