"""Many borrow, and now and then somebody needs the thing for themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Borrowing:
    """Counts who has borrowed. Whoever has borrowed already may borrow more while somebody waits for all to be back."""

    def __init__(self) -> None:
        self._turn = threading.Condition(threading.Lock())
        self._lent: dict[int, int] = {}
        self._loans = 0
        self._wanted = False
        self._mine = threading.local()

    @contextmanager
    def one(self) -> Iterator[threading.Condition]:
        """Borrow; gives the lock under which the things themselves are taken and put back."""
        with self._turn:
            while self._wanted and not self._held():
                self._turn.wait()
            self._loans += 1
            loan = self._loans
            self._lent[loan] = threading.get_ident()
            self._mine.held = self._held() + 1
        try:
            yield self._turn
        finally:
            with self._turn:
                self._lent.pop(loan)
                self._mine.held = self._held() - 1
                self._turn.notify_all()

    @contextmanager
    def nobody(self) -> Iterator[None]:
        """Wait until all is back, and keep it so while the block runs."""
        with self._turn:
            while self._wanted:
                self._turn.wait()
            self._wanted = True
            while len(self._lent) > self._held():
                self._turn.wait()
        try:
            yield
        finally:
            with self._turn:
                self._wanted = False
                self._turn.notify_all()

    def others_back(self, seconds: float) -> bool:
        """Wait until what other threads have borrowed by now is back; whether there was any, and it is.

        Args:
            seconds: the longest wait.
        """
        with self._turn:
            me = threading.get_ident()
            theirs = {loan for loan, thread in self._lent.items() if thread != me}
            return bool(theirs) and self._turn.wait_for(lambda: theirs.isdisjoint(self._lent), seconds)

    def _held(self) -> int:
        return int(getattr(self._mine, "held", 0))
