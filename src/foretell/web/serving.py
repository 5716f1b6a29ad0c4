"""Serving a workspace: the socket, the server's loop, the worker beside it, and an orderly end."""

from __future__ import annotations

import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

import uvicorn

from foretell.app import Workspace, reload_definitions
from foretell.engine import Company
from foretell.errors import ForetellError, UsageError
from foretell.web.access import Access
from foretell.web.application import create_app
from foretell.web.assets import FOLDER
from foretell.web.caching import Cache
from foretell.web.commanding import Commands
from foretell.web.presence import announced
from foretell.web.site import Site
from foretell.web.together import Opening, Together, opened_together
from foretell.web.warming import warm
from foretell.web.worker import Worker

Role = Literal["all", "api", "worker"]
DRAIN_SECONDS = 10
"""How long open requests may go on when the server is asked to stop."""


@dataclass(frozen=True)
class Serving:
    """How to serve.

    Args:
        port: 0 takes a free one.
        role: ``api`` answers without doing what is due, ``worker`` does it without answering.
        names: further names by which the server may be called.
        assets: folder of the built app.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    role: Role = "all"
    names: frozenset[str] = frozenset()
    assets: Path = FOLDER


def serve(
    workspace: Workspace,
    how: Serving,
    *,
    commands: Commands | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve an opened workspace until SIGINT or SIGTERM comes; what was accepted is taken in before it ends.

    Args:
        commands: runs commands of the terminal that find the workspace taken by this server.
        ready: told the address when requests are answered; empty where the role answers none.

    Raises:
        UsageError: ``TOKEN_MISSING``; ``ADDRESS_TAKEN`` where the port is not free.
    """
    if how.role == "worker":
        reload_definitions(workspace)
        with _working(Worker(workspace)):
            ready("")
            _until_stopped()
        return
    with listening_at(how) as listening:
        _serve_on(listening, workspace, how, commands, ready, None)


def serve_together(
    company: Company,
    opening: Opening,
    how: Serving,
    *,
    commands: Commands | None = None,
    ready: Callable[[str], None] = lambda _: None,
    opened: Callable[[Workspace], None] = lambda _: None,
) -> None:
    """Serve a workspace beside other processes, as whoever leads or as another, until SIGINT or SIGTERM comes.

    A process that is there to work listens as well: the others hand requests on to whoever leads.

    Args:
        opening: opens the workspace.
        opened: is told each workspace that was opened.
    """
    with listening_at(how) as listening, _stoppable() as stopping:
        together = Together(company, how.role, address_of(reachable(how.host), listening))

        def work(workspace: Workspace) -> bool:
            nonlocal ready
            opened(workspace)
            tell, ready = ready, lambda _: None
            with listening.dup() as own:
                return _serve_on(own, workspace, how, commands, tell, together)

        opened_together(together, opening, work, stopping)


def _serve_on(
    listening: socket.socket,
    workspace: Workspace,
    how: Serving,
    commands: Commands | None,
    ready: Callable[[str], None],
    together: Together | None,
) -> bool:
    """Serve until somebody asks to stop; False where the process has to become another instead."""
    reload_definitions(workspace)
    access = Access.of(workspace.settings, how.host, how.names)
    worker = Worker(workspace)
    address = address_of(how.host, listening)
    leads = workspace.engine.has_analytics
    shown = workspace.engine.analytics.last_batch if leads else lambda: 0
    cache = Cache(lambda: last_batch(workspace), shown)
    site = Site(workspace, worker, access, cache, how.assets, commands, how.role)
    server = _Server(_config(site), lambda: ready(address))
    with ExitStack() as running:
        if leads:
            running.enter_context(announced(site, address, together.token if together else ""))
        if together is not None:
            running.enter_context(together.watch(site, server.end))
        if how.role != "api":
            running.enter_context(_working(worker))
        if leads:
            running.enter_context(_warmed(site))
        running.enter_context(_settled())
        server.run(sockets=[listening])
    return together is None or not server.ended


@contextmanager
def _warmed(site: Site) -> Iterator[None]:
    """What is shown often is made before somebody asks, and anew when it changes."""
    site.cache.start()
    site.cards.start()
    warming = threading.Thread(target=warm, args=(site,), name="warming", daemon=True)
    warming.start()
    try:
        yield
    finally:
        warming.join()
        site.cards.close()
        site.cache.close()


@contextmanager
def _settled() -> Iterator[None]:
    """What is there now stays: whoever looks for cycles among what requests leave need not go through it each time."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _config(site: Site) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(site),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=2_048,
    )


class _Server(uvicorn.Server):
    """Ends on the usual signals and hands them to nobody else: what follows is an orderly end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self.ended = False

    def end(self) -> None:
        """Stop serving, though nobody asked for it."""
        self.ended = True
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Somebody asks to stop."""
        self.ended = False
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals ask the server to stop; a second SIGINT does not wait for open requests."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _working(worker: Worker) -> Iterator[None]:
    worker.start()
    try:
        yield
    finally:
        worker.stop()


@contextmanager
def listening_at(how: Serving) -> Iterator[socket.socket]:
    """A socket that others can connect to when it listens."""
    family = socket.AF_INET6 if ":" in how.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((how.host, how.port))
        except OSError as error:
            raise UsageError(
                "ADDRESS_TAKEN",
                f"cannot serve on {how.host}:{how.port}: {(error.strerror or str(error)).lower()}",
                next_step="Choose another one with --port, or --port 0 for any.",
            ) from error
        yield listening


def address_of(host: str, listening: socket.socket) -> str:
    """The address of a socket for people and other processes."""
    port = listening.getsockname()[1]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def reachable(host: str) -> str:
    """The address by which other machines reach this one, where ``host`` is any of its own."""
    if host not in ("0.0.0.0", "::"):
        return host
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return host


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Set when somebody asks to stop while nothing is served, as between two ways of serving."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in numbers}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _until_stopped() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


def last_batch(workspace: Workspace) -> int:
    """Number of the last recorded batch; it does not wait for the analytics store."""
    try:
        return int(workspace.engine.ops.query("SELECT coalesce(max(batch), 0) FROM batches")[0][0])
    except ForetellError:
        return -1
