"""A workspace learns from the scores beside its texts, and keeps what it learnt only where that is better."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from foretell.errors import ForetellError, UsageError
from foretell.listen import text
from foretell.listen.text import keeping, linear
from tests.support.features_shop import NOW, did, load, opened

GOOD = (
    "Sehr schöne Schuhe, schnelle Lieferung, ich bin begeistert",
    "Tolle Qualität und ein sehr freundlicher Service",
    "Alles bestens, ich bestelle gerne wieder bei euch",
    "Passt perfekt, wirklich wunderbar verarbeitet",
)
BAD = (
    "Die Lieferung kam viel zu spät und der Karton war kaputt",
    "Schlechte Qualität, nach einer Woche gerissen",
    "Der Service antwortet nicht, ich bin sehr enttäuscht",
    "Falsche Größe geliefert und kein Geld zurück",
)
MIDDLE = (
    "Die Schuhe sind in Ordnung, nicht mehr und nicht weniger",
    "Ganz normal, die Farbe ist etwas anders als gedacht",
)
WORDS = ("Schuhe", "Jacke", "Rucksack", "Mütze", "Zelt", "Lampe", "Socken", "Hose", "Stock", "Karte")


def answers(count: int, seed: int = 0, shuffled: bool = False) -> list[dict[str, Any]]:
    """German answers whose scores go with what they say, or with nothing."""
    draw = np.random.default_rng(seed)
    lines = []
    for number in range(count):
        kind = number % 5
        said = (GOOD, GOOD, BAD, BAD, MIDDLE)[kind]
        score = (9 + number % 2, 10, 2 + number % 4, 1, 7 + number % 2)[kind]
        if shuffled:
            score = int(draw.integers(0, 11))
        words = (
            f"{said[draw.integers(len(said))]}. {WORDS[draw.integers(10)]} {WORDS[draw.integers(10)]} Nummer {number}"
        )
        lines.append(did(f"u{number}", 50 - number / 100, "Survey Answered", survey="nps", score=score, text=words))
    return lines


def test_a_language_of_ones_own_is_learnt_from_scores_and_judges_from_then_on(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        load(shop, "said", answers(400))
        catalog = shop.workspace.catalog
        assert text.refresh(shop.engine, catalog, now=NOW).unknown == 400
        (line,) = text.train(shop.engine, now=NOW)
        assert (line.language, line.texts, line.kept) == ("de", 400, True)
        assert line.loss is not None
        assert line.loss_before is not None
        assert line.loss < 0.5 < line.loss_before
        assert line.accuracy is not None
        assert line.accuracy > 0.95
        said = ["Die Jacke kam viel zu spät und ist kaputt", "Ich bin begeistert, sehr schöne Qualität und schnell"]
        judged = text.judge(pa.array(said), text.models_of(shop.engine))
        assert judged["sentiment"].to_pylist() == ["negative", "positive"]
        assert set(judged["model"].to_pylist()) == {"own_de"}
        load(shop, "later", [did("z", 0, "Survey Answered", survey="nps", score=0, text=said[0])])
        assert text.refresh(shop.engine, catalog, now=NOW).unknown == 0
        card = linear.read(keeping.folder_of(shop.engine), "sentiment_de").card
        assert card["texts"] == {"negative": 160, "neutral": 80, "positive": 160}
        assert "begeistert" not in str(card)
        (again,) = text.train(shop.engine, now=NOW)
        assert again.loss_before is not None


def test_scores_that_have_nothing_to_do_with_the_words_teach_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        load(shop, "said", answers(300, shuffled=True))
        (line,) = text.train(shop.engine, now=NOW, language="de")
        assert not line.kept
        assert "better" in line.reason
        assert not list(keeping.folder_of(shop.engine).glob("*"))


def test_few_labels_teach_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        load(shop, "said", [*answers(40), did("x", 1, "Survey Answered", survey="own", score=1, text=BAD[0])])
        (line,) = text.train(shop.engine, now=NOW)
        assert (line.kept, line.texts) == (False, 40)
        assert "200" in line.reason
        assert text.train(shop.engine, now=NOW, language="xx")[0].texts == 0


def test_a_model_that_is_not_what_its_card_says_is_refused(tmp_path: Path) -> None:
    model, report = text.train_router(
        pa.array([f"{word} kaputt {n}" for word in ("Schuhe", "Jacke") for n in range(6)]),
        [topic for topic in ("shoes", "coats") for _ in range(6)], key="r",
    )  # fmt: skip
    assert report.topics == 2
    linear.write(tmp_path, "router_r", model)
    assert text.route(pa.array(["Schuhe kaputt", ""]), linear.read(tmp_path, "router_r"))["nearest"].to_pylist() == [
        "shoes", None,
    ]  # fmt: skip
    (tmp_path / "router_r.npz").write_bytes((tmp_path / "router_r.npz").read_bytes()[:-1])
    with pytest.raises(ForetellError, match="not those that were written"):
        linear.read(tmp_path, "router_r")
    (tmp_path / "router_r.json").write_text("{")
    with pytest.raises(ForetellError, match="cannot be read"):
        linear.read(tmp_path, "router_r")


def test_a_router_needs_enough_of_each_topic() -> None:
    with pytest.raises(UsageError, match="'b' has fewer"):
        text.train_router(pa.array(["x"] * 9), ["a"] * 5 + ["b"] * 4, key="r")
    with pytest.raises(UsageError, match="only one topic"):
        text.train_router(pa.array(["x"] * 9), ["a"] * 9, key="r")
