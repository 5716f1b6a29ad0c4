"""What all tests share: repeatable random examples, a clean environment, the real command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling, LoadScopeScheduling

from tests.support.ready_stores import copied_stores

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# The same examples in every run and on every machine; a slow machine is no failure.
settings.register_profile("house", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("house")

REPOSITORY = Path(__file__).resolve().parent.parent
TOGETHER = "tests/browser"
"""Its files go to one worker, since they look at one shop that takes long to make."""


class FilesOfOneShopTogether(LoadFileScheduling):  # type: ignore[misc]
    """A file to a worker, and :data:`TOGETHER` to one."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(f"{TOGETHER}/") else str(super()._split_scope(nodeid))


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """How ``--dist loadfile`` shares out the tests."""
    return FilesOfOneShopTogether(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(autouse=True, scope="session")
def ready_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Workspaces of tests begin with copied empty stores."""
    with copied_stores(tmp_path_factory.mktemp("ready-stores")):
        yield


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them."""
    for name in [name for name in os.environ if name.startswith("FORETELL_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def foretell_command() -> Path:
    """The installed command, as ``make setup`` puts it into ``.venv/bin``."""
    command = Path(sys.executable).with_name("foretell")
    assert command.exists(), f"{command} is missing: run make setup first"
    return command


@pytest.fixture
def foretell(foretell_command: Path, tmp_path: Path) -> Run:
    """Run the real command: ``foretell("plan", cwd=workspace)``; gives a completed process.

    ``status`` is the exit status that must come out, None for any.
    """

    def run(
        *arguments: str | Path,
        cwd: Path = tmp_path,
        status: int | None = 0,
        env: Mapping[str, str] | None = None,
        timeout_seconds: float = 600,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [foretell_command, *arguments],
            cwd=cwd,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
        )
        if status is not None:
            assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
