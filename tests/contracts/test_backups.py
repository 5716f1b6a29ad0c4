"""A back-up of every pair of stores: restored elsewhere it is the same workspace in every table, or nothing at all."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from foretell import app, protect
from foretell.clock import FixedClock, SystemClock
from foretell.engine import Engine
from foretell.errors import ForetellError, UsageError
from tests.support import planted_shop
from tests.support.pairs import EMBEDDED, PAIRS, Pair, open_pair
from tests.support.planted_shop import NOW, THEIRS, TOKEN, opened, planted
from tests.support.spark_run import CHEAP, MASTER

PAIRS_HERE = PAIRS[:2]
OWN = {"artifacts", "commit_marks"}
"""The live workspace knows of its back-up, and which of its own transactions were lost sight of."""
STORES = "stores: {operational: postgresql, url: '${SHOP_DATABASE_URL}', schema: '${SHOP_SCHEMA}'}\n"
ENGINE = f"engine: {json.dumps({'kind': 'spark', 'lake': 'data/lake', 'spark_master': MASTER, 'spark': CHEAP})}\n"


@dataclass
class Shop:
    """A planted shop on a pair, and where it may be restored to.

    Args:
        root: the workspace.
        backup: a back-up of it.
    """

    pair: Pair
    root: Path
    backup: Path
    patched: pytest.MonkeyPatch

    def stands_in(self, name: str) -> None:
        """From now on the settings name the stores ``name``."""
        if self.pair.name != EMBEDDED:
            place = self.pair.schemas.place(self.root.parent / name)
            self.patched.setenv("SHOP_DATABASE_URL", place.url)
            self.patched.setenv("SHOP_SCHEMA", place.schema)

    def restored(self, name: str, backup: Path | None = None) -> Path:
        """The back-up, restored into empty stores."""
        self.stands_in(name)
        root = self.root.parent / name
        protect.restore(backup or self.backup, root, app.ROOMS, app.opened_for_restore, FixedClock(NOW), "dpo")
        return root


@pytest.fixture(params=PAIRS_HERE, scope="module")
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop_on(request.param, tmp_path_factory.mktemp("backups")) as found:
        yield found


@contextmanager
def shop_on(name_of_pair: str, folder: Path) -> Iterator[Shop]:
    """The planted shop on a pair, and a back-up of it."""
    with pytest.MonkeyPatch.context() as patched, open_pair(name_of_pair) as pair:
        for name, value in planted_shop.ENVIRONMENT.items():
            patched.setenv(name, value)
        found = Shop(pair, folder / "shop", folder / "shop.tar", patched)
        if name_of_pair != EMBEDDED:
            settings = planted_shop.DOCUMENTS["foretell.yaml"] + STORES
            settings += ENGINE if name_of_pair.endswith("+spark") else ""
            patched.setitem(planted_shop.DOCUMENTS, "foretell.yaml", settings)
        found.stands_in("shop")
        planted(found.root, folder / "files", exports=False)
        with opened(found.root) as place:
            protect.back_up(app.protected(place), found.backup, now=NOW)
        yield found


def standing(root: Path) -> dict[str, Any]:
    """Every row of every store of a workspace, and its files."""
    with opened(root) as place:
        engine = place.engine
        found: dict[str, Any] = {
            f"operational {name}": sorted(map(repr, engine.ops.query(f"SELECT * FROM {name}")))
            for name in operational(engine)
            if name not in OWN
        }
        for table in engine.analytics.declared():
            rows = engine.analytics.query(f"SELECT * FROM {table.name}").to_pylist()
            found[f"analytics {table.name}"] = sorted(repr(row) for row in rows)
        for name in ("profiles", "events", "messages"):
            rows = engine.analytics.query(f"SELECT * FROM {name}").to_pylist()
            found[f"view {name}"] = sorted(repr(row) for row in rows)
        found["waiting"] = engine.spool_waiting_bytes()
        found["key"] = app.protected(place).key
    found["files"] = {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and (path.suffix == ".yaml" or "models" in path.parts)
    }
    return found


def operational(engine: Engine) -> list[str]:
    """The names of all operational tables."""
    place = engine.settings.postgres
    if place is None:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return sorted(name for (name,) in engine.ops.query(sql))
    found = engine.ops.query("SELECT tablename FROM pg_tables WHERE schemaname = ?", (place.schema,))
    return sorted(name for (name,) in found)


def schemas_of(shop: Shop) -> set[str]:
    """All schemas of the database in which the shop's lies."""
    place = shop.pair.settings(shop.root).postgres
    if place is None:
        return set()
    with psycopg.connect(place.url) as connection:
        return {
            name
            for (name,) in connection.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg!_%' ESCAPE '!'"
            )
        }


