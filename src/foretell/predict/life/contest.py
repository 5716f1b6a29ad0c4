"""A new model beside the one in use: both on the same people of the latest complete window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.errors import ForetellError
from foretell.predict.binary.judge import Tested
from foretell.predict.binary.train import Trained
from foretell.predict.files import read_model
from foretell.predict.hazard.train import TrainedHazard
from foretell.predict.kinds import Asked, Lesson, kind_of_card
from foretell.predict.training_report import plain
from foretell.stats import Floats, fit_platt, logit, mean_interval, roc_auc

CLEARLY = 0.02
"""A log-loss that is higher by less than this part is no reason to keep an old model."""


@dataclass(frozen=True)
class Contest:
    """How a new model did beside the one in use, over one horizon.

    Args:
        new, old: log-loss on the test window once the level of either is fitted to it, so that a season that one of
            them knew decides nothing: what is compared is whom they tell apart, and how surely.
        low, high: 90 % interval of the difference (above 0: the new one is worse), by people.
    """

    horizon: str
    people: int
    new: float
    old: float
    low: float
    high: float
    new_auc: float
    old_auc: float

    @property
    def clearly_worse(self) -> bool:
        """More than chance explains, and enough to matter."""
        return self.low > 0 and self.new - self.old > CLEARLY * self.old

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the run's record."""
        found: dict[str, Any] = plain({**vars(self), "clearly_worse": self.clearly_worse})
        return found


def contest(lesson: Lesson, found: Any, models: Path, in_use: str) -> list[Contest]:
    """By horizon, a model that was just learnt beside the one in use.

    The new one is judged as always, by a model that did not learn from the test window; the one in use scores the same
    people as of the window's beginning. Empty for a value, and where the old model can no longer be read.
    """
    try:
        stored = read_model(models, lesson.document.key, in_use, lesson.catalog.root)
        kind = kind_of_card(stored)
        loaded = kind.load(stored)
    except ForetellError:
        return []
    made = []
    for horizon, tested in tested_people(found).items():
        people = pa.table({"profile_key": pa.array(np.sort(tested.people))})
        asked = Asked(
            lesson.engine, lesson.catalog, lesson.document.key, lesson.spec, lesson.thing, people, tested.origin,
            exact_up_to=0, spread_from=people.num_rows + 1,
        )  # fmt: skip
        scores = kind.score(asked, loaded).scores
        old = _in_order_of(tested, scores, horizon)
        if old is not None:
            made.append(beside(horizon, tested, old))
    return made


def tested_people(found: Any) -> Mapping[str, Tested]:
    """By horizon, the people whom a training judged by; empty where it judged no probabilities of people."""
    if isinstance(found, Trained):
        return {one.split.horizon: one.tested for one in found.learnt}
    if isinstance(found, TrainedHazard):
        return {one.horizon: one.tested for one in found.judged}
    return {}


def beside(horizon: str, tested: Tested, old: Floats) -> Contest:
    """The new model's probabilities beside ``old`` (n,) of the same people."""
    first, second = (_levelled(p, tested.y) for p in (tested.p, old))
    losses = [-(tested.y * np.log(p) + (1 - tested.y) * np.log1p(-p)) for p in (first, second)]
    difference = mean_interval(losses[0] - losses[1])
    return Contest(
        horizon,
        int(tested.y.size),
        float(losses[0].mean()),
        float(losses[1].mean()),
        difference.low,
        difference.high,
        roc_auc(tested.y, tested.p),
        roc_auc(tested.y, old),
    )


def worse_words(contests: list[Contest]) -> str | None:
    """Why a new model does not replace the one in use; None where it does."""
    worse = [one for one in contests if one.clearly_worse]
    if not worse:
        return None
    parts = [
        f"over {one.horizon} its log-loss is {one.new:.3f} where that of the model in use is {one.old:.3f} "
        f"(difference {one.low:+.3f} to {one.high:+.3f}, AUC {one.new_auc:.3f} and {one.old_auc:.3f})"
        for one in worse
    ]
    return f"clearly worse on the same {worse[0].people:,} people of the latest complete window: {'; '.join(parts)}"


def _levelled(p: Floats, y: Floats) -> Floats:
    levelled = fit_platt(y, logit(p)).apply(logit(p))
    return np.clip(levelled, 1e-9, 1 - 1e-9)


def _in_order_of(tested: Tested, scores: pa.Table, horizon: str) -> Floats | None:
    """The old model's probabilities, in the order of the tested people; None where it has none over the horizon."""
    chosen = np.array([one == horizon for one in scores["horizon"].to_pylist()], dtype=bool)
    people = np.asarray(scores["node_key"].to_numpy())[chosen]
    values = np.asarray(scores["score"].to_numpy())[chosen]
    order = np.argsort(people)
    place = np.searchsorted(people[order], tested.people)
    if people.size == 0 or place.max() >= people.size or (people[order][place] != tested.people).any():
        return None
    found: Floats = values[order][place]
    return found
