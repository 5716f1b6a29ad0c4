"""What all tests share: repeatable random examples, a clean environment, the real command."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling, LoadScopeScheduling

from tests.support import statements
from tests.support.pairs import EMBEDDED, PAIR_OF_RUN, end_run, everywhere
from tests.support.ready_stores import copied_stores

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# The same examples in every run and on every machine; a slow machine is no failure.
settings.register_profile("house", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("house")

gc.disable()  # until all tests are collected: what is made for them, stays

REPOSITORY = Path(__file__).resolve().parent.parent
NOTES = statements.Notes()
UNFIT: list[tuple[int, list[str]]] = []
"""Of a whole run: how many operational statements it made, and those that PostgreSQL refuses."""
TOGETHER = "tests/browser"
"""Its files go to one worker, since they look at one shop that takes long to make."""
SPARK = "+spark"
"""Names of tests on a pair of stores that has it go to one worker, so that a run starts one Spark."""
LONGEST = (
    SPARK,
    "tests/stories/test_demo_shop.py",
    TOGETHER,
    "tests/stories/test_demo.py",
    "tests/docs/test_blocks_run.py",
    "tests/contracts/test_api_fuzz.py",
    "tests/stories/test_disks.py",
    "tests/chaos/test_runner_kills.py",
    "tests/chaos/test_served_journey_kills.py",
    "tests/properties/test_conditions.py",
    "tests/contracts/pairs/test_spark_cluster.py",
    "tests/properties/test_identity.py",
    "tests/contracts/pairs/test_shop.py",
    "tests/chaos/test_cluster_kills.py",
)
"""What takes a worker longest begins first, the longest before the others: whatever begins last, all but one worker
wait for."""


class FilesOfOneShopTogether(LoadFileScheduling):  # type: ignore[misc]
    """A file to a worker, and :data:`TOGETHER` to one."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """What goes to one worker with a test."""
    if SPARK in nodeid:
        return SPARK
    return TOGETHER if nodeid.startswith(f"{TOGETHER}/") else nodeid.partition("::")[0]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put :data:`LONGEST` in front; workers take what is to be done in the order in which it was collected."""
    places = {scope: place for place, scope in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(scope_of(item.nodeid), len(places)))


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """How ``--dist loadfile`` shares out the tests."""
    gone = [scope for scope in LONGEST if scope != SPARK and not (REPOSITORY / scope).exists()]
    assert not gone, f"LONGEST names {', '.join(gone)}"
    return FilesOfOneShopTogether(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(autouse=True, scope="session")
def ready_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Workspaces of tests begin with copied empty stores, or lie in the pair of stores that the run is for."""
    if PAIR_OF_RUN != EMBEDDED:
        with everywhere(PAIR_OF_RUN):
            yield
        return
    with copied_stores(tmp_path_factory.mktemp("ready-stores")):
        yield


def pytest_configure(config: pytest.Config) -> None:
    """In a whole run, what all processes ask of SQLite is noted, and held against PostgreSQL at its end."""
    if os.environ.get(statements.FOLDER) and hasattr(config, "workerinput"):
        NOTES.begin()
    elif config.getvalue("dist") == "loadfile" and PAIR_OF_RUN == EMBEDDED:
        statements.begin_run()
    if config.getvalue("dist") != "no" and not hasattr(config, "workerinput"):
        gc.enable()  # others collect


def pytest_collection_finish() -> None:
    """Look for rubbish again, but not among what all tests were made of: all of that stays."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the servers that tests started."""
    folder = os.environ.get(statements.FOLDER)
    if folder is not None:
        if hasattr(session.config, "workerinput"):
            NOTES.write(Path(folder))
        else:
            UNFIT.append(statements.unfit(Path(folder)))
            shutil.rmtree(folder)
            if UNFIT[0][1] and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
    end_run()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what PostgreSQL does not take."""
    for count, found in UNFIT:
        terminalreporter.write_line(f"{count:,} operational statements: PostgreSQL takes all but {len(found)}")
        for line in found:
            terminalreporter.write_line(f"  {line}", red=True)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them, nor the size of that person's terminal."""
    for name in [name for name in os.environ if name.startswith("FORETELL_") or name in ("COLUMNS", "LINES")]:
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
