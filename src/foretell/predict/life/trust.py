"""Whether a prediction's probabilities may be taken at their word, or somebody has said why all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foretell.clock import naive_utc
from foretell.condition import CatalogReferences, Condition, Prediction, leaves, references
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.registry import latest_model, model_in_use

IMPORTED = "imported"
"""Stands for a model where scores come from outside."""
_LATEST = """
SELECT c.subject, c.verdict, c.words, c.model FROM model_check_rows c
JOIN (SELECT subject, max(as_of) AS as_of FROM model_check_rows
  WHERE prediction = $prediction AND what = 'calibration' AND model = $model AND as_of <= $as_of GROUP BY subject) l
  ON l.subject = c.subject AND l.as_of = c.as_of
WHERE c.prediction = $prediction AND c.what = 'calibration' AND c.model = $model
"""


@dataclass(frozen=True)
class Trust:
    """How far the scores of a prediction may be acted on.

    Args:
        doubts: horizon → why its probabilities are not to be taken at their word; none of a value.
        accepted: why somebody acts on them all the same.
        warnings: horizon → what has shown since that they are no longer right.
    """

    doubts: Mapping[str, str]
    accepted: str | None
    warnings: Mapping[str, str]

    @property
    def refused(self) -> Mapping[str, str]:
        """Doubts that nobody has accepted."""
        return self.doubts if self.accepted is None else {}


def trust(engine: Engine, catalog: Catalog, key: str, *, as_of: datetime) -> Trust:
    """What is to be said of the model in use at ``as_of``.

    A horizon is in doubt where its report says that it is not calibrated, or where it was never judged on a later time
    than it learnt from and no completed outcomes have judged it since.
    """
    spec = spec_of(catalog, key)
    if spec.outcome is None:
        return Trust({}, None, {})
    since = _outcomes(engine, key, as_of)
    return Trust(
        dict(_doubts(engine, key, spec, since, as_of)),
        spec.accept_uncalibrated,
        {horizon: words for horizon, (verdict, words) in since.items() if verdict == "off"},
    )


def refuse_uncalibrated(
    engine: Engine, catalog: Catalog, tree: Condition, *, thing: str, where: str, as_of: datetime
) -> None:
    """Raise ``UNCALIBRATED`` where ``tree``, or a segment in it, holds scores against a threshold that nobody can trust
    and nobody has accepted."""
    for leaf in _thresholds(tree, CatalogReferences(catalog), frozenset()):
        key = leaf.document
        if not catalog.has("prediction", key):
            continue
        refused = trust(engine, catalog, key, as_of=as_of).refused
        horizon = leaf.horizon or spec_of(catalog, key).all_horizons[0]
        if horizon in refused:
            raise UsageError(
                "UNCALIBRATED",
                f"it acts on a threshold of prediction {key} over {horizon}, {refused[horizon]}",
                thing=thing,
                where=where,
                next_step=f"See foretell predict report {key}. To act on it all the same, say why in the document of "
                f'prediction {key}: `accept_uncalibrated: "WHY"`.',
            )


def trust_words(engine: Engine, catalog: Catalog, tree: Condition, *, as_of: datetime) -> list[str]:
    """What is to be said of the scores that ``tree`` or a segment in it is held against; nothing where all is well."""
    keys = dict.fromkeys(leaf.document for leaf in _thresholds(tree, CatalogReferences(catalog), frozenset()))
    return [words for key in keys if catalog.has("prediction", key) for words in said_of(engine, catalog, key, as_of)]


def said_of(engine: Engine, catalog: Catalog, key: str, as_of: datetime) -> list[str]:
    """Doubts about a prediction in sentences, that somebody accepted them and why, and what has shown since."""
    found = trust(engine, catalog, key, as_of=as_of)
    said = [f"Prediction {key} over {horizon}, {why}." for horizon, why in found.doubts.items()]
    if found.doubts:
        accepted = found.accepted
        said.append(
            f"Accepted all the same: {accepted}" if accepted else "Its bands are not told, no journey starts by it."
        )
    return [*said, *(f"Prediction {key}: {words}" for words in found.warnings.values())]


def _thresholds(tree: Condition, known: CatalogReferences, inside: frozenset[str]) -> Iterator[Prediction]:
    yield from (leaf for leaf in leaves(tree) if isinstance(leaf, Prediction))
    for key in references(tree).segments:
        if key not in inside:
            yield from _thresholds(known.segment(key)[0], known, inside | {key})


def _doubts(
    engine: Engine, key: str, spec: PredictionSpec, since: Mapping[str, tuple[str, str]], as_of: datetime
) -> dict[str, str]:
    if spec.imported:
        found = dict.fromkeys(spec.all_horizons, "whose scores come from outside and were never judged")
    elif model_in_use(engine.ops, key, as_of) is None:
        return dict.fromkeys(spec.all_horizons, "which was never trained")
    else:
        report = latest_model(engine.ops, key, as_of).report
        found = _of_report(report, spec)
    judged = {horizon for horizon, (verdict, _) in since.items() if verdict == "steady"}
    wrong = {
        horizon: f"whose scores did not come true as they said ({words})"
        for horizon, (verdict, words) in since.items()
        if verdict == "off" and horizon in found
    }
    return {
        horizon: wrong.get(horizon, why)
        for horizon, why in found.items()
        if horizon not in judged or "never judged" not in why
    }


def _of_report(report: Mapping[str, Any], spec: PredictionSpec) -> dict[str, str]:
    parts = report.get("horizons") or {}
    found = {}
    for horizon in spec.all_horizons:
        part = parts.get(horizon)
        if part is None:
            found[horizon] = "over which the model in use was not trained"
        elif not part["calibration"]["calibrated"]:
            error, limit = part["calibration"]["ece"], part["calibration"]["ece_expected_at_most"]
            found[horizon] = (
                f"which is not calibrated for this season: off by {error:.3f} where chance explains {limit:.3f}"
            )
        elif (part.get("split") or report.get("split") or {}).get("by") == "people":
            found[horizon] = "which was never judged on a later time than it learnt from"
    return found


def _outcomes(engine: Engine, key: str, as_of: datetime) -> dict[str, tuple[str, str]]:
    """By horizon, what completed outcomes have shown last of the model in use: verdict and words."""
    model = model_in_use(engine.ops, key, as_of) or IMPORTED
    rows = engine.analytics.query(_LATEST, {"prediction": key, "model": model, "as_of": naive_utc(as_of)}).to_pylist()
    return {row["subject"]: (row["verdict"], row["words"]) for row in rows}
