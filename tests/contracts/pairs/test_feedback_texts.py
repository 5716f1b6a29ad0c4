"""Texts are judged, counted and quoted alike on every pair of stores, in whatever portions they come."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from foretell import app
from foretell.listen import text
from foretell.listen.text import refreshing
from tests.support.features_shop import AS_OF, NOW, did, load, opened, person

SETTINGS = "name: shop\nfeedback: {themes: {parcels: {words: [parcel, delivery time]}}}\n"
SAID = (
    "My parcel came late and the delivery time was terrible.",
    "I love these shoes, great quality.",
    "Das Paket kam leider erst nach zwei Wochen an.",
    "The shoes are comfortable and the quality is great.",
)


def test_texts_are_judged_counted_and_quoted(pair: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "TEXTS_TOGETHER", 7)
    with opened(tmp_path, foretell=SETTINGS) as shop:
        lines = [
            did(f"u{n}", 20 - n, "Survey Answered", survey="nps", score=n % 11, text=SAID[n % 4], response_id=f"r{n}")
            for n in range(20)
        ]
        load(shop, "said", lines)
        catalog = shop.workspace.catalog
        assert text.refresh(shop.engine, catalog, now=NOW).judged == 20
        assert text.refresh(shop.engine, catalog, now=NOW).judged == 0
        load(shop, "again", [did("u0", 1, "Survey Answered", survey="nps", score=9, text=SAID[1], response_id="r0")])
        assert text.refresh(shop.engine, catalog, now=NOW).judged == 1
        asked = text.TextsAsked(AS_OF, AS_OF - timedelta(days=30))
        found = text.themes(shop.engine, asked)
        assert (found.texts, found.people) == (20, 20)
        assert {line.key: line.texts for line in found.lines}["parcels"] == 4
        assert found.sentiments == {"positive": 11, "neutral": 0, "negative": 4, "unknown": 5}
        (first, *_) = text.quotes(shop.engine, shop.workspace.settings, asked, now=NOW)
        assert first.alike >= 5
        words = {one.word: one.texts for one in text.words(shop.engine, asked)}
        assert words["shoe"] == 11
        rows = shop.query(
            "SELECT response_id, theme, sentiment FROM feedback_topics WHERE theme = 'parcels' ORDER BY 1"
        )
        assert [row["response_id"] for row in rows] == ["r12", "r16", "r4", "r8"]
        app.merge_people(shop.workspace, "user_id:u4", "user_id:u8", force=True)
        assert person(shop, "u4") == person(shop, "u8")
        assert {line.key: line.people for line in text.themes(shop.engine, asked).lines}["parcels"] == 3
