"""Which scores the conditions of a journey read in a back-test."""

from __future__ import annotations

from collections.abc import Iterator

from foretell.clock import from_micros, naive_utc, utc
from foretell.condition import Condition, Prediction, Reader, Segment, leaves, parse
from foretell.engine import Engine
from foretell.journey.backtest.asking import Asking
from foretell.journey.backtest.report import ScoresUsed
from foretell.journey.published import Published
from foretell.journey.triggers import PredictionTrigger

_STORED = """
SELECT s.model, s.as_of FROM score_rows s WHERE s.prediction = $prediction AND s.horizon = $horizon
AND s.as_of <= $until GROUP BY s.model, s.as_of ORDER BY s.as_of, s.model"""


def predictions_of(published: Published, reader: Reader) -> list[tuple[str, str]]:
    """Prediction and horizon of every score that conditions of the journey read, segments included; each once."""
    trees = [parse(raw, journey=True) for _, raw in published.spec.conditions()]
    trigger = published.spec.trigger
    found = [leaf for tree in trees for leaf in _scored(tree, reader, ())]
    named = [(leaf.key, reader.references.prediction(leaf.key, leaf.horizon)[0]) for leaf in found]
    if isinstance(trigger, PredictionTrigger):
        named.append((trigger.prediction, reader.references.prediction(trigger.prediction, trigger.horizon)[0]))
    return sorted(set(named))


def scores_used(engine: Engine, published: Published, asking: Asking) -> tuple[ScoresUsed, ...]:
    """Every prediction that was read."""
    found = []
    for key, horizon in predictions_of(published, asking.reader):
        max_age = asking.reader.references.prediction(key, horizon)[1]
        told = {"prediction": key, "horizon": horizon, "until": naive_utc(from_micros(asking.past.until))}
        own = asking.past.own_scores(key, horizon)
        if own is not None:
            instants = [from_micros(one) for one in sorted(set(own["t"].to_pylist()))]
            models: dict[str, int] = {}
        else:
            rows = engine.analytics.query(_STORED, told)
            instants = sorted({utc(one) for one in rows["as_of"].to_pylist()})
            models = {}
            for model in rows["model"].to_pylist():
                models[model or ""] = models.get(model or "", 0) + 1
        first, last = (instants[0], instants[-1]) if instants else (None, None)
        age = None if max_age is None or own is not None else str(max_age)
        found.append(ScoresUsed(key, horizon, age, own is not None, len(instants), models, first, last))
    return tuple(found)


def _scored(tree: Condition, reader: Reader, inside: tuple[str, ...]) -> Iterator[Prediction]:
    for leaf in leaves(tree):
        if isinstance(leaf, Prediction):
            yield leaf
        elif isinstance(leaf, Segment) and leaf.key not in inside:
            yield from _scored(reader.references.segment(leaf.key)[0], reader, (*inside, leaf.key))
