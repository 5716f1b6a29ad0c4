"""Spool and recorded batches on PostgreSQL: acknowledged once, applied once, whoever applies."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foretell import identify, profile
from foretell.clock import FixedClock
from foretell.engine import Engine, EngineSettings, Frame, Mode, PostgresPlace, open_engine
from foretell.engine.claims import BATCH_FRAMES
from foretell.engine.ports import ClaimLost
from foretell.engine.postgres import PostgresOps, PostgresSpool
from foretell.errors import ForetellError
from tests.support.pairs import server_of_run
from tests.support.small_events import NOW, decode, event, frame

Opening = Callable[[Mode], Engine]


@pytest.fixture
def opening(tmp_path: Path, place: PostgresPlace) -> Iterator[Opening]:
    """Opens the same workspace again and again, as so many processes."""
    engines: list[Engine] = []

    def opened(mode: Mode) -> Engine:
        engines.append(
            open_engine(
                EngineSettings(tmp_path, memory_mb=256, postgres=place),
                [identify.PARTS, profile.PARTS],
                [identify.IdentifyStage(), profile.ProfileStage()],
                {"small": decode},
                FixedClock(NOW),
                mode,
            )
        )
        return engines[-1]

    yield opened
    for engine in reversed(engines):
        engine.close()


@pytest.fixture
def spool(place: PostgresPlace) -> Iterator[PostgresSpool]:
    with closing(PostgresOps(place)) as ops, closing(PostgresSpool(ops)) as made:
        yield made


def numbered(number: int) -> Frame:
    return frame([event("Seen", f"m{number}", ids={"user_id": f"u{number % 7}"})])


def applied(engine: Engine) -> list[str]:
    return [str(one) for one in engine.analytics.query("SELECT message_id FROM event_log ORDER BY seq")["message_id"]]


def test_what_is_appended_is_claimed_in_its_order(spool: PostgresSpool) -> None:
    futures = [spool.submit([Frame("small", {"n": n}, b"x" * 2_000), Frame("small", {"n": -n})]) for n in range(1, 40)]
    assert all(future.result() > 0 for future in futures)
    assert spool.waiting_bytes() > 0
    (claim,) = list(spool.claims())
    with closing(claim):
        assert [one.meta["n"] for one in claim.frames] == [sign * n for n in range(1, 40) for sign in (1, -1)]
        assert claim.frames[0].body == b"x" * 2_000


def test_frames_that_cannot_be_made_are_told_to_whoever_gave_them(spool: PostgresSpool) -> None:
    def made(name: str) -> Iterator[Frame]:
        if name == "broken":
            raise ZeroDivisionError
        yield Frame("small", {"name": name})

    given = [spool.submit(made(name)) for name in ("one", "broken", "two")]
    assert isinstance(given[1].exception(), ZeroDivisionError)
    assert [given[place].exception() for place in (0, 2)] == [None, None]
    (claim,) = list(spool.claims())
    with closing(claim):
        assert [one.meta["name"] for one in claim.frames] == ["one", "two"]


def test_since_when_the_first_waits(spool: PostgresSpool) -> None:
    assert (spool.waiting().bytes, spool.waiting().oldest) == (0, None)
    at = datetime(2026, 3, 1, 12, 30, 0, 250, UTC)
    spool.append([Frame("small", {"received_at": at.isoformat()}), Frame("small", {})])
    assert spool.waiting().oldest == at


def test_a_large_frame_is_a_batch_by_itself_and_others_may_have_the_rest(
    spool: PostgresSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretell.engine.postgres.claiming.BATCH_BYTES", 250)
    spool.append([Frame("small", {"n": n}, bytes(body)) for n, body in enumerate((500, 20, 20, 300))])
    claims = spool.claims()
    first, second = next(claims), next(claims)
    assert [[one.meta["n"] for one in claim.frames] for claim in (first, second)] == [[0], [1, 2]]
    first.close()
    second.close()


def test_whoever_claims_later_frames_commits_later(spool: PostgresSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretell.engine.postgres.claiming.BATCH_FRAMES", 2)
    spool.append([Frame("small", {"n": n}) for n in range(4)])
    claims = spool.claims()
    first, second = next(claims), next(claims)
    order: list[str] = []

    def settle_second() -> None:
        with second.writing():
            order.append("second")

    later = threading.Thread(target=settle_second)
    with first.writing():
        later.start()
        later.join(0.3)
        order.append("first")
    later.join()
    assert order == ["first", "second"]
    assert spool.waiting_bytes() == 0


def test_what_was_let_go_comes_before_what_was_claimed_after_it(
    spool: PostgresSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretell.engine.postgres.claiming.BATCH_FRAMES", 2)
    spool.append([Frame("small", {"n": n}) for n in range(4)])
    claims = spool.claims()
    first, second = next(claims), next(claims)
    first.close()
    with pytest.raises(ClaimLost), second.writing():
        raise AssertionError("frames were applied before earlier ones")
    assert [one.meta["n"] for one in next(spool.claims()).frames] == [0, 1]


def test_a_claim_ends_where_somebody_else_has_a_row(spool: PostgresSpool) -> None:
    spool.append([Frame("small", {"n": n}) for n in range(5)])
    with spool.claiming() as tx:
        assert tx.query("SELECT id FROM spool_waiting WHERE id = (SELECT min(id) + 2 FROM spool_waiting) FOR UPDATE")
        (claim, after) = list(spool.claims())
        with closing(claim), closing(after):
            assert [one.meta["n"] for one in claim.frames] == [0, 1]
            assert [one.meta["n"] for one in after.frames] == [3, 4]


def test_members_apply_and_the_leader_shows_it(opening: Opening) -> None:
    leader = opening("write")
    members = [opening("member"), opening("member")]
    leader.spool_append([numbered(n) for n in range(BATCH_FRAMES * 3)])
    threads = [threading.Thread(target=one.apply_pending) for one in (*members, leader)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    leader.apply_pending()
    assert applied(leader) == [f"m{n}" for n in range(BATCH_FRAMES * 3)]
    assert leader.ops.query("SELECT count(*) FROM batch_records")[0][0] == 0
    assert leader.analytics.query("SELECT count(DISTINCT node_key) AS n FROM event_log")["n"][0].as_py() == 7


def test_one_process_leads(opening: Opening, tmp_path: Path, place: PostgresPlace) -> None:
    leader = opening("write")
    with pytest.raises(ForetellError, match="another process uses"):
        opening("write")
    elsewhere = EngineSettings(tmp_path / "elsewhere", postgres=place)
    with pytest.raises(ForetellError, match="leads this workspace"):
        open_engine(elsewhere, [], [], {}, FixedClock(NOW))
    assert leader.still_leads()
    member = opening("member")
    with pytest.raises(ForetellError, match="has the analytics store"):
        member.analytics.last_batch()


def test_a_frame_sent_twice_counts_once_whoever_takes_it(opening: Opening) -> None:
    leader, member = opening("write"), opening("member")
    member.spool_append([numbered(1), numbered(2)])
    member.apply_pending()
    leader.spool_append([numbered(2), numbered(3)])
    assert leader.apply_pending().duplicates == 1
    assert Counter(applied(leader)) == {"m1": 1, "m2": 1, "m3": 1}


def test_bulk_work_beside_a_member(opening: Opening) -> None:
    leader, member = opening("write"), opening("member")
    with leader.bulk():
        leader.spool_append([numbered(1)])
        leader.apply_pending()
        member.spool_append([numbered(2)])
        member.apply_pending()
        leader.spool_append([numbered(3)])
        leader.apply_pending()
    assert applied(leader) == ["m1", "m2", "m3"]


def test_nobody_changes_the_stores_beside_one_who_is_alone(opening: Opening) -> None:
    leader, member = opening("write"), opening("member")
    done = threading.Event()

    def member_applies() -> None:
        member.apply_pending()
        done.set()

    member.spool_append([numbered(1)])
    with leader.applier.exclusive():
        beside = threading.Thread(target=member_applies)
        beside.start()
        assert not done.wait(0.3)
        leader.spool_append([numbered(2)])
        leader.apply_pending()
        assert applied(leader) == ["m1", "m2"]
    beside.join()
    assert done.is_set()


def test_frames_are_taken_out_of_what_was_spooled(opening: Opening) -> None:
    from foretell.engine import cut_spool, undisturbed

    leader = opening("write")
    leader.spool_append([numbered(n) for n in range(5)])

    def change(one: Frame) -> list[Frame] | None:
        if b"m1" in one.body:
            return []
        return [numbered(30), numbered(31)] if b"m3" in one.body else None

    with undisturbed(leader):
        assert cut_spool(leader, change, now=NOW).frames == 2
    kept = leader.ops.query("SELECT id, part, frame FROM spool ORDER BY id, part")
    assert [(number, part) for number, part, _ in kept] == [(1, 0), (3, 0), (4, 0), (4, 1), (5, 0)]
    assert leader.apply_pending().batches == 0


def test_a_server_that_restarts_is_awaited(opening: Opening) -> None:
    leader = opening("write")
    leader.spool_append([numbered(1)])
    server_of_run().restart()
    leader.spool_append([numbered(2)])
    assert leader.still_leads()
    leader.apply_pending()
    assert applied(leader) == ["m1", "m2"]


def test_a_closed_spool_refuses(spool: PostgresSpool) -> None:
    spool.append([numbered(1)])
    spool.trial()
    spool.close()
    with pytest.raises(ForetellError, match="the spool is closed"):
        spool.append([numbered(2)])
