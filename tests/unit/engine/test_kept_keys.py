"""A workspace's own keys: made once, whoever comes at the same time, and readable by their owner alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from foretell.engine import EngineSettings, kept_keys, workspace_key
from foretell.engine.postgres.keys import kept_in_schema
from foretell.errors import ForetellError, UsageError
from tests.support.pairs import open_pair

WORKER = """
import sys
from pathlib import Path
from foretell.engine import EngineSettings, workspace_key
print("ready", flush=True)
sys.stdin.readline()
print(workspace_key(EngineSettings(Path(sys.argv[1])), "privacy", None).decode())
"""


def test_two_processes_make_one_key(tmp_path: Path) -> None:
    words = [sys.executable, "-W", "error", "-c", WORKER, str(tmp_path / "data")]
    both = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    keys = [one.communicate(timeout=60)[0].strip() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert keys[0] == keys[1]
    assert (tmp_path / "data" / "privacy.key").read_text() == keys[0]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["privacy.key"]


def test_whoever_was_first_has_made_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def second(source: Path, target: Path) -> None:
        target.write_bytes(b"of another process")
        link(source, target)

    monkeypatch.setattr(os, "link", second)
    assert workspace_key(EngineSettings(tmp_path), "signing", None) == b"of another process"
    assert [path.name for path in tmp_path.iterdir()] == ["signing.key"]


def test_a_key_is_kept_by_name_and_its_owner_alone_may_read_it(tmp_path: Path) -> None:
    one, other = (workspace_key(EngineSettings(tmp_path), name, None) for name in ("privacy", "signing"))
    assert one != other
    assert workspace_key(EngineSettings(tmp_path), "privacy", None) == one
    assert len(one) == 64
    assert stat.S_IMODE((tmp_path / "privacy.key").stat().st_mode) == 0o600


def test_a_secret_of_the_settings_is_the_key_and_no_file_is_made(tmp_path: Path) -> None:
    assert workspace_key(EngineSettings(tmp_path), "signing", "s" * 16) == b"s" * 16
    with pytest.raises(UsageError, match="the secret signing has fewer than 16") as told:
        workspace_key(EngineSettings(tmp_path), "signing", "s" * 15)
    assert told.value.code == "WEAK_SECRET"
    assert not [*tmp_path.iterdir()]


def test_on_postgresql_every_machine_has_the_same_key(tmp_path: Path) -> None:
    with open_pair("postgresql+duckdb") as pair:
        here = pair.settings(tmp_path / "here")
        there = replace(here, data=tmp_path / "there")
        key = workspace_key(here, "privacy", None)
        kept_keys._shared.cache_clear()
        assert len(key) == 64
        assert workspace_key(there, "privacy", None) == key
        assert workspace_key(there, "signing", None) != key
        assert workspace_key(there, "signing", "s" * 16) == b"s" * 16
        other = replace(here, postgres=pair.settings(tmp_path / "other").postgres)
        assert workspace_key(other, "privacy", None) != key
    assert not [*tmp_path.iterdir()]


def test_machines_that_make_a_key_at_once_have_one(tmp_path: Path) -> None:
    with open_pair("postgresql+duckdb") as pair, ThreadPoolExecutor(6) as machines:
        place = pair.settings(tmp_path).postgres
        assert place is not None
        made = list(machines.map(lambda n: kept_in_schema(place, "privacy", f"key {n}".encode()), range(6)))
    assert len(set(made)) == 1


def test_where_no_key_can_be_written_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, text: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(ForetellError) as told:
        workspace_key(EngineSettings(tmp_path), "privacy", None)
    assert told.value.code == "DISK_FULL"
    assert not [*tmp_path.iterdir()]
