"""Whether the same features move the scores from one training to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from foretell.predict.explaining.drivers import STRONGEST

_STEADY, _SHIFTING = 0.8, 0.5
MOST_RUNS = 12


@dataclass(frozen=True)
class Steadiness:
    """Drivers over retrainings, oldest first.

    Args:
        runs: ``run``, ``as_of`` and ``model`` of each training that is looked at.
        features: ``feature``, ``text`` and ``shares`` by run (None where it moved nothing), the last run's order.
        correlation: Spearman's rank correlation of the shares of the last two; None with one run.
        correlations: the same of each run with the one before it.
        came, went: features that are new among the ten strongest of the last run, and those that left them.
        verdict: ``steady`` (0.8 and more), ``shifting``, ``unsteady`` (below 0.5), or ``one run``.
    """

    horizon: str
    runs: tuple[Mapping[str, Any], ...]
    features: tuple[Mapping[str, Any], ...]
    correlation: float | None
    correlations: tuple[float, ...]
    came: tuple[str, ...]
    went: tuple[str, ...]
    verdict: str


def steadiness(runs: Sequence[Mapping[str, Any]], horizon: str | None) -> Steadiness | None:
    """Of the runs of a prediction (:func:`~foretell.predict.registry.runs`, newest first); None where none has drivers.

    Args:
        horizon: None: the shortest of the latest run.
    """
    done = [run for run in reversed(runs) if run["state"] == "done" and (run["report"] or {}).get("explained")][
        -MOST_RUNS:
    ]
    if not done:
        return None
    asked = horizon or next(iter(done[-1]["report"]["explained"]))
    found = [(run, drivers) for run in done if (drivers := _drivers(run, asked))]
    if not found:
        return None
    shares = [{row["feature"]: float(row["share"]) for row in drivers} for _, drivers in found]
    texts = {row["feature"]: row["text"] for _, drivers in found for row in drivers}
    correlations = tuple(_correlated(shares[:-1], shares[1:]))
    last, before = _strongest(found[-1][1]), _strongest(found[-2][1]) if len(found) > 1 else ()
    names = [*shares[-1], *(name for name in texts if name not in shares[-1])]
    return Steadiness(
        asked,
        tuple({"run": run["run"], "as_of": run["as_of"], "model": run["model"]} for run, _ in found),
        tuple({"feature": name, "text": texts[name], "shares": [one.get(name) for one in shares]} for name in names),
        correlations[-1] if correlations else None,
        correlations,
        tuple(name for name in last if before and name not in before),
        tuple(name for name in before if name not in last),
        _verdict(correlations),
    )


def _drivers(run: Mapping[str, Any], horizon: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = (run["report"]["explained"].get(horizon) or {}).get("drivers") or []
    return rows


def _correlated(ones: Sequence[Mapping[str, float]], others: Sequence[Mapping[str, float]]) -> Iterator[float]:
    for one, other in zip(ones, others, strict=True):
        names = sorted({*one, *other})
        ranks = [rankdata([shares.get(name, 0.0) for name in names]) for shares in (one, other)]
        moved = [np.ptp(rank) > 0 for rank in ranks]
        yield float(np.corrcoef(ranks)[0, 1]) if all(moved) else 1.0 if not any(moved) else 0.0


def _strongest(drivers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(row["feature"] for row in drivers[:STRONGEST])


def _verdict(correlations: Sequence[float]) -> str:
    if not correlations:
        return "one run"
    last = correlations[-1]
    return "steady" if last >= _STEADY else "shifting" if last >= _SHIFTING else "unsteady"
