"""The kinds of steps: one file each in this folder, found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from foretell.journey.steps.base import (
    LENGTHS,
    MOVES,
    RUNS,
    Foresight,
    Step,
    StepContext,
    StepKind,
    StepPlace,
    moves,
    unfit_length,
)

_FRAME = "base"


def _scanned() -> Mapping[str, StepKind]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != _FRAME)
    kinds: list[StepKind] = [importlib.import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in kinds}


STEP_KINDS: Mapping[str, StepKind] = _scanned()
"""Every kind of step by the key that marks it."""


def kind_of(step: Step) -> StepKind:
    """The kind of a step."""
    return next(kind for kind in STEP_KINDS.values() if type(step) is kind.model)


__all__ = [
    "LENGTHS",
    "MOVES",
    "RUNS",
    "STEP_KINDS",
    "Foresight",
    "Step",
    "StepContext",
    "StepKind",
    "StepPlace",
    "kind_of",
    "moves",
    "unfit_length",
]
