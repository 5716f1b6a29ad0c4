"""Kinds of prediction: what a document asks for, how it is learnt, kept and scored; one file each in this folder.

Enters: a prediction's document and its population, or a stored model. Leaves: what training made, or scores as rows.
For the room ``predict`` alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from foretell.errors import ForetellError
from foretell.predict.document import PredictionSpec
from foretell.predict.files import StoredModel
from foretell.predict.kinds.base import Answer, Asked, Lesson, Made, Plan, PredictionKind

__all__ = ["Answer", "Asked", "Lesson", "Made", "Plan", "PredictionKind", "kind_of", "kind_of_card", "kinds"]


@cache
def kinds() -> Mapping[str, PredictionKind]:
    """All of them, by name."""
    files = sorted(item.name for item in pkgutil.iter_modules(__path__) if item.name != "base")
    found: list[PredictionKind] = [importlib.import_module(f"{__name__}.{name}").KIND for name in files]
    return {one.name: one for one in found}


def kind_of(spec: PredictionSpec) -> PredictionKind:
    """The kind that trains this document."""
    (found,) = [kind for kind in kinds().values() if kind.handles(spec)]
    return found


def kind_of_card(stored: StoredModel) -> PredictionKind:
    """The kind whose model this is; raises ``MODEL_VERSION`` for one that this release does not know."""
    name = str(stored.card.get("kind"))
    if name not in kinds():
        raise ForetellError(
            "MODEL_VERSION",
            f"the model is of kind {name!r}, which this release does not know",
            thing=f"model {stored.model}",
            next_step="Train the prediction again.",
        )
    return kinds()[name]
