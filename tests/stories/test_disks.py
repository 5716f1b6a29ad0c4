"""A disk that is full or read-only: a clear error, nothing acknowledged lost, and the same command works later."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support import full_disk_sender
from tests.support.commands import Foretell, first_line
from tests.support.small_disk import on_own_disk
from tests.support.story_shop import write_shop

QUESTION = (
    "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM profiles) AS profiles, "
    "(SELECT sum(amount_minor) FROM orders) AS minor, (SELECT md5(string_agg(message_id || profile_id || "
    "CAST(timestamp AS VARCHAR) || properties, '' ORDER BY message_id)) FROM events) AS everything"
)
SCRIPT = """
cd {disk} && cp -r {shop}/foretell.yaml {shop}/sources . && remount size={kilobytes}k
foretell import {shop}/site.jsonl --source site --json > {out}/full 2> {out}/full.err
echo $? > {out}/full.status
remount size=64m
foretell import {shop}/site.jsonl --source site --json > {out}/again 2> {out}/again.err
foretell query "{question}" --json > {out}/state
"""
SERVED = """
cd {disk} && printf '{settings}' > foretell.yaml
command foretell serve --port 0 --no-open 2> {out}/serve & server=$!
python {sender} {out}/serve {out} & sender=$!
while [ ! -e {out}/full ] && kill -0 $sender; do sleep 0.1; done
remount size=300m && touch {out}/room
wait $sender || exit 1
kill -TERM $server; wait $server; echo $? > {out}/status
foretell query "SELECT message_id FROM events" --json > {out}/events
"""
READ_ONLY = """
cd {disk} && cp -r {shop}/. . && foretell import site.jsonl --source site 2> /dev/null > /dev/null
mkdir fresh && cp foretell.yaml fresh
remount ro
number=0
while read -r command; do
    number=$((number + 1))
    foretell $command --json > {out}/$number 2> {out}/$number.err
    echo $? > {out}/$number.status
done < {out}/commands
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's files."""
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(foretell_command: Path, shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the question has for an answer where there is room."""
    folder = shutil.copytree(shop, tmp_path_factory.mktemp("roomy") / "shop")
    roomy = Foretell(foretell_command, folder)
    roomy("import", "site.jsonl", "--source", "site")
    return roomy.rows(QUESTION)


PLACES = {
    "error: data/operations.sqlite: the disk is full",
    "error: data/analytics.duckdb: the disk is full",
    "error: the disk is full (recorded batch)",
    "error: the disk is full (spool)",
}
"""Where an import can find the disk full; which it is depends on the size of the empty stores."""


@pytest.mark.parametrize("kilobytes", [60, 200, 600, 1_000, 1_600])
def test_a_full_disk(foretell_command: Path, shop: Path, undisturbed: Any, tmp_path: Path, kilobytes: int) -> None:
    out = tmp_path / "out"
    out.mkdir()
    script = SCRIPT.format(disk=tmp_path / "disk", shop=shop, kilobytes=kilobytes, out=out, question=QUESTION)
    ran = on_own_disk(script, tmp_path / "disk", megabytes=64, path=foretell_command.parent)
    assert ran.returncode == 0, ran.stderr
    assert first_line((out / "full.err").read_text()) in PLACES
    error = json.loads((out / "full").read_text())["error"]
    assert ((out / "full.status").read_text(), error["code"], error["transient"]) == ("1\n", "DISK_FULL", True)
    (report,) = json.loads((out / "again").read_text())["files"]
    assert report["events"] + report["duplicates"] == undisturbed[0]["events"]
    assert json.loads((out / "state").read_text()) == undisturbed


@pytest.mark.parametrize("kept_mb", [0, 3])
def test_a_full_disk_under_a_server(foretell_command: Path, tmp_path: Path, kept_mb: int) -> None:
    """Senders are told to come again, nothing acknowledged is lost, and it goes on by itself with more room."""
    out = tmp_path / "out"
    out.mkdir()
    settings = f"name: Shop\\ncollect: {{free_disk_mb: {kept_mb}}}\\n"
    script = SERVED.format(disk=tmp_path / "disk", out=out, settings=settings, sender=full_disk_sender.__file__)
    ran = on_own_disk(script, tmp_path / "disk", megabytes=24, path=foretell_command.parent)
    assert ran.returncode == 0, ran.stderr + (out / "serve").read_text()
    refusals = json.loads((out / "refusals").read_text())
    assert len(refusals) >= full_disk_sender.REFUSALS
    assert {(status, code) for status, code, _ in refusals} == {(503, "DISK_FULL")}
    assert all(int(after) > 0 for _, _, after in refusals)
    events = [row["message_id"] for row in json.loads((out / "events").read_text())]
    assert len(events) == len(set(events))
    acknowledged = set(json.loads((out / "acknowledged").read_text()))
    assert acknowledged - set(events) == set()
    assert (out / "status").read_text() == "0\n"


def test_a_read_only_disk(foretell_command: Path, shop: Path, undisturbed: Any, tmp_path: Path) -> None:
    out, locked = tmp_path / "out", "data/writer.lock: the file system is read-only (workspace)"
    out.mkdir()
    commands = {
        "import site.jsonl --source site": (1, locked),
        "apply": (1, locked),
        "predict train churn": (1, locked),
        "init new": (1, "new: the file system is read-only (workspace new)"),
        "query SELECT+1 -w fresh": (1, "fresh/data: the file system is read-only (workspace)"),
        "demo --dir new": (1, "new: the file system is read-only (demo)"),
        "segment count from_france": (0, None),
        "profile show u3": (0, None),
        "kpi show orders": (0, None),
    }
    (out / "commands").write_text("".join(f"{command}\n" for command in commands))
    script = READ_ONLY.format(disk=tmp_path / "disk", shop=shop, out=out)
    ran = on_own_disk(script, tmp_path / "disk", megabytes=64, path=foretell_command.parent)
    assert ran.returncode == 0, ran.stderr
    for number, (command, (status, line)) in enumerate(commands.items(), start=1):
        told = first_line((out / f"{number}.err").read_text())
        assert (command, (out / f"{number}.status").read_text()) == (command, f"{status}\n"), told
        answer = json.loads((out / str(number)).read_text())
        if line is None:
            assert (command, told) == (command, "")
        else:
            assert (command, told, answer["error"]["code"]) == (command, f"error: {line}", "DISK_READ_ONLY")
    assert json.loads((out / "7").read_text())["count"] == 60
    assert json.loads((out / "9").read_text())["points"][0]["n"] > 0
