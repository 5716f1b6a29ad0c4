"""``boosted``: gradient-boosted trees by XGBoost on a part of the logistic regression; where a document names none.

The regression (every feature flattened) says what is straight, the trees say what it misses. With a share s of the
line's logit L, trees are grown from s·L on, and the model is s·L + (1 - s)·(s·L + trees): on the measured tables better
in log-loss than either alone (docs/decisions/0016-trees-on-a-part-of-the-line.md). A share of 0 is plain XGBoost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

from foretell.predict.binary.boosted import (
    NOTHING,
    PARAMETERS,
    Single,
    Start,
    contributions,
    explained,
    grow,
    logits,
    stopped_early,
)
from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Floats, Rows
from foretell.predict.estimators.base import Marks, Setting, Tried
from foretell.stats import expit

_NAMES = ("max_depth", "eta", "colsample_bytree", "min_child_weight")
_LINE = "line"
_START = "foretell_start"


def _setting(name: str, line: float, **values: float) -> Setting:
    first = {key: PARAMETERS[key] for key in _NAMES}
    return Setting(name, {**first, **values, _LINE: line})


@dataclass(frozen=True)
class Trees:
    """Trees that have been grown, and where they began."""

    booster: xgboost.Booster
    start: Start = NOTHING

    def logits(self, x: Single) -> Floats:
        """Log-odds (n,)."""
        begun = self.start.margin(x)
        return _together(self.start, begun, logits(self.booster, x, begun))

    def contributions(self, x: Single, *, exact: bool) -> Single:
        """TreeSHAP where exact, else the library's path attribution; with the Shapley values of the line."""
        found = contributions(self.booster, x, exact=exact)
        line = self.start.line
        return found if line is None else self._with_line(found, line.contributions(x))

    def explained(self, x: Single, *, exact: bool) -> tuple[Floats, Single]:
        """:meth:`logits` and :meth:`contributions` of the same rows, at less than the cost of both."""
        share, line = self.start.share, self.start.line
        if line is None:
            return explained(self.booster, x, exact=exact)
        straight = line.contributions(x)
        begun = share * line.total(straight)
        margins, found = explained(self.booster, x, begun, exact=exact)
        return _together(self.start, begun, margins), self._with_line(found, straight)

    def _with_line(self, found: Single, straight: Floats) -> Single:
        """What trees and line add, each feature of each row; ``straight`` is used up."""
        share = self.start.share
        straight *= share * (2 - share)
        straight += np.float32(1 - share) * found
        return straight.astype(np.float32)

    def to_bytes(self, marks: Marks) -> bytes:
        """The library's own ``.ubj`` with the marks, and where the trees began, as attributes."""
        begun = {} if self.start.line is None else {_START: json.dumps(_as_dict(self.start), sort_keys=True)}
        self.booster.set_attr(**marks, **begun)
        return bytes(self.booster.save_raw("ubj"))


@dataclass(frozen=True)
class Boosted:
    """XGBoost at settings that are tried against each other; the first is the one for small and middling tables."""

    name: str = "boosted"
    suffix: str = ".ubj"
    source: str = ""
    grows_together: bool = True
    settings: tuple[Setting, ...] = (
        _setting("usual", 0.4),
        _setting("trees alone", 0.0),
        _setting("shallow", 0.6, max_depth=2, eta=0.06),
        _setting("deep", 0.4, max_depth=4, eta=0.05, colsample_bytree=0.3, min_child_weight=30),
    )

    def tried(self, setting: Setting, learn: Rows, watch: Rows, seed: int) -> Tried:
        """Grown on ``learn`` until ``watch`` has long got no better."""
        start = _start(setting, learn)
        begun = start.margin(watch.x)
        curve = list(stopped_early(learn, watch, seed, library_values(setting), start))
        p = [expit(_together(start, begun, margins)) for _, margins in curve]
        return Tried(tuple(rounds for rounds, _ in curve), np.stack(p))

    def learnt(self, setting: Setting, rows: Rows, rounds: int, seed: int) -> Trees:
        """``rounds`` trees on all of ``rows``."""
        start = _start(setting, rows)
        return Trees(grow(rows, rounds, seed, library_values(setting), start.margin(rows.x)), start)

    def load(self, data: bytes) -> tuple[Trees, Marks]:
        """Trees, where they began, and their attributes."""
        booster = xgboost.Booster(model_file=bytearray(data))
        marks = {name: text for name, text in booster.attributes().items() if text is not None}
        return Trees(booster, _from_dict(json.loads(marks[_START])) if _START in marks else NOTHING), marks


def _together(start: Start, begun: Floats | None, margins: Floats) -> Floats:
    """Line and trees as one logit (n,)."""
    return margins if begun is None else begun + (1 - start.share) * margins


def _start(setting: Setting, rows: Rows) -> Start:
    share = setting.values[_LINE]
    return Start(share, Logistic.fit(rows, flatten_all=True)) if share else NOTHING


def library_values(setting: Setting) -> dict[str, float]:
    """What the library is told."""
    return {name: value for name, value in setting.values.items() if name != _LINE}


def _as_dict(start: Start) -> dict[str, Any]:
    assert start.line is not None
    return {"share": start.share, "line": start.line.as_dict()}


def _from_dict(stored: Mapping[str, Any]) -> Start:
    return Start(float(stored["share"]), Logistic.from_dict(stored["line"]))


ESTIMATOR = Boosted()
