"""Which setting of an estimator: judged on windows that it did not learn from, all of them before the test.

Rolling origin: a setting learns from the windows that were complete when a watched window began and is judged on that
one; up to two windows are watched, the latest and the one before it. Everything lies before the test window, so the
test judges the choice too. What is tried, and on what, is on the run's record before anything is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from foretell.ids import unit_intervals
from foretell.predict.binary.rows import Floats, Ints, Rows
from foretell.predict.estimators.base import Estimator, Setting
from foretell.predict.windows import Split, latest_complete

TUNING_ROWS = 20_000
"""Settings are compared on so many rows at most; whole persons are drawn."""
LEAST_TO_TELL = 200
"""People of the rarer outcome in the watched windows: below, the settings differ by less than chance does."""
MOST_WATCHED = 2


@dataclass(frozen=True)
class Cut:
    """One step of the rolling origin, as masks over rows (n,)."""

    learn: npt.NDArray[np.bool_]
    watch: npt.NDArray[np.bool_]

    def of(self, chosen: npt.NDArray[np.bool_]) -> Cut:
        """The cut among the chosen rows."""
        return Cut(self.learn[chosen], self.watch[chosen])


@dataclass(frozen=True)
class Candidate:
    """How a setting did on the watched windows.

    Args:
        difference: of its log-loss from the first setting's, on the same rows; negative is better.
        error: standard error of the difference, each person counted once.
    """

    setting: Setting
    rounds: int
    log_loss: float
    difference: float
    error: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the report."""
        return {
            "setting": self.setting.as_dict(),
            "rounds": self.rounds,
            "log_loss": self.log_loss,
            "difference": self.difference,
            "standard_error": self.error,
        }


