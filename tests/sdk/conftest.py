"""Libraries as they come from their registries, each in a process of its own, before a server that fails at first."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.browser.conftest import AGENT, browser, chromium
from tests.support.sdk_server import Failure, SdkShop, sdk_shop

__all__ = ["AGENT", "browser", "chromium"]
FAILURES = (Failure(500, taken=True), Failure(500), Failure(429, retry_after=1))
"""The first answer is lost on its way, the second request is, the third is told to come again."""
Run = Callable[[SdkShop, Sequence[str | Path]], str]
HERE = Path(__file__).parent


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SdkShop]:
    with sdk_shop(tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def node(repository: Path) -> Path:
    """Node, beside the packages of this folder."""
    assert (repository / "tests/sdk/node_modules/@segment").is_dir(), "run tools/sdk_packages"
    return repository / ".venv" / "bin" / "node"


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a program that is told address and write key by its environment."""

    def running(shop: SdkShop, command: Sequence[str | Path]) -> str:
        environment = {**os.environ, **shop.environment}
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return running
