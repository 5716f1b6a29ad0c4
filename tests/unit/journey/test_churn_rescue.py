"""The churn-rescue journey on a moved clock: each promise of the document, by its instants."""

from __future__ import annotations

from pathlib import Path

from foretell import journey
from tests.support.journey_shop import JOURNEY, QUIET, bought, opened, viewed, with_people

HELD_OUT = {"journeys/churn_rescue.yaml": JOURNEY.replace("holdout: 0%", "holdout: 99%")}


def test_a_person_at_risk_gets_the_mail_at_once(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        assert shop.tick(9).entered == 1
        assert shop.messages() == {("ann", "miss_you", 9.0, "delivered")}
        assert ("ann", "miss_you", 9.0, "send", "ok") in shop.decisions()
        assert shop.runs() == {"ann": ("active", "day", None, None)}
        codes = shop.engine.ops.query(
            "SELECT c.code, a.code FROM offer_codes c JOIN audience_members a ON a.run = c.run"
        )
        assert len(codes) == 1
        assert codes[0][0] == codes[0][1]
        (html,) = shop.engine.ops.query("SELECT html FROM inbox WHERE medium = 'email'")[0]
        assert codes[0][0] in html
        assert shop.tick(9) == journey.TickReport()


def test_somebody_below_the_line_does_not_enter(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.scored(0.69, 1)
        assert shop.tick(2).entered == 0
        assert shop.messages() == set()


def test_an_open_changes_the_branch_at_its_own_instant(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        shop.engaged("ann", "miss_you", "open", 3)
        shop.tick(4)
        assert shop.steps("ann")[-3:] == [
            ("day", 3.0, "happened"),
            ("opened", 3.0, "then"),
            ("three_days", 3.0, "waiting"),
        ]
        shop.tick(100)
        assert shop.messages() == {("ann", "miss_you", 0.0, "delivered")}
        assert shop.runs() == {"ann": ("done", "finish", 72.0, None)}
        assert shop.cases() == set()


def test_no_open_brings_the_text_at_exactly_a_day_whatever_the_tick(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        shop.tick(23.9)
        assert len(shop.messages()) == 1
        shop.tick(29)
        assert shop.messages() == {("ann", "miss_you", 0.0, "delivered"), ("ann", "text", 24.0, "delivered")}
        assert ("ann", "text", 24.0, "send", "ok") in shop.decisions()


def test_an_open_after_the_day_comes_too_late_for_the_branch(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        shop.engaged("ann", "miss_you", "open", 25)
        shop.tick(29)
        assert ("ann", "text", 24.0, "delivered") in shop.messages()


def test_quiet_hours_shift_the_text_to_their_end(tmp_path: Path) -> None:
    quiet = {"foretell.yaml": "name: Shop\ncurrency: EUR\nzone: UTC\n" + QUIET}
    with opened(tmp_path, documents=quiet) as shop:
        with_people(shop, "ann")
        shop.tick(3)
        assert shop.messages() == set()
        shop.tick(9)
        assert shop.messages() == {("ann", "miss_you", 8.0, "delivered")}
        assert {
            ("ann", "miss_you", 3.0, "defer", "quiet_hours"),
            ("ann", "miss_you", 8.0, "send", "ok"),
        } <= shop.decisions()
        shop.tick(40)
        assert ("ann", "text", 32.0, "delivered") in shop.messages()


def test_no_engagement_brings_the_case_at_exactly_three_days(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob", "cid")
        shop.tick(0)
        shop.tick(25)
        shop.happened(viewed("bob", 30))
        shop.engaged("cid", "text", "click", 40)
        shop.tick(80)
        assert shop.cases() == {("ann", 72.0, 120.0)}
        assert {name: run[:2] for name, run in shop.runs().items()} == dict.fromkeys(
            ("ann", "bob", "cid"), ("done", "finish")
        )


def test_a_purchase_stops_everything_also_between_ticks(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(0)
        shop.happened(bought("ann", 20))
        shop.tick(29)
        shop.tick(100)
        assert {message[:3] for message in shop.messages()} == {
            ("ann", "miss_you", 0.0), ("bob", "miss_you", 0.0), ("bob", "text", 24.0),
        }  # fmt: skip
        assert shop.runs()["ann"] == ("goal", "day", 20.0, 20.0)
        assert {name for name, _, _ in shop.cases()} == {"bob"}
        inside = shop.engine.ops.query("SELECT profile_key FROM audience_members WHERE left_at IS NULL")
        assert inside == [(shop.key("bob"),)]


def test_a_purchase_takes_back_what_is_not_sent_yet(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        shop.happened(bought("ann", 26))
        shop.tick(29)
        assert ("ann", "text", 24.0, "cancelled") in shop.messages()
        assert shop.runs()["ann"] == ("goal", "three_days", 26.0, 26.0)


def test_the_held_out_get_nothing_and_their_goal_is_noted(tmp_path: Path) -> None:
    with opened(tmp_path, documents=HELD_OUT) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        shop.tick(29)
        shop.happened(bought("ann", 40))
        shop.tick(100)
        assert shop.messages() == set()
        assert shop.cases() == set()
        assert shop.engine.ops.query("SELECT count(*) FROM audience_members")[0] == (0,)
        assert shop.decisions() == {("ann", "code", 0.0, "held_out", "held_out")}
        assert shop.runs() == {"ann": ("held_out", "code", None, 40.0)}
        told = shop.engine.analytics.query(
            "SELECT event FROM events WHERE source = 'foretell' ORDER BY timestamp, event"
        )
        assert told["event"].to_pylist() == ["Held Out", "Journey Entered", "Journey Goal Reached"]


def test_a_refused_mail_does_not_hold_the_run_up(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        said = {"channel": "email", "purpose": "marketing", "state": "denied"}
        shop.happened({"event": "Consent Updated", "id": "no", "at": -1, "ids": {"user_id": "ann"}, "properties": said})
        shop.tick(0)
        shop.tick(30)
        assert shop.messages() == {("ann", "text", 24.0, "delivered")}
        assert ("ann", "miss_you", 0.0, "refuse", "no_consent") in shop.decisions()


def test_the_goal_no_longer_counts_after_its_time(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(0)
        shop.tick(100)
        shop.happened(bought("ann", 24 * 30 - 1), bought("bob", 24 * 30 + 1))
        shop.tick(24 * 31)
        assert shop.runs()["ann"] == ("done", "finish", 72.0, 719.0)
        assert shop.runs()["bob"] == ("done", "finish", 72.0, None)


def test_entering_again(tmp_path: Path) -> None:
    again = {"journeys/churn_rescue.yaml": JOURNEY.replace("  leave:", "  reentry: {after: 10d}\n  leave:")}
    with opened(tmp_path, documents=again) as shop:
        with_people(shop, "ann")
        assert [shop.tick(hours).entered for hours in (0, 80, 239, 240, 241)] == [1, 0, 0, 1, 0]
        assert {message[:3] for message in shop.messages()} >= {("ann", "miss_you", 0.0), ("ann", "miss_you", 240.0)}


def test_never_again_is_never(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        assert [shop.tick(hours).entered for hours in (0, 80, 2000)] == [1, 0, 0]
