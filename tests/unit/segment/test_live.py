"""Segments kept fresh: who is in, when they came and went, and that nothing is told twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import identify, segment
from foretell.condition import parse
from foretell.segment.live.reasons import Freshness, freshness_of
from tests.support.live_segments import START, Shop
from tests.support.small_events import event

WINDOW = {"condition": {"did": "Bought", "within": "7d"}}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.engine.close()


def at(hours: float) -> timedelta:
    return timedelta(hours=hours)


def test_entering_and_lapsing_at_the_exact_instant(shop: Shop) -> None:
    shop.define({"buyers": WINDOW})
    assert shop.look(START).entered == 0
    shop.happen([event("Bought", "1", 1, ids={"user_id": "ann"})])
    assert shop.look(START + at(2)).entered == 1
    assert shop.look(START + at(24)).people == 0
    assert shop.look(START + at(24 * 8)).exited == 1
    told = shop.rows("SELECT segment, entered_at, exited_at, held FROM segment_memberships")
    hour = START.replace(tzinfo=None)
    assert told == [("buyers", hour + at(1), hour + at(1 + 7 * 24), False)]
    events = "SELECT event, ts, known_at FROM log_events WHERE source = 'foretell' ORDER BY ts"
    assert shop.rows(events) == [
        ("Segment Entered", hour + at(1), hour + at(2)),
        ("Segment Exited", hour + at(1 + 7 * 24), hour + at(24 * 8)),
    ]


def test_what_the_analytics_store_lacks_is_looked_at_later(shop: Shop) -> None:
    shop.define({"buyers": WINDOW})
    shop.look(START)
    with shop.engine.bulk():
        shop.happen([event("Bought", "1", 1, ids={"user_id": "ann"})])
        assert shop.rows("SELECT count(*) FROM log_events") == [(0,)]
        shop.look(START + at(2))
    assert shop.look(START + at(3)).entered == 1
    assert shop.kept("buyers") == shop.recomputed("buyers", START + at(3))


def test_a_segment_begins_with_who_is_in_and_tells_nobody(shop: Shop) -> None:
    shop.happen([event("Bought", str(n), n, ids={"user_id": f"u{n}"}) for n in range(3)])
    shop.define({"buyers": WINDOW})
    assert shop.look(START + at(5)).entered == 0
    assert shop.rows("SELECT count(*) FROM segment_memberships WHERE held AND exited_at IS NULL") == [(3,)]
    assert shop.rows("SELECT count(*) FROM log_events WHERE source = 'foretell'") == [(0,)]
    shop.define({"buyers": {"condition": {"did": "Bought", "within": "4h"}}, "more": WINDOW})
    assert shop.look(START + at(5.5)).exited == 0
    assert shop.kept("buyers") == shop.recomputed("buyers", START + at(5.5)) == {3}
    assert shop.kept("more") == {1, 2, 3}
    shop.define({"more": WINDOW})
    shop.look(START + at(5.6))
    assert shop.rows("SELECT segment, count(*) FROM segment_memberships WHERE exited_at IS NULL GROUP BY 1") == [
        ("more", 3)
    ]
    assert shop.rows("SELECT DISTINCT how FROM segment_changes ORDER BY how") == [("edited",), ("held",)]


def test_at_the_ends_of_months_a_person_leaves_comes_back_and_leaves(shop: Shop) -> None:
    """A month before 29 March is 28 February, as a month before the 28th is."""
    shop.define({"month": {"condition": {"did": "Bought", "within": "1mo"}}})
    shop.look(START)
    bought = (31 + 27) * 24 + 12
    shop.happen([event("Bought", "1", bought, ids={"user_id": "ann"})])
    for day in range(56, 95):
        now = START + timedelta(days=day, hours=6)
        shop.look(now)
        assert shop.kept("month") == shop.recomputed("month", now), now
    told = shop.rows("SELECT entered_at, exited_at FROM segment_memberships ORDER BY entered_at")
    assert [f"{begin:%m-%d %H} to {end:%m-%d %H}" for begin, end in told] == [
        "02-28 12 to 03-28 12", "03-29 00 to 03-29 11", "03-29 23 to 03-30 11", "03-30 23 to 03-31 11",
    ]  # fmt: skip


def test_an_hour_of_quiet_touches_those_alone_whose_windows_lapse(shop: Shop) -> None:
    shop.define({"buyers": WINDOW, "many": {"condition": {"did": "Bought", "times": {"gte": 2}, "within": "1d"}}})
    shop.happen([event("Bought", str(n), n / 10, ids={"user_id": f"u{n}"}) for n in range(40)])
    shop.look(START + at(4))
    quiet = shop.look(START + at(7 * 24 + 1.05))
    assert (quiet.people, quiet.exited) == (11, 11)
    assert shop.look(START + at(7 * 24 + 1.05)).people == 0


def test_people_who_become_one_and_two_again(shop: Shop) -> None:
    shop.define({"twice": {"condition": {"did": "Bought", "times": {"gte": 2}, "within": "7d"}, "of": "all"}})
    shop.look(START)
    shop.happen(
        [
            event("Bought", "1", 1, ids={"anonymous_id": "a"}),
            event("Bought", "2", 2, ids={"user_id": "ann"}),
            event("Bought", "3", 2, ids={"user_id": "ann"}),
        ]
    )
    shop.look(START + at(3))
    shop.happen([event("Seen", "4", 4, ids={"anonymous_id": "a", "user_id": "ann"})])
    assert shop.look(START + at(5)).segments == 1
    winner = shop.kept("twice")
    assert winner == shop.recomputed("twice", START + at(5))
    open_now = shop.rows("SELECT count(*) FROM segment_memberships WHERE exited_at IS NULL")
    assert open_now == [(1,)]
    shop.clock.instant = START + at(6)
    identify.split(shop.engine, identify.find(shop.engine, "user_id:ann"), now=START + at(6))
    shop.look(START + at(7))
    assert shop.kept("twice") == shop.recomputed("twice", START + at(7)) != set()


def _busy(shop: Shop) -> None:
    shop.define({"buyers": WINDOW, "lost": {"condition": {"last": "Bought", "ago": {"gt": "2d"}}}})
    shop.look(START)
    for day in range(5):
        shop.happen([event("Bought", f"{day}-{n}", 24 * day + n, ids={"user_id": f"u{n + day}"}) for n in range(6)])
        shop.look(START + timedelta(days=day, hours=8))


@pytest.mark.parametrize("lost", ["nothing", "the snapshot", "an old snapshot is left"])
def test_a_restart_tells_nothing_twice(shop: Shop, lost: str) -> None:
    _busy(shop)
    folder = shop.data / "segments_live"
    if lost == "an old snapshot is left":
        saved = shop.root / "saved"
        shutil.copytree(folder, saved)
        shop.happen(
            [event("Bought", "late", 1, ids={"user_id": "u1"}), event("Bought", "x", 106, ids={"user_id": "n"})]
        )
        shop.look(START + timedelta(days=4, hours=12))
        shutil.rmtree(folder)
        shutil.copytree(saved, folder)
    elif lost == "the snapshot":
        shutil.rmtree(folder)
    intervals = "SELECT segment, profile_id, entered_at, exited_at FROM segment_memberships ORDER BY ALL"
    before = shop.rows(intervals)
    shop.reopen()
    now = START + timedelta(days=4, hours=13)
    again = shop.look(now)
    assert (again.entered, again.exited) == (0, 0)
    assert (
        shop.rows("SELECT segment, profile_id, entered_at, exited_at FROM segment_memberships ORDER BY ALL") == before
    )
    later = START + timedelta(days=9)
    shop.look(later)
    assert [shop.kept(key) for key in shop.segments] == [shop.recomputed(key, later) for key in shop.segments]


def test_the_past_of_a_segment(shop: Shop) -> None:
    _busy(shop)
    segments = {
        "two": {"condition": {"did": "Bought", "times": {"gte": 2}, "within": "2d"}},
        "odd": {"condition": {"did": "Bought", "distinct": {"path": {"lt": 1}}, "within": "2d"}},
    }
    shop.define(segments)
    now = START + timedelta(days=6)
    exact = segment.live.history(shop.engine, shop.catalog, shop.reader, "two", now=now)
    assert exact.exact
    instants = [START + timedelta(hours=7 * n) for n in range(1, 20)]
    assert exact.sizes(instants) == [len(shop.recomputed("two", at)) for at in instants]
    assert max(exact.sizes(instants)) > 0
    grid = segment.live.history(shop.engine, shop.catalog, shop.reader, "odd", now=now)
    assert (grid.exact, grid.step is not None) == (False, True)
    assert grid.sizes([now]) == [len(shop.recomputed("odd", now))]


def test_how_fresh_and_why() -> None:
    asked = {
        "did": ({"did": "A", "within": "7d"}, "at once"),
        "trait": ({"trait": "city", "is": "Rome"}, "at once, by asking the store (trait is no running count)"),
        "distinct": (
            {"did": "A", "distinct": {"path": {"gte": 2}}, "within": "7d"},
            "at once by events, otherwise every 15m: this count also changes as time passes",
        ),
    }
    for tree, words in asked.values():
        found = freshness_of(parse(tree))
        kept = words == "at once"
        assert (Freshness.at_once() if kept else found).words == words


def test_segments_may_read_who_entered(shop: Shop) -> None:
    entered = {"did": "Segment Entered", "where": {"segment": "buyers"}, "within": "30d"}
    shop.define({"buyers": WINDOW, "lately": {"condition": entered}})
    shop.look(START)
    shop.happen([event("Bought", "1", 1, ids={"user_id": "ann"})])
    shop.look(START + at(2))
    shop.look(START + at(3))
    assert shop.kept("lately") == shop.recomputed("lately", START + at(3)) == {1}


def test_forgetting_somebody_leaves_no_snapshot(shop: Shop) -> None:
    _busy(shop)
    assert (shop.data / "segments_live").exists()
    with shop.engine.ops.write() as tx:
        segment.live.LiveStage(shop.data).erase(tx, pa.table({"profile_key": pa.array([1], pa.int64())}))
    assert not (shop.data / "segments_live").exists()
    assert shop.look(START + timedelta(days=5)).segments == 2
