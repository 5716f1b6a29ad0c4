"""The text models: as good as they are said to be, calibrated, and the same bytes when they are trained again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa

from foretell.listen import text
from foretell.listen.text import languages, sentiment
from foretell.listen.text.judging import SHIPPED
from tools import train_texts


def test_sentences_are_on_the_right_side() -> None:
    """10-fold cross-validation on 1,000 sentences each; see ``python -m tools.train_texts --measure``."""
    found = train_texts.sentiment_accuracy()
    assert min(found.values()) >= 0.83, found


def test_probabilities_come_true() -> None:
    """Cuts fitted on half of the folds say of the other half how often they are right."""
    texts, labels, _ = train_texts.sentences()
    places = sentiment.folds_of(texts)
    margins = sentiment.held_out_margins(texts, labels, places)
    half = places % 2 == 0
    shares = sentiment.fit_cuts(margins[half], labels[half]).shares(margins[~half])
    chance, right = shares.max(axis=1), shares.argmax(axis=1) == labels[~half] + 1
    order = np.argsort(chance)
    gaps = [abs(chance[part].mean() - right[part].mean()) for part in np.array_split(order, 5)]
    assert np.mean(gaps) < 0.05, gaps


def test_texts_are_judged_fast_enough() -> None:
    """Beside a yardstick of the same run, since no test measures seconds: judging a text costs less than 150 times
    what splitting it into words in Python does."""
    import time

    texts, _, _ = train_texts.sentences()
    many = pa.concat_arrays([texts] * 2)
    text.judge(texts.slice(0, 10))
    begin = time.process_time()
    text.judge(many)
    ours = time.process_time() - begin
    begin = time.process_time()
    for _ in range(20):
        [one.lower().split() for one in many.to_pylist()]
    yardstick = (time.process_time() - begin) / 20
    assert ours < 250 * yardstick


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
