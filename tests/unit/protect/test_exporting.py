"""Everything about a person, for them; and the record of processing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from foretell import app, protect
from foretell.clock import SystemClock
from foretell.errors import ForetellError, UsageError
from foretell.profile import privacy
from tests.support.planted_shop import ENVIRONMENT, NOW, THEIRS, TOKEN, opened, planted

RESTORING = (app.ROOMS, app.opened_for_restore, SystemClock(), "dpo")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ENVIRONMENT.items():
            patched.setenv(name, value)
        planted(folder / "ws", folder / "files", exports=False)
    return folder / "ws"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_a_copy_holds_every_view_the_messages_and_a_page(root: Path, tmp_path: Path) -> None:
    with opened(root) as shop:
        place = app.protected(shop)
        made = protect.ask(place, THEIRS, "access", received_at=None, note="", made_by="dpo", now=NOW)
        person = protect.found_or_erased(place, f"user_id:{THEIRS}")
        protect.export_person(place, person, tmp_path / "copy.zip", made_by="dpo", now=NOW)
        assert privacy.show_request(shop.engine.ops, made.request).state == "done"
        assert [one["kind"] for one in protect.artifacts(shop.engine)] == ["person"]
        events = shop.engine.analytics.query("SELECT count(*) AS n FROM log_events WHERE profile_key = $k",
                                             {"k": person.profile_key})["n"][0].as_py()  # fmt: skip
    with zipfile.ZipFile(tmp_path / "copy.zip") as packed:
        told = {Path(name).stem: json.loads(packed.read(name)) for name in packed.namelist() if name.endswith(".json")}
        page = packed.read("person.html").decode()
    assert {"identifiers", "events", "orders", "order_items", "traits", "messages_as_sent", "cases"} <= set(told)
    assert len(told["events"]) == events
    assert {row["value"] for row in told["identifiers"]} >= {THEIRS, f"{TOKEN}@customers.example".lower()}
    assert {row["source"] for row in told["traits"]} == {"in.jsonl"}
    assert told["messages_as_sent"][0]["html"] == f"<p>Dear {TOKEN}</p>"
    assert "u1@" not in json.dumps(told)
    assert "<script" not in page.lower()
    assert "&lt;p&gt;Dear" in page
    assert page.count("<h2") == len(told)


def test_nobody_and_a_name_that_is_no_zip(root: Path, tmp_path: Path) -> None:
    with opened(root) as shop:
        place = app.protected(shop)
        person = protect.found_or_erased(place, "u1")
        with pytest.raises(UsageError, match="zip file"):
            protect.export_person(place, person, tmp_path / "copy.tar", made_by="dpo", now=NOW)
        with pytest.raises(UsageError, match="nobody is known"):
            protect.found_or_erased(place, "nobody")


def test_a_backup_that_is_none_or_was_changed(root: Path, tmp_path: Path) -> None:
    with opened(root) as shop:
        place = app.protected(shop)
        with pytest.raises(UsageError, match="tar file"):
            protect.back_up(place, tmp_path / "shop.zip", now=NOW)
        report = protect.back_up(place, tmp_path / "shop.tar", now=NOW)
        assert report.files > 5
    (tmp_path / "none.tar").write_bytes(b"this is no archive")
    changed = bytearray((tmp_path / "shop.tar").read_bytes())
    place_of = bytes(changed).index(b"FORM") if b"FORM" in changed else 5000
    changed[place_of + 600] ^= 1
    (tmp_path / "changed.tar").write_bytes(bytes(changed))
    for name, code in (
        ("none.tar", "BACKUP_UNREADABLE"),
        ("changed.tar", "BACKUP_DAMAGED"),
        ("gone.tar", "FILE_MISSING"),
    ):
        with pytest.raises(ForetellError) as told:
            protect.restore(
                tmp_path / name, tmp_path / f"to-{name}", app.ROOMS, app.opened_for_restore, SystemClock(), "dpo"
            )
        assert told.value.code == code
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(UsageError, match="empty folder"):
        protect.restore(
            tmp_path / "shop.tar", tmp_path / "full", app.ROOMS, app.opened_for_restore, SystemClock(), "dpo"
        )


def test_a_restored_backup_is_the_same_workspace(root: Path, tmp_path: Path) -> None:
    with opened(root) as shop:
        protect.back_up(app.protected(shop), tmp_path / "shop.tar", now=NOW)
        before = shop.engine.analytics.query("SELECT * FROM profiles ORDER BY profile_id").to_pylist()
        waiting = shop.engine.spool_waiting_bytes()
    protect.restore(tmp_path / "shop.tar", tmp_path / "again", *RESTORING)
    with opened(tmp_path / "again") as shop:
        assert shop.engine.analytics.query("SELECT * FROM profiles ORDER BY profile_id").to_pylist() == before
        assert shop.engine.spool_waiting_bytes() == waiting == 0


def test_the_record_names_what_is_done(root: Path) -> None:
    with opened(root) as shop:
        told = protect.processing_record(app.protected(shop))
    assert {one["key"] for one in told["sources"]} == {"till", "desk"}
    assert {one["name"] for one in told["purposes"]} >= {"profiling", "training", "export"}
    text = protect.record_markdown(told)
    assert "| desk | webhook |" in text
    assert "Article 6(1)(f)" in text
