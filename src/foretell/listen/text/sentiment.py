"""How a text feels: positive, neutral or negative, with a probability that comes true as often as it says.

A linear model (:mod:`~foretell.listen.text.linear`) puts a text on one line from negative to positive. Two cuts of a
proportional-odds model (McCullagh 1980) make three classes of it::

    P(negative) = 1 / (1 + exp(slope * margin - low))
    P(positive) = 1 / (1 + exp(high - slope * margin))

with low <= high; the rest is neutral. Slope and cuts are fitted to margins of texts that the weights were not fitted
to, and so the probabilities are calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.ids import text_keys, unit_intervals
from foretell.listen.text.features import Vocabulary, vocabulary
from foretell.listen.text.linear import LinearModel
from foretell.stats import expit

POSITIVE, NEUTRAL, NEGATIVE, UNKNOWN = "positive", "neutral", "negative", "unknown"
SENTIMENTS = (POSITIVE, NEUTRAL, NEGATIVE, UNKNOWN)
ASSUMED = (
    "How many texts have no opinion is assumed (one in five), not measured: no data that come with Foretell tell it. "
    "A model trained on your own answers measures it."
)
"""What is to be said wherever the model that comes with the package calls a text neutral."""
STRENGTH = 4.0
"""Inverse of the ridge penalty."""
FOLDS, FOLDS_FOR_CUTS = 10, 5
MOST_FEATURES = 120_000
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cuts:
    """Where the line is cut, see the module."""

    slope: float
    low: float
    high: float

    def shares(self, margins: Floats) -> Floats:
        """(texts, 3): probabilities of negative, neutral, positive."""
        negative = expit(self.low - self.slope * margins)
        positive = expit(self.slope * margins - self.high)
        return np.column_stack([negative, np.maximum(1 - negative - positive, 0.0), positive])


def cuts_of(card: dict[str, Any]) -> Cuts:
    """The cuts that a model's card holds."""
    return Cuts(**{name: float(card["cuts"][name]) for name in ("slope", "low", "high")})


