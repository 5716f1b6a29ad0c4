"""Features in words, with what changed since the window before; for everybody at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.predict.features import Feature

Single = npt.NDArray[np.float32]

_DIGITS = {"count": 0, "days": 0, "money": 2, "number": 2, "share": 0}
_NO_ORDER = "no order yet"
_ONE_ORDER = "fewer than two days with an order"
_UNKNOWN: Mapping[str, str] = {
    **dict.fromkeys(("days_since_order", "days_as_buyer", "order_value", "best_day", "lines_per_order"), _NO_ORDER),
    **dict.fromkeys(("units_per_order", "lines_per_product", "refund_share"), _NO_ORDER),
    **dict.fromkeys(("gap_mean", "gap_spread", "gap_longest", "overdue", "overdue_spread"), _ONE_ORDER),
    **dict.fromkeys(("days_since_event", "days_known"), "nothing seen yet"),
}
"""Why a feature may have nothing to say."""
_BY_NAME = frozenset({"", "traits", "external", "events"})
"""Families whose members speak of different things."""
_WINDOW = re.compile(r"[_:](\d+d|before|trend|change)(?=$|[_:])")


def said(feature: Feature, values: Single, befores: Single | None = None) -> pa.Array:
    """The feature in words for each of ``values`` (n,); an unknown value is called so.

    Args:
        befores: what the same was in the window before, NaN where nothing is known, (n,).
    """
    if "{}" not in feature.words:
        return pa.array([feature.words]).take(pa.array(np.zeros(values.size, np.int32)))
    head, _, tail = feature.words.partition("{}")
    now = pc.binary_join_element_wise(_number(feature, values), tail, "")
    told = pc.binary_join_element_wise(head, pc.fill_null(now, _UNKNOWN.get(feature.name, "unknown")), "")
    if befores is None or not head.endswith(": "):
        return told
    then = pc.binary_join_element_wise(_number(feature, befores), tail, "")
    subject = head.removesuffix(": ")
    moved = pc.if_else(pc.greater(pa.array(values), pa.array(befores)), " rose from ", " fell from ")
    changed = pc.binary_join_element_wise(subject, moved, then, " to ", now, "")
    stayed = pc.binary_join_element_wise(subject, " stayed at ", now, "")
    return pc.coalesce(pc.if_else(pc.equal(now, then), stayed, changed), told)


def measured(feature: Feature) -> str:
    """What the feature measures, without a value."""
    head, _, tail = feature.words.partition("{}")
    unit = f" ({tail.strip()})" if tail.strip() else ""
    return head.rstrip(" :") + unit if "{}" in feature.words else feature.words


def theme(feature: Feature) -> str:
    """What the feature speaks of: features of one theme are told once.

    Its family; of families whose members have nothing to do with each other, its name without the window.
    """
    return _WINDOW.sub("", feature.name) if feature.family in _BY_NAME else feature.family


def themes(features: Sequence[Feature]) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    """The different themes in the order of their first features, and the place of each feature's theme (k,)."""
    names = [theme(feature) for feature in features]
    known = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return tuple(known), np.array([known[name] for name in names], np.intp)


def before_columns(features: Sequence[Feature]) -> dict[int, int]:
    """Place of a feature → place of the one that holds the same of the window before, where both are there."""
    place = {feature.name: index for index, feature in enumerate(features)}
    found = {index: place.get(feature.before or "") for index, feature in enumerate(features)}
    return {index: before for index, before in found.items() if before is not None}


def in_json(feature: Feature) -> Feature:
    """The feature with words that may stand inside a JSON string."""
    return replace(feature, words=json.dumps(feature.words)[1:-1])


def _number(feature: Feature, values: Single) -> pa.Array:
    """Values as they are written, null where unknown."""
    finite = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    digits = _DIGITS[feature.unit]
    if feature.unit == "share":
        return pc.binary_join_element_wise(_whole(finite * 100), " %", "")
    if not digits:
        return _whole(finite)
    if feature.unit != "money":
        return pc.round(pa.array(finite, from_pandas=True), ndigits=digits).cast(pa.string())
    cents = np.abs(np.round(finite * 100)) % 100
    negative = finite < 0
    units = _whole(np.floor(np.abs(np.round(finite * 100)) / 100))
    sign = pa.array(np.where(negative & (np.round(finite * 100) != 0), "-", ""))
    rest = pc.binary_join_element_wise(".", pc.utf8_lpad(_whole(cents), 2, "0"), "")
    return pc.binary_join_element_wise(sign, units, pc.if_else(pa.array(cents == 0), "", rest), "")


def _whole(values: npt.NDArray[np.float64]) -> pa.Array:
    return pc.round(pa.array(values, from_pandas=True)).cast(pa.int64()).cast(pa.string())
