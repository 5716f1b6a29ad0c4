"""Two runs of a prediction beside each other: what they were told, learnt from, and became."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foretell.clock import naive_utc
from foretell.engine import Engine, scratch
from foretell.errors import UsageError
from foretell.predict.registry import runs

_DRIVERS = """
SELECT s.reasons FROM score_rows s WHERE s.model = $model AND s.as_of = (
  SELECT max(l.as_of) FROM score_rows l WHERE l.model = $model AND l.as_of <= $as_of)
"""
_SHARES = """
SELECT r.feature AS feature, sum(abs(r.effect)) / nullif(sum(sum(abs(r.effect))) OVER (), 0) AS weight FROM (
  SELECT unnest(from_json(reasons, '[{"feature": "VARCHAR", "effect": "DOUBLE"}]')) AS r FROM rows)
GROUP BY r.feature ORDER BY weight DESC, feature
"""
_WINDOW = ("test", "by", "fit", "origins")


@dataclass(frozen=True)
class RunDifference:
    """What differs between two runs; each entry has ``what``, ``a`` and ``b``, and ``horizon`` where it has one.

    Args:
        metrics: out of time, each on its own test window; equal ones too.
        drivers: part of everything that the reasons of the last scores moved, by feature; those of either's first ten.
        window: instants and sizes of what was learnt from and judged by.
        settings: seed, estimator, tuning, features.
    """

    a: int
    b: int
    metrics: tuple[Mapping[str, Any], ...]
    drivers: tuple[Mapping[str, Any], ...]
    window: tuple[Mapping[str, Any], ...]
    settings: tuple[Mapping[str, Any], ...]


def compare_runs(engine: Engine, prediction: str, a: int, b: int, *, as_of: datetime) -> RunDifference:
    """Run ``a`` beside run ``b``; raises ``UNKNOWN_RUN``."""
    known = {run["run"]: run for run in runs(engine.ops, prediction, as_of=as_of)}
    for number in (a, b):
        if number not in known:
            names = ", ".join(str(run) for run in list(known)[:10]) or "none"
            raise UsageError(
                "UNKNOWN_RUN", f"there is no run {number}", thing=f"prediction {prediction}",
                next_step=f"Known: {names}.",
            )  # fmt: skip
    first, second = known[a], known[b]
    window = [*_entries("as of", first["as_of"], second["as_of"])]
    settings = [*_entries("seed", first["seed"], second["seed"])]
    metrics: list[Mapping[str, Any]] = []
    one, other = _horizons(first), _horizons(second)
    for horizon in dict.fromkeys([*one, *other]):
        left, right = one.get(horizon, {}), other.get(horizon, {})
        for name in dict.fromkeys([*left.get("metrics", {}), *right.get("metrics", {})]):
            values = {"a": left.get("metrics", {}).get(name), "b": right.get("metrics", {}).get(name)}
            metrics.append({"what": name, "horizon": horizon, **values})
        window += _entries("n", left.get("n"), right.get("n"), horizon)
        window += _entries("positives", left.get("positives"), right.get("positives"), horizon)
        for name in _WINDOW:
            window += _entries(name, _told(left, "split", name), _told(right, "split", name), horizon)
        for name in ("estimator", "rounds", "tuning", "features"):
            settings += _entries(name, left.get(name), right.get(name), horizon)
    return RunDifference(
        a, b, tuple(metrics), tuple(_driven(engine, first, second, as_of)), tuple(window), tuple(settings)
    )


def _horizons(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """The report's parts by horizon; of a value without them, its metrics."""
    report = run["report"] or {}
    found: Mapping[str, Any] = report.get("horizons") or {}
    return found or ({"": report} if report.get("metrics") else {})


def _told(part: Mapping[str, Any], *path: str) -> Any:
    found: Any = part
    for name in path:
        found = (found or {}).get(name)
    return f"{len(found)} windows" if isinstance(found, list) else found


def _entries(what: str, a: Any, b: Any, horizon: str = "") -> list[Mapping[str, Any]]:
    return [] if a == b else [{"what": what, "horizon": horizon, "a": a, "b": b}]


def _driven(
    engine: Engine, first: Mapping[str, Any], second: Mapping[str, Any], as_of: datetime
) -> list[Mapping[str, Any]]:
    shares = []
    for run in (first, second):
        values = {"model": run["model"] or "", "as_of": naive_utc(as_of)}
        found = scratch(_SHARES, {"rows": engine.analytics.query(_DRIVERS, values)})
        shares.append(dict(zip(found["feature"].to_pylist(), found["weight"].to_pylist(), strict=True)))
    names = dict.fromkeys([*list(shares[0])[:10], *list(shares[1])[:10]])
    return [{"what": name, "horizon": "", "a": shares[0].get(name), "b": shares[1].get(name)} for name in names]
