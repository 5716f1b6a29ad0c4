"""``privacy``, ``backup``, ``restore``: what the terminal says, and with which exit status."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import write_documents

Tell = Callable[..., Any]


@pytest.fixture
def tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tell:
    root = tmp_path / "ws"
    write_documents(root)
    people = [
        {"type": "identify", "messageId": f"m{n}", "userId": f"u{n}", "timestamp": "2025-01-05T09:00:00Z",
         "traits": {"email": f"u{n}@shop.example", "plan": "x"}, "context": {"externalIds": [
             {"id": "77", "type": kind, "collection": "users", "encoding": "none"}]}}
        for n, kind in ((1, "till"), (2, "desk"), (3, "till3"))
    ]  # fmt: skip
    orders = [
        {"type": "track", "event": "Order Completed", "messageId": f"o{n}", "userId": f"u{n}",
         "timestamp": "2025-01-06T09:00:00Z", "properties": {"order_id": f"r{n}", "revenue": 5}}
        for n in (1, 2, 3)
    ]  # fmt: skip
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (*people, *orders)))

    def told(*arguments: str | Path, status: int = 0, at: Path = root) -> Any:
        assert run([*map(str, arguments), "--workspace", str(at)]) == status
        out, error = capsys.readouterr()
        return json.loads(out) if "--json" in arguments and status == 0 else out + error

    told("import", tmp_path / "in.jsonl")
    return told


def rows_in(path: Path) -> int:
    with path.open() as file:
        return len(list(csv.reader(file)))


def test_erasing_says_what_went_and_refuses_what_it_cannot_mean(tell: Tell, tmp_path: Path) -> None:
    export = tmp_path / "buyers.csv"
    tell("segment", "members", "buyers", "--to", export)
    assert rows_in(export) == 4
    assert "nobody is known" in tell("privacy", "erase", "u9", "--yes", status=2)
    certificate = tell("privacy", "erase", "email:U1@shop.example", "--json")
    assert certificate["people"] == 1
    assert rows_in(export) == 3
    assert "erased on" in tell("privacy", "erase", "u1", "--yes", status=2)
    assert certificate["certificate"] in tell("privacy", "certificates")
    assert "Certificate of erasure" in tell("privacy", "certificates", certificate["certificate"])
    page = tmp_path / "certificate.html"
    tell("privacy", "certificates", certificate["certificate"], "--html", page)
    assert "Certificate of erasure" in page.read_text()


def test_several_matches_are_listed(tell: Tell) -> None:
    for command in (("erase", "77", "--yes"), ("export", "77"), ("suppress", "77"), ("restrict", "77")):
        said = tell("privacy", *command, status=2)
        assert "3 people are known by '77'" in said
        assert "till:77" in said


def test_requests_copies_restriction_and_the_record(tell: Tell, tmp_path: Path) -> None:
    made = tell("privacy", "ask", "access", "u2", "--received", "2025-01-10", "--json")
    assert made["kind"] == "access"
    assert "is no kind of request" in tell("privacy", "ask", "gift", "u2", status=2)
    assert tell("privacy", "export", "u2", "--to", tmp_path / "u2.zip", "--json")["data"]["orders"]
    assert (tmp_path / "u2.zip").exists()
    assert "Nothing is open." in tell("privacy", "requests")
    assert tell("privacy", "restrict", "u2", "--json")["restrictions"][0]["kind"] == "restriction"
    assert tell("privacy", "restrict", "u2", "--lift", "--json")["restrictions"][0]["until"]
    assert "nothing is in force" in tell("privacy", "restrict", "u2", "--lift", status=2)
    assert tell("privacy", "suppress", "email:nobody@yet.example", "--json") == {"person": None, "identifiers": 1}
    assert "nobody is known" in tell("privacy", "suppress", "nobody", status=2)
    assert "# Record of processing: Shop" in tell("privacy", "record")


def test_a_backup_and_back(tell: Tell, tmp_path: Path) -> None:
    assert tell("backup", tmp_path / "shop.tar", "--json")["files"] > 3
    again = tmp_path / "again"
    tell("restore", tmp_path / "shop.tar", at=again)
    assert tell("query", "SELECT count(*) AS n FROM profiles", "--json", at=again) == [{"n": 3}]
    assert "empty folder" in tell("restore", tmp_path / "shop.tar", status=2, at=again)
