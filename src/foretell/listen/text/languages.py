"""In which language a text is, or that nobody can say.

Where a language has a script of its own the letters tell. Else the runs of 2 and 3 characters are held against how
often each of them is found in each language (Cavnar and Trenkle 1994; naive Bayes as in Shuyo's language-detection,
from whose profiles the numbers come). A text is ``None`` rather than guessed: where it is too short, where no language
is likely enough, and where it is made of runs that its likeliest language hardly has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.listen.text.features import TEXTS_TOGETHER, cells
from foretell.listen.text.grams import Characters, Hashes, characters, runs, words
from foretell.listen.text.linear import read_arrays
from foretell.listen.text.stop_words import by_language

MODELS = Path(__file__).with_name("models")
NAME = "languages"
LONGEST_RUN = 3
LEAST_LETTERS = 12
LEAST_WORDS = 3
LEAST_PROBABILITY = 0.8
LEAST_KNOWN = 0.6
"""Of the runs of a text so many have to be among the frequent ones of its language."""
OF_A_FUNCTION_WORD = 1.0
"""So much (natural logarithm) a word says that is among the function words of some languages, shared by them."""
OF_AN_OWN_LETTER = 4.0
_OWN_LETTERS = {"ru": "ыэё", "uk": "іїє", "mk": "ѓќљњј", "de": "ß", "ro": "țș", "et": "õ", "tr": "ğı", "vi": "ơư"}
"""Letters that of the languages of a script hardly any other has."""
_SHARPNESS = 0.35
"""Runs of a text overlap: each says a third of what it would say alone."""
_SCRIPTS: dict[str, tuple[tuple[int, int], ...]] = {
    "el": ((0x370, 0x3FF), (0x1F00, 0x1FFF)), "he": ((0x590, 0x5FF),), "hy": ((0x530, 0x58F),),
    "ka": ((0x10A0, 0x10FF),), "th": ((0xE00, 0xE7F),), "ko": ((0xAC00, 0xD7AF), (0x1100, 0x11FF)),
    "ja": ((0x3040, 0x30FF),), "zh": ((0x3400, 0x9FFF), (0x20000, 0x2FA1F)), "ta": ((0xB80, 0xBFF),),
    "te": ((0xC00, 0xC7F),), "kn": ((0xC80, 0xCFF),), "ml": ((0xD00, 0xD7F),), "bn": ((0x980, 0x9FF),),
    "gu": ((0xA80, 0xAFF),), "pa": ((0xA00, 0xA7F),),
}  # fmt: skip
_OWN_SCRIPT = 0.5
"""From this share of its letters on a text is in the script's language."""
_KANA = 0.1
"""Japanese has Chinese characters as well; Chinese has no kana."""
_LEAST_OF_SCRIPT = 2
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LanguageModel:
    """How often runs are in languages.

    Args:
        languages: ISO 639-1 codes.
        keys: (runs,) uint32, ascending: the upper halves of their hashes.
        likelihood: (runs, languages) float32, natural logarithms; of each run the largest is 0.
        usual: (runs, languages), whether the run is among the frequent ones of the language.
    """

    languages: tuple[str, ...]
    keys: npt.NDArray[np.uint32]
    likelihood: npt.NDArray[np.float32]
    usual: npt.NDArray[np.bool_]


@lru_cache(maxsize=1)
def shipped() -> LanguageModel:
    """The model that comes with the package."""
    arrays, card = read_arrays(MODELS, NAME, ("keys", "likelihood", "usual"))
    likelihood = arrays["likelihood"].astype(np.float32)
    usual = np.unpackbits(arrays["usual"], count=likelihood.size).reshape(likelihood.shape).astype(np.bool_)
    return LanguageModel(tuple(card["languages"]), arrays["keys"], likelihood, usual)


def detect(texts: pa.Array) -> tuple[pa.Array, Floats]:
    """The language of each plain text (null where nobody can say), and its probability (0 there)."""
    languages: list[Any] = []
    chances = []
    for begin in range(0, len(texts), TEXTS_TOGETHER):
        found, chance = _some(texts.slice(begin, TEXTS_TOGETHER))
        languages.append(found)
        chances.append(chance)
    if not languages:
        return pa.array([], pa.string()), np.zeros(0)
    return pa.array(np.concatenate(languages).tolist(), pa.string()), np.concatenate(chances)


