"""Serving a workspace beside other processes: one leads, all take in events, whoever is left takes the lead."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field

from foretell.app import Workspace, reload_definitions
from foretell.definitions import mark
from foretell.engine import Company, Mode, Process
from foretell.errors import ForetellError
from foretell.web.site import Site

BEAT_SECONDS = 1.0
"""How often a process says that it is there, and looks who leads."""
LOST_SECONDS = 10.0
"""A process that cannot say for so long whether it still leads does not."""
_LOG = logging.getLogger("foretell.together")
Opening = Callable[[Mode], AbstractContextManager[Workspace]]


@dataclass
class Together:
    """A process among the others of its workspace.

    Args:
        role: ``api`` never leads.
        address: where the others reach it.
        token: by which it knows what the others hand on.
    """

    company: Company
    role: str
    address: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def mode(self) -> Mode:
        """How to open the workspace now."""
        return "write" if self.may_lead and self.company.nobody_leads() else "member"

    @property
    def may_lead(self) -> bool:
        """True where this process is there to work, not only to answer."""
        return self.role != "api"

    def watch(self, site: Site, end: Callable[[], None]) -> AbstractContextManager[None]:
        """While the block runs, the others know of this process; ``end`` is called when it has to become another."""
        return _Watch(self, site, end)


class _Watch(AbstractContextManager[None]):
    """The thread that says that the process is there and looks how it stands."""

    def __init__(self, together: Together, site: Site, end: Callable[[], None]) -> None:
        self._together = together
        self._site = site
        self._engine = site.workspace.engine
        self._end = end
        self._stopping = threading.Event()
        self._sure_at = time.monotonic()
        self._mark = mark(self._engine.ops)
        self._thread = threading.Thread(target=self._watch, name="together", daemon=True)
        self._process = Process(
            self._engine.process, together.role, self._engine.has_analytics, together.address, together.token
        )

    def __enter__(self) -> None:
        self._look()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        with suppress(ForetellError):
            self._together.company.leave(self._process.name)

    def _watch(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            try:
                if not self._look():
                    self._end()
                    return
            except ForetellError as error:
                _LOG.warning("the other processes cannot be seen: %s", error)
                if self._engine.has_analytics and time.monotonic() > self._sure_at + LOST_SECONDS:
                    self._end()  # what is opened next asks anew who leads
                    return

    def _look(self) -> bool:
        """False where this process has to become another: it leads no more, or it may lead now."""
        company = self._together.company
        if self._engine.has_analytics:
            if not self._engine.still_leads():
                return False
            self._sure_at = time.monotonic()
        elif self._together.may_lead and company.nobody_leads():
            return False
        company.beat(self._process)
        self._site.leader = company.leader()
        self._follow()
        return True

    def _follow(self) -> None:
        """Definitions and write keys may be changed by another process."""
        if self._engine.has_analytics:
            return
        self._site.senders.forget()
        found = mark(self._engine.ops)
        if found != self._mark:
            self._mark = found
            reload_definitions(self._site.workspace)


def opened_together(
    together: Together, opening: Opening, work: Callable[[Workspace], bool], stopping: threading.Event
) -> None:
    """Open the workspace as it stands now, and again whenever that changes, until ``work`` says that it is done."""
    while not stopping.is_set():
        try:
            with opening(together.mode()) as workspace:
                if work(workspace):
                    return
        except ForetellError as error:
            if not error.transient:
                raise
            _LOG.warning("the workspace cannot be opened yet: %s", error)
            stopping.wait(BEAT_SECONDS / 2)
