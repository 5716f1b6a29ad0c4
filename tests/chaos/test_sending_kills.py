"""``kill -9`` while messages go out: none twice, none missing, in the inbox and with a vendor that cannot tell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from foretell import deliver
from foretell.engine import Engine
from tests.support import warm_start
from tests.support.small_events import NOW
from tests.support.small_sending import TEMPLATE, arrive, ask, catalog, open_sending, person, states, told

IDS = ["m1", "m2", "m3"]
WORKER = """
import os, sys
from pathlib import Path
from foretell import deliver
from foretell.testing import install
from tests.support.small_events import NOW
from tests.support.small_sending import catalog, open_sending
data = Path(sys.argv[1])
with open_sending(data) as engine:
    install(os.environ)
    deliver.dispatch(engine, catalog(data), now=NOW)
"""
POINTS = [
    "deliver.claimed",
    "deliver.handed_over",
    "act.before_commit",
    "batch.between_commits",
    "analytics.before_commit",
    "batch.after_commits",
]


def run(data: Path, **environment: str) -> int:
    words = ["-W", "error", "-c", WORKER, str(data)]
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=os.environ | environment)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def prepare(data: Path) -> None:
    with open_sending(data) as engine:
        arrive(engine, *person("ann", "email"))
        ask(engine, catalog(data), *({"id": name, "who": "ann"} for name in IDS))


def finish(engine: Engine, data: Path) -> None:
    """Everybody has the message once, and the books say so."""
    assert deliver.dispatch(engine, catalog(data), now=NOW).uncertain == 0
    assert states(engine) == dict.fromkeys(IDS, "delivered")
    assert sorted(row.message_id for row in deliver.inbox(engine).rows) == IDS
    assert [row["message_id"] for row in told(engine, "Email Sent")] == [f"{name}_sent" for name in IDS]
    assert engine.analytics.query("SELECT count(*) AS n FROM decisions")["n"].to_pylist() == [3]


def test_the_points_of_a_dispatch(tmp_path: Path) -> None:
    prepare(tmp_path)
    points = tmp_path / "points"
    assert run(tmp_path, FORETELL_CRASH_POINTS=str(points)) == 0
    assert points.read_text().split() == POINTS


@pytest.mark.parametrize("point", range(1, len(POINTS) + 1), ids=POINTS)
def test_killed_at_a_point(tmp_path: Path, point: int) -> None:
    prepare(tmp_path)
    assert run(tmp_path, FORETELL_KILL_AT=str(point)) == -9
    with open_sending(tmp_path) as engine:
        finish(engine, tmp_path)
        attempts = [row.attempts for row in deliver.inbox(engine).rows]
    handed_over_twice = POINTS[point - 1] in ("deliver.handed_over", "act.before_commit")
    assert attempts == [2 if handed_over_twice else 1] * 3


@pytest.mark.parametrize("point", [1, 2], ids=POINTS[:2])
def test_a_channel_that_cannot_tell_is_never_asked_twice(tmp_path: Path, point: int) -> None:
    """SMTP: what was claimed when the process died stays for a person to look at."""
    prepare(tmp_path)
    assert run(tmp_path, FORETELL_KILL_AT=str(point)) == -9
    smtp = {"kind": "channel", "key": "email", "spec": {"uses": "smtp", "settings": {"host": "mail.invalid"}}}
    with open_sending(tmp_path) as engine:
        read = catalog(tmp_path, TEMPLATE, smtp)
        report = deliver.dispatch(engine, read, now=NOW)
        assert (report.uncertain, report.sent) == (3, {})
        assert states(engine) == dict.fromkeys(IDS, "uncertain")
        assert deliver.dispatch(engine, read, now=NOW).as_dict() == deliver.DispatchReport().as_dict()
