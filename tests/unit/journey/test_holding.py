"""Since when a condition holds is what asking at every instant says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from foretell.clock import naive_utc
from foretell.condition import Condition, only_by_events, parse
from foretell.engine import TIMESTAMP
from foretell.journey.holding import NEVER, Holding
from tests.support.journey_shop import JourneyShop, at, bought, opened, viewed, with_people

LASTING = [
    {"did": "Order Completed"},
    {"did": {"in": ["Page Viewed", "Order Completed"]}},
    {"message": "miss_you", "is": "opened"},
    {"any": [{"message": "miss_you", "is": "opened"}, {"did": "Page Viewed"}]},
]
PASSING = [
    {"did": "Page Viewed", "within": "2h"},
    {"did_not": "Page Viewed"},
    {"not": {"did": "Page Viewed"}},
    {"did": "Page Viewed", "times": {"gte": 2}},
    {"message": "miss_you", "is_not": "opened"},
    {"last": "Page Viewed", "ago": {"gt": "30m"}},
    {"did": "Page Viewed", "since": {"first": "Page Viewed"}},
    {"did": "Page Viewed", "times": {"gte": 2}, "in_any": "3h"},
    {"sequence": [{"did": "Page Viewed"}, {"did_not": "Page Viewed", "within": "1h"}]},
    {"ratio": [{"did": "Page Viewed"}, {"did": "Page Viewed"}], "within": "1h", "gte": 1},
]
HOURS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JourneyShop]:
    """Two people in the journey, to whom several things have happened; the tests only ask."""
    with opened(tmp_path_factory.mktemp("shop")) as found:
        with_people(found, "ann", "bob")
        found.tick(0)
        found.engaged("ann", "miss_you", "open", 3)
        found.happened(viewed("bob", 2), viewed("bob", 4), bought("ann", 5))
        yield found


@pytest.mark.parametrize("raw", [*LASTING, *PASSING], ids=str)
def test_the_first_instant_is_where_asking_begins_to_say_yes(shop: JourneyShop, raw: dict[str, object]) -> None:
    tree = parse(raw, journey=True)
    stored = shop.engine.ops.query("SELECT run, profile_key FROM journey_runs ORDER BY run")
    runs = pa.table(
        {
            "run": [run for run, _ in stored for _ in HOURS],
            "profile_key": pa.array([key for _, key in stored for _ in HOURS], pa.int64()),
            "at": pa.array([naive_utc(at(hours)) for _ in stored for hours in HOURS], TIMESTAMP),
            "entered_at": pa.array([naive_utc(at(0))] * 12, TIMESTAMP),
            "entry_message_id": [""] * 12,
        }
    )
    holding = Holding(shop.reader)
    since = holding.since_when(tree, runs, True)
    assert (since is None) == (raw in PASSING)
    asked = np.array([one(shop, tree, runs.slice(place, 1)) for place in range(12)])
    assert (holding(tree, runs, True) == asked).all()
    assert asked.any()
    if since is not None:
        assert ((since != NEVER) == asked).all()


def one(shop: JourneyShop, tree: Condition, run: pa.Table) -> bool:
    """The plain answer for one run, by a query of its own."""
    people = run.select(["profile_key", "run", "entry_message_id"]).append_column("since", run["entered_at"])
    instant = at((run["at"][0].as_py() - naive_utc(at(0))).total_seconds() / 3600)
    return bool(shop.reader.members(tree, as_of=instant, of="all", people=people).num_rows)


@pytest.mark.parametrize("raw", [*LASTING, *PASSING], ids=str)
def test_what_time_alone_can_bring_about_is_asked_of_everybody(raw: dict[str, object]) -> None:
    by_time = {"did_not", "not", "last", "in_any", "sequence", "ratio"} & set(raw) or "is_not" in raw
    assert only_by_events(parse(raw, journey=True)) is not bool(by_time)
