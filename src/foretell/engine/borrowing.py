"""Many borrow, and now and then somebody needs the thing for themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Borrowing:
    """Counts who has borrowed. Whoever has borrowed already may borrow more while somebody waits for all to be back."""

    def __init__(self) -> None:
        self._turn = threading.Condition(threading.Lock())
        self._lent = 0
        self._wanted = False
        self._mine = threading.local()

    @contextmanager
    def one(self) -> Iterator[threading.Condition]:
        """Borrow; gives the lock under which the things themselves are taken and put back."""
        with self._turn:
            while self._wanted and not self._held():
                self._turn.wait()
            self._lent += 1
            self._mine.held = self._held() + 1
        try:
            yield self._turn
        finally:
            with self._turn:
                self._lent -= 1
                self._mine.held = self._held() - 1
                self._turn.notify_all()

    @contextmanager
    def nobody(self) -> Iterator[None]:
        """Wait until all is back, and keep it so while the block runs."""
        with self._turn:
            while self._wanted:
                self._turn.wait()
            self._wanted = True
            while self._lent > self._held():
                self._turn.wait()
        try:
            yield
        finally:
            with self._turn:
                self._wanted = False
                self._turn.notify_all()

    def _held(self) -> int:
        return int(getattr(self._mine, "held", 0))
