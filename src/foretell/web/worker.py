"""The thread that takes in what arrived and does what is due, beside the server."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from foretell import deliver, journey, telemetry
from foretell.app import Workspace, advance, freshen
from foretell.engine import hand_back_memory
from foretell.errors import ForetellError

TICK_SECONDS = 5.0
"""How often what is due is looked for."""
FRESH_SECONDS = 0.5
"""How often segments are brought up to date while events arrive."""
SHARED_SECONDS = 0.5
"""How often what other processes made durable, or recorded, is looked for."""
MEMBER_SECONDS = 1.0
"""How often a process that does not lead looks for messages that are due."""
TURN_SECONDS = 0.2
"""Messages that a rate put off are sent no oftener than that."""
MEMORY_SECONDS = 30.0
"""How often freed memory is handed back."""
LONGEST_WAIT_SECONDS = 60.0
"""Longest pause after a piece of work failed several times."""

_LOG = logging.getLogger("foretell.worker")


@dataclass(frozen=True)
class Work:
    """How a piece of the worker's work stands.

    Args:
        failures: how often it failed in a row.
        error: what it failed with last; None where the last try went well.
        done_at: when it last went well, by the workspace's clock.
    """

    name: str
    failures: int = 0
    error: ForetellError | None = None
    done_at: datetime | None = None


class _Piece:
    """One piece of work with its rhythm and, after failures, its back-off."""

    def __init__(self, name: str, every_seconds: float, run: Callable[[datetime], object]) -> None:
        self.state = Work(name)
        self.every_seconds = every_seconds
        self.due_at = 0.0
        self._run = run

    def attempt(self, now: datetime) -> None:
        """Do it; an error is logged and kept, and the next try comes later each time."""
        try:
            with telemetry.working():
                self._run(now)
        except Exception as error:  # noqa: BLE001 - the server goes on; the state says what is wrong
            failures, told = self.state.failures + 1, _told(error)
            self.state = replace(self.state, failures=failures, error=told)
            self.due_at = time.monotonic() + min(2.0 ** min(failures, 6), LONGEST_WAIT_SECONDS)
            telemetry.count_error(told, "worker")
            fields = {"work": self.state.name, "failures": failures}
            _LOG.exception("%s failed (%d times in a row)", *fields.values(), extra={"fields": fields})
        else:
            self.state = replace(self.state, failures=0, error=None, done_at=now)
            self.due_at = time.monotonic() + self.every_seconds

    @property
    def due(self) -> bool:
        """True when its time has come."""
        return time.monotonic() >= self.due_at


class Worker:
    """Applies what waits in the spool as soon as it is told, lets it count in segments, and every few seconds does
    what is due.

    Args:
        tick_seconds: how often what is due is looked for.
        fresh_seconds: how long after others events that were taken in count in segments, at most.

    ``wanted`` is True from its start on: a server without it is not broken, one whose worker died is.
    """

    def __init__(
        self, workspace: Workspace, *, tick_seconds: float = TICK_SECONDS, fresh_seconds: float = FRESH_SECONDS
    ) -> None:
        self._workspace = workspace
        self._arrived = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._unfresh = False
        self.wanted = False
        engine = workspace.engine
        self._leads = engine.has_analytics
        self._seen = engine.analytics.last_batch() if self._leads else 0
        every_seconds = min(tick_seconds, SHARED_SECONDS) if engine.is_shared else tick_seconds
        self._apply = _Piece("taking in events", every_seconds, lambda _: engine.apply_pending())
        self._freshen = _Piece("keeping segments fresh", fresh_seconds, lambda now: freshen(workspace, now))
        if self._leads:
            self._advance = _Piece("doing what is due", tick_seconds, self._do_what_is_due)
        else:
            self._assistant = journey.Assistant(engine)
            self._advance = _Piece("sending what is due", min(tick_seconds, MEMBER_SECONDS), self._send)
        self._turns = _Piece("sending what waited for its turn", tick_seconds, self._hand_over)
        self._memory = _Piece("handing back memory", MEMORY_SECONDS, lambda _: hand_back_memory())
        self._turn_at = math.inf

    def start(self) -> None:
        """Begin."""
        self.wanted = True
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something has arrived."""
        self._arrived.set()

    def stop(self) -> None:
        """End after the present piece of work, and take in what arrived until now."""
        self._stopping.set()
        self._arrived.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._apply.attempt(self._workspace.clock.now())

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def state(self) -> tuple[Work, ...]:
        """How each piece of work stands."""
        return (self._apply.state, self._freshen.state, self._advance.state)

    def _do_what_is_due(self, now: datetime) -> None:
        self._wait_for(advance(self._workspace, now, self._keep_up).sent, now)

    def _send(self, now: datetime) -> None:
        """What a process that does not lead can do: steps of journeys that ask for nobody's past, and hand over."""
        found = self._workspace
        self._assistant.tick(found.catalog, found.reader, now=now)
        self._hand_over(now)

    def _hand_over(self, now: datetime) -> None:
        self._wait_for(deliver.dispatch(self._workspace.engine, self._workspace.catalog, now=now), now)

    def _wait_for(self, sent: deliver.DispatchReport, now: datetime) -> None:
        """Come back when the first message that a rate put off may go."""
        self._turn_at = math.inf
        if sent.waits_until is not None:
            seconds = (datetime.fromisoformat(sent.waits_until) - now).total_seconds()
            self._turn_at = time.monotonic() + max(seconds, TURN_SECONDS)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._keep_up()
            if self._advance.due and not self._stopping.is_set():
                self._advance.attempt(self._workspace.clock.now())
            elif time.monotonic() >= self._turn_at and not self._stopping.is_set():
                self._turn_at = math.inf
                self._turns.attempt(self._workspace.clock.now())
            if self._memory.due:
                self._memory.attempt(self._workspace.clock.now())
            self._arrived.wait(self._pause())

    def _keep_up(self) -> None:
        """Take in what has arrived, and let it count; also between the pieces of what is due."""
        arrived = self._arrived.is_set()
        self._arrived.clear()
        if self._apply.due or (arrived and not self._apply.state.failures):
            self._apply.attempt(self._workspace.clock.now())
            self._unfresh |= self._leads and (arrived or self._moved_on())
        if self._unfresh and self._freshen.due and not self._stopping.is_set():
            self._unfresh = False
            self._freshen.attempt(self._workspace.clock.now())

    def _moved_on(self) -> bool:
        """True where another process recorded batches that are shown since the last look."""
        engine = self._workspace.engine
        if not engine.is_shared:
            return False
        before, self._seen = self._seen, engine.analytics.last_batch()
        return self._seen != before

    def _pause(self) -> float:
        due = [
            self._apply.due_at,
            self._advance.due_at,
            self._turn_at,
            *([self._freshen.due_at] if self._unfresh else []),
        ]
        return max(0.05, min(due) - time.monotonic())


def _told(error: Exception) -> ForetellError:
    if isinstance(error, ForetellError):
        return error
    return ForetellError("WORK_FAILED", f"{type(error).__name__}: {error}", next_step="The log holds the details.")
