"""A journey asks by a survey: sample, rest between two, reminders, answers, and the same in a back-test."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import app, definitions, deliver
from foretell.errors import DefinitionErrors
from foretell.journey import backtest as bt
from foretell.journey.steps import STEP_KINDS
from foretell.listen import asking
from tests.support.journey_shop import CHANNELS, JourneyShop, apply, at, ids_of, opened
from tests.support.small_events import NOW, event
from tests.support.small_workspace import write

SETTINGS = """\
name: Shop
currency: EUR
zone: UTC
sending: {base_url: https://shop.example, survey_gap: 30d}
"""
NPS = """\
kind: survey
key: nps
spec:
  title: {en: Would you recommend us?, de: Würden Sie uns empfehlen?}
  touchpoint: delivery
  again_after: 90d
  questions:
    - {key: recommend, type: nps, ask: {en: How likely?, de: Wie wahrscheinlich?}, required: true}
    - {key: why, type: text, ask: Why?}
"""
CSAT = NPS.replace("key: nps", "key: csat").replace("type: nps", "type: csat").replace("delivery", "support")
MAIL = """\
kind: template
key: ask
spec:
  subject: One click
  html: <p>{{ survey.question }}</p>{{ survey.buttons }}
  sms: "{{ survey.question }} {{ survey.url }}"
"""
AGAIN = MAIL.replace("key: ask", "key: again").replace("One click", "Still time")
HEAD = """\
kind: journey
key: churn_rescue
spec:
  trigger: {event: Order Completed}
  reentry: {per: order_id}
  holdout: 0
  steps:
"""
STEPS = """\
    - {key: ask, survey: nps, template: ask, answer_within: 10d, reminders: [{after: 3d, template: again}],
       answered: thanks, unanswered: finish}
    - {key: thanks, end: thanked}
    - {key: finish, end: done}
"""
NAMES = ("ann", "bob", "cid")
DAY = 24.0


def shop_with(root: Path, steps: str = STEPS, head: str = HEAD, **more: str) -> AbstractContextManager[JourneyShop]:
    files = {
        "foretell.yaml": SETTINGS,
        "surveys/nps.yaml": NPS,
        "surveys/csat.yaml": CSAT,
        "templates/ask.yaml": MAIL,
        "templates/again.yaml": AGAIN,
        "journeys/churn_rescue.yaml": head + steps,
    }
    return opened(root, documents={**files, **{f"{name.replace('__', '/')}.yaml": text for name, text in more.items()}})


def known(shop: JourneyShop, *names: str, start: bool = True) -> None:
    """People who may be written to."""
    events = []
    for place, name in enumerate(names):
        ids = {**ids_of(name), "phone": f"+49170123450{place:02d}"}
        events.append(event("Registered", f"{name}-known", -200, ids=ids))
        for channel in CHANNELS:
            said = {"channel": channel, "purpose": "marketing", "state": "granted"}
            events.append(event("Consent Updated", f"{name}-{channel}", -190, ids=ids_of(name), properties=said))
    shop.happened(*events)
    if start:
        shop.start()


def ordered(name: str, hours: float, order: str = "o1") -> dict[str, Any]:
    told = {"order_id": order, "products": [{"product_id": "P7", "name": "Shoe"}]}
    return event("Order Completed", f"{name}-{order}", hours, ids=ids_of(name), properties=told)


def answered(name: str, hours: float, score: float, survey: str = "nps") -> dict[str, Any]:
    said = {"survey": survey, "score": score}
    return event("Survey Answered", f"{name}-{survey}-{hours}", hours, ids=ids_of(name), properties=said)


def mails(shop: JourneyShop, name: str) -> list[tuple[str, float | None, str]]:
    """(template, hours, state) of a person's messages, by time."""
    rows = shop.engine.ops.query(
        "SELECT template, at, state FROM messages WHERE profile_key = ? ORDER BY at", (shop.key(name),)
    )
    start = int(NOW.timestamp()) * 1_000_000
    return [(template, (stamp - start) / 3_600_000_000, state) for template, stamp, state in rows]


def reasons(shop: JourneyShop, name: str) -> list[tuple[str, str]]:
    return [(decision, reason) for who, _, _, decision, reason in sorted(shop.decisions()) if who == name]


def sent_surveys(shop: JourneyShop) -> list[dict[str, Any]]:
    rows = shop.engine.analytics.query(
        "SELECT e.properties FROM log_events e WHERE e.event = 'Survey Sent' ORDER BY e.ts, e.message_id"
    )
    return [json.loads(text) for text in rows["properties"].to_pylist()]


def play(shop: JourneyShop, *hours: float) -> None:
    for hour in hours:
        shop.tick(hour)


def test_who_stays_silent_is_reminded_once_and_who_answers_is_not(tmp_path: Path) -> None:
    with shop_with(tmp_path) as shop:
        known(shop, *NAMES)
        shop.happened(*(ordered(name, 1) for name in NAMES))
        play(shop, 1)
        shop.happened(answered("ann", DAY, 3))
        play(shop, 2 * DAY, 3 * DAY + 1, 4 * DAY)
        shop.happened(answered("bob", 5 * DAY, 10))
        play(shop, 6 * DAY, 10 * DAY, 12 * DAY)
        assert mails(shop, "ann") == [("ask", 1.0, "delivered")]
        assert mails(shop, "bob") == [("ask", 1.0, "delivered"), ("again", 3 * DAY + 1, "delivered")]
        assert mails(shop, "cid") == [("ask", 1.0, "delivered"), ("again", 3 * DAY + 1, "delivered")]
        ends = {name: shop.runs()[name][:3] for name in NAMES}
        assert ends == {
            "ann": ("done", "thanks", DAY),
            "bob": ("done", "thanks", 5 * DAY),
            "cid": ("done", "finish", 10 * DAY + 1),
        }
        steps = [(step, outcome) for step, _, outcome in shop.steps("cid") if step == "ask" and outcome != "entered"]
        assert [outcome for _, outcome in steps] == ["sent", "reminded", "unanswered"]


def test_a_survey_that_is_over_is_neither_sent_nor_reminded_of(tmp_path: Path) -> None:
    with shop_with(tmp_path) as shop:
        known(shop, "ann", "bob")
        shop.happened(ordered("ann", 1))
        play(shop, 1)
        write(shop.catalog.root, {"surveys/nps.yaml": NPS + "  closed: true\n"})
        shop.catalog, problems = definitions.load(shop.catalog.root, app.KINDS, environ={})
        definitions.raise_errors(problems)
        apply(shop, 2)
        shop.happened(ordered("bob", DAY))
        play(shop, DAY, 3 * DAY + 2, 11 * DAY)
        assert [template for template, _, _ in mails(shop, "ann")] == ["ask"]
        assert mails(shop, "bob") == []
        assert "survey_closed" in {outcome for step, _, outcome in shop.steps("bob") if step == "ask"}
        assert {shop.runs()[name][0] for name in ("ann", "bob")} == {"done"}


def test_the_log_says_what_was_sent(tmp_path: Path) -> None:
    with shop_with(tmp_path) as shop:
        known(shop, "ann")
        shop.happened(ordered("ann", 1))
        play(shop, 1, 3 * DAY + 1)
        first, second = sent_surveys(shop)
        told = {name: first[name] for name in ("survey", "channel", "touchpoint", "reminder", "journey", "step")}
        assert told == {
            "survey": "nps", "channel": "email", "touchpoint": "delivery", "reminder": 0, "journey": "churn_rescue",
            "step": "ask",
        }  # fmt: skip
        assert (second["reminder"], second["message_id"] == first["message_id"]) == (1, False)
        threads = shop.engine.ops.query("SELECT DISTINCT thread FROM message_surveys")
        assert threads == [(first["message_id"],)], "a reminder is of its invitation"


def test_a_second_order_does_not_ask_again_too_soon_and_messages_why_says_so(tmp_path: Path) -> None:
    with shop_with(tmp_path) as shop:
        known(shop, "ann")
        shop.happened(ordered("ann", 1))
        play(shop, 1)
        shop.happened(answered("ann", 2, 9), ordered("ann", 20 * DAY, "o2"))
        play(shop, 3, 20 * DAY)
        assert reasons(shop, "ann") == [("send", "ok"), ("refuse", "survey_fatigue")]
        (again,) = [one for one in deliver.why(shop.engine, "email:ann@customers.example") if one.message is None]
        (check,) = [one for one in again.decisions[0].checks if not one.passed]
        assert check.says == "The person was asked by the survey nps at 2026-01-01T01:00:00Z, less than 90 days apart."
        assert shop.runs()["ann"][:2] == ("done", "finish"), "whoever is left alone goes on as who did not answer"
        shop.happened(ordered("ann", 100 * DAY, "o3"))
        play(shop, 100 * DAY)
        assert [row[0] for row in mails(shop, "ann")] == ["ask", "ask"]


def test_an_unsubscribed_person_gets_nothing(tmp_path: Path) -> None:
    with shop_with(tmp_path) as shop:
        known(shop, *NAMES)
        no = {"channel": "email", "purpose": "marketing", "state": "denied"}
        shop.happened(event("Consent Updated", "bob-no", -5, ids=ids_of("bob"), properties=no))
        shop.happened(*(ordered(name, 1) for name in NAMES))
        play(shop, 1, 4 * DAY)
        assert mails(shop, "bob") == []
        assert reasons(shop, "bob") == [("refuse", "no_consent")]
        assert len(mails(shop, "ann")) == 2


def test_a_sample_is_always_the_same_people_and_the_others_have_a_decision(tmp_path: Path) -> None:
    names = tuple(f"p{place:02d}" for place in range(40))
    steps = '    - {key: ask, survey: nps, template: ask, sample: "30%"}\n    - {key: finish, end: done}\n'
    with shop_with(tmp_path, steps) as shop:
        known(shop, *names)
        shop.happened(*(ordered(name, 1) for name in names))
        play(shop, 1)
        rows = shop.engine.analytics.query("SELECT n.node_key, n.profile_id FROM nodes n").to_pylist()
        ids = {row["node_key"]: row["profile_id"] for row in rows}
        wanted = asking.in_sample("nps", 0.3, [ids[shop.key(name)] for name in names])
        asked = [bool(mails(shop, name)) for name in names]
        assert asked == wanted.tolist()
        assert 4 <= sum(asked) <= 22
        left = names[asked.index(False)]
        assert reasons(shop, left) == [("refuse", "not_sampled")]
        assert shop.runs()[left][0] == "done"
        assert {outcome for step, _, outcome in shop.steps(left) if step == "ask"} >= {"not_sampled"}


def test_two_surveys_in_one_mail_and_one_message(tmp_path: Path) -> None:
    both = MAIL.replace("{{ survey.buttons }}", "{{ surveys.nps.buttons }}{{ surveys.csat.buttons }}")
    steps = "    - {key: ask, survey: [nps, csat], template: ask}\n    - {key: finish, end: done}\n"
    with shop_with(tmp_path, steps, templates__ask=both) as shop:
        known(shop, "ann")
        shop.happened(ordered("ann", 1))
        play(shop, 1)
        (message,) = shop.engine.ops.query("SELECT message_id FROM messages")
        html = deliver.inbox_message(shop.engine, message[0]).html  # type: ignore[union-attr]
        assert html.count("/s/a/") == 11 + 5
        assert sorted(row["survey"] for row in sent_surveys(shop)) == ["csat", "nps"]


def test_a_text_message_carries_the_address_of_the_page(tmp_path: Path) -> None:
    steps = "    - {key: ask, survey: nps, template: ask, channel: sms}\n    - {key: finish, end: done}\n"
    with shop_with(tmp_path, steps) as shop:
        known(shop, "ann")
        shop.happened(ordered("ann", 1))
        play(shop, 1)
        ((message,),) = shop.engine.ops.query("SELECT message_id FROM messages")
        text = deliver.inbox_message(shop.engine, message).head.text  # type: ignore[union-attr]
        url = text.rpartition(" ")[2]
        signer = deliver.signer_of(shop.engine, shop.catalog.settings)
        token = deliver.open_survey_link(signer, url.rpartition("/")[2], now=at(2))
        told = deliver.invitation(shop.engine, token)
        assert text.startswith("How likely? https://shop.example/s/q/")
        assert len(url) < 120
        assert told is not None
        assert (told.profile_key, told.survey, told.medium, told.step) == (shop.key("ann"), "nps", "sms", "ask")
        assert told.about["order_id"] == "o1"
        assert told.about["product_id"] == "P7"


def test_quiet_hours_put_the_invitation_off_and_reminders_count_from_it(tmp_path: Path) -> None:
    quiet = SETTINGS.replace("survey_gap: 30d", 'survey_gap: 30d, quiet_hours: {from: "21:00", to: "08:00"}')
    with shop_with(tmp_path, foretell=quiet) as shop:
        known(shop, "ann")
        shop.happened(ordered("ann", 23))
        play(shop, 23, 31, 32, 3 * DAY + 31, 3 * DAY + 33)
        assert mails(shop, "ann") == [("ask", 32.0, "delivered"), ("again", 3 * DAY + 32, "delivered")]


def test_who_answers_while_the_invitation_is_put_off_is_not_asked_any_more(tmp_path: Path) -> None:
    """By a public link, say; a back-test says the same."""
    quiet = SETTINGS.replace("survey_gap: 30d", 'survey_gap: 30d, quiet_hours: {from: "21:00", to: "08:00"}')
    with shop_with(tmp_path, foretell=quiet) as shop:
        known(shop, "ann")
        shop.happened(ordered("ann", 23))
        play(shop, 23)
        shop.happened(answered("ann", 23.5, 9))
        play(shop, 24, 33)
        assert mails(shop, "ann") == []
        assert shop.runs()["ann"][:3] == ("done", "thanks", 23.5)
        assert [outcome for step, _, outcome in shop.steps("ann") if step == "ask"][-1] == "answered"
        question = bt.Question(at(-1), at(3 * DAY), timedelta(hours=1))
        report = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", question)
        (ask,) = [one for one in report.steps if one.key == "ask"]
        assert ask.outcomes["answered"].value == 1
        assert "sent" not in ask.outcomes


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("{key: ask, survey: nps, template: ask, answer_within: 2d, reminders: [{after: 3d}]}", "last reminder comes"),
        ("{key: ask, survey: nps, template: ask, reminders: [{after: 3d}, {after: 3d}]}", "each reminder comes later"),
        ("{key: ask, survey: [nps, nps], template: ask}", "each once"),
        ("{key: ask, survey: nps, template: ask, sample: 0}", "greater than 0"),
        ("{key: ask, survey: none, template: ask}", "none"),
        ("{key: ask, survey: nps, template: none}", "none"),
        ("{key: ask, survey: nps, template: ask, channel: push}", "has no text for push"),
        ("{key: ask, survey: nps}", "template"),
        ("{key: ask, survey: [nps, few], template: ask}", "different shares"),
        ("{key: ask, survey: [nps, service], template: ask}", "different purposes"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, step: str, what: str) -> None:
    with (
        pytest.raises(DefinitionErrors) as told,
        shop_with(
            tmp_path,
            f"    - {step}\n    - {{key: finish, end: done}}\n",
            surveys__few=CSAT.replace("key: csat", "key: few") + "  sample: 10%\n",
            surveys__service=CSAT.replace("key: csat", "key: service") + "  purpose: transactional\n",
        ),
    ):
        pass
    assert what in str(told.value)


def test_an_anonymous_survey_is_not_waited_for(tmp_path: Path) -> None:
    nobody = NPS.replace("touchpoint: delivery", "anonymous: true")
    with pytest.raises(DefinitionErrors) as told, shop_with(tmp_path, surveys__nps=nobody):
        pass
    assert "answers to an anonymous survey are nobody's" in str(told.value)


def test_a_back_test_asks_reminds_and_leaves_alone_as_the_journey_does(tmp_path: Path) -> None:
    with shop_with(tmp_path) as shop:
        known(shop, *NAMES)
        shop.happened(*(ordered(name, 1) for name in NAMES), ordered("ann", 20 * DAY, "o2"))
        shop.happened(answered("bob", 2 * DAY, 4))
        question = bt.Question(at(-1), at(40 * DAY), timedelta(hours=1))
        report = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", question)
        (ask,) = [one for one in report.steps if one.key == "ask"]
        foreseen = {key: guess.value for key, guess in ask.outcomes.items()}
        play(shop, *(hours for hours in range(1, 40 * 24, 12)))
        played: dict[str, int] = {}
        for name in NAMES:
            for step, _, outcome in shop.steps(name):
                if step == "ask" and outcome not in ("entered", "waiting"):
                    played[outcome] = played.get(outcome, 0) + 1
        shown = {key: count for key, count in foreseen.items() if key not in ("waiting", "entered")}
        assert shown == played
        assert played == {
            "sent": 3, "answered": 1, "reminded": 2, "unanswered": 2, "refused: survey_fatigue": 1,
        }  # fmt: skip


LOOPING = """\
    - {key: ask, survey: nps, template: ask, answer_within: 5d, reminders: [], most: 3, answered: rest, unanswered: end}
    - {key: rest, wait: 10d, next: ask}
    - {key: end, end: done}
"""


def test_on_a_loop_an_earlier_answer_is_none_to_the_later_question(tmp_path: Path) -> None:
    """Whoever answered the first time and says nothing the second time has not answered; a back-test says the same."""
    more = {"foretell": SETTINGS.replace("30d", "0s"), "surveys__nps": NPS.replace("90d", "1d")}
    with shop_with(tmp_path, LOOPING, **more) as shop:
        known(shop, "ann")
        shop.happened(ordered("ann", 1), answered("ann", DAY, 9))
        question = bt.Question(at(-1), at(30 * DAY), timedelta(hours=1))
        report = bt.backtest(shop.engine, shop.catalog, shop.reader, "churn_rescue", question)
        (ask,) = [one for one in report.steps if one.key == "ask"]
        play(shop, 1, DAY + 1, 11 * DAY + 1, 12 * DAY, 17 * DAY)
        told = [outcome for step, _, outcome in shop.steps("ann") if step == "ask" and outcome != "entered"]
        assert [one for one in told if one != "waiting"] == ["sent", "answered", "sent", "unanswered"]
        assert shop.runs()["ann"][:3] == ("done", "end", 16 * DAY)
        foreseen = {key: guess.value for key, guess in ask.outcomes.items() if key not in ("waiting", "entered")}
        assert foreseen == {"sent": 2, "answered": 1, "unanswered": 1}


def test_the_kind_says_what_a_back_test_cannot_know() -> None:
    kind = STEP_KINDS["survey"]
    assert kind.sends
    assert kind.rests
    assert "answered" in kind.unforeseen
