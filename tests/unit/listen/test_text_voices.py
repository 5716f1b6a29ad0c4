"""A text is judged once a response unless its words change, none is skipped, and who spoke anonymously is nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP, Batch, Tx
from foretell.listen import text
from tests.support.features_shop import AS_OF, NOW, Lines, Shop, did, everybody, load, opened, person, told

SETTINGS = "name: shop\nfeedback: {themes: {parcels: {words: [parcel]}}}\n"
GOOD = "The service was excellent and I love the quality."
LATE = "My parcel came late and the delivery time was terrible."


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, foretell=SETTINGS) as found:
        yield found


def part(days_ago: float, said: str, score: int, **more: Any) -> dict[str, Any]:
    return did("ann", days_ago, "Survey Answered", survey="nps", score=score, text=said, response_id="r1", **more)


def refresh(shop: Shop) -> text.TextReport:
    return text.refresh(shop.engine, shop.workspace.catalog, now=NOW)


def topics(shop: Shop) -> Lines:
    return shop.query('SELECT * FROM feedback_topics t ORDER BY t."at", message_id, theme')


def judged(shop: Shop) -> list[str]:
    rows = shop.query("SELECT properties FROM events WHERE event = 'Text Judged' ORDER BY timestamp")
    return [json.loads(row["properties"])["sentiment"] for row in rows]


def asked(**more: Any) -> text.TextsAsked:
    return text.TextsAsked(AS_OF + timedelta(days=1), AS_OF - timedelta(days=30), **more)


def say_anonymously(shop: Shop, said: list[str]) -> None:
    """Answers of nobody, as hosted pages tell them."""
    names = [f"n{n}" for n in range(len(said))]

    def work(tx: Tx, batch: Batch) -> None:
        at = pa.array([naive_utc(AS_OF - timedelta(days=1))] * len(said), TIMESTAMP)
        batch.tell(
            pa.table(
                {
                    "message_id": pa.array(names), "event": pa.array(["Survey Answered"] * len(said)), "ts": at,
                    "node_key": pa.array([0] * len(said), pa.int64()), "survey": pa.array(["nps"] * len(said)),
                    "response_id": pa.array(names), "anonymous": pa.array([True] * len(said)), "text": pa.array(said),
                }
            )
        )  # fmt: skip

    shop.engine.act("listen_surveys", work, now=NOW)


def test_a_part_that_repeats_the_words_is_not_judged_again(shop: Shop) -> None:
    load(shop, "first", [part(5, LATE, 3)])
    assert refresh(shop).judged == 1
    before = topics(shop)
    load(shop, "second", [part(4, LATE, 2, part=2)])
    assert refresh(shop).judged == 0
    assert judged(shop) == ["negative"]
    assert topics(shop) == [{**before[0], "score": 2.0}]
    assert shop.query("SELECT count(*) AS n FROM text_words w WHERE w.word = 'parcel'") == [{"n": 1}]


def test_changed_words_are_judged_and_told_each_time_they_change(shop: Shop) -> None:
    parts = [part(6, LATE, 3), part(5, LATE, 3, part=2), part(4, GOOD, 9, part=3), part(3, LATE, 1, part=4)]
    load(shop, "all", parts)
    assert refresh(shop).judged == 3
    assert judged(shop) == ["negative", "positive", "negative"]
    (row,) = topics(shop)
    assert (row["at"], row["score"], row["theme"]) == (naive_utc(AS_OF - timedelta(days=3)), 1.0, "parcels")


def test_the_words_of_the_last_part_stand_in_whatever_order_parts_come(shop: Shop) -> None:
    load(shop, "newest_first", [part(4, GOOD, 9, part=2), part(6, LATE, 3, part=1)])
    assert refresh(shop).judged == 2
    load(shop, "late", [part(5, "Something else, said before.", 3, part=1)])
    assert refresh(shop).judged == 0
    (row,) = topics(shop)
    (answer,) = shop.query("SELECT score, text FROM survey_responses")
    assert (row["quote"], row["score"]) == (answer["text"], answer["score"]) == (GOOD, 9.0)


def test_looking_once_more_from_the_beginning_changes_nothing(shop: Shop) -> None:
    """As a workspace does that was written before anonymous texts were told apart."""
    load(shop, "all", [part(6, LATE, 3), part(4, GOOD, 9, part=2), did("bob", 2, "SMS Replied", text=GOOD)])
    refresh(shop)
    before = topics(shop)
    with shop.engine.ops.write() as tx:
        tx.execute("DELETE FROM text_progress")
    assert refresh(shop).judged == 0
    assert topics(shop) == before
    assert judged(shop) == ["negative", "positive", "positive"]


def test_what_the_analytics_store_lacks_is_judged_later(shop: Shop) -> None:
    with shop.engine.bulk():
        say_anonymously(shop, [LATE])
        assert not shop.query("SELECT e.seq FROM event_log e")
        assert refresh(shop).judged == 0
    assert refresh(shop).judged == 1
    assert [row["theme"] for row in topics(shop)] == ["parcels"]
    assert refresh(shop).judged == 0


def test_each_anonymous_text_is_a_voice_of_its_own(shop: Shop) -> None:
    say_anonymously(shop, [f"The checkout failed again at step number {n}." for n in range(6)])
    assert refresh(shop).themes >= 1
    found = text.themes(shop.engine, asked())
    assert (found.texts, found.people) == (6, 6)
    assert {line.key: line.people for line in found.lines}["checkout"] == 6
    shown = text.words(shop.engine, asked())
    assert {one.people for one in shown if "checkout" in one.word} == {6}


def test_who_answered_anonymously_is_nowhere_shown(shop: Shop) -> None:
    """An import may name a person beside an answer that it marks as anonymous."""
    names = ["ann", "bob", "cat"]
    lines = [
        did(name, 3, "Survey Answered", survey="nps", score=3, text=f"I am {name.title()}. {LATE}", anonymous=True)
        for name in names
    ]
    load(shop, "said", [*(told(name, 9, first_name=name.title()) for name in names), *lines])
    refresh(shop)
    assert {row["profile_id"] for row in topics(shop)} == {""}
    shown = text.quotes(shop.engine, shop.workspace.settings, asked(), now=NOW)
    assert {(one.profile_id, one.text) for one in shown} == {("", f"I am [name]. {LATE}")}
    assert text.themes(shop.engine, asked(people=everybody(shop))).texts == 0, "a small group would show who it was"
    assert text.themes(shop.engine, asked()).people == 3
    events = shop.query("SELECT profile_id FROM events WHERE event = 'Text Judged'")
    assert [row["profile_id"] for row in events] == [""] * 3, "no condition finds who it was"
    assert person(shop, "ann")
