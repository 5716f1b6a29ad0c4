"""Families of features that are counted from events; one file each in this folder.

Enters: what a plan keeps of them. Leaves: tallies for the one query, and features from their numbers. For ``features``
alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from foretell.predict.features.families.base import EVER, Family, Tally

__all__ = ["EVER", "Family", "Tally", "families"]


@cache
def families() -> Mapping[str, Family]:
    """All of them, by name."""
    files = sorted(item.name for item in pkgutil.iter_modules(__path__) if item.name != "base")
    found: list[Family] = [importlib.import_module(f"{__name__}.{name}").FAMILY for name in files]
    return {one.name: one for one in found}
