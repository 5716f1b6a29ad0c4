"""Erasure everywhere: a text that tells one person stands in every store before, and in none after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as papq
import pytest

from foretell import app, collect, identify, protect
from foretell.clock import SystemClock
from foretell.errors import ForetellError, UsageError
from foretell.profile import privacy
from tests.contracts.test_profile_columns import NAMES_A_PERSON
from tests.support.planted import frames, places
from tests.support.planted_shop import ENVIRONMENT, NOW, PEOPLE, THEIRS, TOKEN, counts, lines, opened, planted
from tests.support.planted_ties import FRIEND, number_of

NAMES_A_NODE = NAMES_A_PERSON | {"spoken_by"}
BEFORE = {
    "ws/data/operations.sqlite", "ws/data/analytics.duckdb", "ws/data/spool/0000000001.seg#frames",
    "ws/data/operations.sqlite#identifiers", "ws/data/operations.sqlite#quarantine", "ws/data/operations.sqlite#inbox",
    "ws/data/operations.sqlite#messages", "ws/data/operations.sqlite#cases", "ws/data/operations.sqlite#suppressions",
    "ws/data/operations.sqlite#models", "ws/data/operations.sqlite#catalogue", "ws/data/analytics.duckdb#event_log",
    "ws/data/analytics.duckdb#event_elements", "ws/data/analytics.duckdb#trait_values",
    "ws/data/analytics.duckdb#identifier_links", "ws/data/analytics.duckdb#case_rows",
    "ws/data/analytics.duckdb#product_rows", "ws/data/models/churn/m1/card.json",
    *(f"ws/data/operations.sqlite#{table}" for table in
      ("account_members", "cards", "consent_requests", "consent_words", "denied", "kept_apart", "merges",
       "node_traits")),
    *(f"ws/data/analytics.duckdb#{table}" for table in
      ("account_member_rows", "account_trait_rows", "consent_rows", "table_version_rows")),
    "ws/data/before-rebuild/operations.sqlite-wal", "ws/data/spool/0000000009.17.torn", "files/members.csv",
    "files/members.parquet#rows", "files/copy.zip#person.html", "files/copy.zip#data/events.json",
    "files/shop.tar#ws/data/operations.sqlite".replace("#ws/", "#"), "files/shop.tar#data/analytics.duckdb#event_log",
    "files/shop.tar#data/spool/0000000001.seg#frames",
}  # fmt: skip


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop without files that it wrote."""
    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ENVIRONMENT.items():
            patched.setenv(name, value)
        planted(folder / "ws", folder / "files", exports=False)
    return folder / "ws"


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "ws")
    return tmp_path / "ws"


def erase(root: Path, *identifiers: str) -> dict[str, object]:
    with opened(root) as shop:
        done = protect.erase_people(app.protected(shop), identifiers, made_by="dpo", now=NOW)
    assert done.state == "done"
    assert done.certificate is not None
    return dict(done.certificate)


def bodies_of_others(root: Path) -> list[bytes]:
    """Frames and lines in which nothing of the person stands."""
    found = []
    for path in sorted((root / "data" / "spool").glob("*.seg")):
        for frame in frames(path.read_bytes()):
            lines = frame.split(b"\n")[1:]
            found += [line for line in lines if b"userId" in line and THEIRS.encode() not in line]
    return found


