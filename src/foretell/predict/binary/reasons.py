"""The three things that moved a score most, in words, for everybody at once."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.predict.explaining.words import before_columns, in_json, said, themes
from foretell.predict.features import Feature

__all__ = ["TOP", "reasons", "said"]
TOP = 3
Single = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]


def reasons(x: Single, contributions: Single, features: Sequence[Feature]) -> pa.Array:
    """One JSON text a person: ``[{"feature", "words", "effect"}, …]``, strongest first.

    Features that speak of the same are one reason: ``effect`` is their sum, and the words are those of the feature
    that moved it furthest that way.

    Args:
        x: what the features were, shape (n, k).
        contributions: what each added to the score's logit, shape (n, k); ``effect`` above 0 raised
            the score.
    """
    n = len(contributions)
    names, place = themes(features)
    effects = np.zeros((n, len(names)), np.float32)
    for column, of in enumerate(place):
        effects[:, of] += contributions[:, column]
    top = min(TOP, len(names))
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :top]
    people = np.arange(n)
    parts = [_rank(x, contributions, features, place, order[:, rank], effects[people, order[:, rank]])
             for rank in range(top)]  # fmt: skip
    if not parts:
        return pa.array(["[]"] * n, pa.string())
    joined = pc.binary_join_element_wise(*parts, ", ")
    return pc.binary_join_element_wise("[", joined, "]", "")


def _rank(
    x: Single, contributions: Single, features: Sequence[Feature], place: Places, chosen: Places, effects: Single
) -> pa.Array:
    """The JSON object of one rank for everybody; one pass for each feature that occurs."""
    speaking = _speaking(contributions, place, chosen, effects)
    before = before_columns(features)
    rows, texts = [], []
    for column in np.unique(speaking):
        where = np.flatnonzero(speaking == column)
        feature, then = features[int(column)], before.get(int(column))
        head = f'{{"feature": {json.dumps(feature.name)}, "words": "'
        befores = None if then is None else x[where, then]
        rows.append(where)
        texts.append(pc.binary_join_element_wise(head, said(in_json(feature), x[where, column], befores), ""))
    order = np.argsort(np.concatenate(rows), kind="stable") if rows else np.zeros(0, np.intp)
    words = pa.concat_arrays(texts).take(pa.array(order)) if texts else pa.array([], pa.string())
    effect = pc.round(pa.array(effects.astype(np.float64)), ndigits=4).cast(pa.string())
    return pc.binary_join_element_wise(words, '", "effect": ', effect, "}", "")


def _speaking(contributions: Single, place: Places, chosen: Places, effects: Single) -> Places:
    """Of the features of each person's ``chosen`` theme, the one that moved the score furthest its way, (n,)."""
    found = np.zeros(chosen.size, np.intp)
    for of in np.unique(chosen):
        columns = np.flatnonzero(place == of)
        where = np.flatnonzero(chosen == of)
        ways = contributions[np.ix_(where, columns)] * np.where(effects[where] < 0, -1, 1)[:, None]
        found[where] = columns[np.argmax(ways, axis=1)]
    return found
