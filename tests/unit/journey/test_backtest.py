"""A back-test says what the journey did when it was really played, and nothing that came later changes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from foretell import predict
from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP
from foretell.errors import ForetellError, UsageError
from foretell.journey import backtest as bt
from foretell.journey.backtest.running import found_in, published_of
from foretell.journey.backtest.spans import Span
from foretell.journey.backtest.writing import Found
from tests.support.journey_shop import CHANNELS, JOURNEY, JourneyShop, at, bought, ids_of, opened, viewed
from tests.support.small_events import event

NAMES = [f"p{number:02d}" for number in range(22)]
DAYS, TICK_HOURS = 13, 6
SETTINGS = """\
name: Shop
currency: EUR
zone: Europe/Berlin
sending:
  base_url: https://shop.example
  quiet_hours: {from: "21:00", to: "08:00"}
  caps: [{messages: 1, per: 60h}, {messages: 2, per: 9d}]
"""
PLAIN = """\
kind: journey
key: churn_rescue
spec:
  title: Churn rescue
  enter:
    all: [{prediction: churn, horizon: 90d, gte: 0.5}, {did: Order Completed}, {did_not: Page Viewed, within: 2d}]
  reentry: {after: 6d}
  leave: {did: Page Viewed, times: {gte: 3}}
  goal: {did: Order Completed}
  goal_within: 6d
  holdout: 20%
ENTRIES  steps:
    - {key: miss_you, send: we_miss_you, channel: email}
    - {key: wait_a_bit, wait: 48h, from: miss_you, until: {did: Page Viewed}}
    - {key: seen, branch: {did: Page Viewed, within: 3d}, then: again, else: text}
    - {key: text, send: winback_sms, channel: sms}
    - {key: rest, wait: 3d}
    - {key: again, send: we_miss_you, channel: email}
    - {key: call, case: winback_call}
    - {key: finish, end: done}