@dataclass(frozen=True)
class Choice:
    """A setting, and what spoke for it.

    Args:
        rounds: that the watched windows ask for; 0 where nothing could be watched.
        candidates: every setting that was tried, the first one first.
        n: rows that were watched.
        why: in words.
    """

    setting: Setting
    rounds: int
    candidates: tuple[Candidate, ...]
    n: int
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the report."""
        tried = [one.as_dict() for one in self.candidates]
        return {"chosen": self.setting.as_dict(), "why": self.why, "watched_n": self.n, "candidates": tried}


def record_of(split: Split, estimator: Estimator, zone: ZoneInfo) -> dict[str, Any]:
    """What is fixed for a horizon before anything is fitted: the split, the settings, and where they are watched."""
    places = watched(split.fit, split.horizon, zone)
    return {
        **split.as_dict(),
        "estimator": estimator.name,
        "settings": [setting.as_dict() for setting in estimator.settings],
        "watched": [split.fit[place].isoformat() for place, _ in places] or [split.fit[-1].isoformat()],
        "watched_by": "time" if places else "people",
    }


def watched(origins: Sequence[datetime], horizon: str, zone: ZoneInfo) -> list[tuple[int, int]]:
    """The windows that settings are judged on, latest first, each with the last one complete when it began."""
    found: list[tuple[int, int]] = []
    place: int | None = len(origins) - 1
    while place is not None and len(found) < MOST_WATCHED:
        earlier = latest_complete(origins, place, horizon, zone)
        if earlier is not None:
            found.append((place, earlier))
        place = earlier
    return found


def cuts(rows: Rows, fold: Ints, origins: Sequence[datetime], horizon: str, zone: ZoneInfo) -> list[Cut]:
    """The steps of the rolling origin that have both outcomes to learn from, latest first.

    Where no window was complete when the latest one began, each fold of the latest window is watched by the others.
    """
    found = [Cut(rows.origin <= earlier, rows.origin == place) for place, earlier in watched(origins, horizon, zone)]
    if not found:
        latest = rows.origin == rows.origin.max()
        found = [Cut(fold != place, latest & (fold == place)) for place in np.unique(fold)]
    return [cut for cut in found if cut.watch.any() and np.unique(rows.y[cut.learn]).size > 1]


def choose(estimator: Estimator, rows: Rows, steps: Sequence[Cut], seed: str, number: int) -> Choice:
    """The setting with the lowest log-loss on the watched windows, where it beats the first by more than chance.

    Args:
        steps: of :func:`cuts`.
        seed: draws the people; ``number`` seeds what is learnt.
    """
    first = estimator.settings[0]
    if not steps:
        return Choice(first, 0, (), 0, "there was no window to watch")
    seen = np.any([cut.watch for cut in steps], axis=0)
    why = _indistinct(estimator, rows.where(seen))
    if why:
        return Choice(first, rounds_of(estimator, first, rows, steps, number), (), int(seen.sum()), why)
    share = TUNING_ROWS / max(len(rows), TUNING_ROWS)
    chosen = unit_intervals(f"{seed}:tuned", rows.people.astype(np.uint64)) < share
    some, parts = rows.where(chosen), [cut.of(chosen) for cut in steps]
    tried = _compared(estimator, some, parts, number)
    best = min(tried, key=lambda one: one.log_loss)
    taken = best if best.difference < -best.error else tried[0]
    rounds = taken.rounds
    if not chosen.all():
        rounds = rounds_of(estimator, taken.setting, rows, steps[:1], number)
    return Choice(taken.setting, rounds, tuple(tried), int((seen & chosen).sum()), _why(best, taken))


def rounds_of(estimator: Estimator, setting: Setting, rows: Rows, steps: Sequence[Cut], number: int) -> int:
    """The rounds after which ``setting`` does best on the watched rows of all steps together."""
    return _watching(estimator, setting, _pairs(rows, steps), number)[0]


def _indistinct(estimator: Estimator, seen: Rows) -> str:
    """Why there is nothing to choose; empty where there is."""
    if len(estimator.settings) == 1:
        return "there is one setting"
    rarer = min(seen.distinct(outcome) for outcome in (0.0, 1.0))
    if rarer >= LEAST_TO_TELL:
        return ""
    return f"{rarer} people of the rarer outcome were watched; below {LEAST_TO_TELL} settings cannot be told apart"


def _why(best: Candidate, taken: Candidate) -> str:
    if best is taken:
        return f"it had the lowest log-loss, {best.log_loss:.4f}"
    return f"{best.setting.name} had the lowest log-loss, but by less than its standard error"


def _pairs(rows: Rows, steps: Sequence[Cut]) -> list[tuple[Rows, Rows]]:
    """What is learnt from and what is watched, a step after the other."""
    found = [(rows.where(cut.learn), rows.where(cut.watch)) for cut in steps]
    return [(learn, watch) for learn, watch in found if len(watch) and np.unique(learn.y).size > 1]


def _compared(estimator: Estimator, rows: Rows, steps: Sequence[Cut], number: int) -> list[Candidate]:
    """Every setting on every step."""
    pairs = _pairs(rows, steps)
    people = np.concatenate([watch.people for _, watch in pairs])
    found: list[Candidate] = []
    first: Floats | None = None
    for setting in estimator.settings:
        rounds, losses = _watching(estimator, setting, pairs, number)
        first = losses if first is None else first
        apart = losses - first
        found.append(Candidate(setting, rounds, float(losses.mean()), float(apart.mean()), _error(apart, people)))
    return found


def _watching(
    estimator: Estimator, setting: Setting, pairs: Sequence[tuple[Rows, Rows]], number: int
) -> tuple[int, Floats]:
    """The rounds of the lowest mean log-loss over the watched rows of all pairs, and the losses (n,) there."""
    tried = [estimator.tried(setting, learn, watch, number) for learn, watch in pairs]
    rounds = min((one.rounds for one in tried), key=len)
    curves = [_losses(watch.y, one.p[: len(rounds)]) for one, (_, watch) in zip(tried, pairs, strict=True)]
    losses = np.concatenate(curves, axis=1)
    best = int(losses.mean(axis=1).argmin())
    return rounds[best], losses[best]


def _losses(y: Floats, p: Floats) -> Floats:
    """Negative log-likelihood of probabilities (…, n) of outcomes (n,)."""
    drawn_in = np.clip(p, 1e-15, 1 - 1e-15)
    losses: Floats = -(y * np.log(drawn_in) + (1 - y) * np.log1p(-drawn_in))
    return losses


def _error(differences: Floats, people: Ints) -> float:
    """Standard error of the mean of ``differences`` (n,), whose rows of the same person hang together."""
    _, person = np.unique(people, return_inverse=True)
    centred = np.bincount(person, differences - differences.mean())
    return float(np.sqrt(np.square(centred).sum()) / differences.size)
