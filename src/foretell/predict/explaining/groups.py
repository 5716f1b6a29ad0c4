"""How good a model is for each segment and persona: the judged people of the test window, by what they were then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.engine import Analytics
from foretell.errors import ForetellError
from foretell.predict.binary.judge import MATERIAL, Tested, expected_error
from foretell.predict.binary.rows import Floats
from foretell.stats import (
    LEVEL,
    brier,
    calibration_error,
    mean_interval,
    normal_quantile,
    proportion_interval,
    reliability,
    roc_auc,
)

LEAST_PEOPLE = 200
LEAST_OUTCOMES = 20
MOST_SEGMENTS = 60
"""Segments that are looked at, by key; each is read anew as of the test's instant."""


@dataclass(frozen=True)
class Member:
    """Which of the tested people (n,) are in a group."""

    kind: str
    key: str
    title: str
    within: npt.NDArray[np.bool_]


def groups_of(
    analytics: Analytics, catalog: Catalog, reader: Reader, people: npt.NDArray[np.int64], at: datetime
) -> list[Member]:
    """Segments and personas with enough of ``people`` as of ``at``, known then; unreadable ones are passed over."""
    return [one for one in _all(analytics, catalog, reader, people, at) if one.within.sum() >= LEAST_PEOPLE]


def judged_groups(tested: Tested, groups: list[Member]) -> list[dict[str, Any]]:
    """How the probabilities did in every group with enough outcomes of either kind, the furthest off first.

    ``off``: the share that came true is further from the mean probability than chance explains, when so many groups are
    looked at (Bonferroni, 10 % over all of them), and by more than two points.
    """
    enough = [one for one in groups if _enough(tested.y[one.within])]
    if not enough:
        return []
    limit = normal_quantile(1 - (1 - LEVEL) / len(enough))
    found = [_judged(one, tested.y[one.within], tested.p[one.within], limit) for one in enough]
    return sorted(found, key=lambda row: (not row["off"], -abs(row["z"]), row["kind"], row["key"]))


def _judged(group: Member, y: Floats, p: Floats, limit: float) -> dict[str, Any]:
    rate, squares = proportion_interval(float(y.sum()), float(y.size)), mean_interval((p - y) ** 2)
    auc = roc_auc(y, p)
    spread = normal_quantile(LEVEL) * _auc_error(auc, float(y.sum()), float(y.size - y.sum()))
    spread_p = float(np.sqrt((p * (1 - p)).sum()))
    z = float((y - p).sum()) / spread_p if spread_p > 0 else 0.0
    return {
        "kind": group.kind,
        "key": group.key,
        "title": group.title,
        "n": int(y.size),
        "positives": int(y.sum()),
        "base_rate": float(y.mean()),
        "base_rate_low": rate.low,
        "base_rate_high": rate.high,
        "mean_p": float(p.mean()),
        "roc_auc": auc,
        "roc_auc_low": max(0.0, auc - spread),
        "roc_auc_high": min(1.0, auc + spread),
        "brier": brier(y, p),
        "brier_low": squares.low,
        "brier_high": squares.high,
        "ece": calibration_error(y, p),
        "ece_expected_at_most": expected_error(reliability(y, p)),
        "z": z,
        "z_limit": limit,
        "off": bool(abs(z) > limit and abs(float(y.mean() - p.mean())) > MATERIAL),
    }


def _auc_error(auc: float, positives: float, negatives: float) -> float:
    """Standard error of the area under the curve (Hanley and McNeil 1982)."""
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (one - auc**2) + (negatives - 1) * (two - auc**2)
    return float(np.sqrt(max(spread, 0.0) / (positives * negatives)))


def _enough(y: Floats) -> bool:
    return bool(min(float(y.sum()), float(y.size - y.sum())) >= LEAST_OUTCOMES)


def _all(
    analytics: Analytics, catalog: Catalog, reader: Reader, people: npt.NDArray[np.int64], at: datetime
) -> Iterator[Member]:
    asked = pa.table({"profile_key": people})

    def within(condition: dict[str, str]) -> npt.NDArray[np.bool_] | None:
        try:
            found = reader.members(parse(condition), as_of=at, known_at=at, of="all", people=asked)
        except ForetellError:
            return None
        return np.isin(people, found["profile_key"].to_numpy())

    for document in list(catalog.all("segment"))[:MOST_SEGMENTS]:
        if (held := within({"segment": document.key})) is not None:
            yield Member("segment", document.key, str(getattr(document.spec, "title", None) or document.key), held)
    for name in _personas(analytics, at):
        if (held := within({"persona": name})) is not None:
            yield Member("persona", name, name, held)


def _personas(analytics: Analytics, at: datetime) -> list[str]:
    if not any(table.name == "persona_rows" for table in analytics.declared()):
        return []
    sql = "SELECT DISTINCT persona FROM persona_rows WHERE persona IS NOT NULL AND as_of <= $at ORDER BY persona"
    names: list[str] = analytics.query(sql, {"at": naive_utc(at)})["persona"].to_pylist()
    return names
