"""How much more may arrive: a bound on what waits to be taken in, and on what must stay free on the disk."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from dataclasses import dataclass

from foretell.app import Workspace
from foretell.errors import ForetellError

MEASURED_EVERY_SECONDS = 1.0
AGAIN_SECONDS = 0.1
"""How long a measurement holds when there is no room by it."""
_MB = 1024 * 1024
_LOG = logging.getLogger("foretell.web")


@dataclass(frozen=True)
class _Room:
    waiting: int
    free: int


class Backlog:
    """Counts what arrives against what was measured last, so that a request costs a subtraction.

    Measured are the bytes that wait in the spool and the free disk, once a second in a thread of its own. In
    between, what arrives is counted as it came; packed it is smaller, so that the bound holds.
    """

    def __init__(self, workspace: Workspace) -> None:
        collect = workspace.settings.collect
        self._most, self._reserve = collect.spool_max_mb * _MB, collect.free_disk_mb * _MB
        self._engine = workspace.engine
        self._room = _Room(0, 0)
        self._left = 0
        self._measured_at = float("-inf")
        self._measuring: asyncio.Task[None] | None = None

    async def admit(self, size: int) -> None:
        """Count ``size`` bytes that arrive.

        Raises:
            ForetellError: ``SPOOL_FULL`` where too much waits, ``DISK_FULL`` where too little is free; transient.
        """
        age = time.monotonic() - self._measured_at
        if age >= MEASURED_EVERY_SECONDS or (age >= AGAIN_SECONDS and self._left < size) or self._is_measuring:
            measuring = self._measure()
            if self._left < size:
                await asyncio.shield(measuring)
        if self._left < size:
            raise self._full()
        self._left -= size

    @property
    def _is_measuring(self) -> bool:
        return self._measuring is not None and not self._measuring.done()

    def _measure(self) -> asyncio.Task[None]:
        """The measurement that runs, or a new one."""
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.create_task(self._measured())
        return self._measuring

    async def _measured(self) -> None:
        try:
            self._room = await asyncio.to_thread(self._look)
            self._left = min(self._most - self._room.waiting, self._room.free - self._reserve)
        except (ForetellError, OSError) as error:
            # What was measured before still holds, and what came since is counted.
            _LOG.warning("the backlog cannot be measured: %s", error)
        self._measured_at = time.monotonic()

    def _look(self) -> _Room:
        return _Room(self._engine.spool_waiting_bytes(), shutil.disk_usage(self._engine.data).free)

    def _full(self) -> ForetellError:
        if self._room.free - self._reserve < self._most - self._room.waiting:
            return ForetellError(
                "DISK_FULL",
                f"less than {self._reserve // _MB} MB are free on the disk",
                next_step="Send it again later; the server goes on as soon as there is room.",
                transient=True,
            )
        return ForetellError(
            "SPOOL_FULL",
            f"{self._room.waiting // _MB} MB of events wait to be taken in, and no more are accepted meanwhile",
            next_step="Send it again later.",
            transient=True,
        )
