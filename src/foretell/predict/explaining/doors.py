"""The doors of explaining: a person's exact reasons, a model's card, curves, and whether drivers stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import ForetellError, UsageError
from foretell.predict.explaining.card import ModelCard, model_card
from foretell.predict.explaining.exact import ExactReasons, exact_reasons
from foretell.predict.explaining.stability import Steadiness, steadiness
from foretell.predict.reading import explain, report
from foretell.predict.registry import runs


def exactly(engine: Engine, catalog: Catalog, key: str, profile_key: int, *, as_of: datetime) -> list[ExactReasons]:
    """Every feature's exact part in one person's last stored scores up to ``as_of``, shortest horizon first.

    Worked out anew from the model and the features as of the scores' instant. Models of repeat buying, imported scores
    and the like have no parts: the stored reasons of :func:`~foretell.predict.reading.explain` are all there is.

    Raises:
        ForetellError: ``NOT_SCORED``, ``NOT_IN_POPULATION``; ``MODEL_MISSING`` and the like where the model is gone.
    """
    stored = explain(engine, key, profile_key, as_of=as_of)
    found = (exact_reasons(engine, catalog, profile_key, one) for one in stored)
    return [one for one in found if one is not None]


def card(engine: Engine, key: str, *, as_of: datetime, model: str | None = None) -> ModelCard:
    """The card of ``model`` (default: the one that scores at ``as_of``).

    Raises:
        ForetellError: ``NOT_TRAINED``; ``UNKNOWN_MODEL`` where no run of the prediction made such a model.
    """
    if model is None:
        return model_card(report(engine, key, as_of=as_of))
    for run in runs(engine.ops, key):
        if run["model"] == model and run["report"]:
            return model_card(run["report"])
    raise UsageError(
        "UNKNOWN_MODEL",
        f"no training of {key} made the model {model!r}",
        thing=f"prediction {key}",
        next_step=f"Run foretell predict runs {key} to see which there are.",
    )


def dependence(engine: Engine, key: str, *, as_of: datetime, horizon: str | None = None) -> Mapping[str, Any]:
    """``drivers``, ``partial`` and ``groups`` of the model that scores at ``as_of``, with the ``horizon`` they are of.

    Raises:
        ForetellError: ``NOT_TRAINED``; ``NOT_EXPLAINED`` where the model, or its horizon, was not looked into.
    """
    parts = report(engine, key, as_of=as_of).get("explained") or {}
    chosen = horizon if horizon is not None else next(iter(parts), None)
    if chosen is None or chosen not in parts:
        over = "" if horizon is None else f" over {horizon}"
        known = f"It has {', '.join(parts)}." if parts else "Train it again, if it is a probability."
        raise ForetellError(
            "NOT_EXPLAINED",
            f"the model of {key} was not looked into{over} when it was trained",
            thing=f"prediction {key}",
            next_step=known,
        )
    return {"horizon": chosen, **parts[chosen]}


def steady_drivers(engine: Engine, key: str, *, horizon: str | None = None) -> Steadiness | None:
    """Whether the same features moved the scores in each training; None where none was looked into."""
    return steadiness(runs(engine.ops, key), horizon)
