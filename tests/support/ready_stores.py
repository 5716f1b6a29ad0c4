"""New workspaces that begin with copied empty stores, since to make every table anew costs more than most tests do.

What is copied was made by :func:`foretell.engine.open_engine` of the same parts, so that a test cannot tell. How stores
are made is for ``tests/unit/engine`` and for commands that run as processes; they get no copies.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from foretell.clock import Clock
from foretell.engine import Engine, EngineSettings, RoomParts, Stage

FILES = ("operations.sqlite", "analytics.duckdb")
_ENGINE = import_module("foretell.engine.opening")
_Open = Callable[[EngineSettings, Sequence[RoomParts], Sequence[Stage], Mapping[str, Any], Clock], Engine]
_MAKE: _Open = _ENGINE._open_writing


@contextmanager
def copied_stores(folder: Path) -> Iterator[None]:
    """Within, stores of a new workspace are copies; the originals lie in ``folder``."""
    with mock.patch.object(_ENGINE, "_open_writing", _Copies(folder, _MAKE).open):
        yield


@contextmanager
def made_stores() -> Iterator[None]:
    """Within, every store is made anew."""
    with mock.patch.object(_ENGINE, "_open_writing", _MAKE):
        yield


class _Copies:
    def __init__(self, folder: Path, make: _Open) -> None:
        self._folder, self._make = folder, make
        self._asked: dict[tuple[int, ...], tuple[Sequence[RoomParts], Path | None]] = {}

    def open(
        self,
        settings: EngineSettings,
        parts: Sequence[RoomParts],
        stages: Sequence[Stage],
        decoders: Mapping[str, Any],
        clock: Clock,
    ) -> Engine:
        """Open for writing; where nothing is there yet, and the same parts have been asked for before, as a copy."""
        embedded = settings.postgres is None and settings.lake is None
        if embedded and (not settings.data.exists() or not any(settings.data.iterdir())):
            # The parts are kept, so that no others can have their places in memory.
            key = tuple(map(id, parts))
            known = self._asked.get(key)
            if known is None:
                self._asked[key] = (parts, None)
            else:
                ready = known[1] or self._ready(parts, settings, clock)
                self._asked[key] = (known[0], ready)
                settings.data.mkdir(parents=True, exist_ok=True)
                for name in FILES:
                    shutil.copyfile(ready / name, settings.data / name)
        return self._make(settings, parts, stages, decoders, clock)

    def _ready(self, parts: Sequence[RoomParts], settings: EngineSettings, clock: Clock) -> Path:
        """Empty stores of ``parts``, closed."""
        folder = self._folder / str(len(list(self._folder.iterdir())))
        self._make(replace(settings, data=folder), parts, [], {}, clock).close()
        assert {file.name for file in folder.iterdir()} >= {*FILES}
        assert not list(folder.glob("*wal")), "all is in the files that are copied"
        return folder
