"""What learns: one file each in this folder, one of the workspace's folder ``models``, or an entry point.

Enters: the name in a prediction's ``estimator``. Leaves: an :class:`~foretell.predict.estimators.base.Estimator`. For
the room ``predict`` alone; packages add theirs by the entry point ``foretell.estimators``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from foretell.predict.estimators.base import Estimator
from foretell.predict.estimators.boosted import ESTIMATOR as BOOSTED
from foretell.predict.estimators.own import own_estimator

__all__ = ["BOOSTED", "estimator_of", "estimators"]

_FRAME = ("base", "kept", "own")


@cache
def estimators() -> Mapping[str, Estimator]:
    """Those that Foretell brings, by name."""
    files = sorted(item.name for item in pkgutil.iter_modules(__path__) if item.name not in _FRAME)
    found: list[Estimator] = [importlib.import_module(f"{__name__}.{name}").ESTIMATOR for name in files]
    return {one.name: one for one in found}


def estimator_of(name: str, workspace: Path | None, thing: str) -> Estimator:
    """The estimator called ``name``; Foretell's own names come first.

    Args:
        workspace: the folder whose ``models/NAME.py`` may bring it.
        thing: what asks for it, for errors.

    Raises:
        ForetellError: ``ESTIMATOR_MISSING``, ``ESTIMATOR_BROKEN``, ``ESTIMATOR_UNFIT``.
    """
    known = estimators()
    return known[name] if name in known else own_estimator(name, workspace, thing, tuple(known))
