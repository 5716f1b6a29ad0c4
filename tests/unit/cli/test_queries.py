"""``foretell query``: what it answers is up to date, and nothing is told by asking."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import write_documents

PAGE = {
    "type": "page", "messageId": "p1", "anonymousId": "a", "timestamp": "2025-01-02T10:00:00Z",
    "context": {"page": {"url": "https://shop.example/"}},
}  # fmt: skip


def test_a_query_of_sessions_has_them_put_together_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def asked(sql: str) -> object:
        assert run(["query", sql, "--json", "--workspace", str(tmp_path)]) == 0
        return json.loads(capsys.readouterr().out)

    write_documents(tmp_path)
    (tmp_path / "day.jsonl").write_text(json.dumps(PAGE))
    assert run(["import", str(tmp_path / "day.jsonl"), "--workspace", str(tmp_path)]) == 0
    capsys.readouterr()
    row = {"landing_page": "https://shop.example/", "ended_event": None}
    assert asked("SELECT landing_page, ended_event FROM sessions") == [row]
    assert asked("SELECT count(*) AS n FROM events WHERE event = 'Session Ended'") == [{"n": 0}]
    assert run(["run", "--workspace", str(tmp_path)]) == 0
    capsys.readouterr()
    assert asked("SELECT count(*) AS n FROM events WHERE event = 'Session Ended'") == [{"n": 1}]