def test_a_text_stands_in_every_store_before_and_in_none_after(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    planted(tmp_path / "ws", tmp_path / "files")
    root, scratch = tmp_path / "ws", tmp_path_factory.mktemp("scratch")
    found = places(TOKEN, tmp_path, scratch)
    assert found >= BEFORE, BEFORE - found
    others = bodies_of_others(root)
    with opened(root) as shop:
        shop.engine.apply_pending()
        before = counts(shop)
    certificate = erase(root, f"user_id:{THEIRS}")
    assert places(TOKEN, tmp_path, scratch) == set()
    assert TOKEN.lower() not in json.dumps(certificate).lower()
    assert THEIRS not in json.dumps(certificate)
    after = bodies_of_others(root)
    assert [line for line in after if line in others] == others
    assert [line for line in after if line not in others and b"it broke" not in line] == []
    with opened(root) as shop:
        assert counts(shop) == before
        with pytest.raises(UsageError) as told:
            identify.find(shop.engine, THEIRS)
        assert told.value.code == "PROFILE_UNKNOWN"
    assert papq.read_table(tmp_path / "files" / "members.parquet")["user_id"].to_pylist() == ["u2"]
    assert not (tmp_path / "files" / "copy.zip").exists()


def test_what_is_kept_of_an_erased_persons_events_is_day_event_product_quantity_and_money(root: Path) -> None:
    erase(root, f"user_id:{THEIRS}")
    with opened(root) as shop:
        paths = {f"p{n}{side}": path for path, column in shop.engine.log.properties().own().items()
                 for n in [column.text[1:-1]] for side in "sn"}  # fmt: skip
        rows = shop.engine.analytics.query("SELECT * FROM event_log WHERE seq < 0").to_pylist()
        items = shop.engine.analytics.query("SELECT * FROM order_item_rows WHERE seq < 0").to_pylist()
    assert len(rows) == 21  # the page seen before anybody knew whose it is among them
    keys = {row["node_key"] for row in rows}
    assert len(keys) == 1
    assert keys.pop() >= 2**52
    kept = {paths[name] for row in rows for name, value in row.items() if value is not None and name in paths}
    assert kept <= {"revenue", "currency", "price", "quantity", "total"}
    assert "revenue" in kept
    assert {(row["properties"], row["context"], row["source"]) for row in rows} == {("{}", "{}", "erased")}
    assert all(row["ts"].minute == 0 and row["ts"].hour in (0, 23) for row in rows)
    assert {row["product_id"] for row in items} == {"PX", "P1", "P2", "P3"}


def test_no_table_names_a_node_of_an_erased_person(root: Path) -> None:
    with opened(root) as shop:
        shop.engine.apply_pending()
        key = identify.find(shop.engine, f"user_id:{THEIRS}").profile_key
        nodes = privacy.nodes_of(shop.engine.ops, [key])["node_key"].to_pylist()
        before = naming_nodes(shop, nodes)
    assert len(nodes) == 2
    assert before >= {
        "account_members", "cards", "consent_requests", "consent_words", "edges_seen", "kept_apart", "match_pairs",
        "merged", "merges", "node_seen", "node_traits", "seen_with", "analytics.account_member_rows",
        "analytics.account_trait_rows", "analytics.consent_rows", "analytics.identity_edges", "analytics.sightings",
        "analytics.table_version_rows",
    }  # fmt: skip
    erase(root, f"user_id:{THEIRS}")
    with opened(root) as shop:
        assert naming_nodes(shop, nodes) == set()
        kept = shop.engine.ops.query("SELECT count(*) FROM account_members")
        assert kept == [(1,)], "the other member stays"


def test_events_of_others_do_not_name_an_erased_person(root: Path, tmp_path: Path) -> None:
    with opened(root) as shop:
        shop.engine.apply_pending()
        name = identify.find(shop.engine, f"user_id:{FRIEND}").profile_id
        told = shop.engine.analytics.query(
            "SELECT event, count(*) AS n FROM event_log GROUP BY 1 ORDER BY 1"
        ).to_pylist()
    assert "data/analytics.duckdb#event_log" in places(name, root, tmp_path / "scratch")
    erase(root, f"user_id:{FRIEND}")
    assert places(name, root, tmp_path / "scratch") == set()
    with opened(root) as shop:
        left = shop.engine.analytics.query(
            "SELECT event, count(*) AS n FROM event_log GROUP BY 1 ORDER BY 1"
        ).to_pylist()
        merged = shop.engine.analytics.query("SELECT * FROM event_log WHERE event = 'Profiles Merged'").num_rows
    assert merged == 1, "of the device that became theirs"
    own = ("Profiles Merged", "Profiles Split")
    assert [one for one in left if one["event"] not in own] == [one for one in told if one["event"] not in own]


def naming_nodes(shop: app.Workspace, nodes: list[int]) -> set[str]:
    """The tables of both stores in which one of the nodes stands, or the number of their user id."""
    listed, found = ", ".join(map(str, nodes)), set()
    for (name,) in shop.engine.ops.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        columns = {column for (column,) in shop.engine.ops.query("SELECT name FROM pragma_table_info(?)", (name,))}
        where = " OR ".join(f"{column} IN ({listed})" for column in sorted(columns & NAMES_A_NODE))
        if where and shop.engine.ops.query(f"SELECT 1 FROM {name} WHERE {where} LIMIT 1"):
            found.add(name)
    for table in shop.engine.analytics.declared():
        where = " OR ".join(f"{column} IN ({listed})" for column in sorted(set(table.columns) & NAMES_A_NODE))
        if where and shop.engine.analytics.query(f"SELECT 1 FROM {table.name} WHERE {where} LIMIT 1").num_rows:
            found.add(f"analytics.{table.name}")
    if shop.engine.ops.query("SELECT 1 FROM seen_with WHERE other = ?", (number_of("user_id", THEIRS),)):
        found.add("seen_with")
    return found


def test_a_rebuild_after_an_erasure_tells_the_same(root: Path) -> None:
    erase(root, f"user_id:{THEIRS}")
    with opened(root) as shop:
        before = counts(shop)
        with app.rebuild(shop, collect.Scope()) as beside:
            shop.engine = beside
            assert counts(shop) == before
            assert beside.analytics.query("SELECT count(*) AS n FROM event_log WHERE seq < 0")["n"][0].as_py() > 0


def test_an_erased_person_does_not_come_back(root: Path, tmp_path: Path) -> None:
    erase(root, f"user_id:{THEIRS}")
    again = tmp_path / "again.jsonl"
    told = [line | {"messageId": f"new-{n}"} for n, line in enumerate(lines("another"))]
    again.write_text("".join(json.dumps(line) + "\n" for line in told), "utf-8")
    with opened(root) as shop:
        known = shop.engine.ops.query("SELECT count(*) FROM nodes")
        collect.import_files(shop.engine, shop.catalog, [again], None, now=NOW, reader=shop.frames)
        assert shop.engine.ops.query("SELECT count(*) FROM nodes") == known
        assert privacy.held_back(shop.engine.ops)[0]["events"] == 10
        app.advance(shop, NOW)
        assert shop.engine.ops.query("SELECT count(*) FROM suppressed_arrivals") == [(0,)]
    assert places("another", root, tmp_path / "scratch") == set()


def test_what_comes_while_an_erasure_is_stopped_goes_too(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was stopped after the arrivals were cut; then more of the person came, and another turned out to be them."""

    def full(*_: object) -> dict[str, object]:
        raise ForetellError("DISK_FULL", "the disk is full")

    def arrives(shop: app.Workspace, **line: str) -> None:
        text = json.dumps({"type": "page", "timestamp": NOW.isoformat(), **line}).encode() + b"\n"
        shop.engine.spool_append(collect.request_frames([collect.Request("site", text, 1, NOW, history=False)]))
        shop.engine.apply_pending()

    with opened(root) as shop:
        arrives(shop, anonymousId="late-device-0815", messageId="late-1")
        with monkeypatch.context() as patched:
            patched.setattr("foretell.predict.forget_models", full)
            with pytest.raises(ForetellError):
                protect.erase_people(app.protected(shop), [f"user_id:{THEIRS}"], made_by="dpo", now=NOW)
        assert protect.certificates(shop.engine) == []
        arrives(shop, anonymousId="late-device-0815", userId=THEIRS, messageId=f"late-{TOKEN}")
        (done,) = protect.go_on(app.protected(shop), now=NOW)
        assert done.certificate is not None
        assert done.certificate["people"] == 1
        removed = {place["what"]: place["removed"] for place in done.certificate["places"]}
        assert removed["models, to be trained anew"] == 1
        assert shop.engine.ops.query("SELECT count(*) FROM nodes") == [(PEOPLE - 1,)]
    for word in (TOKEN, "late-device-0815"):
        assert places(word, root, tmp_path / "scratch") == set()


def test_erasing_twice_and_erasing_nobody(root: Path) -> None:
    erase(root, f"user_id:{THEIRS}")
    gone = (f"user_id:{THEIRS}", THEIRS, f"email:{TOKEN}@Customers.example")
    for identifier, code in (*((one, "ALREADY_ERASED") for one in gone), ("nobody", "PROFILE_UNKNOWN")):
        with opened(root) as shop, pytest.raises(UsageError) as told:
            protect.erase_people(app.protected(shop), [identifier], made_by="dpo", now=NOW)
        assert told.value.code == code
    with opened(root) as shop:
        assert len(protect.certificates(shop.engine)) == 1


def test_several_at_once_and_a_backup_that_cannot_be_changed(tmp_path: Path) -> None:
    planted(tmp_path / "ws", tmp_path / "files")
    backup = tmp_path / "files" / "shop.tar"
    backup.chmod(0o440)
    certificate = erase(tmp_path / "ws", f"user_id:{THEIRS}", "u2", "u3")
    assert certificate["people"] == 3
    assert any("backup" in line and "could not be changed" in line for line in certificate["left"])  # type: ignore[attr-defined]
    assert backup.stat().st_mode & 0o777 == 0o440
    restored = tmp_path / "restored"
    restored.mkdir()
    (restored / "erased.jsonl").write_text((tmp_path / "ws" / "erased.jsonl").read_text())
    report = protect.restore(backup, restored, app.ROOMS, app.opened_for_restore, SystemClock(), "dpo")
    assert report.erased_again == 3
    assert places(TOKEN, restored, tmp_path / "scratch") == set()
    with opened(restored) as shop:
        assert shop.engine.ops.query("SELECT count(*) FROM nodes") == [(PEOPLE - 3,)]
