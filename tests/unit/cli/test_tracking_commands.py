"""``tracking`` and ``quarantine``: a draft that plans, a report, and rows that go in when all is mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import EVENTS, ORDER, write_documents

PLAN = """\
kind: tracking
key: shop
spec:
  owner: {team: Shop}
  on_violation: quarantine
  events: {Order Completed: {properties: {order_id: {pattern: '^o'}}}}
"""


def test_from_draft_to_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)
    (tmp_path / "site.jsonl").write_text(EVENTS)
    here = ["--workspace", str(tmp_path)]

    def told(*arguments: str) -> str:
        assert run([*arguments, *here]) == 0
        return capsys.readouterr().out

    def read(*arguments: str) -> Any:
        return json.loads(told(*arguments, "--json"))

    told("import", str(tmp_path / "site.jsonl"), "--source", "site")
    text = told("tracking", "infer", "--source", "site", "--key", "site")
    (tmp_path / "tracking").mkdir()
    (tmp_path / "tracking" / "site.yaml").write_text(text)
    assert "traits:" in text
    assert "Order Completed:" in text
    told("plan")
    assert "Nothing breached" in told("tracking", "report")

    (tmp_path / "tracking" / "site.yaml").unlink()
    (tmp_path / "tracking" / "shop.yaml").write_text(PLAN)
    (tmp_path / "more.jsonl").write_text(ORDER.replace("m2", "m9").replace('"o1"', '"x9"'))
    dry = read("import", str(tmp_path / "more.jsonl"), "--source", "site", "--dry-run")
    assert dry["files"][0]["violations"][0]["rule"] == "pattern"
    assert run(["import", str(tmp_path / "more.jsonl"), "--source", "site", "--dry-run", *here]) == 0
    assert "plan: Order Completed: order_id: pattern, 1 time, put aside (owner: Shop)" in capsys.readouterr().err
    told("import", str(tmp_path / "more.jsonl"), "--source", "site")
    (breach,) = read("tracking", "report")["breaches"]
    assert (breach["field"], breach["owner"], breach["quarantined"]) == ("order_id", "Shop", 1)
    assert "order_id" in told("tracking", "report")
    listed = read("quarantine", "list")
    assert listed["counts"] == {"PLAN_VIOLATION": 1}
    assert read("quarantine", "replay")["still"] == {"PLAN_VIOLATION": 1}
    (tmp_path / "tracking" / "shop.yaml").write_text(PLAN.replace("'^o'", "'^[ox]'"))
    said = told("quarantine", "replay", "--code", "PLAN_VIOLATION", "--id", listed["rows"][0]["id"])
    assert "1 row read again: 1 went in, 0 stay; 1 new event" in said
    assert read("quarantine", "list")["rows"] == []
    assert read("quarantine", "list", "--state", "replayed")["rows"][0]["state"] == "replayed"
    assert "No row" in told("quarantine", "replay")
