"""Trainings, scorings and back-tests that somebody asked for in the app: one after the other, beside all else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from queue import SimpleQueue
from typing import Literal

from foretell.errors import ForetellError

State = Literal["waiting", "running", "done", "failed"]
Doing = Literal["train", "score", "backtest"]
Step = tuple[str, Callable[[], object]]
"""What is being done, in words, and doing it."""


@dataclass(frozen=True)
class Work:
    """What somebody asked for.

    Args:
        asked_at: by the workspace's clock.
        step: what is being done now, in words; empty where nothing is.
        seconds: since it was begun, to its end where it has ended.
        error: why it failed.
    """

    doing: Doing
    state: State
    asked_at: datetime
    step: str = ""
    seconds: float = 0.0
    error: ForetellError | None = None


class Works:
    """Does what was asked for in one thread, and knows how the last work about each thing stands."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, Work] = {}
        self._begun: dict[str, float] = {}
        self._waiting: SimpleQueue[tuple[str, list[Step]]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, key: str, doing: Doing, steps: list[Step], now: datetime, *, thing: str = "") -> Work:
        """Do ``steps`` as soon as what was asked for before is done.

        Args:
            thing: as errors call it; a prediction where nothing is said.

        Raises:
            ForetellError: ``AT_WORK`` where something is being done for the same thing.
        """
        named = thing or f"prediction {key}"
        with self._lock:
            there = self._last.get(key)
            if there is not None and there.state in ("waiting", "running"):
                raise ForetellError(
                    "AT_WORK", f"{named} is being worked on already", thing=named,
                    next_step="Wait until that is done.",
                )  # fmt: skip
            self._last[key] = work = Work(doing, "waiting", now)
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_working, name="works", daemon=True)
                self._thread.start()
        self._waiting.put((key, steps))
        return work

    def last(self, key: str) -> Work | None:
        """The last thing that was asked for; None where nothing was since the server began."""
        with self._lock:
            work, begun = self._last.get(key), self._begun.get(key)
        if work is None or work.state != "running" or begun is None:
            return work
        return replace(work, seconds=time.monotonic() - begun)

    def _keep_working(self) -> None:
        while True:
            key, steps = self._waiting.get()
            self._work(key, steps)

    def _work(self, key: str, steps: list[Step]) -> None:
        begun = time.monotonic()
        with self._lock:
            self._begun[key] = begun
        state, error = "done", None
        try:
            for words, step in steps:
                self._tell(key, state="running", step=words)
                step()
        except ForetellError as told:
            state, error = "failed", told
        except Exception as fault:  # noqa: BLE001 - one fault must not end what others ask for later
            state, error = "failed", ForetellError("WORK_FAILED", f"it ended with {type(fault).__name__}: {fault}")
        self._tell(key, state=state, step="", seconds=time.monotonic() - begun, error=error)

    def _tell(self, key: str, **changed: object) -> None:
        with self._lock:
            self._last[key] = replace(self._last[key], **changed)  # type: ignore[arg-type]
