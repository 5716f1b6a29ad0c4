"""At every scoring: do people and scores still lie as they did when the model was trained?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP, Analytics
from foretell.predict.life.reference import Reference, features_of, looked_at, scores_by_horizon
from foretell.predict.life.shares import Moved, Shares, moved

CHECKS = pa.schema(
    [
        ("prediction", pa.string()),
        ("model", pa.string()),
        ("what", pa.string()),
        ("subject", pa.string()),
        ("as_of", TIMESTAMP),
        ("scored_at", TIMESTAMP),
        ("people", pa.int64()),
        ("value", pa.float64()),
        ("limit_value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("expected", pa.float64()),
        ("observed", pa.float64()),
        ("verdict", pa.string()),
        ("words", pa.string()),
    ]
)
"""Rows of ``model_check_rows``."""


@dataclass(frozen=True)
class Looked:
    """Who was scored, by what, as of when."""

    key: str
    model: str
    as_of: datetime


def check(
    analytics: Analytics, looked: Looked, loaded: Any, reference: Reference, people: pa.Table, scores: pa.Table
) -> pa.Table:
    """:data:`CHECKS` of one scoring: a row for each feature and horizon that the reference knows.

    Args:
        people: whom it was asked about, column profile_key.
        scores: what the model said of them, see :data:`~foretell.predict.binary.scored.SCORES`.
    """
    rows = []
    by_horizon = scores_by_horizon(scores, looked.key)
    for horizon, before in reference.scores.items():
        if horizon in by_horizon:
            rows.append(_row(looked, "scores", horizon, f"scores over {horizon}", before, by_horizon[horizon]))
    if reference.features:
        columns, values = features_of(analytics, loaded, looked_at(people, looked.key), looked.as_of)
        for place, feature in enumerate(columns):
            known = reference.features.get(feature.name)
            if known is not None:
                named = feature.words.split(": {}")[0].replace("{}", "…")
                rows.append(_row(looked, "feature", feature.name, named, known, values[:, place]))
    return pa.Table.from_pylist(rows, schema=CHECKS)


def _row(
    looked: Looked, what: str, subject: str, named: str, before: Shares, values: np.ndarray[Any, Any]
) -> Mapping[str, Any]:
    after = before.again(values)
    found = moved(before, after)
    at = naive_utc(looked.as_of)
    return {
        "prediction": looked.key,
        "model": looked.model,
        "what": what,
        "subject": subject,
        "as_of": at,
        "scored_at": at,
        "people": after.n,
        "value": found.index,
        "limit_value": found.limit,
        "low": None,
        "high": None,
        "expected": before.missing,
        "observed": after.missing,
        "verdict": found.verdict,
        "words": words(named, before, after, found),
    }


def words(named: str, before: Shares, after: Shares, found: Moved) -> str:
    """What became of a distribution, in words."""
    if found.verdict == "steady":
        return f"{named}: as at training (PSI {_index(found.index)})"
    verb = "moved" if found.verdict == "moved" else "are moving" if named.startswith("scores") else "is moving"
    said = f"{named} {verb}: PSI {_index(found.index)}"
    if abs(after.missing - before.missing) > 0.05:
        return f"{said}; without a value {before.missing:.0%} then, {after.missing:.0%} now"
    half = _centre(before)
    share_before, share_after = (sum(one.shares[: half + 1]) for one in (before, after))
    return f"{said}; at most {before.edges[half]:,.3g} {share_before:.0%} then, {share_after:.0%} now"


def _centre(shares: Shares) -> int:
    """The edge below which about half of them lay."""
    return int(np.argmin(np.abs(np.cumsum(shares.shares[:-1]) - 0.5)))


def _index(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")