def fit_cuts(margins: Floats, labels: Ints) -> Cuts:
    """Maximum likelihood over margins of texts not trained on.

    Args:
        labels: -1 negative, 0 neutral, 1 positive; where no text is neutral, nothing is between the cuts.
    """
    from scipy.optimize import minimize

    place = labels + 1
    neutral = bool((labels == 0).any())

    def loss(told: Floats) -> float:
        cuts = _cuts(told, neutral)
        chosen = cuts.shares(margins)[np.arange(len(place)), place]
        # A slope of a handful of separable texts would grow without bound.
        return float(-np.log(np.maximum(chosen, 1e-12)).mean() + 1e-3 * (told[0] - 0.5) ** 2)

    found = minimize(loss, np.array([0.5, 0.0, 0.0]), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    cuts = _cuts(found.x, neutral)
    return Cuts(round(cuts.slope, 5), round(cuts.low, 5), round(cuts.high, 5))


def fit_cuts_around(margins: Floats, labels: Ints, neutral_share: float) -> Cuts:
    """Slope and middle by the texts that are positive or negative alone, and then how far apart the cuts are.

    For neutral texts that are of another kind than the others: they say how wide neutral is, not where it lies.

    Args:
        neutral_share: of all texts that are judged; the neutral ones given count as that many.
    """
    from scipy.optimize import minimize_scalar

    polar = labels != 0
    middle = fit_cuts(margins[polar], labels[polar])
    weights = np.where(polar, (1 - neutral_share) / polar.sum(), neutral_share / (~polar).sum())

    def apart(half: float) -> Cuts:
        return Cuts(middle.slope, round(middle.low - half, 5), round(middle.high + half, 5))

    def loss(half: float) -> float:
        chosen = apart(half).shares(margins)[np.arange(len(labels)), labels + 1]
        return float(-(weights * np.log(np.maximum(chosen, 1e-12))).sum())

    return apart(float(minimize_scalar(loss, bounds=(0.001, 5.0), method="bounded").x))


def _cuts(told: Floats, neutral: bool) -> Cuts:
    half = float(np.exp(np.clip(told[2], -8, 8))) if neutral else 0.0
    return Cuts(float(np.exp(np.clip(told[0], -5, 5))), float(told[1]) - half, float(told[1]) + half)


def fit_weights(texts: pa.Array, labels: Ints) -> tuple[Vocabulary, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weights from plain texts that are positive (1) or negative (-1); both are needed."""
    # Loaded where it is trained: judging needs none of it.
    from sklearn.linear_model import LogisticRegression

    known = vocabulary(texts, most=MOST_FEATURES)
    solver = LogisticRegression(C=STRENGTH, solver="liblinear", class_weight="balanced", random_state=0)
    solver.fit(known.matrix(texts).astype(np.float64), labels > 0)
    return known, solver.coef_.T.astype(np.float32), solver.intercept_.astype(np.float32)


def folds_of(texts: pa.Array, folds: int = FOLDS) -> Ints:
    """In which fold each text is, by its words alone, so that equal texts are in one."""
    drawn = unit_intervals("text folds", text_keys(texts.to_pylist()))
    return (drawn * folds).astype(np.int64)


def held_out_margins(texts: pa.Array, labels: Ints, places: Ints | None = None) -> Floats:
    """The margin of each text by weights fitted without its fold; neutral texts (0) are never fitted to."""
    places = folds_of(texts) if places is None else places
    margins = np.zeros(len(texts))
    for fold in np.unique(places):
        inside = places == fold
        used = ~inside & (labels != 0)
        known, coefficients, intercepts = fit_weights(texts.filter(pa.array(used)), labels[used])
        model = LinearModel(known, coefficients, intercepts, {})
        margins[inside] = model.margins(texts.filter(pa.array(inside)))[:, 0]
    return margins


def fit(texts: pa.Array, labels: Ints, card: dict[str, Any], neutral_share: float | None = None) -> LinearModel:
    """A model of plain texts with its cuts.

    Args:
        labels: -1 negative, 0 neutral, 1 positive.
        neutral_share: where the neutral texts are of another kind, see :func:`fit_cuts_around`.
    """
    margins = held_out_margins(texts, labels, folds_of(texts, FOLDS_FOR_CUTS))
    cuts = fit_cuts(margins, labels) if neutral_share is None else fit_cuts_around(margins, labels, neutral_share)
    polar = labels != 0
    known, coefficients, intercepts = fit_weights(texts.filter(pa.array(polar)), labels[polar])
    said = measures(cuts, margins, labels)
    told = {**card, "cuts": vars(cuts), "held_out": said, "texts": {
        NEGATIVE: int((labels < 0).sum()), NEUTRAL: int((labels == 0).sum()), POSITIVE: int((labels > 0).sum()),
    }}  # fmt: skip
    return LinearModel(known, coefficients, intercepts, told)


def measures(cuts: Cuts, margins: Floats, labels: Ints) -> dict[str, float]:
    """How good margins of texts not trained on are: the share of polar texts on the right side, the log loss of all
    three classes, and the mean probability beside the share that came true of the class named."""
    shares = cuts.shares(margins)
    polar = labels != 0
    side = (shares[:, 2] > shares[:, 0]) == (labels > 0)
    named = shares.argmax(axis=1)
    return {
        "accuracy_of_polar": _mean(side[polar]),
        "accuracy": _mean(named == labels + 1),
        "log_loss": _mean(-np.log(np.maximum(shares[np.arange(len(labels)), labels + 1], 1e-12))),
        "named_with": _mean(shares.max(axis=1)),
    }


def named(shares: Floats) -> tuple[Sequence[str], Floats]:
    """The class of each text and its probability, from :meth:`Cuts.shares`."""
    chosen = shares.argmax(axis=1)
    words = np.array([NEGATIVE, NEUTRAL, POSITIVE])[chosen]
    return words.tolist(), shares[np.arange(len(chosen)), chosen]


def _mean(values: npt.NDArray[Any]) -> float:
    return round(float(np.mean(values)), 5) if len(values) else 0.0
