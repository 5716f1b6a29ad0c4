"""The true effect of the shipped demo's churn rescue, held against the interval that its lift tells.

The demo is played from one past with the same draws: as it ships, with everybody who enters treated, and with nobody
touched, in a world without the product. The true effect is that of the people whom the shipped lift judges: how
many of them order within their window in the second, less how many do in the third.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import app, demo, measure
from foretell.app import Workspace
from foretell.clock import SteppedClock
from foretell.demo import DATASETS, Dataset, Options, ShopWorld, Steps
from foretell.errors import ForetellError

JOURNEY = "churn_rescue"
HOLDOUT, NO_HOLDOUT = "holdout: 30%", "holdout: 0%"
"""As the shipped document writes it, and as it is written to treat everybody."""
QUICK = (800, timedelta(days=49))
_LEAST, _MOST = -1.0, 1.0
"""Between these lies every difference of shares: what is known where the lift says nothing."""
_ORDERED = """
SELECT p.profile_id, max(CASE WHEN o.profile_id IS NULL THEN 0 ELSE 1 END) AS reached
FROM people p LEFT JOIN orders o ON o.profile_id = p.profile_id AND o.kind = 'completed'
  AND o.timestamp > p.entered_at AND o.timestamp <= p.until_at
GROUP BY p.profile_id ORDER BY p.profile_id
"""
_ENTERED = """
SELECT p.* FROM people p JOIN journey_runs r ON r.profile_id = p.profile_id AND r.entered_at = p.entered_at
WHERE r.journey = $journey
"""


@dataclass(frozen=True)
class Told:
    """What the shipped lift says of conversions: value and bounds, shares; None where it says nothing."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Truth:
    """The true effect on conversions (share) of ``judged`` people; ``unmatched`` did not enter in both plays."""

    effect: float
    judged: int
    unmatched: int


def shipped(*, quick: bool, report: Callable[[str], None]) -> tuple[dict[str, float], dict[str, float]]:
    """Ratios and figures of the shipped demo; ``quick`` plays a smaller shop."""
    dataset = DATASETS["shop"]
    assert dataset.world is not None
    people, lived = QUICK if quick else (dataset.world.people, dataset.lived)
    dataset = replace(dataset, lived=lived)
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        plays = _Plays(Path(folder), dataset, Options(people=people))
        plays.past(_Steps(report, f"shop of {people:,}"))
        shown, told = plays.shipped(_Steps(report, f"shop of {people:,} as shipped"))
        treated = plays.treated(shown, _Steps(report, f"shop of {people:,}, everybody treated"))
        untouched = plays.untouched(shown, _Steps(report, f"shop of {people:,}, nobody touched"))
    return judged(told, true_effect(shown, treated, untouched), people)


def judged(told: Told, truth: Truth, people: int) -> tuple[dict[str, float], dict[str, float]]:
    """What is told held against what is true: ratios and figures."""
    low, high = (_LEAST, _MOST) if told.low is None or told.high is None else (told.low, told.high)
    covers = low <= truth.effect <= high and not low <= 0.0 <= high
    figures = {
        "shipped_people": float(people),
        "shipped_judged": float(truth.judged),
        "shipped_unmatched": float(truth.unmatched),
        "shipped_true_points": round(100 * truth.effect, 2) if truth.judged else 0.0,
        "shipped_told_points": round(100 * (told.value or 0.0), 2),
        "shipped_low_points": round(100 * low, 2),
        "shipped_high_points": round(100 * high, 2),
    }
    return {"shipped_covers": float(covers)}, figures


def true_effect(shown: pa.Table, treated: pa.Table, untouched: pa.Table) -> Truth:
    """The share of the people of ``shown`` who reach the goal in ``treated`` less that in ``untouched``.

    Args:
        shown, treated, untouched: ``profile_id`` and ``reached`` (0 or 1), a row a person. Who of ``shown`` is
            missing in one of the others is left out.
    """
    places = [pc.index_in(shown["profile_id"], other["profile_id"].combine_chunks()) for other in (treated, untouched)]
    there = pc.and_(pc.is_valid(places[0]), pc.is_valid(places[1]))
    with_it, without = (
        other["reached"].take(place.filter(there)).to_numpy().astype(np.float64)
        for other, place in zip((treated, untouched), places, strict=True)
    )
    effect = float(np.mean(with_it - without)) if with_it.size else float("nan")
    return Truth(effect, int(with_it.size), shown.num_rows - int(with_it.size))


