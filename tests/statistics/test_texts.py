"""The text models: as good as they are said to be, calibrated, and the same bytes when they are trained again."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from foretell.listen import text
from foretell.listen.text import languages, sentiment
from foretell.listen.text.judging import SHIPPED
from tools import train_texts


@pytest.fixture(scope="module")
def margins() -> tuple[pa.Array, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sentences, their labels and sets, the fold of each, and its margin by weights fitted without that fold."""
    texts, labels, sets = train_texts.sentences()
    places = sentiment.folds_of(texts)
    return texts, labels, sets, places, sentiment.held_out_margins(texts, labels, places)


Held = tuple[pa.Array, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def test_sentences_are_on_the_right_side(margins: Held) -> None:
    """10-fold cross-validation, 1,000 sentences a set; as ``python -m tools.train_texts --measure``."""
    _, labels, sets, _, found = margins
    right = (found > 0) == (labels > 0)
    assert [len(right[sets == one]) for one in (0, 1)] == [1_000, 1_000]
    assert min(right[sets == 0].mean(), right[sets == 1].mean()) >= 0.83


def test_equal_sentences_are_in_one_fold(margins: Held) -> None:
    texts, _, _, places, _ = margins
    by_text: dict[str, set[int]] = {}
    for one, place in zip(texts.to_pylist(), places.tolist(), strict=True):
        by_text.setdefault(one, set()).add(place)
    assert len(by_text) < len(places)
    assert all(len(found) == 1 for found in by_text.values())


def test_probabilities_come_true(margins: Held) -> None:
    """Cuts fitted on half of the folds say of the other half how often they are right."""
    _, labels, _, places, found = margins
    half = places % 2 == 0
    shares = sentiment.fit_cuts(found[half], labels[half]).shares(found[~half])
    chance, right = shares.max(axis=1), shares.argmax(axis=1) == labels[~half] + 1
    order = np.argsort(chance)
    gaps = [abs(chance[part].mean() - right[part].mean()) for part in np.array_split(order, 5)]
    assert np.mean(gaps) < 0.05, gaps


def test_judging_costs_less_than_counting_the_same_features_elsewhere() -> None:
    """CPU of language, sentiment and probability beside that of scikit-learn's vectoriser alone, in one run."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts, _, _ = train_texts.sentences()
    known = texts.to_pylist()
    words = TfidfVectorizer(ngram_range=(1, 2)).fit(known)
    runs = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).fit(known)
    text.judge(texts.slice(0, 10))
    begin = time.process_time()
    text.judge(texts)
    ours = time.process_time() - begin
    begin = time.process_time()
    words.transform(known)
    runs.transform(known)
    assert ours < time.process_time() - begin


def test_support_questions_find_their_intent() -> None:
    """A seventh of the intents; all of them by ``python -m tools.train_texts --measure``."""
    assert train_texts.routing_accuracy(every=7) >= 0.93


def test_training_again_gives_the_same_bytes(tmp_path: Path) -> None:
    train_texts.train_sentiment(tmp_path)
    for ending in ("npz", "json"):
        made, shipped = (folder / f"{SHIPPED}.{ending}" for folder in (tmp_path, languages.MODELS))
        assert hashlib.sha256(made.read_bytes()).digest() == hashlib.sha256(shipped.read_bytes()).digest(), ending
        assert made.stat().st_size < 2_000_000


def test_languages_are_trained_to_the_same_bytes(tmp_path: Path) -> None:
    train_texts.train_languages(tmp_path)
    made, shipped = (folder / f"{languages.NAME}.npz" for folder in (tmp_path, languages.MODELS))
    assert made.read_bytes() == shipped.read_bytes()
    assert made.stat().st_size < 2_000_000


def test_english_is_recognised_and_nothing_else_is_guessed() -> None:
    """Of sentences of six words and more nearly all are English, and hardly one is said to be something else."""
    texts, _, _ = train_texts.sentences()
    long = texts.filter(pa.array([len(one.split()) >= 6 for one in texts.to_pylist()]))
    found = np.array([one or "none" for one in languages.detect(long)[0].to_pylist()])
    assert (found == "en").mean() >= 0.95
    assert ((found != "en") & (found != "none")).mean() <= 0.005
