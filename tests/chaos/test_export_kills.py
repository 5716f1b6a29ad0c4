"""``kill -9`` while exports tell who entered and left: nothing is missing, and what comes again has its key again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from foretell import deliver
from foretell.testing.webhook_receiver import Receiver, webhook_receiver
from tests.support import warm_start
from tests.support.exporting_shop import Shop, bought, webhook
from tests.support.small_sending import person

WORKER = """
import os, sys
from pathlib import Path
from foretell.testing import install
from tests.support.exporting_shop import Shop, webhook
shop = Shop(Path(sys.argv[1]), webhook(sys.argv[2], fields=["user_id"]))
with shop.engine:
    install(os.environ)
    shop.turn(2)
"""
NAMES = [f"u{number:02d}" for number in range(60)]
"""More than go out between two records."""


def prepare(root: Path, receiver: Receiver) -> None:
    """Everybody has entered, and nobody was told of."""
    shop = Shop(root, webhook(receiver.url, fields=["user_id"]))
    with shop.engine:
        shop.go_to(0)
        shop.arrive(*(one for name in NAMES for one in (*person(name), bought(name, 1))))
        shop.look(2)


def run(root: Path, receiver: Receiver, **environment: str) -> int:
    words = ["-W", "error", "-c", WORKER, str(root), receiver.url]
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=os.environ | environment)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


@pytest.mark.parametrize(
    ("point", "twice"), [(1, []), (2, NAMES[:50]), (3, NAMES[50:])], ids=["noted", "posted", "posted-the-rest"]
)
def test_killed_at_a_point(tmp_path: Path, point: int, twice: list[str]) -> None:
    with webhook_receiver("shared") as receiver:
        prepare(tmp_path, receiver)
        assert run(tmp_path, receiver, FORETELL_KILL_AT=str(point)) == -9
        assert run(tmp_path, receiver) == 0
        assert run(tmp_path, receiver) == 0, "and nothing comes after that"
    told = {key: one["fields"]["user_id"] for key, one in receiver.taken.items()}
    assert sorted(told.values()) == NAMES
    assert sorted(told[key] for key, times in receiver.attempts.items() if times == 2) == twice
    assert sum(receiver.attempts.values()) == len(NAMES) + len(twice)
    with Shop(tmp_path, webhook(receiver.url, fields=["user_id"])).engine as engine:
        (standing,) = deliver.exports.standings(engine).values()
    assert (standing.told, standing.waiting) == (len(NAMES), 0)


def test_the_points_of_a_turn(tmp_path: Path) -> None:
    points = tmp_path / "points"
    with webhook_receiver("shared") as receiver:
        prepare(tmp_path / "shop", receiver)
        assert run(tmp_path / "shop", receiver, FORETELL_CRASH_POINTS=str(points)) == 0
    assert points.read_text().split() == ["exports.noted", "exports.posted", "exports.posted"]
