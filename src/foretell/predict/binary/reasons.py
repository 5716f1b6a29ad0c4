"""The three features that moved a score most, in words, for everybody at once."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.predict.features import Feature

TOP = 3
_DIGITS = {"count": 0, "days": 0, "money": 2, "number": 2, "share": 0}


def reasons(
    x: npt.NDArray[np.float32], contributions: npt.NDArray[np.float32], features: Sequence[Feature]
) -> pa.Array:
    """One JSON text a person: ``[{"feature", "words", "effect"}, …]``, strongest first.

    Args:
        x: what the features were, shape (n, k).
        contributions: what each added to the score's logit, shape (n, k); ``effect`` above 0 raised
            the score.
    """
    n, k = contributions.shape
    top = min(TOP, k)
    order = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :top]
    people = np.arange(n)
    parts = [
        _entries(x[people, order[:, rank]], contributions[people, order[:, rank]], order[:, rank], features)
        for rank in range(top)
    ]
    if not parts:
        return pa.array(["[]"] * n, pa.string())
    joined = pc.binary_join_element_wise(*parts, ", ")
    return pc.binary_join_element_wise("[", joined, "]", "")


def said(feature: Feature, values: npt.NDArray[np.float32]) -> pa.Array:
    """The feature in words for each of ``values`` (n,); an unknown value is called so."""
    before, _, after = feature.words.partition("{}")
    shares = feature.unit == "share"
    numbers = pa.array(values.astype(np.float64) * (100 if shares else 1), from_pandas=True)
    rounded = pc.round(numbers, ndigits=_DIGITS[feature.unit])
    whole = _DIGITS[feature.unit] == 0
    text = rounded.cast(pa.int64()).cast(pa.string()) if whole else rounded.cast(pa.string())
    text = pc.fill_null(pc.binary_join_element_wise(text, " %" if shares else "", ""), "unknown")
    if "{}" not in feature.words:
        return pc.if_else(pa.array(np.ones(values.size, bool)), before, text)
    return pc.binary_join_element_wise(before, text, after, "")


def _entries(
    values: npt.NDArray[np.float32],
    effects: npt.NDArray[np.float32],
    chosen: npt.NDArray[np.intp],
    features: Sequence[Feature],
) -> pa.Array:
    """The JSON object of one rank for everybody; one pass for each feature that occurs."""
    rows, texts = [], []
    for place in np.unique(chosen):
        where = np.flatnonzero(chosen == place)
        feature = features[int(place)]
        head = f'{{"feature": {json.dumps(feature.name)}, "words": "'
        rows.append(where)
        texts.append(pc.binary_join_element_wise(head, said(_escaped(feature), values[where]), ""))
    order = np.argsort(np.concatenate(rows), kind="stable") if rows else np.zeros(0, np.intp)
    words = pa.concat_arrays(texts).take(pa.array(order)) if texts else pa.array([], pa.string())
    effect = pc.round(pa.array(effects.astype(np.float64)), ndigits=4).cast(pa.string())
    return pc.binary_join_element_wise(words, '", "effect": ', effect, "}", "")


def _escaped(feature: Feature) -> Feature:
    """The feature with words that may stand inside a JSON string."""
    return Feature(feature.name, json.dumps(feature.words)[1:-1], feature.unit)
