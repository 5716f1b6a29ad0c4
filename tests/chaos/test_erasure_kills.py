"""``kill -9`` in the middle of an erasure: it is gone on with, and leaves what an undisturbed one leaves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from foretell import app, protect
from tests.support import warm_start
from tests.support.planted import places
from tests.support.planted_shop import ENVIRONMENT, NOW, THEIRS, TOKEN, counts, opened, planted

WORKER = f"""
import os, sys
from pathlib import Path
from foretell import app, protect
from foretell.testing import install
from tests.support.planted_shop import NOW, opened
with opened(Path(sys.argv[1])) as shop:
    shop.engine.apply_pending()
    install(os.environ)
    protect.erase_people(app.protected(shop), ["user_id:{THEIRS}"], made_by="dpo", now=NOW)
"""
POINTS = (
    "erase.begun", "spool.after_replace", "rewrite.before_replace", "rewrite.after_replace", "erase.before_commit",
    "erase.forgotten", "compact.before_checkpoint",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ENVIRONMENT.items():
            patched.setenv(name, value)
        planted(folder / "ws", folder / "files", exports=False)
        with opened(folder / "ws") as shop:
            shop.engine.apply_pending()
    return folder / "ws"


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_erasing(
    whole: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "ws"
    shutil.copytree(whole, root)
    with opened(root) as shop:
        before = counts(shop)
    words = ["-W", "error", "-c", WORKER, str(root)]
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=os.environ | {"FORETELL_KILL_AT": f"{point}:1"})
    assert done.returncode == -9, done.stderr
    with opened(root) as shop:
        (erasure,) = protect.go_on(app.protected(shop), now=NOW)
        assert erasure.certificate is not None
        told = {place["what"]: place for place in erasure.certificate["places"]}
        assert told["events, cut out of the arrivals as they came"]["removed"] == 21
        assert counts(shop) == before
        assert protect.go_on(app.protected(shop), now=NOW) == []
    assert places(TOKEN, root, tmp_path_factory.mktemp("scratch")) == set()