def _some(texts: pa.Array) -> tuple[npt.NDArray[np.object_], Floats]:
    seen = characters(texts)
    by_script, of_script, letters = _scripts(seen)
    model = shipped()
    scores, known = _scores(seen, model)
    scores += _function_words(seen, model.languages) * OF_A_FUNCTION_WORD
    scores += _own_letters(seen, model.languages) * OF_AN_OWN_LETTER
    if len(scores) == 0:
        return by_script, np.where(by_script != None, 1.0, 0.0)  # noqa: E711 - elementwise
    scores -= scores.max(axis=1, keepdims=True)
    chances = np.exp(scores)
    chances /= chances.sum(axis=1, keepdims=True)
    best = chances.argmax(axis=1)
    chance = chances[np.arange(len(best)), best]
    counted = np.bincount(words(seen)[0].text, minlength=len(texts))
    sure = (
        (letters >= LEAST_LETTERS) & (counted >= LEAST_WORDS) & (chance >= LEAST_PROBABILITY)
        & (known[np.arange(len(best)), best] >= LEAST_KNOWN) & ~of_script
    )  # fmt: skip
    named = np.where(sure, np.array(model.languages, dtype=object)[best], by_script)
    return named, np.where(sure, chance, np.where(of_script & (by_script != None), 1.0, 0.0))  # noqa: E711


def _scores(seen: Characters, model: LanguageModel) -> tuple[Floats, Floats]:
    """Log likelihood of each text in each language, and which share of its runs is usual there."""
    text, place = [], []
    number = None
    total = np.zeros(seen.count)
    for length in range(2, LONGEST_RUN + 1):
        found, number = runs(seen, length, number)
        asked = (found.number >> np.uint64(32)).astype(np.uint32)
        where = np.minimum(np.searchsorted(model.keys, asked), len(model.keys) - 1)
        there = model.keys[where] == asked
        total += np.bincount(found.text, minlength=seen.count)
        text.append(found.text[there])
        place.append(where[there])
    rows, columns = np.concatenate(text), np.concatenate(place)
    shape = (seen.count, len(model.keys))
    counts = cells(rows, columns, np.ones(len(rows), np.float32), shape)
    usual = np.asarray(counts @ model.usual.astype(np.float32)) / np.maximum(total, 1)[:, None]
    return np.asarray(counts @ model.likelihood, np.float64) * _SHARPNESS, usual


def _function_words(seen: Characters, languages: tuple[str, ...]) -> Floats:
    """(texts, languages): how many words of each text are function words there; one of several languages is shared."""
    keys, share = _function_word_table(languages)
    found = words(seen)[0]
    place = np.minimum(np.searchsorted(keys, found.number), len(keys) - 1)
    there = keys[place] == found.number
    rows, columns = found.text[there], place[there]
    counts = cells(rows, columns, np.ones(len(rows)), (seen.count, len(keys)))
    return np.asarray(counts @ share, np.float64)


def _own_letters(seen: Characters, languages: tuple[str, ...]) -> Floats:
    """(texts, languages): how many letters of each text are a language's own."""
    found = np.zeros((seen.count, len(languages)))
    if not (seen.codes > 0x7F).any():
        return found
    for language, letters in _OWN_LETTERS.items():
        inside = np.isin(seen.codes, np.array([ord(one) for one in letters], np.uint32))
        count = np.bincount(seen.text[inside], minlength=seen.count + 1)[: seen.count]
        found[:, languages.index(language)] = count
    return found


@lru_cache(maxsize=4)
def _function_word_table(languages: tuple[str, ...]) -> tuple[Hashes, Floats]:
    lists = by_language()
    every = sorted({word for one in lists.values() for word in one})
    number = words(characters(pa.array(every, pa.string())))
    # A word with a blank or a sign inside would be several.
    single = np.flatnonzero(np.bincount(number[0].text, minlength=len(every)) == 1)
    keys = number[0].number[np.isin(number[0].text, single)]
    share = np.array([[float(every[place] in lists.get(language, ())) for language in languages] for place in single])
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1)
    order = np.argsort(keys)
    return keys[order], share[order]


def _scripts(seen: Characters) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """The language by script (None where it has no script of its own), whether the script is such a one, letters."""
    codes = seen.codes
    letter = (codes > 0x7F) | ((codes >= ord("a")) & (codes <= ord("z")))
    letters = np.bincount(seen.text[letter], minlength=seen.count + 1)[: seen.count]
    named = np.full(seen.count, None, dtype=object)
    of_script = np.zeros(seen.count, np.bool_)
    if not (codes > 0x36F).any():
        return named, of_script, letters
    least = np.maximum(letters, _LEAST_OF_SCRIPT)
    for language, spans in sorted(_SCRIPTS.items(), key=lambda one: one[0] != "zh"):
        inside = np.zeros(len(codes), np.bool_)
        for first, last in spans:
            inside |= (codes >= first) & (codes <= last)
        count = np.bincount(seen.text[inside], minlength=seen.count + 1)[: seen.count]
        enough = count >= np.maximum(least * (_KANA if language == "ja" else _OWN_SCRIPT), 1)
        named[enough & (letters >= _LEAST_OF_SCRIPT)] = language
        of_script |= enough
    return named, of_script, letters
