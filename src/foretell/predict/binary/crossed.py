"""One window only: people judge people.

Where everything was told at one instant (traits) or one outcome window is complete, the people are put into parts, and
each part is judged by a model of the others that made all its choices without it; several times, since a part is small.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from foretell.predict.binary.fit import fit
from foretell.predict.binary.judge import Tested, Trial, judged, measured
from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Floats, Ints, Rows, folds
from foretell.predict.estimators.base import Estimator
from foretell.predict.windows import Split
from foretell.stats import calibration_error


def crossed(
    rows: Rows, names: tuple[str, ...], split: Split, zone: ZoneInfo, seed: str, number: int, estimator: Estimator
) -> Trial:
    """Cross-validation over the people of ``rows`` (one origin), ``split.repeats`` × ``split.folds``.

    The metrics are means over the folds, as published references compute them; the calibration error, which a small
    fold shows by chance alone, is of all folds of a repeat together. Reliability, and what is said of people at 70 %,
    come from the first repeat, in which everybody is judged once.
    """
    ours, theirs, errors = [], [], []
    first: Floats | None = None
    for repeat in range(split.repeats):
        fold = folds(rows.people, split.folds, f"{seed}:crossed {repeat}")
        p, base = _out_of_fold(rows, names, fold, split, zone, f"{seed}:{repeat}", number, estimator)
        first = p if first is None else first
        places = [fold == place for place in range(split.folds)]
        ours += [measured(rows.y[held], p[held]) for held in places]
        theirs += [measured(rows.y[held], base[held]) for held in places]
        errors.append((calibration_error(rows.y, p), calibration_error(rows.y, base)))
    assert first is not None
    own, other = np.mean(errors, axis=0).tolist()
    judgement = judged(rows, first, rows)
    judgement = replace(judgement, metrics={**_mean(ours), "ece": own})
    return Trial(Tested(rows.people, split.test, rows.y, first), judgement, {**_mean(theirs), "ece": other}, None)


def _out_of_fold(
    rows: Rows, names: tuple[str, ...], fold: Ints, split: Split, zone: ZoneInfo, seed: str, number: int,
    estimator: Estimator,
) -> tuple[Floats, Floats]:  # fmt: skip
    """What models of the other folds, and the baseline of the other folds, say of each row; both (n,)."""
    p, base = np.zeros(len(rows)), np.zeros(len(rows))
    for place in range(split.folds):
        held = fold == place
        if not held.any():
            continue
        known = rows.where(~held)
        made = fit(known, names, split.fit, split.horizon, zone, f"{seed}:{place}", number, estimator)
        p[held] = made.probability(rows.x[held])
        base[held] = Logistic.fit(known).probability(rows.x[held])
    return p, base


def _mean(parts: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each metric over the folds in which it is defined."""
    return {name: float(np.nanmean([part[name] for part in parts])) for name in parts[0]}