@dataclass(frozen=True)
class _Plays:
    """The plays of a data set, each in a folder of its own below ``folder``."""

    folder: Path
    dataset: Dataset
    options: Options

    def past(self, steps: Steps) -> None:
        """Play up to the instant at which the journey starts, once for all."""
        self.dataset.write(self.folder / "past")
        with self._opened("past") as (workspace, clock):
            app.apply(workspace)
            world = demo.world_of(self.dataset, self.options, workspace.settings.zone)
            demo.play_past(workspace, clock, self.dataset, world, self.options, steps)

    def shipped(self, steps: Steps) -> tuple[pa.Table, Told]:
        """Whom the lift judges (see :func:`foretell.measure.judged_people`), and what it says."""
        self._copied("shipped")
        with self._opened("shipped") as (workspace, clock):
            demo.play_journeys(workspace, clock, self.dataset, self._world(workspace), steps)
            rooms, now = (workspace.engine, workspace.catalog, JOURNEY), clock.instant
            people = measure.judged_people(*rooms, now=now)
            found = measure.journey_lift(*rooms, now=now).effects.conversions
            if not _ordered(workspace, people)["reached"].equals(people["reached"].cast(pa.int32())):
                raise ForetellError("CHECKSUM_DIFFERS", "the goal is not to order in the window", thing="bench lift")
        return people, Told(found.value, found.low, found.high)

    def treated(self, people: pa.Table, steps: Steps) -> pa.Table:
        """Who of ``people`` orders where everybody is treated; of those who enter at the same instant."""
        document = self._copied("treated") / "journeys" / f"{JOURNEY}.yaml"
        document.write_text(document.read_text().replace(HOLDOUT, NO_HOLDOUT))
        with self._opened("treated") as (workspace, clock):
            app.apply(workspace)
            demo.play_journeys(workspace, clock, self.dataset, self._world(workspace), steps)
            entered = workspace.engine.analytics.query(_ENTERED, {"journey": JOURNEY}, {"people": people})
            return _ordered(workspace, entered)

    def untouched(self, people: pa.Table, steps: Steps) -> pa.Table:
        """Who of ``people`` orders in the world that goes on alone."""
        self._copied("untouched")
        with self._opened("untouched") as (workspace, clock):
            world = self._world(workspace)
            clock.instant = world.now + self.dataset.lived
            steps.begin("The world alone", 1)
            demo.tell_history(workspace, world, clock.instant, steps)
            return _ordered(workspace, people)

    def _copied(self, name: str) -> Path:
        return Path(shutil.copytree(self.folder / "past", self.folder / name))

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[Workspace, SteppedClock]]:
        clock = SteppedClock(self._begin)
        with app.open_workspace(self.folder / name, clock=clock) as workspace:
            yield workspace, clock

    def _world(self, workspace: Workspace) -> ShopWorld:
        """The world as it stands when the journey starts."""
        world = demo.world_of(self.dataset, self.options, workspace.settings.zone)
        world.step(self._begin)
        return world

    @property
    def _begin(self) -> datetime:
        assert self.dataset.world is not None
        return self.dataset.world.begin + self.dataset.world.history


def _ordered(workspace: Workspace, people: pa.Table) -> pa.Table:
    """``profile_id`` and ``reached``: who of ``people`` completes an order within their window."""
    found = workspace.engine.analytics.query(
        _ORDERED, {}, {"people": people.select(["profile_id", "entered_at", "until_at"])}
    )
    return found.cast(pa.schema([("profile_id", pa.string()), ("reached", pa.int32())]))


@dataclass
class _Steps:
    """Steps told line by line, long ones in quarters."""

    report: Callable[[str], None]
    about: str
    title: str = ""
    quarter: int = 0

    def begin(self, title: str, total: float | None = None) -> None:
        """The next piece of work begins."""
        self.title, self.quarter = title, 0
        self.report(f"{self.about}: {title}")

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""
        quarter = int(4 * completed / total) if total else 0
        if self.quarter < quarter < 4:
            self.quarter = quarter
            self.report(f"{self.about}: {self.title}, {25 * quarter} %")
