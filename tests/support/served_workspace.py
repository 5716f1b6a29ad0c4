"""A small workspace that is served inside a test, and the same as a process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from foretell.app import Workspace, open_workspace, reload_definitions
from foretell.clock import Clock
from foretell.web import Access, Cache, Site, Worker, create_app
from tests.support import warm_start
from tests.support.commands import environment
from tests.support.small_workspace import write_documents

LOCAL = "http://127.0.0.1"


class Browser:
    """Sends requests to an application in this process and keeps its cookies."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._cookies = httpx.Cookies()

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=LOCAL, cookies=self._cookies) as client:
                answer = await client.request(method, path, **more)
                self._cookies = client.cookies
                return answer

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(send())
        with ThreadPoolExecutor(1) as pool:  # a browser's driver has a loop in this thread
            return pool.submit(lambda: asyncio.run(send())).result()

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Send a GET request."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """Send a POST request."""
        return self.request("POST", path, **more)


@dataclass
class Served:
    """A served workspace and a browser before it.

    ``site.worker`` does not run by itself: :meth:`apply` takes in what was posted.
    """

    site: Site
    browser: Browser

    def get(self, path: str, status: int = 200, **params: Any) -> Any:
        """The JSON under ``/api/``."""
        answer = self.browser.get(f"/api/{path}", params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    def apply(self) -> None:
        """Take in what was posted."""
        self.site.workspace.engine.apply_pending()
        self.site.cache.forget()


def site_for(workspace: Workspace, assets: Path, access: Access | None = None) -> Site:
    """A site without a running worker."""
    engine = workspace.engine
    cache = Cache(engine.analytics.last_batch, engine.analytics.last_batch)
    return Site(workspace, Worker(workspace), access or Access(), cache, assets)


@contextmanager
def served(
    folder: Path, *, events: str = "", access: Access | None = None, clock: Clock | None = None
) -> Iterator[Served]:
    """The small workspace in ``folder``, served; ``events`` are posted and applied first."""
    if not (folder / "foretell.yaml").exists():
        write_documents(folder)
    with open_workspace(folder, "write", clock) as workspace:
        reload_definitions(workspace)
        site = site_for(workspace, folder / "static", access)
        found = Served(site, Browser(create_app(site)))
        for line in events.splitlines():
            call = json.loads(line)["type"]
            assert found.browser.post(f"/v1/{call}", content=line).status_code == 200
        found.apply()
        yield found


@dataclass
class Process:
    """A server process; ``address`` is where it answers."""

    running: subprocess.Popen[str] | warm_start.Started
    address: str
    client: httpx.Client

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of an address."""
        answer = self.client.get(path, params=params)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """Post JSON."""
        return self.client.post(path, json=body, headers=headers)

    def eventually(self, path: str, holds: Any, seconds: float = 30) -> Any:
        """The JSON of an address as soon as ``holds`` is true of it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self.client.get(path)
            if answer.status_code == 200 and holds(answer.json()):
                return answer.json()
            time.sleep(0.05)
        raise AssertionError(f"{path}: {answer.status_code} {answer.text}")


class NotServing(AssertionError):
    """The process ended before it answered."""


@contextmanager
def serving(
    command: Path | Sequence[str], folder: Path, *options: str, env: dict[str, str] | None = None
) -> Iterator[Process]:
    """``foretell serve`` as a process; it is killed where the test has not stopped it.

    ``command`` is the command, or the words after ``python`` of a process that begins with Foretell loaded.
    """
    words, whole = ["serve", "--port", "0", "--no-open", *options], environment() | (env or {})
    running: subprocess.Popen[str] | warm_start.Started
    if isinstance(command, Path):
        running = subprocess.Popen(
            [command, *words],
            cwd=folder,
            env=whole,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    else:
        running = warm_start.start([*command, *words], cwd=folder, env=whole)
    try:
        assert running.stderr is not None
        told = running.stderr.readline()
        if " at http" not in told:
            raise NotServing(told + running.communicate(timeout=60)[1])
        address = told.rsplit(" ", 1)[1].strip()
        with httpx.Client(base_url=address, timeout=60) as client:
            yield Process(running, address, client)
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate()


def presence_file(folder: Path) -> Path:
    """Where a server says that it has a workspace."""
    return folder / "data" / "server.json"


def mode_of(path: Path) -> int:
    """Permission bits of a file."""
    return os.stat(path).st_mode & 0o777
