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
    """

    horizon: str
    origins: tuple[datetime, ...]
    fit: tuple[datetime, ...]
    test: datetime
    by: Literal["time", "people"]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the run's record."""
        return {
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


def split_of(first: datetime, until: datetime, horizon: str, zone: ZoneInfo, *, thing: str) -> Split:
    """The split for one horizon. Raises ``TOO_LITTLE_HISTORY`` where there are fewer than two origins."""
    origins = complete_origins(first, until, horizon, zone)
    if len(origins) < 2:
        days = (until - first) / timedelta(days=1)
        need = Duration.parse(horizon).days + HISTORY_DAYS + STEP_DAYS
        count = "only one complete window" if origins else "no complete window"
        raise ForetellError(
            "TOO_LITTLE_HISTORY",
            f"{days:.0f} days of history hold {count} of {horizon}",
            thing=thing,
            next_step=f"Import at least {need:.0f} days of history, or shorten the horizon.",
        )
    test = origins[-1]
    fit = complete_by(origins, test, horizon, zone)
    if fit:
        return Split(horizon, origins, fit, test, "time")
    return Split(horizon, origins, origins[:-1], test, "people")
