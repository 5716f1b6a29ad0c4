"""Messages of journeys that compete: which goes does not hang on which journey is played first."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import journey
from tests.support.journey_shop import JOURNEY, JourneyShop, at, ids_of, opened, with_people
from tests.support.small_events import NOW, event

SETTINGS = (
    "name: Shop\ncurrency: EUR\nzone: UTC\n"
    "sending: {base_url: https://shop.example, caps: [{messages: 1, per: 7d, channel: email}]}\n"
)
TEMPLATE = "kind: template\nkey: news\nspec: {subject: News, html: '<p>News</p>'}\n"


def sends(key: str, step: str = "", **fields: str) -> str:
    more = "".join(f"  {name}: {value}\n" for name, value in fields.items())
    body = f"    - {{key: mail, send: news, channel: email{step}}}\n    - {{key: wait, wait: 30d}}\n"
    return f"kind: journey\nkey: {key}\nspec:\n  enter: {{did: Order Completed}}\n{more}  steps:\n{body}"


def played(shop: JourneyShop, *journeys: str, hours: float = 0) -> None:
    for key in journeys:
        journey.start(shop.engine, shop.catalog, key, now=NOW)
    journey.tick(shop.engine, shop.catalog, shop.reader, now=at(hours))


def documents(*journeys: str) -> dict[str, str]:
    files = {f"journeys/{text.split()[3]}.yaml": text for text in journeys}
    nobody = JOURNEY.replace("gte: 0.7", "gte: 0.99")
    return {"foretell.yaml": SETTINGS, "templates/news.yaml": TEMPLATE, "journeys/churn_rescue.yaml": nobody, **files}


@pytest.mark.parametrize("late", ["a_late", "z_late"])
def test_the_more_important_goes_whichever_journey_is_first(tmp_path: Path, late: str) -> None:
    files = documents(sends("m_news", holdout="0%"), sends(late, ", priority: 5", holdout="0%"))
    with opened(tmp_path, documents=files) as shop:
        with_people(shop, "ann")
        played(shop, "m_news", late)
        rows = shop.engine.ops.query("SELECT journey, state FROM messages WHERE state = 'queued'")
        assert rows == [(late, "queued")]
        lost = shop.engine.analytics.query(
            "SELECT journey, reason FROM log_decisions WHERE decision = 'refuse'"
        ).to_pylist()
        assert [(row["journey"], row["reason"]) for row in lost] == [("m_news", "outbid")]


def test_a_step_s_priority_is_its_journey_s(tmp_path: Path) -> None:
    files = documents(sends("a_news", holdout="0%"), sends("b_rescue", holdout="0%", priority="3"))
    with opened(tmp_path, documents=files) as shop:
        with_people(shop, "ann")
        played(shop, "a_news", "b_rescue")
        found = shop.engine.ops.query("SELECT priority, journey FROM messages WHERE state = 'queued'")
        assert found == [(3, "b_rescue")]


@pytest.mark.parametrize(("step", "reason"), [("", "ok"), (", contaminated: leave_out", "contaminated")])
def test_people_of_both_arms(tmp_path: Path, step: str, reason: str) -> None:
    text = sends("news", step, holdout="50%").replace("- {key: mail", "- {key: first, wait: 10h}\n    - {key: mail")
    with opened(tmp_path, documents=documents(text)) as shop:
        with_people(shop, *(f"till_{number}" for number in range(12)))
        played(shop, "news")
        rows = shop.engine.ops.query("SELECT profile_key, state FROM journey_runs WHERE journey = 'news' ORDER BY run")
        names, states = shop._names(), [state for _, state in rows]
        first = states.index("active")  # of two runs of one instant the first by id goes on
        second = states.index("held_out", first)
        one, other = (names[rows[place][0]] for place in (first, second))
        seen = [event("Seen", f"{name}-s", 1, ids={**ids_of(name), "anonymous_id": "same"}) for name in (one, other)]
        shop.happened(*seen)
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(11))
        told = shop.engine.analytics.query(
            "SELECT d.reason FROM log_decisions d JOIN log_journey_runs r ON r.run = d.run "
            "WHERE r.contaminated AND d.step = 'mail'"
        )
        assert told["reason"].to_pylist() == [reason]
        clean = shop.engine.analytics.query(
            "SELECT DISTINCT d.reason FROM log_decisions d JOIN log_journey_runs r ON r.run = d.run "
            "WHERE NOT r.contaminated AND d.step = 'mail'"
        )
        assert clean["reason"].to_pylist() == ["ok"]