"""
CAPPED = PLAIN.replace("ENTRIES", "  entries: {most: 4, per: 1d}\n")
Lines = set[tuple[Any, ...]]


def documents(journey: str) -> dict[str, str]:
    mail = "kind: template\nkey: we_miss_you\nspec:\n  subject: We miss you\n  html: '<p>Come back.</p>'\n"
    text = "kind: template\nkey: winback_sms\nspec: {sms: Come back.}\n"
    plain = {"templates/we_miss_you.yaml": mail, "templates/winback_sms.yaml": text}
    return {**plain, "foretell.yaml": SETTINGS, "journeys/churn_rescue.yaml": journey.replace("ENTRIES", "")}


def stream(seed: int) -> list[tuple[float, dict[str, Any]]]:
    """What people did: (hours, event); words of consent fall into the afternoon, hours after any quiet hours end."""
    draw = np.random.default_rng(seed)
    happened: list[tuple[float, dict[str, Any]]] = []
    for place, name in enumerate(NAMES):
        for hours in draw.uniform(1, DAYS * 24, draw.integers(0, 4)):
            happened.append((float(hours), bought(name, round(float(hours), 3))))
        for hours in draw.uniform(1, DAYS * 24, draw.integers(2, 14)):
            happened.append((float(hours), viewed(name, round(float(hours), 3))))
        for day in draw.integers(1, DAYS, draw.integers(0, 3)):
            hours, state = float(day) * 24 + 20, "denied" if draw.random() < 0.6 else "granted"
            said = {"channel": CHANNELS[place % 2], "purpose": "marketing", "state": state}
            happened.append(
                (hours, event("Consent Updated", f"{name}-{hours}", hours, ids=ids_of(name), properties=said))
            )
    return sorted(happened, key=lambda one: one[0])


def begin(shop: JourneyShop, seed: int) -> None:
    """People with orders long ago, consent for most, and scores of every third day."""
    draw, events = np.random.default_rng(seed), []
    for place, name in enumerate(NAMES):
        ids = {**ids_of(name), "phone": f"+49170123450{place:02d}"} if place % 3 else ids_of(name)
        zone = {"timezone": ("America/New_York", "Asia/Kolkata", "Europe/Berlin")[place % 3]} if place % 2 else {}
        events.append(event("Order Completed", f"{name}-order", -2000, ids=ids, traits=zone))
        for channel in CHANNELS[:2]:
            if draw.random() < (1 if channel == "sms" and not place % 3 else 0.8):
                said = {"channel": channel, "purpose": "marketing", "state": "granted"}
                events.append(event("Consent Updated", f"{name}-{channel}", -1900, ids=ids_of(name), properties=said))
    shop.happened(*events)
    keys = [key for (key,) in shop.engine.ops.query("SELECT node_key FROM node_seen ORDER BY node_key")]
    for day in range(0, DAYS, 3):
        scored(shop, keys, day * 24, draw.random(len(keys)))


def scored(shop: JourneyShop, keys: list[int], hours: float, scores: np.ndarray[Any, Any]) -> None:
    rows = {
        "prediction": pa.array(["churn"] * len(keys)),
        "horizon": pa.array(["90d"] * len(keys)),
        "node_key": pa.array(keys, pa.int64()),
        "as_of": pa.array([naive_utc(at(hours))] * len(keys), TIMESTAMP),
        "score": pa.array(scores, pa.float64()),
        "model": pa.array(["m"] * len(keys)),
    }
    shop.engine.publish("predict", {"score_rows": pa.table(rows)}, now=at(hours))


@contextmanager
def history(root: Path, journey: str, seed: int, *later: dict[str, Any]) -> Iterator[JourneyShop]:
    """A shop in which all of it happened, and no journey ran."""
    with opened(root, documents=documents(journey)) as shop:
        begin(shop, seed)
        shop.happened(*(one for _, one in stream(seed)), *later)
        yield shop


def played(root: Path, journey: str, seed: int, days: int = DAYS) -> tuple[Lines, Lines, Lines]:
    """Entries, decisions and steps of the journey as it ran, tick by tick."""
    with opened(root, documents=documents(journey)) as shop:
        begin(shop, seed)
        shop.start()
        waiting = stream(seed)
        for hours in range(0, days * 24 + 1, TICK_HOURS):
            due = [one for when, one in waiting if when <= hours]
            waiting = waiting[len(due) :]
            if due:
                shop.happened(*due)
            shop.tick(hours)
        # What was decided for an instant between two ticks and taken back at the second is no case here.
        assert {state for (state,) in shop.engine.ops.query("SELECT state FROM messages")} <= {"sent", "delivered"}
        return _entries(shop), _decisions(shop), _steps(shop)


def _entries(shop: JourneyShop) -> Lines:
    found = shop.engine.analytics.query("SELECT profile_key, arm, epoch_us(entered_at) AS t, run FROM log_journey_runs")
    return {(row["profile_key"], row["t"], row["arm"] == "held_out", row["run"]) for row in found.to_pylist()}


def _decisions(shop: JourneyShop) -> Lines:
    found = shop.engine.analytics.query(
        "SELECT profile_key, step, epoch_us(d.at) AS t, decision, reason FROM log_decisions d "
        "WHERE reason <> 'held_out'"
    )
    return {tuple(row.values()) for row in found.to_pylist()}


def _steps(shop: JourneyShop) -> Lines:
    found = shop.engine.analytics.query(
        "SELECT s.profile_key, s.step, epoch_us(s.happened_at) AS t, s.outcome FROM log_journey_steps s "
        "JOIN log_journey_runs r ON r.run = s.run WHERE s.outcome NOT IN ('entered', 'held_out', 'waiting') "
        "AND (s.outcome <> 'goal' OR r.state = 'goal')"  # not those of runs that were over, or held out
    )
    return {tuple(row.values()) for row in found.to_pylist()}


def foreseen(shop: JourneyShop, days: int = DAYS) -> Found:
    span = Span.of(at(0), at(days * 24), at(TICK_HOURS) - at(0))
    published = published_of(shop.catalog, "churn_rescue")
    return found_in(shop.engine, shop.catalog, shop.reader, published, span, 1, {})


def told(found: Found) -> tuple[Lines, Lines, Lines]:
    """The same of a back-test."""
    entered, record, keys = found.asking.entered, found.record, found.asking.past.crowd.keys
    words = np.array(record.words.known, dtype=object)
    entries = set(zip(keys[entered.person].tolist(), entered.at.tolist(), entered.held_out.tolist(),
                      entered.run.tolist(), strict=True))  # fmt: skip
    decisions, steps = set(), set()
    for one in record.asked:
        person = keys[entered.person[one.run]].tolist()
        said = (words[one.decision].tolist(), words[one.reason].tolist())
        decisions |= set(zip(person, [one.step] * len(person), one.at.tolist(), *said, strict=True))
    for move in record.moved:
        person = keys[entered.person[move.run]].tolist()
        steps |= set(
            zip(person, [move.step] * len(person), move.at.tolist(), words[move.outcome].tolist(), strict=True)
        )
    return entries, decisions, {row for row in steps if row[3] != "waiting"}


def test_it_says_what_happened_when_the_journey_was_played(tmp_path: Path) -> None:
    journey, seed = CAPPED, 6
    entries, decisions, steps = played(tmp_path / "played", journey, seed)
    with history(tmp_path / "history", journey, seed) as shop:
        found = told(foreseen(shop))
    assert found[0] == entries
    assert found[1] == decisions
    assert found[2] == steps
    seen = {reason for *_, reason in decisions}
    assert {"ok", "quiet_hours", "no_consent", "frequency_cap", "no_address"} <= seen
    outcomes = {outcome for *_, outcome in steps}
    assert {"goal", "left", "happened", "waited", "then", "else", "opened", "ended: done"} <= outcomes
    again = [person for person, *_ in entries]
    assert len(again) > len(set(again))


TRIGGERS = {
    "event": ("{event: Page Viewed}", "always"),
    "event, again after a while": ("{event: {in: [Page Viewed, Order Completed]}}", "{after: 36h}"),
    "schedule": ("{schedule: daily, at: '06:00'}", "{after: 30h}"),
}


@pytest.mark.parametrize("name", TRIGGERS)
def test_whom_triggers_let_in(name: str, tmp_path: Path) -> None:
    trigger, again = TRIGGERS[name]
    journey = (
        f"kind: journey\nkey: churn_rescue\nspec:\n  trigger: {trigger}\n  enter: {{did: Order Completed}}\n"
        f"  reentry: {again}\n  holdout: 20%\n  goal: {{did: Order Completed}}\n  goal_within: 2d\n"
        "  steps: [{key: rest, wait: 20h}, {key: finish, end: done}]\n"
    )
    entries, _, steps = played(tmp_path / "played", journey, 11, 4)
    with history(tmp_path / "history", journey, 11) as shop:
        found = told(foreseen(shop, 4))
    assert found[0] == entries
    assert found[2] == steps
    people = [person for person, *_ in entries]
    assert len(people) > len(set(people)) > 5


def test_what_comes_later_changes_nothing(tmp_path: Path) -> None:
    journey, seed = JOURNEY.replace("holdout: 0%", "holdout: 20%"), 3
    question = bt.Question(at(0), at(DAYS * 24), draws=8)
    with history(tmp_path / "a", journey, seed) as shop:
        first = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", question).as_dict()
        again = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", question).as_dict()
    assert first == again
    end = DAYS * 24
    later = [{**bought(name, end + place), "id": f"later-{name}"} for place, name in enumerate(NAMES, 1)]
    late = [{**viewed(name, 30.0 + place), "id": f"late-{name}", "known": end + 1} for place, name in enumerate(NAMES)]
    refused = [
        event("Consent Updated", f"late-{name}", 26, known=end + 5, ids=ids_of(name),
              properties={"channel": "email", "purpose": "marketing", "state": "denied"})
        for name in NAMES
    ]  # fmt: skip
    with history(tmp_path / "b", journey, seed, *later, *late, *refused) as shop:
        other = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", question).as_dict()
    assert other == first
    assert first["runs"]["value"] > 10
    assert first["assumed"]


def test_what_arrives_after_a_decision_does_not_change_it(tmp_path: Path) -> None:
    """Page views of the past that are known only from the middle on: before it, everything is as without them."""
    middle, seed = DAYS * 12.0, 4
    late = [{**viewed(name, 3.0), "id": f"late-{name}", "known": middle} for name in NAMES]
    parts = []
    for place, more in enumerate(((), late)):
        with history(tmp_path / str(place), PLAIN, seed, *more) as shop:
            entries, decisions, _ = told(foreseen(shop))
        until = int(at(middle).timestamp()) * 1_000_000
        parts.append([{row for row in rows if row[at_] < until} for rows, at_ in ((entries, 1), (decisions, 2))])
    assert parts[0] == parts[1]
    assert all(parts[0])


def test_replies_are_drawn_the_same_way_again_and_differ_between_draws(tmp_path: Path) -> None:
    with history(tmp_path, JOURNEY, 5) as shop:
        report = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", bt.Question(at(0), at(DAYS * 24)))
    steps = {one.key: one for one in report.steps}
    mail = steps["miss_you"]
    assert mail.opened is not None
    sent = mail.outcomes["sent"].value
    assert mail.opened.low < mail.opened.value < mail.opened.high <= sent
    branch = steps["opened"]
    assert branch.outcomes["then"].low < branch.outcomes["then"].high
    assert branch.ways["text"] == branch.outcomes["else"]
    assert steps["text"].arrived == branch.outcomes["else"]
    assert {one.messages for one in report.rates} == {0}
    assert report.runs.low == report.runs.high
    assert any("assumed" in words for words in report.limits)


def test_prices_make_costs_in_minor_units(tmp_path: Path) -> None:
    channel = "kind: channel\nkey: email\nspec: {uses: inbox_email, price: 0.0125}\n"
    with opened(tmp_path, documents={**documents(PLAIN), "channels/email.yaml": channel}) as shop:
        begin(shop, 6)
        report = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", bt.Question(at(0), at(DAYS * 24)))
    channels = {one.channel: one for one in report.channels}
    email, sms = channels["email"], channels["sms"]
    assert (email.price, sms.price) == (12_500, None)
    assert email.sent.value > 5
    assert report.cost.value == email.cost.value == round(Decimal("1.25") * email.sent.value)
    assert report.unpriced == (("sms",) if sms.sent.value else ())


def test_the_last_report_is_kept_with_the_document_it_spoke_of(tmp_path: Path) -> None:
    with history(tmp_path, PLAIN, 7) as shop:
        question = bt.Question(at(0), at(240))
        report = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", question)
        meaning = bt.meaning_of(shop.catalog, "churn_rescue")
        assert bt.kept(shop.engine, "churn_rescue", meaning) is None
        bt.keep(shop.engine, report, now=at(0))
        bt.keep(shop.engine, report, now=at(1))
        found = bt.kept(shop.engine, "churn_rescue", meaning)
        assert found is not None
        assert (found.made_at, found.current) == (at(1), True)
        assert found.report == report.as_dict()
        other = bt.kept(shop.engine, "churn_rescue", "another")
        assert other is not None
        assert not other.current


def test_wrong_questions(tmp_path: Path) -> None:
    for question, code in (
        (bt.Question(at(1), at(1)), "BAD_SPAN"),
        (bt.Question(at(0), at(24 * 30_000)), "BAD_SPAN"),
        (bt.Question(at(0), at(24), draws=0), "BAD_DRAWS"),
        (bt.Question(at(0), at(24), draws=61), "BAD_DRAWS"),
    ):
        with pytest.raises(UsageError) as raised:
            bt.check(question)
        assert raised.value.code == code


def test_the_series_of_the_benchmark_is_the_one_of_the_back_test(tmp_path: Path) -> None:
    with history(tmp_path, PLAIN, 8) as shop:
        found = bt.measure(shop.engine, shop.catalog, shop.reader, "churn_rescue", bt.Question(at(0), at(DAYS * 24)))
    assert found.people > 10
    assert found.ticks == DAYS + 1
    assert found.report.people <= found.people


def test_scores_made_for_it_take_the_place_of_those_that_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journey that reads scores reads those made as of each week's beginning, from one week to the next."""
    asked: list[float] = []

    def made(shop: JourneyShop) -> Any:
        def scores(*_: object, as_of: Any) -> pa.Table:
            asked.append((as_of - at(0)).total_seconds() / 3600)
            if len(asked) == 1:
                raise ForetellError("NO_HISTORY", "too little was known")
            keys = [shop.key(name) for name in NAMES[:5]]
            return pa.table({"profile_key": keys, "horizon": ["90d"] * 5, "score": [0.9] * 5})

        return scores

    with history(tmp_path, PLAIN, 9) as shop:
        monkeypatch.setattr(predict, "scores_then", made(shop))
        question = bt.Question(at(0), at(DAYS * 24), rescore="weekly")
        report = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", question)
    assert asked == [0, 168]
    assert 0 < report.people <= 5
    assert min(one.day for one in report.entries) >= "2026-01-08"
    (used,) = report.scores
    assert (used.rescored, used.scorings, used.first) == (True, 1, at(168))
