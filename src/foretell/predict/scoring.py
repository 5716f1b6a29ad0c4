"""``score``: what a prediction's latest model says about its population, stored as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from foretell.clock import naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine, PropertyColumns, naming
from foretell.predict.binary.scored import SPREAD_FROM
from foretell.predict.document import spec_of
from foretell.predict.features import FeaturePlan, remembered
from foretell.predict.files import card_of, read_model
from foretell.predict.kinds import Asked, PredictionKind, kind_of_card
from foretell.predict.kinds.propensity import PropensityModel
from foretell.predict.life.checking import CHECKS, Looked, check
from foretell.predict.life.reference import Reference
from foretell.predict.permission import SCORING, Permission
from foretell.predict.population import Population
from foretell.predict.registry import latest_model
from foretell.predict.training import models_folder, refuse_imported
from foretell.profile import purposes_of

EXACT_REASONS_UP_TO = 20_000
"""People up to which reasons come from exact TreeSHAP where scores are made by hand; it takes most of the time."""


@dataclass(frozen=True)
class Scored:
    """What a scoring run made.

    Args:
        rows: columns prediction, horizon, node_key, as_of, score, low, high, model, reasons.
        left_out: people who may not be scored, by reason (``objected``, ``restricted`` …).
        checks: rows of ``model_checks``: whether people and scores lie as they did at training.
        retrained: that a model was made anew before, and why, in words; empty where none was.
    """

    prediction: str
    model: str
    as_of: datetime
    people: int
    rows: pa.Table
    left_out: Mapping[str, int] = field(default_factory=dict)
    checks: pa.Table = field(default_factory=CHECKS.empty_table)
    retrained: str = ""

    @property
    def moved(self) -> list[str]:
        """What has moved since the training, in words; the furthest first."""
        rows = [row for row in self.checks.to_pylist() if row["verdict"] == "moved"]
        return [row["words"] for row in sorted(rows, key=lambda row: -row["value"])]

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
            "moved": self.moved,
            "retrained": self.retrained,
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
    refuse_imported(spec, document.name)
    model = latest_model(engine.ops, key, as_of).model
    kind, kept, reference = _kept(models_folder(engine), key, model, catalog.root)
    loaded = standing(kept, engine.log.properties())
    permission = Permission(SCORING, engine.ops, purposes_of(catalog), now)
    people = Population.of(reader, spec, as_of, permission).somebody(as_of, document.name)
    with threadpool_limits(limits=1, user_api="blas"), naming(f"score {document.name}"), remembered():
        asked = Asked(engine, catalog, key, spec, document.name, people, as_of, exact_up_to, spread_from)
        answer = kind.score(asked, loaded)
        checks = check(engine.analytics, Looked(key, model, as_of), loaded, reference, people, answer.scores)
    rows = _rows(answer.scores, key, model, as_of)
    further = {name: _marked(part, key, model, as_of) for name, part in answer.further.items()}
    engine.publish("predict", {"score_rows": rows, "model_check_rows": checks, **further}, now=now)
    return Scored(key, model, as_of, people.num_rows, rows, permission.left_out, checks)


def load_model(root: Path, key: str, model: str, workspace: Path | None = None) -> Any:
    """The model of a folder, as its kind keeps it, in memory for as long as its card stays as it is.

    Args:
        workspace: the folder of the workspace, whose ``models`` an estimator of its own may need.

    Raises like :func:`~foretell.predict.files.read_model`.
    """
    return _kept(root, key, model, workspace)[1]


def standing(model: Any, columns: PropertyColumns) -> Any:
    """``model`` with a plan that reads properties where they stand in the log now: in one that was rebuilt after an
    erasure they may stand elsewhere than when the model was trained."""
    if isinstance(model, PropensityModel):
        return replace(model, pairs=standing(model.pairs, columns))
    plan = getattr(model, "plan", None)
    if not isinstance(plan, FeaturePlan) or not plan.paths:
        return model
    return replace(model, plan=plan.placed(columns))


def _kept(root: Path, key: str, model: str, workspace: Path | None) -> tuple[PredictionKind, Any, Reference]:
    card = card_of(root, key, model)
    return _loaded(root, key, model, workspace, card.stat().st_mtime_ns if card.exists() else 0)


@lru_cache(maxsize=16)
def _loaded(
    root: Path, key: str, model: str, workspace: Path | None, _changed_ns: int
) -> tuple[PredictionKind, Any, Reference]:
    stored = read_model(root, key, model, workspace)
    kind = kind_of_card(stored)
    return kind, kind.load(stored), Reference.from_dict(stored.card.get("reference", {}))


def _rows(scores: pa.Table, key: str, model: str, as_of: datetime) -> pa.Table:
    """The rows as they are stored."""
    columns = ("prediction", "horizon", "node_key", "as_of", "score", "low", "high", "model", "reasons")
    return _marked(scores, key, model, as_of).select(columns)


def _marked(part: pa.Table, key: str, model: str, as_of: datetime) -> pa.Table:
    """``part`` with whose scores it belongs to, in columns prediction, as_of and model."""

    def same(value: object, kind: pa.DataType) -> pa.Array:
        return pa.array([value], kind).take(pa.array(np.zeros(part.num_rows, np.int32)))

    if "prediction" not in part.column_names:
        part = part.append_column("prediction", same(key, pa.string()))
    part = part.append_column("as_of", same(naive_utc(as_of), pa.timestamp("us")))
    return part.append_column("model", same(model, pa.string()))
