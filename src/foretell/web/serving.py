"""Serving a workspace: the socket, the server's loop, the worker beside it, and an orderly end."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import uvicorn

from foretell.app import Workspace, reload_definitions
from foretell.errors import ForetellError, UsageError
from foretell.web.access import Access
from foretell.web.application import create_app
from foretell.web.assets import FOLDER
from foretell.web.caching import Cache
from foretell.web.commanding import Commands
from foretell.web.presence import announced
from foretell.web.site import Site
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
    reload_definitions(workspace)
    access = Access.of(workspace.settings, how.host, how.names)
    worker = Worker(workspace)
    if how.role == "worker":
        with _working(worker):
            ready("")
            _until_stopped()
        return
    with _listening(how) as listening:
        address = _address(how.host, listening)
        cache = Cache(lambda: last_batch(workspace), workspace.engine.analytics.last_batch)
        site = Site(workspace, worker, access, cache, how.assets, commands)
        with announced(site, address), _working(worker) if how.role == "all" else nullcontext():
            cache.start()
            site.cards.start()
            warming = threading.Thread(target=warm, args=(site,), name="warming", daemon=True)
            warming.start()
            _run(site, listening, lambda: ready(address))
            warming.join()
            site.cards.close()
            cache.close()


def _run(site: Site, listening: socket.socket, ready: Callable[[], None]) -> None:
    config = uvicorn.Config(
        create_app(site),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=2_048,
    )
    _Server(config, ready).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends on the usual signals and hands them to nobody else: what follows is an orderly end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

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
def _listening(how: Serving) -> Iterator[socket.socket]:
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


def _address(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


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
