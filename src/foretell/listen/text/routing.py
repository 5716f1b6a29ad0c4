"""Routing: to which topic or queue a text belongs, learnt from texts that people have sorted.

One linear separation a class against the rest (Fan et al. 2008, LIBLINEAR) over the features of
:mod:`~foretell.listen.text.features`; the margins become probabilities by one temperature, fitted to texts that the
weights were not fitted to (Guo et al. 2017). A text whose likeliest class is not likely enough goes nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.errors import UsageError
from foretell.listen.text.cleaning import plain
from foretell.listen.text.features import vocabulary
from foretell.listen.text.linear import LinearModel
from foretell.listen.text.sentiment import folds_of

LEAST_PROBABILITY = 0.5
LEAST_OF_EACH = 5
FOLDS = 5
MOST_FEATURES = 60_000
STRENGTH = 0.5
ROUTED = pa.schema([("topic", pa.string()), ("probability", pa.float64()), ("nearest", pa.string())])
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RouterReport:
    """What a training came to: texts, classes, and the share of texts not trained on that went where people had put
    them; of the texts that are sent somewhere, ``sent`` their share and ``accuracy_of_sent`` how many rightly."""

    texts: int
    topics: int
    accuracy: float
    sent: float
    accuracy_of_sent: float


def train_router(
    texts: pa.Array, topics: Sequence[str], *, key: str, now: datetime | None = None
) -> tuple[LinearModel, RouterReport]:
    """Learn from texts as people wrote them and where they belong.

    Raises:
        UsageError: ``TOO_FEW_LABELS`` where there are not two topics with five texts each.
    """
    clean = plain(texts)
    names, labels = np.unique(np.asarray(topics, dtype=str), return_inverse=True)
    counts = np.bincount(labels)
    lacking = [name for name, count in zip(names.tolist(), counts.tolist(), strict=True) if count < LEAST_OF_EACH]
    if len(names) < 2 or lacking:
        what = f"topic {lacking[0]!r} has fewer than {LEAST_OF_EACH} texts" if lacking else "there is only one topic"
        raise UsageError("TOO_FEW_LABELS", what, next_step="Add texts, or put small topics together.")
    places = folds_of(clean, FOLDS)
    margins = np.zeros((len(clean), len(names)))
    for fold in range(FOLDS):
        inside = places == fold
        if inside.any():
            model = _fitted(clean.filter(pa.array(~inside)), labels[~inside], len(names))
            margins[inside] = model.margins(clean.filter(pa.array(inside)))
    sharpness = _sharpness(margins, labels)
    shares = _shares(margins, sharpness)
    best, chance = shares.argmax(axis=1), shares.max(axis=1)
    sent = chance >= LEAST_PROBABILITY
    report = RouterReport(
        len(clean), len(names), _mean(best == labels), _mean(sent), _mean((best == labels)[sent])
    )  # fmt: skip
    card = {
        "name": key, "topics": names.tolist(), "sharpness": sharpness, "held_out": vars(report),
        **({} if now is None else {"trained_at": now.isoformat()}),
    }  # fmt: skip
    whole = _fitted(clean, labels, len(names))
    return LinearModel(whole.vocabulary, whole.coefficients, whole.intercepts, card), report


def route(texts: pa.Array | pa.ChunkedArray, model: LinearModel) -> pa.Table:
    """Where texts belong, a row each: ``topic`` (null where no topic is likely enough), ``probability`` of the
    likeliest, and ``nearest``, the likeliest however likely."""
    clean = plain(texts)
    shares = _shares(model.margins(clean), float(model.card["sharpness"]))
    names = pa.array(model.card["topics"], pa.string())
    best, chance = shares.argmax(axis=1), shares.max(axis=1)
    empty = pc.equal(clean.fill_null(""), "")
    nearest = pc.if_else(empty, None, names.take(pa.array(best)))
    topic = pc.if_else(pa.array(chance >= LEAST_PROBABILITY), nearest, None)
    columns = [topic, pc.if_else(empty, 0.0, pa.array(np.round(chance, 4))), nearest]
    return pa.Table.from_arrays(columns, schema=ROUTED)


def _fitted(texts: pa.Array, labels: Ints, classes: int) -> LinearModel:
    # Loaded where it is trained: routing needs none of it.
    from sklearn.svm import LinearSVC

    known = vocabulary(texts, most=MOST_FEATURES)
    coefficients, intercepts = np.zeros((classes, len(known.keys))), np.full(classes, -10.0)
    there = np.unique(labels)
    if len(there) < 2:  # all texts of the other topics are in one fold
        intercepts[there] = 0.0
    else:
        solver = LinearSVC(C=STRENGTH, random_state=0)
        solver.fit(known.matrix(texts).astype(np.float64), labels)
        two = len(there) == 2
        coefficients[there] = np.vstack([-solver.coef_, solver.coef_]) if two else solver.coef_
        intercepts[there] = np.concatenate([-solver.intercept_, solver.intercept_]) if two else solver.intercept_
    card: dict[str, Any] = {}
    return LinearModel(known, coefficients.T.astype(np.float32), intercepts.astype(np.float32), card)


def _sharpness(margins: Floats, labels: Ints) -> float:
    """By what margins are multiplied so that probabilities come true; maximum likelihood."""
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        shares = _shares(margins, float(np.exp(logarithm)))
        return float(-np.log(np.maximum(shares[np.arange(len(labels)), labels], 1e-12)).mean())

    found = minimize_scalar(loss, bounds=(-3.0, 4.0), method="bounded")
    return round(float(np.exp(found.x)), 5)


def _shares(margins: Floats, sharpness: float) -> Floats:
    scaled = margins * sharpness
    scaled = scaled - scaled.max(axis=1, keepdims=True) if scaled.size else scaled
    shares = np.exp(scaled)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _mean(values: npt.NDArray[Any]) -> float:
    return round(float(np.mean(values)), 5) if len(values) else 0.0
