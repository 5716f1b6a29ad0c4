"""Texts as people write them: language, feeling, and nothing said where nobody can say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from foretell.listen import text
from foretell.listen.text.cleaning import MOST_CHARACTERS, plain
from foretell.listen.text.features import vocabulary
from foretell.listen.text.grams import characters, runs, words
from foretell.listen.text.languages import detect


def texts(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


def judged(*values: str | None, told: list[str | None] | None = None) -> list[dict[str, object]]:
    found = text.judge(texts(*values), told=None if told is None else pa.array(told, pa.string()))
    return [dict(row) for row in found.to_pylist()]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>Good &amp; <b>cheap</b></p>", "Good & cheap"),
        ("<script>alert('x')</script>Fine", "Fine"),
        ("&lt;script&gt;alert(1)&lt;/script&gt; fine", "alert(1) fine"),
        ("a\x00b\x1ec\u202ed", "a b c d"),
        ("  much \n\t blank\u00a0here ", "much blank here"),
        ("ﬁne\u2019s", "fine's"),
        ("3 < 4 and 5 > 2", "3 < 4 and 5 > 2"),
        ("", ""),
        (None, None),
    ],
)
def test_what_was_written_becomes_plain(written: str | None, read: str | None) -> None:
    assert plain(texts(written)).to_pylist() == [read]


def test_texts_do_not_run_into_each_other() -> None:
    found = plain(texts("one &#30; two", None, "three &#x1e;", "four"))
    assert found.to_pylist() == ["one two", None, "three", "four"]


def test_a_hundred_kilobytes_are_read_in_part() -> None:
    assert len(plain(texts("word " * 20_000)).to_pylist()[0]) <= MOST_CHARACTERS


def test_words_and_runs_are_those_of_a_slow_look() -> None:
    """Equal numbers exactly where a loop finds equal words, pairs and runs."""
    given = ["the cat's hat", "hat, the cat's", "", "à la carte the"]
    seen = characters(plain(texts(*given)))
    single, pairs = words(seen)
    slow = [(n, word) for n, one in enumerate(given) for word in one.replace(",", " ").split()]
    assert single.text.tolist() == [n for n, _ in slow]
    assert _same_classes(single.number.tolist(), [word for _, word in slow])
    slow_pairs = [(n, pair) for n, one in enumerate(given) for pair in _pairs(one.replace(",", " ").split())]
    assert pairs.text.tolist() == [n for n, _ in slow_pairs]
    assert _same_classes(pairs.number.tolist(), [pair for _, pair in slow_pairs])
    number = None
    for length in (2, 3, 4):
        found, number = runs(seen, length, number)
        expected = []
        for n, one in enumerate(given):
            for word in one.split():
                padded = f" {word} "
                expected += [(n, padded[k : k + length]) for k in range(len(padded) - length + 1)]
        assert sorted(zip(found.text.tolist(), found.number.tolist(), strict=True)) != []
        assert len(found.text) == len(expected)
        assert len(set(found.number.tolist())) == len({run for _, run in expected})
        for n in range(len(given)):
            assert (found.text == n).sum() == sum(one == n for one, _ in expected)


def _pairs(words: list[str]) -> list[str]:
    return [f"{one} {other}" for one, other in pairwise(words)]


def _same_classes(numbers: list[int], names: list[str]) -> bool:
    return len(set(zip(numbers, names, strict=True))) == len(set(numbers)) == len(set(names))


def test_a_matrix_is_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    given = plain(texts(*(f"text number {n} of many" for n in range(50))))
    known = vocabulary(given)
    whole = known.matrix(given)
    monkeypatch.setattr("foretell.listen.text.features.TEXTS_TOGETHER", 7)
    assert (known.matrix(given) != whole).nnz == 0
    assert np.array_equal(vocabulary(given).keys, known.keys)
    assert np.allclose(np.sqrt(whole.multiply(whole).sum(axis=1)), np.sqrt(2))


LANGUAGES = {
    "en": "The parcel arrived two days late and nobody answered my mail.",
    "de": "Das Paket kam zwei Tage zu spät und niemand hat auf meine Mail geantwortet.",
    "fr": "Le colis est arrivé avec deux jours de retard et personne n'a répondu à mon message.",
    "es": "El paquete llegó con dos días de retraso y nadie respondió a mi correo.",
    "it": "Il pacco è arrivato con due giorni di ritardo e nessuno ha risposto alla mia mail.",
    "nl": "Het pakket kwam twee dagen te laat en niemand heeft op mijn mail geantwoord.",
    "pl": "Paczka przyszła dwa dni za późno i nikt nie odpowiedział na moją wiadomość.",
    "sv": "Paketet kom två dagar för sent och ingen svarade på mitt mejl.",
    "ru": "Посылка пришла на два дня позже, и никто не ответил на моё письмо.",
    "ja": "荷物が二日遅れて届き、メールへの返事もありませんでした。",
    "zh": "包裹晚到了两天，没有人回复我的邮件。",
    "ko": "택배가 이틀 늦게 도착했고 아무도 메일에 답하지 않았습니다.",
    "el": "Το δέμα έφτασε δύο μέρες αργότερα και κανείς δεν απάντησε.",
    "ar": "وصل الطرد متأخرا يومين ولم يرد أحد على رسالتي الإلكترونية.",
    "he": "החבילה הגיעה באיחור של יומיים ואף אחד לא ענה לי.",
}


def test_languages_are_told_apart() -> None:
    found, chances = detect(plain(texts(*LANGUAGES.values())))
    assert dict(zip(LANGUAGES, found.to_pylist(), strict=True)) == {one: one for one in LANGUAGES}
    assert (chances >= 0.8).all()


@pytest.mark.parametrize(
    "written", ["ok", "👍👍👍", "12345 67890 11", "xkq zzvw qqpw jjkx wwqz", "...", "a a a a a a a a"]
)
def test_what_nobody_can_tell_is_no_language(written: str) -> None:
    assert detect(plain(texts(written)))[0].to_pylist() == [None]


def test_feelings_of_clear_sentences() -> None:
    good, bad = judged("I love this shop, the service was excellent.", "This was a terrible waste of money, very bad.")
    assert (good["language"], good["sentiment"], bad["sentiment"]) == ("en", "positive", "negative")
    for row in (good, bad):
        shares = [row["negative"], row["neutral"], row["positive"]]
        assert row["probability"] == max(shares) > 0.5  # type: ignore[type-var]
        assert abs(sum(shares) - 1) < 0.001  # type: ignore[arg-type]
        assert row["model"] == "sentiment_en"


def test_nothing_is_said_of_other_languages_and_of_nothing() -> None:
    rows = judged(LANGUAGES["de"], LANGUAGES["ja"], "", None, "   ", "<br/>", "👍", "\x00\x01", "ok")
    assert {row["sentiment"] for row in rows} == {"unknown"}
    assert {row["probability"] for row in rows} == {None}
    assert [row["language"] for row in rows[:3]] == ["de", "ja", "unknown"]


def test_a_language_that_was_told_counts_where_the_text_is_too_short() -> None:
    short, long, wrong = judged("Very good", LANGUAGES["de"], "Very good", told=["en-GB", "en", "1; DROP"])
    assert (short["language"], short["sentiment"]) == ("en", "positive")
    assert long["language"] == "de"
    assert (wrong["language"], wrong["sentiment"]) == ("unknown", "unknown")


def test_equal_texts_are_judged_once_and_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def counted(given: pa.Array) -> object:
        looked.append(len(given))
        return detect(given)

    monkeypatch.setattr("foretell.listen.text.languages.detect", counted)
    found = text.judge(texts(*["I love this shop very much."] * 200_000, "This is a terrible shop."))
    assert looked == [2]
    assert found["sentiment"].value_counts().to_pylist() == [
        {"values": "positive", "counts": 200_000}, {"values": "negative", "counts": 1},
    ]  # fmt: skip


def test_right_to_left_and_mixed_texts_are_judged_without_harm() -> None:
    rows = judged("\u202eevil\u202c I love this shop, it is great", "I love שלום this shop, the service is great")
    assert [row["sentiment"] for row in rows] == ["positive", "positive"]
