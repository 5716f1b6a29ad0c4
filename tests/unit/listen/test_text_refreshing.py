"""Texts are judged once, themes keep their keys, and both go with their person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import app, protect
from foretell.condition import parse
from foretell.errors import UsageError
from foretell.listen import text
from tests.support.features_shop import AS_OF, NOW, Lines, Shop, did, load, opened, person, told

SETTINGS = """\
name: shop
feedback:
  themes:
    parcels: {title: Parcels, words: [parcel, delivery time]}
"""
GOOD = "The service was excellent and I love the quality."
LATE = "My parcel came late and the delivery time was terrible."


def answered(user: str, days_ago: float, said: str, score: float = 3, **more: Any) -> dict[str, Any]:
    return did(user, days_ago, "Survey Answered", survey="nps", score=score, text=said, **more)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, foretell=SETTINGS) as found:
        yield found


def refresh(shop: Shop) -> text.TextReport:
    return text.refresh(shop.engine, shop.workspace.catalog, now=NOW)


def rows(shop: Shop) -> Lines:
    return shop.query('SELECT * FROM feedback_topics t ORDER BY t."at", message_id, theme')


def asked(**more: Any) -> text.TextsAsked:
    return text.TextsAsked(AS_OF + timedelta(days=1), AS_OF - timedelta(days=30), **more)


def test_each_text_is_judged_once_and_has_a_row_for_each_theme(shop: Shop) -> None:
    load(
        shop,
        "said",
        [
            answered("ann", 3, LATE, response_id="r1"),
            answered("bob", 2, GOOD, 10),
            did("cat", 1.5, "Ticket Opened", ticket_id="t", subject="Parcel missing", text="Where is my parcel now?"),
            did("dan", 1, "Product Reviewed", product_id="p", rating=5, review_body="Lovely shoes, very comfortable."),
            did("eve", 0.5, "SMS Replied", text="<b>Thank you very much for that</b>"),
            answered("fay", 0.4, "   "),
            did("gus", 0.3, "Survey Answered", survey="nps", score=9),
        ],
    )
    report = refresh(shop)
    assert report.judged == 5
    assert refresh(shop) == text.TextReport()
    found = rows(shop)
    assert [(row["origin"], row["theme"], row["sentiment"]) for row in found] == [
        ("survey", "parcels", "negative"), ("survey", None, "positive"), ("ticket", "parcels", found[2]["sentiment"]),
        ("review", None, "positive"), ("reply", None, found[4]["sentiment"]),
    ]  # fmt: skip
    assert (found[0]["response_id"], found[0]["survey"], found[0]["score"]) == ("r1", "nps", 3.0)
    assert (found[3]["score"], found[2]["score"], found[3]["survey"]) == (5.0, None, None)
    assert found[2]["quote"] == "Parcel missing. Where is my parcel now?"
    assert found[4]["quote"] == "Thank you very much for that"


def test_a_later_part_of_a_response_takes_the_place_of_the_one_before(shop: Shop) -> None:
    load(shop, "first", [answered("ann", 3, LATE, response_id="r1", part=1)])
    refresh(shop)
    load(shop, "second", [answered("ann", 2, GOOD, response_id="r1", part=2)])
    refresh(shop)
    assert [(row["response_id"], row["sentiment"], row["theme"]) for row in rows(shop)] == [("r1", "positive", None)]


def test_a_replay_changes_nothing(shop: Shop) -> None:
    load(shop, "once", [answered("ann", 3, LATE)])
    refresh(shop)
    before = rows(shop)
    load(shop, "again", [answered("ann", 3, LATE)])
    assert refresh(shop).judged == 0
    assert rows(shop) == before


def test_conditions_see_how_texts_feel(shop: Shop) -> None:
    load(
        shop,
        "said",
        [answered("ann", 3, LATE), answered("bob", 2, GOOD), answered("cat", 1, "Das Paket kam leider viel zu spät.")],
    )
    refresh(shop)
    unhappy = {"did": "Text Judged", "where": {"sentiment": "negative", "probability": {"gte": 0.5}}, "within": "30d"}
    found = shop.workspace.reader.members(parse({**unhappy, "within": "1y"}), as_of=NOW + timedelta(days=1))
    assert found["profile_key"].to_pylist() == [person(shop, "ann")]
    events = shop.query("SELECT properties FROM events WHERE event = 'Text Judged' ORDER BY timestamp")
    assert [json.loads(row["properties"])["sentiment"] for row in events] == ["negative", "positive"]


def test_quotes_are_masked_and_names_that_come_later_too(shop: Shop) -> None:
    said = "I am Annabel, call me at +44 20 7946 0958 about the broken zip."
    load(
        shop,
        "said",
        [
            told("ann", 9, first_name="Annabel"),
            answered("ann", 3, said),
            answered("bob", 2, "Yours, Robert Miller of the hiking club"),
        ],
    )
    refresh(shop)
    kept = {row["quote"] for row in rows(shop)}
    assert "I am [name], call me at [phone number] about the broken zip." in kept
    load(shop, "later", [told("bob", 1, name="Robert Miller")])
    shown = text.quotes(shop.engine, shop.workspace.settings, asked(), now=NOW)
    assert "Yours, [name] of the hiking club" in {one.text for one in shown}
    assert all("Robert" not in one.text and "Annabel" not in one.text for one in shown)


def test_themes_are_found_named_and_keep_their_keys(shop: Shop) -> None:
    lines = [answered(f"u{n}", 20 - n, f"The checkout failed, a checkout error number {n % 3}.") for n in range(8)]
    lines += [answered(f"v{n}", 9 - n, "Shoes with a comfortable fit.", 9) for n in range(6)]
    lines += [answered("w", 1, "Nothing about the zebra.")]
    load(shop, "said", lines)
    assert refresh(shop).themes >= 2
    first = {line.key: line for line in text.themes(shop.engine, asked()).lines}
    assert first["checkout"].texts == 8
    assert first["checkout"].sentiments["negative"] == 8 or first["checkout"].people == 8
    assert "zebra" not in first, "one person alone makes no theme"
    assert sum(first["checkout"].trend) == 8
    more = [answered(f"x{n}", 0.5, "The refund never arrived, refund still open.") for n in range(9)]
    load(shop, "more", more)
    refresh(shop)
    second = {line.key: line for line in text.themes(shop.engine, asked()).lines}
    assert set(first) <= set(second)
    assert [second[key].texts for key in set(second) - set(first)] == [9]
    assert second["checkout"].texts == 8


def test_themes_that_people_name_hold_for_all_texts_and_go_with_their_settings(tmp_path: Path) -> None:
    with opened(tmp_path, foretell=SETTINGS) as shop:
        load(shop, "said", [answered("ann", 3, LATE), answered("bob", 2, "The sizes were wrong.")])
        refresh(shop)
        (tmp_path / "foretell.yaml").write_text("name: shop\nfeedback: {themes: {fit: {words: [size]}}}\n")
        app.reload_definitions(shop.workspace)
        refresh(shop)
        assert [row["theme"] for row in rows(shop)] == [None, "fit"]
        assert [line.title for line in text.themes(shop.engine, asked()).lines if line.key] == ["Fit"]


def test_changes_are_counted_against_the_period_before(shop: Shop) -> None:
    load(shop, "said", [answered("ann", 45, LATE), answered("ann", 5, LATE), answered("bob", 4, LATE)])
    refresh(shop)
    (line,) = (one for one in text.themes(shop.engine, asked()).lines if one.key == "parcels")
    assert (line.texts, line.before, line.people, line.score) == (2, 1, 2, None)
    assert text.themes(shop.engine, asked(survey="nps")).lines[0].score == 3.0
    with pytest.raises(UsageError, match="no theme 'none'"):
        text.themes(shop.engine, asked(theme="none"))
    with pytest.raises(UsageError):
        asked(sentiment="angry")


def test_quotes_stand_for_many_and_say_it_once(shop: Shop) -> None:
    lines = [answered(f"u{n}", 10 - n, LATE) for n in range(6)] + [answered("z", 1, "A completely different sentence.")]
    load(shop, "said", lines)
    refresh(shop)
    first, second = text.quotes(shop.engine, shop.workspace.settings, asked(), now=NOW)
    assert (first.text, first.alike, first.themes, first.whole) == (LATE, 6, ("parcels",), True)
    assert second.alike == 1
    assert text.quotes(shop.engine, shop.workspace.settings, asked(theme=""), now=NOW)[0].text == second.text


def test_words_of_several_people_are_counted_by_feeling(shop: Shop) -> None:
    load(
        shop, "said", [answered("ann", 3, LATE), answered("bob", 2, LATE), answered("cat", 1, "A unicorn, I love it.")]
    )
    refresh(shop)
    found = {one.word: one for one in text.words(shop.engine, asked())}
    assert found["parcel"].texts == 2
    assert found["parcel"].negative == 2
    assert "unicorn" not in found
    assert not {"the", "and", "was"} & set(found)


def test_a_merge_moves_texts_and_an_erasure_takes_them(shop: Shop) -> None:
    load(
        shop, "said", [answered("ann", 3, LATE), answered("bob", 2, GOOD), answered("cat", 1, "The quality is great.")]
    )
    refresh(shop)
    app.merge_people(shop.workspace, "user_id:ann", "user_id:bob", force=True)
    owners = [row["profile_id"] for row in rows(shop)]
    assert owners[0] == owners[1] != owners[2]
    protect.erase_people(app.protected(shop.workspace), ["user_id:ann"], made_by="test", now=NOW)
    refresh(shop)
    assert [row["quote"] for row in rows(shop)] == ["The quality is great."]
    assert shop.query("SELECT count(*) AS n FROM text_words w WHERE w.word = 'parcel'") == [{"n": 0}]
    assert (
        shop.query("SELECT count(*) AS n FROM events WHERE event = 'Text Judged' AND properties LIKE '%sentiment%'")[0][
            "n"
        ]
        == 1
    )


def test_bad_input_is_judged_without_harm(shop: Shop) -> None:
    lines = [
        answered("u0", 9, "word " * 20_000),
        answered("u1", 8, "\u202e" + "مرحبا " * 30),
        answered("u2", 7, "👍🏽 🎉 💔"),
        answered("u3", 6, "<script>alert(1)</script><img src=x onerror=alert(1)>Fine shop, I like it"),
        answered("u4", 5, "\x00\x07\x1e\x1f control \x9f characters all over the place"),
        answered("u5", 4, "'; DROP TABLE text_rows; --"),
        {**answered("u6", 3, ""), "properties": {"survey": "nps", "score": "high", "text": {"a": 1}}},
        {**answered("u7", 2, ""), "properties": {"survey": 7, "score": 1e300, "text": 12345}},
        answered("u8", 1, "x" * 9_000),
    ]
    load(shop, "bad", lines)
    assert refresh(shop).judged >= 7
    shown = text.quotes(shop.engine, shop.workspace.settings, asked(), now=NOW, limit=50)
    assert all("<script" not in one.text and "\u202e" not in one.text and len(one.text) <= 400 for one in shown)
    assert text.words(shop.engine, asked()) is not None
