"""What was learnt: for each field and level how often pairs of one person, and of two, are found there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import from_micros, micros
from foretell.engine import OperationalStore, Tx
from foretell.identify.matching.document import Compare, MatchingSpec
from foretell.identify.matching.fields import Field
from foretell.ids import stable_id

_KEPT_MODELS = 20


@dataclass(frozen=True)
class Learnt:
    """A level with its shares.

    Args:
        m: share of pairs of one person at this level; ``u``: of pairs of two people.
        learnt: False where ``m`` is what levels begin with, since the data had nothing to learn it from.
    """

    label: str
    m: float
    u: float
    learnt: bool

    @property
    def weight(self) -> float:
        """In bits: how much more often one person's pairs are at this level."""
        return round(math.log2(self.m / self.u), 2)


@dataclass(frozen=True)
class Model:
    """A model of when two records are one person's.

    Args:
        number: consecutive, from 1; 0 before it is kept.
        spec_print: of the block of the document that it was trained under, and of the fields there were.
        fields: in a fixed order; ``levels`` of each by its name.
        prior: probability that two records drawn at random are one person's.
        join_from, review_from: probability from which a pair is joined, and from which it is put to people.
        expected_precision: of the pairs from ``join_from`` on, when it was trained.
        figures: counts of the training: records, pairs and the like.
    """

    number: int
    trained_at: datetime
    spec_print: str
    fields: tuple[Field, ...]
    levels: Mapping[str, tuple[Learnt, ...]]
    prior: float
    join_from: float
    review_from: float
    expected_precision: float
    figures: Mapping[str, int]


def spec_print(spec: MatchingSpec, fields: Sequence[Field]) -> str:
    """A print of what a model depends on besides the data."""
    told = spec.model_dump(mode="json", exclude={"join", "every", "train_every"})
    names = [(field.name, field.compare, *field.traits, *field.identifiers) for field in fields]
    return stable_id("mm", json.dumps([told, names], sort_keys=True))


def keep(tx: Tx, model: Model) -> Model:
    """Keep ``model`` under the next number; the oldest ones go."""
    ((last,),) = tx.query("SELECT coalesce(max(model), 0) FROM match_models")
    number = int(last) + 1
    row = (number, micros(model.trained_at), model.spec_print, _text(model))
    tx.execute("INSERT INTO match_models VALUES (?, ?, ?, ?)", row)
    tx.execute("DELETE FROM match_models WHERE model <= ?", (number - _KEPT_MODELS,))
    return _model(*row)


def latest(store: OperationalStore | Tx) -> Model | None:
    """The model in use; None where nothing was learnt yet."""
    rows = store.query("SELECT model, trained_at, spec_print, content FROM match_models ORDER BY model DESC LIMIT 1")
    return _model(*rows[0]) if rows else None


def _text(model: Model) -> str:
    told = {
        "fields": [[f.name, f.compare, list(f.traits), list(f.identifiers), f.swaps_with] for f in model.fields],
        "levels": {name: [[one.label, one.m, one.u, one.learnt] for one in ls] for name, ls in model.levels.items()},
        "numbers": [model.prior, model.join_from, model.review_from, model.expected_precision],
        "figures": dict(model.figures),
    }
    return json.dumps(told, sort_keys=True)


def _model(number: int, trained_at: int, spec: str, content: str) -> Model:
    told = json.loads(content)
    fields = tuple(_field(*row) for row in told["fields"])
    levels = {name: tuple(Learnt(*row) for row in rows) for name, rows in told["levels"].items()}
    prior, join_from, review_from, precision = told["numbers"]
    figures = told["figures"]
    return Model(
        number, from_micros(trained_at), spec, fields, levels, prior, join_from, review_from, precision, figures
    )


def _field(name: str, compare: Compare, traits: list[str], identifiers: list[str], swaps: str | None) -> Field:
    return Field(name, compare, tuple(traits), tuple(identifiers), swaps)
