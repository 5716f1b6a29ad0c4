"""Judged texts are made anew with the log, and go when the time of their event is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from foretell import app
from foretell.app import Workspace
from foretell.clock import FixedClock
from foretell.collect import Scope
from foretell.engine import promise_swap
from foretell.listen import text
from foretell.profile import privacy
from tests.support.features_shop import NOW, did, load, opened

SAID = ("The service was excellent and I love it.", "A terrible waste of money, very bad.")


def quotes(place: Workspace) -> list[str]:
    found = place.engine.analytics.query("SELECT t.quote FROM feedback_topics t ORDER BY t.quote")
    return [str(one) for one in found["quote"].to_pylist()]


def test_the_log_read_anew_has_its_texts_judged_anew(tmp_path: Path) -> None:
    lines = [did(f"u{n}", 3, "Survey Answered", survey="nps", score=5, text=said) for n, said in enumerate(SAID)]
    with opened(tmp_path) as shop:
        load(shop, "said", lines)
        text.refresh(shop.engine, shop.workspace.catalog, now=NOW)
        before = quotes(shop.workspace)
        with app.rebuild(shop.workspace, Scope()):
            pass
        promise_swap(shop.engine.data)
    with app.open_workspace(tmp_path, clock=FixedClock(NOW)) as place:
        assert quotes(place) == []
        assert text.refresh(place.engine, place.catalog, now=NOW).judged == 2
        assert quotes(place) == before == sorted(SAID, key=str)
        told = place.engine.analytics.query("SELECT count(*) AS n FROM events WHERE event = 'Text Judged'")
        assert told["n"].to_pylist() == [2], "what was told is not told again"
        assert text.refresh(place.engine, place.catalog, now=NOW).judged == 0


def test_texts_go_with_an_event_that_is_kept_for_a_time(tmp_path: Path) -> None:
    settings = "name: shop\nprivacy: {retention: [{event: Survey Answered, keep: 1y}]}\n"
    lines = [
        did(f"u{n}", days, "Survey Answered", survey="nps", score=5, text=said)
        for n, (days, said) in enumerate(zip((400, 3), SAID, strict=True))
    ]
    with opened(tmp_path, foretell=settings) as shop:
        load(shop, "said", lines)
        text.refresh(shop.engine, shop.workspace.catalog, now=NOW)
        assert len(quotes(shop.workspace)) == 2
        privacy.retain(shop.engine, shop.workspace.settings, now=NOW + timedelta(days=1))
        assert quotes(shop.workspace) == [SAID[1]]
        words = shop.query("SELECT DISTINCT w.word FROM text_words w ORDER BY 1")
        assert {"word": "excellent"} not in words
        assert {"word": "money"} in words
