"""Instants from which times are counted: those that are not through yet belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.errors import ForetellError
from foretell.predict.hazard.stretches import Stretches
from foretell.predict.windows import HISTORY_DAYS, MOST_ORIGINS, STEP_DAYS


@dataclass(frozen=True)
class HazardSplit:
    """Which instants fit and which one tests, fixed before anything is fitted.

    Args:
        origins: oldest first; the final model learns from all of them, as far as they were seen.
        fit: those that the judged model learns from, seen up to ``test``.
        test: the latest instant that was seen to the end of the last stretch.
    """

    origins: tuple[datetime, ...]
    fit: tuple[datetime, ...]
    test: datetime
    until: datetime
    stretches: Stretches

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the run's record."""
        return {
            "by": "time",
            "fit": [origin.isoformat() for origin in self.fit],
            "test": self.test.isoformat(),
            "origins": [origin.isoformat() for origin in self.origins],
            "stretches_days": list(self.stretches.ends),
        }


def hazard_split(
    first: datetime, until: datetime, longest: str, stretches: Stretches, zone: ZoneInfo, *, thing: str
) -> HazardSplit:
    """The split; raises ``TOO_LITTLE_HISTORY`` where nothing can be judged out of time.

    Args:
        first: when the history begins.
        until: the training instant.
    """
    test = Duration.parse(longest).before(until, zone)
    shortest, step = timedelta(days=stretches.ends[0]), timedelta(days=STEP_DAYS)
    begin = first + timedelta(days=HISTORY_DAYS)

    def before(end: datetime) -> tuple[datetime, ...]:
        found = [end - shortest - place * step for place in range(MOST_ORIGINS)]
        return tuple(origin for origin in reversed(found) if origin >= begin)

    fit, origins = before(test), before(until)
    if not fit:
        days = (until - first) / timedelta(days=1)
        raise ForetellError(
            "TOO_LITTLE_HISTORY",
            f"{days:.0f} days of history are too few to judge a hazard over {longest} on a later time",
            thing=thing,
            next_step=f"Import at least {Duration.parse(longest).days + HISTORY_DAYS + stretches.ends[0]:.0f} days of "
            "history, or shorten the longest horizon.",
        )
    return HazardSplit(origins, fit, test, until, stretches)
