"""The server that tests start, and what is said where it cannot be had."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from foretell.clock import SystemClock
from foretell.engine import EngineSettings, PostgresPlace, open_engine, optional
from foretell.errors import ForetellError, UsageError
from foretell.testing import postgres
from foretell.testing.postgres import postgres_server


def test_a_server_on_a_port_is_its_own_and_goes_with_the_block() -> None:
    with postgres_server(tcp=True, durable=True, settings={"work_mem": "5MB"}) as server:
        assert server.host == "127.0.0.1"
        with psycopg.connect(server.url, autocommit=True) as connection:
            told = [connection.execute(f"SHOW {name}").fetchone() for name in ("work_mem", "fsync", "server_encoding")]
            assert told == [("5MB",), ("on",), ("UTF8",)]
            # In the order of its texts a server of the tests is unlike SQLite, so that a missing COLLATE is seen.
            assert connection.execute("SELECT 'b' > 'B', 'a' < 'B'").fetchone() in [(False, True), (True, False)]
        folder = server.folder
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url, connect_timeout=2)


def test_a_server_goes_with_whoever_started_it_however_that_ends() -> None:
    code = "from foretell.testing import postgres_server as s\nwith s() as own: print(own.folder, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().decode().strip())
        assert folder.is_dir()
        owner.kill()
    until = time.monotonic() + 60
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not folder.exists()


def test_where_no_server_is_installed_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_PLACES", (str(tmp_path / "*"),))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ForetellError) as told:
        postgres.binaries_folder()
    assert told.value.code == "POSTGRESQL_MISSING"
    assert "apt-get install postgresql" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(ForetellError, match="no_such_setting") as told,
        postgres_server(settings={"no_such_setting": "1"}),
    ):
        raise AssertionError("it started")
    assert told.value.code == "POSTGRESQL_NOT_STARTED"


def test_the_tool_of_make_test_finds_it_or_says_in_one_line(repository: Path, tmp_path: Path) -> None:
    found = subprocess.run([repository / "tools" / "postgresql"], capture_output=True, text=True, check=True)
    assert found.stdout.strip().endswith("/postgres")


def test_without_the_driver_a_workspace_on_postgresql_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optional, "find_spec", lambda _: None)
    settings = EngineSettings(tmp_path, postgres=PostgresPlace("host=nowhere"))
    with pytest.raises(UsageError) as told:
        open_engine(settings, [], [], {}, SystemClock())
    assert (told.value.code, told.value.exit_status) == ("EXTRA_MISSING", 2)
    assert "pip install 'foretell[postgres]'" in told.value.next_step
