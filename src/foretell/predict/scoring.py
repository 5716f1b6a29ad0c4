"""``score``: what a prediction's latest model says about its population, stored as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from foretell.clock import Duration, naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine, naming
from foretell.ids import seed_of
from foretell.predict.binary.scored import SPREAD_FROM, binary_scores, scores_of
from foretell.predict.binary.stored import BinaryModel
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.files import card_of, read_model
from foretell.predict.permission import SCORING, Permission
from foretell.predict.population import Population
from foretell.predict.registry import latest_model
from foretell.predict.training import models_folder
from foretell.predict.training_report import VALUE
from foretell.predict.value.outlook import ValueModel
from foretell.predict.value.purchases import PurchaseLog
from foretell.predict.value.reasons import value_reasons
from foretell.predict.value.stored import load_value
from foretell.profile import purposes_of

EXACT_REASONS_UP_TO = 20_000
"""People up to which reasons come from exact TreeSHAP where scores are made by hand; it takes most of the time."""


@dataclass(frozen=True)
class Scored:
    """What a scoring run made.

    Args:
        rows: columns prediction, horizon, node_key, as_of, score, low, high, model, reasons.
        left_out: people who may not be scored, by reason (``objected``, ``restricted`` …).
    """

    prediction: str
    model: str
    as_of: datetime
    people: int
    rows: pa.Table
    left_out: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        scores = np.asarray(self.rows.column("score").to_numpy(), dtype=np.float64)
        return {
            "prediction": self.prediction,
            "model": self.model,
            "as_of": self.as_of.isoformat(),
            "people": self.people,
            "rows": self.rows.num_rows,
            "mean_score": float(scores.mean()) if scores.size else None,
            "left_out": dict(self.left_out),
        }


def score(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    key: str,
    *,
    as_of: datetime,
    now: datetime,
    exact_up_to: int = EXACT_REASONS_UP_TO,
    spread_from: int = SPREAD_FROM,
) -> Scored:
    """Score the population as of ``as_of``, known then, and store the rows.

    The model is the latest one trained as of ``as_of`` or before. A probability's ``low`` and
    ``high`` are as far away as the observed rate of people with such a score may have been on the
    test window (90 % Wilson, by bin); a value's hold 90 % of the simulated spending. Reasons are the
    three features that moved the score most (TreeSHAP). Scoring the same instant again replaces its
    rows.

    Args:
        exact_up_to: people up to which reasons come from exact TreeSHAP; above, from the library's
            path attribution, which takes a tenth of the time and correlates .996 with it.
        spread_from: people from whom on a cluster scores where the rows lie; the same scores.

    Raises:
        ForetellError: ``NOT_TRAINED``, ``NOBODY``, ``MODEL_OTHER`` and the like.
    """
    spec, document = spec_of(catalog, key), catalog.get("prediction", key)
    model = latest_model(engine.ops, key, as_of).model
    loaded = load_model(models_folder(engine), key, model)
    permission = Permission(SCORING, engine.ops, purposes_of(catalog), now)
    people = Population.of(reader, spec, as_of, permission).somebody(as_of, document.name)
    with threadpool_limits(limits=1, user_api="blas"), naming(f"score {document.name}"):
        if isinstance(loaded, ValueModel):
            parts = _values(engine, catalog, spec, loaded, people, as_of, document.name)
        else:
            exact = people.num_rows <= exact_up_to
            parts = binary_scores(engine.analytics, loaded, people, as_of, exact=exact, spread_from=spread_from)
    rows = _rows(parts, key, model, as_of)
    engine.publish("predict", {"score_rows": rows}, now=now)
    return Scored(key, model, as_of, people.num_rows, rows, permission.left_out)


def load_model(root: Path, key: str, model: str) -> BinaryModel | ValueModel:
    """The model of a folder, kept in memory for as long as its card stays as it is.

    Raises like :func:`~foretell.predict.files.read_model`.
    """
    card = card_of(root, key, model)
    return _loaded(root, key, model, card.stat().st_mtime_ns if card.exists() else 0)


@lru_cache(maxsize=16)
def _loaded(root: Path, key: str, model: str, _changed_ns: int) -> BinaryModel | ValueModel:
    stored = read_model(root, key, model)
    return load_value(stored) if stored.card["kind"] == VALUE else BinaryModel.load(stored)


def _values(
    engine: Engine,
    catalog: Catalog,
    spec: PredictionSpec,
    model: ValueModel,
    people: pa.Table,
    as_of: datetime,
    thing: str,
) -> pa.Table:
    horizon = spec.all_horizons[0]
    log = PurchaseLog(engine, spec.value or {}, catalog.settings.zone_info, model.buying.unit_days, thing)
    purchases = log.until(people, as_of)
    outlook = model.outlook(purchases, Duration.parse(horizon).days, seed_of("outlook", as_of.isoformat()))
    texts = value_reasons(outlook, horizon, catalog.settings.currency)
    return scores_of(purchases.people, horizon, outlook.value, outlook.low, outlook.high, texts)


def _rows(parts: pa.Table, key: str, model: str, as_of: datetime) -> pa.Table:
    """The rows as they are stored."""
    n = parts.num_rows

    def same(value: object, kind: pa.DataType) -> pa.Array:
        return pa.array([value], kind).take(pa.array(np.zeros(n, np.int32)))

    return pa.table(
        {
            "prediction": same(key, pa.string()),
            "horizon": parts["horizon"],
            "node_key": parts["node_key"],
            "as_of": same(naive_utc(as_of), pa.timestamp("us")),
            "score": parts["score"],
            "low": parts["low"],
            "high": parts["high"],
            "model": same(model, pa.string()),
            "reasons": parts["reasons"],
        }
    )
