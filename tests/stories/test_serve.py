"""A served workspace as its users meet it: events come in, the API shows them, commands go on working."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import Foretell
from tests.support.served_workspace import mode_of, presence_file, serving
from tests.support.small_workspace import EVENTS, write_documents

ORDER = {
    "type": "track", "messageId": "o9", "userId": "u9", "event": "Order Completed",
    "properties": {"order_id": "o9", "revenue": 20, "currency": "EUR"},
}  # fmt: skip


@pytest.fixture
def shop(foretell_command: Path, tmp_path: Path) -> Foretell:
    """A workspace with three events, on which all that is due was done."""
    write_documents(tmp_path)
    (tmp_path / "events.jsonl").write_text(EVENTS)
    found = Foretell(foretell_command, tmp_path)
    found("import", "events.jsonl", "--source", "site")
    found("run")
    return found


def test_what_is_posted_is_seen_and_commands_go_on(shop: Foretell, tmp_path: Path) -> None:
    commands = ("segment list", "plan", "profile show user_id:u1 --json", "kpi show revenue --by month", "doctor")
    alone = {command: shop(*command.split()).stdout for command in commands}
    with serving(shop.command, shop.folder) as server:
        assert mode_of(presence_file(shop.folder)) == 0o600
        for command, printed in alone.items():
            assert shop(*command.split()).stdout == printed
        assert server.post("/v1/batch", {"batch": [ORDER]}).json() == {"success": True}
        person = server.eventually("/api/people/u9", lambda found: found["facts"]["orders"] == 1)
        assert person["facts"]["revenue"] == 20
        assert server.get("/api/people", q="u9")["rows"][0]["profile_id"] == person["profile_id"]
        assert server.get("/readyz")["ready"] is True

        assert shop.json("segment", "count", "buyers")["count"] == 2
        assert "buyers" in shop("segment", "list", columns=60).stdout
        assert max(map(len, shop("segment", "list", columns=60).stdout.splitlines())) <= 60

        wrong = shop("segment", "count", "nobody", "--json", status=2)
        assert json.loads(wrong.stdout)["error"]["code"] == "UNKNOWN_DEFINITION"
        assert wrong.stderr.startswith("error: ")
        assert shop("query", "DROP TABLE event_log", status=2).stdout == ""
        assert "stores" in shop("doctor").stdout

        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "more.jsonl").write_text(json.dumps({**ORDER, "messageId": "o10", "userId": "u10",
                                                          "timestamp": "2025-02-01T10:00:00Z"}) + "\n")  # fmt: skip
        away = Foretell(shop.command, elsewhere)
        assert away.json("import", "more.jsonl", "-w", shop.folder)["files"][0]["events"] == 1
        assert shop.json("segment", "count", "buyers")["count"] == 3
        piped = subprocess.run(
            f"'{shop.command}' query 'SELECT * FROM events' --json | head -c 1", shell=True, cwd=shop.folder,
            capture_output=True, text=True,
        )  # fmt: skip
        assert (piped.stdout, piped.stderr) == ("[", "")

        server.running.send_signal(signal.SIGTERM)
        assert server.running.wait(timeout=60) == 0
    assert not presence_file(shop.folder).exists()
    assert shop.json("segment", "count", "buyers")["count"] == 3


def test_applied_definitions_are_served(shop: Foretell) -> None:
    shop("apply")
    with serving(shop.command, shop.folder) as server:
        (shop.folder / "segments" / "new.yaml").write_text(
            "kind: segment\nkey: new\nspec: {condition: {did: Page Viewed}}\n"
        )
        assert "new" not in [row["key"] for row in server.get("/api/segments")["rows"]]
        assert shop.json("apply")["changes"][0]["action"] == "added"
        assert "new" in [row["key"] for row in server.get("/api/segments")["rows"]]


def test_the_clock_runs_on_from_the_given_instant(shop: Foretell) -> None:
    with serving(shop.command, shop.folder, "--now", "2025-01-10T12:00:00Z") as server:
        first = server.get("/api/workspace")
        assert first["now"].startswith("2025-01-10T12:0")
        assert first["demo"] is True
        assert server.get("/api/workspace")["now"] > first["now"]
        server.running.send_signal(signal.SIGINT)
        assert server.running.wait(timeout=60) == 0


def test_kill_9_after_the_answer_loses_nothing(shop: Foretell) -> None:
    with serving(shop.command, shop.folder, "--role", "api") as server:
        for number in range(20):
            message = {**ORDER, "messageId": f"k{number}", "userId": f"k{number}"}
            assert server.post("/v1/track", message).status_code == 200
        assert server.get("/readyz")["spool_waiting_bytes"] > 0
        server.running.kill()
        server.running.wait()
    assert presence_file(shop.folder).exists(), "a killed server leaves its file behind"
    shop("run")
    assert shop.rows("SELECT count(*) AS n FROM events WHERE message_id LIKE 'k%'") == [{"n": 20}]


def test_a_taken_port_and_an_open_door_are_refused(shop: Foretell) -> None:
    open_door = shop("serve", "--host", "0.0.0.0", "--port", "0", "--no-open", status=2)
    assert open_door.stderr.startswith("error: others could reach the server at 0.0.0.0")
    with serving(shop.command, shop.folder) as server:
        second = shop("serve", "--port", server.address.rpartition(":")[2], "--no-open", status=1)
        assert "another process uses this workspace" in second.stderr