@pytest.mark.parametrize("pair", PAIRS[2:])
def test_a_lake_comes_along(pair: str, tmp_path: Path) -> None:
    with shop_on(pair, tmp_path) as shop:
        test_a_restored_back_up_is_the_same_in_every_table(shop)


def test_a_restored_back_up_is_the_same_in_every_table(shop: Shop) -> None:
    root = shop.restored("again")
    after = standing(root)
    shop.stands_in("shop")
    before = standing(shop.root)
    assert after.keys() == before.keys()
    assert [name for name in before if before[name] != after[name]] == []
    assert len(before["view events"]) > 50
    assert len(before["files"]) > 3


def test_a_restored_workspace_goes_on(shop: Shop) -> None:
    root = shop.restored("goes-on")
    with opened(root) as place:
        before = place.engine.analytics.last_batch()
        app.advance(place, NOW)
        assert place.engine.analytics.last_batch() >= before
        protect.back_up(app.protected(place), root.parent / "second.tar", now=NOW)


def test_stores_in_which_something_lies_are_refused(shop: Shop) -> None:
    if shop.pair.name == EMBEDDED:
        root = shop.root
    else:
        shop.stands_in("shop")
        root = shop.root.parent / "beside-the-live-one"
    with pytest.raises(UsageError) as caught:
        protect.restore(shop.backup, root, app.ROOMS, app.opened_for_restore, SystemClock(), "dpo")
    assert caught.value.code == "NOT_EMPTY"
    assert root.exists() is (root == shop.root)


@pytest.mark.parametrize("wrong", ["newer", "damaged", "truncated"])
def test_what_may_not_be_restored_leaves_nothing(shop: Shop, wrong: str) -> None:
    bad = shop.root.parent / f"{wrong}.tar"
    if wrong == "truncated":
        bad.write_bytes(shop.backup.read_bytes()[:200_000])
    else:
        rewritten(shop.backup, bad, damaged=wrong == "damaged")
    before = schemas_of(shop)
    code = {"newer": "BACKUP_TOO_NEW", "damaged": "BACKUP_DAMAGED", "truncated": "BACKUP_UNREADABLE"}[wrong]
    with pytest.raises(ForetellError) as caught:
        shop.restored(f"of-{wrong}", bad)
    assert caught.value.code == code
    assert not (shop.root.parent / f"of-{wrong}").exists()
    assert schemas_of(shop) == before


def test_a_restore_that_was_killed_is_done_again(shop: Shop) -> None:
    root = shop.root.parent / "killed"
    (root / ".restoring-left" / "data").mkdir(parents=True)
    shop.restored("killed")
    assert not list(root.glob(".restoring-*"))


def test_people_are_erased_in_a_back_up_without_touching_the_live_stores(shop: Shop) -> None:
    root = shop.restored("erasing")
    backup = root.parent / "erasing.tar"
    with opened(root) as place:
        protect.back_up(app.protected(place), backup, now=NOW)
        known = schemas_of(shop)
        protect.erase_people(app.protected(place), [f"user_id:{THEIRS}"], made_by="dpo", now=NOW)
    assert schemas_of(shop) == known
    again = shop.restored("erased", backup)
    with opened(again) as place:
        for name in operational(place.engine):
            rows = place.engine.ops.query(f"SELECT * FROM {name}")
            assert TOKEN not in repr(rows), name
        assert place.engine.ops.query("SELECT count(*) FROM identifiers WHERE value = 'u1'") == [(1,)]
    assert list(again.glob(".*")) == []


def rewritten(backup: Path, target: Path, *, damaged: bool) -> None:
    """The back-up with one file changed, or said to be of a newer release."""
    with tarfile.open(backup) as packed, tarfile.open(target, "w") as other:
        for entry in packed:
            file = packed.extractfile(entry)
            content = b"" if file is None else file.read()
            if entry.name == "foretell-backup.json" and not damaged:
                manifest = json.loads(content)
                manifest["migrations"]["deliver"] += 1
                content = json.dumps(manifest).encode()
            elif damaged and entry.name.endswith(("operations.sqlite", "nodes.copy")):
                middle = len(content) // 2
                content = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
            entry.size = len(content)
            other.addfile(entry, io.BytesIO(content))
    shutil.copymode(backup, target)
