"""The measures of opinion: one file each in this folder, found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from foretell.listen.scores.measures.base import Band, Figure, Measure, Unit

_FRAME = "base"


def _scanned() -> Mapping[str, Measure]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != _FRAME)
    found: list[Measure] = [importlib.import_module(f"{__name__}.{name}").MEASURE for name in names]
    return {measure.key: measure for measure in found}


MEASURES: Mapping[str, Measure] = _scanned()
"""Every measure by its key."""

__all__ = ["MEASURES", "Band", "Figure", "Measure", "Unit"]
