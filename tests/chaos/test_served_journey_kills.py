"""``kill -9`` of ``foretell serve`` at counted points while events come in and a journey writes, and restarts.

Nobody gets a message twice, nobody misses one. Two servers are killed again and again in the same workspace: one
at a point of each name, one at every so-many-th point whatever its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from foretell import app, deliver
from tests.support.journey_shop import copied
from tests.support.killed_server import Sender, lived, prepare

DEATHS = (
    "act.before_commit:1",
    "batch.between_commits:1",
    "analytics.before_commit:2",
    "batch.after_commits:1",
    "deliver.claimed:1",
    "deliver.handed_over:1",
    "spool.after_write:1",
    "spool.after_sync:1",
    "batch.before_commit:1",
    "deliver.claimed:1",
    "deliver.handed_over:2",
    "journey.collected:1",
)
"""``NAME:N``, in the order of a life: the text that is due, an order that arrives, the mail that it sets off."""
DECISIONS = "SELECT step, decision, count(*) AS n FROM decision_rows GROUP BY 1, 2 ORDER BY 1, 2"
EVENTS = "SELECT event, count(*) AS n, count(DISTINCT message_id) AS ids FROM events GROUP BY 1 ORDER BY 1"
STRIDE = 11
MOST = 12
"""Deaths at every so-many-th point; the work must be done before."""


@dataclass(frozen=True)
class Lived:
    """What became of a shop.

    Args:
        points: names of the points that each server passed.
        codes: exit code of each server.
    """

    points: list[list[str]]
    codes: list[int]
    state: dict[str, Any]


def state(root: Path) -> dict[str, Any]:
    """Everything that a death could have lost or doubled, but for when it was; the inbox keys on the message."""
    with app.open_workspace(root) as workspace:
        ops, analytics = workspace.engine.ops.query, workspace.engine.analytics.query
        inbox = deliver.inbox(workspace.engine).rows
        assert len({row.message_id for row in inbox}) == len(inbox)
        return {
            "inbox": sorted((row.medium, row.address, row.step or "") for row in inbox),
            "repeats": sum(row.attempts - 1 for row in inbox),
            "messages": ops("SELECT medium, profile_key, step, state FROM messages ORDER BY 1, 2, 3"),
            "runs": ops("SELECT profile_key, arm, state, step FROM journey_runs ORDER BY 1, 2"),
            "codes": ops("SELECT count(DISTINCT run), count(DISTINCT code), count(*) FROM offer_codes"),
            "audience": ops("SELECT profile_key, left_at FROM audience_members ORDER BY 1"),
            "cases": ops("SELECT profile_key, opened_at, due_at FROM cases ORDER BY 1"),
            "decisions": analytics(DECISIONS).to_pylist(),
            "events": analytics(EVENTS).to_pylist(),
        }


def lives(root: Path, deaths: Iterable[str]) -> Lived:
    """Serve, dying at the first of ``deaths``; again, dying at the second; until a server does all that is due."""
    sender, points, codes = Sender(), [], list[int]()
    for number, kill_at in enumerate(chain(deaths, ("0",))):
        record = root.with_name(f"{root.name}-{number}")
        codes.append(lived(root, sender, kill_at=kill_at, later_minutes=5 * number, points=record))
        points.append(record.read_text().split())
        if codes[-1] != -9:
            break
    return Lived(points, codes, state(root))


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lived]:
    """One shop that nobody disturbed, and two whose server died; they wait for their clocks at the same time."""
    folder = tmp_path_factory.mktemp("served")
    prepare(folder / "prepared")
    told = {"undisturbed": (), "names": DEATHS, "stride": repeat(str(STRIDE), MOST)}
    with ThreadPoolExecutor(len(told)) as pool:
        going = {
            name: pool.submit(lives, copied(folder / "prepared", folder / name), deaths)
            for name, deaths in told.items()
        }
        return {name: future.result() for name, future in going.items()}


def test_the_server_does_all_that_it_can(shops: dict[str, Lived]) -> None:
    whole = shops["undisturbed"]
    assert whole.codes == [0]
    assert {point.partition(":")[0] for point in DEATHS} == set(whole.points[0])
    assert Counter((medium, step) for medium, _, step in whole.state["inbox"]) == {
        ("email", "miss_you"): 4,
        ("sms", "text"): 2,
        ("ads", "ads"): 4,
    }
    assert whole.state["repeats"] == 0
    assert len(whole.state["cases"]) == 1
    assert all(row["n"] == row["ids"] for row in whole.state["events"])


def test_killed_at_a_point_of_each_name_nothing_is_sent_twice_or_missing(shops: dict[str, Lived]) -> None:
    killed = shops["names"]
    assert killed.codes == [-9] * len(DEATHS) + [0]
    assert [points[-1] for points in killed.points[:-1]] == [death.partition(":")[0] for death in DEATHS]
    assert killed.state["repeats"] > 0, "the inbox was asked again, and knew the message"
    assert killed.state | {"repeats": 0} == shops["undisturbed"].state


def test_killed_at_every_so_manyth_point_nothing_is_sent_twice_or_missing(shops: dict[str, Lived]) -> None:
    killed = shops["stride"]
    assert 4 < len(killed.codes) <= MOST
    assert killed.codes == [-9] * (len(killed.codes) - 1) + [0]
    assert killed.state | {"repeats": 0} == shops["undisturbed"].state | {"repeats": 0}
