"""The text models that come with the package, trained from the data in ``data/``, and what they are measured by.

``python -m tools.train_texts`` writes ``src/foretell/listen/text/models/`` anew: the same bytes for the same data.
``python -m tools.train_texts --measure`` writes nothing and measures: sentiment by 10-fold cross-validation on each of
the two sets of sentences, texts judged in a CPU second, and the routing of support questions by 5-fold
cross-validation; 1 where one is below its target.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.listen import text
from foretell.listen.text import languages, linear, sentiment
from foretell.listen.text.cleaning import plain
from foretell.listen.text.grams import characters, runs
from foretell.listen.text.judging import SHIPPED

DATA = Path(__file__).parents[1] / "data"
SENTENCES = ("amazon_cells_labelled", "yelp_labelled")
TARGETS = {"amazon": 0.83, "yelp": 0.83, "texts_per_cpu_second": 1500.0, "routing": 0.87}
NEUTRAL_QUESTIONS = 1_000
"""Support questions without an opinion, by which it is said how wide neutral is; no weight is fitted to them."""
NEUTRAL_SHARE = 0.2
"""Of what people write so much is taken to have no opinion."""
RARE = 5e-5
"""How often a run is in a language among whose frequent ones it is not: the same for all, so that none is ahead."""
Ints = npt.NDArray[np.int64]


def sentences() -> tuple[pa.Array, Ints, Ints]:
    """Plain sentences, their label (-1, 1), and which of :data:`SENTENCES` each is from."""
    texts: list[str] = []
    labels, sets = [], []
    for place, name in enumerate(SENTENCES):
        whole = gzip.decompress((DATA / "uci_sentences" / f"{name}.txt.gz").read_bytes()).decode("utf-8")
        for line in whole.splitlines():
            words, _, label = line.rpartition("\t")
            texts.append(words)
            labels.append(1 if label.strip() == "1" else -1)
            sets.append(place)
    return plain(pa.array(texts, pa.string())), np.array(labels), np.array(sets)


def questions() -> tuple[pa.Array, list[str]]:
    """Support questions and their intents."""
    whole = gzip.decompress((DATA / "banking77" / "train.csv.gz").read_bytes()).decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(whole)))
    return pa.array([row["text"] for row in rows], pa.string()), [row["category"] for row in rows]


def train_sentiment(folder: Path) -> None:
    """Write the English model."""
    polar, labels, _ = sentences()
    asked = plain(questions()[0])
    drawn = np.argsort(sentiment.folds_of(asked, 1_000_003), kind="stable")[:NEUTRAL_QUESTIONS]
    texts = pa.concat_arrays([polar, asked.take(pa.array(drawn))])
    every = np.concatenate([labels, np.zeros(len(drawn), np.int64)])
    card = {
        "name": SHIPPED, "language": "en",
        "data": "UCI Sentiment Labelled Sentences (amazon, yelp); how wide neutral is: banking77; both CC BY 4.0",
        "made_by": "python -m tools.train_texts",
    }  # fmt: skip
    linear.write(folder, SHIPPED, sentiment.fit(texts, every, card, NEUTRAL_SHARE))


def train_languages(folder: Path) -> None:
    """Write what tells languages apart."""
    profiles = json.loads(gzip.decompress((DATA / "language_profiles" / "profiles.json.gz").read_bytes()))
    named = sorted(profiles)
    grams = sorted({gram for one in profiles.values() for gram in one["grams"]})
    keys = _keys(grams)
    likelihood = np.zeros((len(grams), len(named)))
    for place, name in enumerate(named):
        totals, counts = profiles[name]["n"], profiles[name]["grams"]
        seen = np.array([counts.get(gram, 0) for gram in grams], np.float64)
        total = np.array([totals[len(gram) - 1] for gram in grams], np.float64)
        likelihood[:, place] = np.log(np.maximum(seen / total, RARE))
    # What all languages have alike says nothing: only the difference counts, and is small enough for 16 bits.
    likelihood -= likelihood.max(axis=1, keepdims=True)
    usual = np.array([[gram in profiles[name]["grams"] for name in named] for gram in grams])
    order = np.argsort(keys, kind="stable")
    arrays: dict[str, npt.NDArray[Any]] = {
        "keys": keys[order],
        "likelihood": likelihood[order].astype(np.float16),
        "usual": np.packbits(usual[order]),
    }
    card = {
        "name": languages.NAME, "languages": named, "data": "profiles of language-detection (Apache License 2.0)",
        "made_by": "python -m tools.train_texts",
    }  # fmt: skip
    linear.write_arrays(folder, languages.NAME, arrays, card)


def _keys(grams: list[str]) -> npt.NDArray[np.uint32]:
    """The number of each run of 2 or 3 characters, as texts are read."""
    found = np.zeros(len(grams), np.uint32)
    for place, gram in enumerate(grams):
        seen = characters(pa.array([gram.strip()], pa.string()))
        begin = 0 if gram.startswith(" ") else 1
        length = len(gram)
        codes = seen.codes[begin : begin + length]
        only = type(seen)(codes, np.zeros(length, np.int64), 1)
        number, _ = runs(only, length)
        found[place] = np.uint32(int(number.number[0]) >> 32)
    return found


def measure(folds: int = 10) -> dict[str, float]:
    """What the models reach, by name; see :data:`TARGETS`."""
    found = {**sentiment_accuracy(folds), "texts_per_cpu_second": throughput(), "routing": routing_accuracy()}
    return {name: round(value, 4) for name, value in found.items()}


def sentiment_accuracy(folds: int = 10) -> dict[str, float]:
    """Share of sentences on the right side by weights that were fitted without their fold, of each set.

    Both sets are trained on together; equal sentences are in one fold, so that none is trained on.
    """
    texts, labels, sets = sentences()
    margins = sentiment.held_out_margins(texts, labels, sentiment.folds_of(texts, folds))
    right = (margins > 0) == (labels > 0)
    return {name: float(right[sets == place].mean()) for place, name in enumerate(("amazon", "yelp"))}


def throughput(rounds: int = 3) -> float:
    """Texts judged in a CPU second: all sentences, with language and probability; the median of some rounds."""
    texts, _, _ = sentences()
    text.judge(texts.slice(0, 50))
    speeds = []
    for _ in range(rounds):
        begin = time.process_time()
        text.judge(texts)
        speeds.append(len(texts) / (time.process_time() - begin))
    return float(np.median(speeds))


def routing_accuracy(every: int = 1) -> float:
    """Share of support questions that go to their intent by weights that were fitted without their fold.

    Args:
        every: only each so-manieth intent, for a quick look.
    """
    texts, topics = questions()
    kept = sorted(set(topics))[::every]
    chosen = np.isin(np.array(topics), kept)
    _, report = text.train_router(
        texts.filter(pa.array(chosen)),
        [one for one, there in zip(topics, chosen, strict=True) if there],
        key="banking77",
    )
    return report.accuracy


def main(arguments: list[str] | None = None) -> int:
    """Train, or measure; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="measure instead of training")
    parser.add_argument("--to", type=Path, default=languages.MODELS, help="folder of the models")
    chosen = parser.parse_args(arguments)
    if not chosen.measure:
        train_languages(chosen.to)
        train_sentiment(chosen.to)
        return 0
    found = measure()
    for name, value in found.items():
        sys.stdout.write(f"{name:22} {value:>10,.4f}   target {TARGETS[name]:,.2f}\n")
    return int(any(found[name] < target for name, target in TARGETS.items()))


if __name__ == "__main__":
    sys.exit(main())
