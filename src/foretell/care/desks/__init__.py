"""Help desks: one file each in this folder, or an entry point of ``foretell.desks``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from foretell.care.desks.base import DeskKind
from foretell.errors import ForetellError

ENTRY_POINTS = "foretell.desks"
_FRAME = "base"


@cache
def desk_kinds() -> Mapping[str, DeskKind]:
    """Every kind of help desk by its name.

    Raises:
        ForetellError: ``DESK_TWICE`` where two have the same name.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != _FRAME)
    found: dict[str, DeskKind] = {}
    kinds = [getattr(importlib.import_module(f"{__name__}.{name}"), "DESK", None) for name in names]
    kinds += [point.load() for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)]
    for kind in kinds:
        if kind is None:
            continue
        if kind.name in found:
            raise ForetellError(
                "DESK_TWICE", f"two help desks are called {kind.name!r}",
                next_step="Uninstall one of the packages that bring them.",
            )  # fmt: skip
        found[kind.name] = kind
    return found
