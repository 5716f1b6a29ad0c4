"""What was computed from the data lately, kept until the data have changed.

A value is kept with the number of the batch it was computed at. When the data have moved on, a thread computes
anew what was asked for lately, one after the other; until then whoever asks gets the value that there is. So
pages stay fast while events keep arriving, and all values together cost at most a tenth of the time. Tables of
many people are kept for who looks at them, not for who might: so memory does not grow with people while nobody looks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from foretell.errors import ForetellError

FRESH_SECONDS = 60.0
"""A value is computed anew after this time also where no data came: conditions read time itself."""
STALE_SECONDS = 120.0
"""Older than this no value is given out; whoever asks waits for the new one."""
WANTED_SECONDS = 600.0
"""So long after it was asked for last a value is kept up to date."""
LARGE_BYTES = 16 * 1024 * 1024
"""A larger table (everybody, from about 100,000 people on) is wanted for :data:`LARGE_WANTED_SECONDS` alone."""
LARGE_WANTED_SECONDS = 60.0
REST = 9.0
"""After a second of computing nothing is computed anew for so many seconds."""
LOOK_SECONDS = 0.5

_Value = TypeVar("_Value")
_LOG = logging.getLogger("foretell.web")


@dataclass
class _Entry:
    value: Any
    compute: Callable[[], Any]
    batch: int
    made_at: float
    took_seconds: float
    asked_at: float

    @property
    def wanted_seconds(self) -> float:
        """How long after it was asked for last it is kept."""
        large = isinstance(self.value, pa.Table) and self.value.nbytes > LARGE_BYTES
        return LARGE_WANTED_SECONDS if large else WANTED_SECONDS


class Cache:
    """Values by key.

    Args:
        batch: number of the last recorded batch; it must not wait for anything.
        read: number of the last batch that a computation sees.
        ticks: seconds that only ever grow, for ages.
    """

    def __init__(
        self, batch: Callable[[], int], read: Callable[[], int], ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._batch = batch
        self._read = read
        self._ticks = ticks
        self._entries: dict[str, _Entry] = {}
        self._door = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def get(self, key: str, compute: Callable[[], _Value]) -> _Value:
        """The value of ``key``; whoever asks for one that is not there waits until it is computed, once for all."""
        asked = self._ticks()
        with self._door:
            entry = self._entries.get(key)
            if entry is not None:
                entry.asked_at, entry.compute = asked, compute
            turn = self._turns.setdefault(key, threading.Lock())
        if entry is None or (asked - entry.made_at > STALE_SECONDS and not self._is_current(entry)):
            with turn:
                now = self._entries.get(key)
                entry = now if now is not None and now is not entry else self._make(key, compute)
        value: _Value = entry.value
        return value

    def there(self, key: str) -> Any | None:
        """The value of ``key`` where it is there and not too old; looking makes nobody want it."""
        with self._door:
            entry = self._entries.get(key)
        stale = entry is None or (self._ticks() - entry.made_at > STALE_SECONDS and not self._is_current(entry))
        return None if entry is None or stale else entry.value

    def start(self) -> None:
        """Begin to keep values up to date."""
        self._thread = threading.Thread(target=self._keep_up, name="cache", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Compute nothing more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def rows(self) -> dict[str, int]:
        """How many rows are kept, by key; of values that are no tables none."""
        with self._door:
            entries = list(self._entries.items())
        return {key: entry.value.num_rows if isinstance(entry.value, pa.Table) else 0 for key, entry in entries}

    def forget(self) -> None:
        """Compute everything anew when it is asked for: the definitions have changed."""
        with self._door:
            self._entries.clear()

    def keep_up(self) -> float:
        """Compute anew what was asked for lately and is not current any more; what nobody wants is dropped.

        Returns the seconds it took.
        """
        begun = self._ticks()
        with self._door:
            entries = list(self._entries.items())
        for key, entry in entries:
            if self._closing.is_set():
                break
            if self._ticks() - entry.asked_at > entry.wanted_seconds:
                with self._door:
                    self._entries.pop(key, None)
                    self._turns.pop(key, None)
            elif self._is_due(entry):
                self._renew(key, entry)
        return self._ticks() - begun

    def _keep_up(self) -> None:
        pause = LOOK_SECONDS
        while not self._closing.wait(pause):
            pause = max(LOOK_SECONDS, self.keep_up() * REST)

    def _renew(self, key: str, entry: _Entry) -> None:
        try:
            self._make(key, entry.compute)
        except Exception as error:  # noqa: BLE001 - whoever asks next computes it, and meets the error
            with self._door:
                self._entries.pop(key, None)
            if not isinstance(error, ForetellError):
                _LOG.exception("computing %s anew failed", key)

    def _is_current(self, entry: _Entry) -> bool:
        return entry.batch == self._batch() and self._ticks() - entry.made_at < FRESH_SECONDS

    def _is_due(self, entry: _Entry) -> bool:
        return not self._is_current(entry) and self._ticks() - entry.made_at >= entry.took_seconds * REST

    def _make(self, key: str, compute: Callable[[], Any]) -> _Entry:
        batch, begun = self._read(), self._ticks()
        value = compute()
        ended = self._ticks()
        with self._door:
            before = self._entries.get(key)
            asked = ended if before is None else before.asked_at
            entry = self._entries[key] = _Entry(value, compute, batch, ended, ended - begun, asked)
        return entry
