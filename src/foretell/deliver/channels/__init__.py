"""The kinds of channels: one file each in this folder, or an entry point of ``foretell.channels``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from foretell.deliver.channels.base import ChannelKind
from foretell.errors import ForetellError

ENTRY_POINTS = "foretell.channels"
_FRAME = "base"


@cache
def channel_kinds() -> Mapping[str, ChannelKind]:
    """Every kind of channel by its name.

    Raises:
        ForetellError: ``CHANNEL_TWICE`` where two have the same name.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != _FRAME)
    kinds: list[ChannelKind] = [importlib.import_module(f"{__name__}.{name}").CHANNEL for name in names]
    kinds += [point.load() for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)]
    found: dict[str, ChannelKind] = {}
    for kind in kinds:
        if kind.name in found:
            raise ForetellError(
                "CHANNEL_TWICE",
                f"two channels are called {kind.name!r}",
                next_step="Uninstall one of the packages that bring them.",
            )
        found[kind.name] = kind
    return found


def development_kind(medium: str) -> ChannelKind | None:
    """The channel that serves ``medium`` where no document says otherwise."""
    return next(
        (kind for kind in channel_kinds().values() if kind.development and kind.capabilities.medium == medium), None
    )
