"""Members of a segment as files, and ``/api/exports``: where they go, and how each stands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from foretell import app, collect
from foretell.clock import SteppedClock
from tests.support.commands import Foretell
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import EVENTS, write, write_documents

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
MORE = {
    "segments/buyers.yaml": "kind: segment\nkey: buyers\nspec: {condition: {did: Order Completed}}\n",
    "exports/daily.yaml": "kind: export\nkey: daily\nspec: {title: For the till, segment: buyers, to: "
    "exports/buyers.parquet, fields: [user_id]}\n",
    "exports/partner.yaml": "kind: export\nkey: partner\nspec: {segment: buyers, webhook: {url: "
    "'https://hooks.partner.example/in?key=1', secret: hook}}\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    write(folder, MORE)
    (folder / "foretell.yaml").write_text((folder / "foretell.yaml").read_text() + "secrets: {hook: '${HOOK}'}\n")
    (folder / "history.jsonl").write_text(EVENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOOK", "shared")
        with served(folder, clock=SteppedClock(NOW)) as found:
            place = found.site.workspace
            collect.import_files(place.engine, place.catalog, [folder / "history.jsonl"], "site", now=NOW)
            yield found


def test_members_as_files(shop: Served) -> None:
    answer = shop.browser.get("/api/segments/buyers/members.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="buyers.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.text))
    packed = shop.browser.get("/api/segments/buyers/members.parquet").content
    (same,) = papq.read_table(pa.BufferReader(packed)).to_pylist()
    assert {name: value or "" for name, value in same.items()} == row
    assert row["profile_id"] in {one["profile_id"] for one in shop.get("segments/buyers/members")["rows"]}
    assert shop.browser.get("/api/segments/nobody/members.csv").status_code == 404


def test_whose_data_may_not_be_handed_over_is_counted(shop: Served) -> None:
    (row,) = csv.DictReader(io.StringIO(shop.browser.get("/api/segments/buyers/members.csv").text))
    body = {
        "userId": row["user_id"],
        "event": "Consent Updated",
        "properties": {"purpose": "export", "state": "denied"},
    }
    line = {"type": "track", "messageId": "no", "timestamp": "2025-02-01T11:00:00Z", **body}
    place = shop.site.workspace
    path = place.root / "more.jsonl"
    path.write_text(json.dumps(line) + "\n")
    before = shop.get("exports")["rows"]
    assert [(one["key"], one["state"]) for one in before] == [("daily", "new"), ("partner", "new")]
    app.advance(place, NOW)
    assert papq.read_table(place.root / "exports/buyers.parquet")["user_id"].to_pylist() == [row["user_id"]]
    collect.import_files(place.engine, place.catalog, [path], "site", now=NOW)
    answer = shop.browser.get("/api/segments/buyers/members.csv")
    assert (len(answer.text.splitlines()), answer.headers["foretell-left-out"]) == (1, "objected=1")
    told = app.advance(place, NOW + timedelta(days=1)).as_dict()["exported"]
    assert (told["files"], told["left_out"]) == (1, 1)
    daily, partner = shop.get("exports")["rows"]
    assert (daily["state"], daily["told"], daily["left_out"], daily["every"]) == ("ok", 0, {"objected": 1}, "1d")
    assert (daily["done_at"], daily["next_at"]) == ("2025-02-02T12:00:00Z", "2025-02-03T12:00:00Z")
    assert (daily["title"], daily["target"], daily["fields"]) == ("For the till", "exports/buyers.parquet", ["user_id"])
    assert (partner["way"], partner["target"], partner["waiting"]) == ("webhook", "hooks.partner.example", 0)
    recipients = [one for one in shop.get("privacy/record")["recipients"] if one["kind"] == "export"]
    assert [one["who"] for one in recipients] == ["exports/buyers.parquet", "hooks.partner.example"]
    kept = {Path(one["path"]).name: one["state"] for one in shop.get("privacy/artifacts")["rows"]}
    assert kept == {"buyers.parquet": "kept"}


def test_the_command(tmp_path: Path, foretell_command: Path) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"segments/buyers.yaml": MORE["segments/buyers.yaml"]})
    (tmp_path / "history.jsonl").write_text(EVENTS)
    run = Foretell(foretell_command, tmp_path)
    run("import", "history.jsonl", "--source", "site")
    run("export", "segment:buyers", "--to", "buyers.csv")
    assert len((tmp_path / "buyers.csv").read_text().splitlines()) == 2
    assert "segment:KEY" in run("export", "orders", "--to", "orders.csv", status=2).stderr
