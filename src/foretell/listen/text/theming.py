"""Which words make a theme: those that people name, and those that are found in what customers write.

A theme is a key, a title and words (single ones, and pairs next to each other); a text is of a theme where it has one
of them. Themes that are found begin with the word that most people use of those not in a theme yet; words that stand
in the same texts join it. What is found stays: a later look adds words and themes, and moves and renames none, so that
a key means the same in every report.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog, WorkspaceSettings
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, table_of
from foretell.listen.text.embeddings import embed, is_installed
from foretell.listen.text.parts import ROOM, VOICE
from foretell.listen.text.progress import advance, read_progress
from foretell.listen.text.terms import form_of

MOST_THEMES = 20
"""Of those that are found; people may name as many as they like."""
LEAST_PEOPLE = 5
"""So many have to use a word: nothing that one person wrote becomes a heading."""
LEAST_SHARE = 0.01
MOST_SHARE, COMMON_AMONG = 0.5, 100
"""A word that so many texts have tells none from the others, where there are so many texts."""
MOST_WORDS = 150
"""So many of the words that most people use are looked at."""
TOGETHER = 0.35
"""Words whose texts are alike by so much (cosine) are of one theme."""
MEANING_ALIKE = 0.65
"""Words whose embeddings are alike by so much (cosine) mean nearly the same: parcel and package."""
AGAIN_TEXTS, AGAIN = 1.2, timedelta(days=7)
"""Themes are looked for again once there are so many times the texts, or after so long where there are more."""
_COLUMNS = {
    "theme": pa.string(), "word": pa.string(), "title": pa.string(), "named": pa.bool_(), "active": pa.bool_(),
    "found_at": TIMESTAMP,
}  # fmt: skip
_COUNTED = f"""
SELECT w.word, count(DISTINCT {VOICE}) AS people, count(*) AS texts FROM log_texts t JOIN text_words w ON w.seq = t.seq
GROUP BY w.word HAVING count(DISTINCT {VOICE}) >= $least ORDER BY people DESC, w.word"""
_BESIDE = """
SELECT a.word AS word, b.word AS other, count(*) AS texts FROM text_rows t
JOIN text_words a ON a.seq = t.seq JOIN text_words b ON b.seq = a.seq
JOIN c x ON x.word = a.word JOIN c y ON y.word = b.word WHERE a.word < b.word GROUP BY a.word, b.word"""


@dataclass(frozen=True)
class Word:
    """A word of a theme."""

    theme: str
    word: str
    title: str
    named: bool


def keep_themes(engine: Engine, catalog: Catalog, *, now: datetime, anew: bool = False) -> int:
    """Bring themes in line with the settings, and look for more where it is due; returns how many were found.

    Args:
        anew: look even where it is not due.
    """
    progress = read_progress(engine.ops)
    standing = engine.analytics.query("SELECT theme, word, title, named, active FROM theme_rows ORDER BY theme, word")
    kept = [Word(*(row[name] for name in ("theme", "word", "title", "named"))) for row in standing.to_pylist()
            if row["active"]]  # fmt: skip
    named = named_themes(catalog.settings)
    found = [one for one in kept if not one.named and one.word not in {word.word for word in named}]
    total = int(engine.analytics.query("SELECT count(*) AS n FROM text_rows")["n"][0].as_py())
    due = anew or _is_due(progress.themes_texts, progress.themes_at, total, now)
    more = _found(engine, [*named, *found], total) if due else []
    wanted = {(one.theme, one.word): one for one in [*found, *more, *named]}
    changed = _changes(kept, wanted, now)
    if not changed.num_rows and not due:
        return 0
    then = replace(progress, themes_at=micros(now), themes_texts=total) if due else progress

    def work(tx: Tx, batch: Batch) -> None:
        if advance(tx, progress, then):
            batch.emit("theme_rows", changed)

    if changed.num_rows:
        engine.act(ROOM, work, now=now)
    else:
        with engine.ops.write() as tx:
            advance(tx, progress, then)
    return len({one.theme for one in more} - {one.theme for one in found})


def named_themes(settings: WorkspaceSettings) -> list[Word]:
    """The words of the themes that the settings name, as they are counted."""
    return [
        Word(key, word, theme.title or _title(key), True)
        for key, theme in sorted(settings.feedback.themes.items())
        for word in dict.fromkeys(filter(None, map(form_of, theme.words)))
    ]


def _is_due(texts: int, at: int, total: int, now: datetime) -> bool:
    if total <= texts:
        return False
    return total >= texts * AGAIN_TEXTS or micros(now) - at >= AGAIN // timedelta(microseconds=1)


def _found(engine: Engine, standing: list[Word], total: int) -> list[Word]:
    """Words that join themes or begin some, beside those there are."""
    people = engine.analytics.query(f"SELECT count(DISTINCT {VOICE}) AS n FROM log_texts t")["n"][0].as_py()
    least = max(LEAST_PEOPLE, int(np.ceil(LEAST_SHARE * people)))
    counted = engine.analytics.query(_COUNTED, {"least": least})
    if total >= COMMON_AMONG:
        counted = counted.filter(pc.less_equal(counted["texts"], MOST_SHARE * total))
    taken = {one.word for one in standing}
    chosen = counted.slice(0, MOST_WORDS)
    near = engine.analytics.query(_BESIDE, tables={"c": chosen.select(["word"])}).to_pylist()
    texts = dict(zip(chosen["word"].to_pylist(), chosen["texts"].to_pylist(), strict=True))
    alike = {
        (row["word"], row["other"]): row["texts"] / float(np.sqrt(texts[row["word"]] * texts[row["other"]]))
        for row in near
    }
    alike |= _meaning_alike([*texts, *sorted(taken)])
    leads = {one.theme for one in standing if not one.named}
    named = {one.theme for one in standing if one.named}
    added: list[Word] = []
    for word in texts:
        if word in taken or _slug(word) in named:
            continue
        theme = _nearest(word, [*standing, *added], alike)
        if theme is None and len(leads) < MOST_THEMES:
            theme = Word(_slug(word), word, _title(word), False)
            leads.add(theme.theme)
        if theme is not None and not theme.named:
            added.append(Word(theme.theme, word, theme.title, False))
    return added


def _meaning_alike(words: list[str]) -> dict[tuple[str, str], float]:
    """Pairs of words that mean nearly the same, where sentence embeddings are installed: as alike as two can be."""
    if len(words) < 2 or not is_installed():
        return {}
    vectors = embed(pa.array(words, pa.string()))
    near = vectors @ vectors.T >= MEANING_ALIKE
    pairs = np.argwhere(np.triu(near, 1)).tolist()
    return {(min(words[a], words[b]), max(words[a], words[b])): 1.0 for a, b in pairs}


def _nearest(word: str, words: list[Word], alike: dict[tuple[str, str], float]) -> Word | None:
    """The theme of whose first word (of a named one: any word) it is a part, or that stands in the same texts."""
    best, most = None, TOGETHER
    for one in words:
        if not one.named and _slug(one.word) != one.theme:
            continue
        near = alike.get((min(word, one.word), max(word, one.word)), 0.0)
        if one.word in word.split():
            near = max(near, TOGETHER)
        if near >= most and (best is None or near > most):
            best, most = one, near
    return best


def _changes(kept: list[Word], wanted: dict[tuple[str, str], Word], now: datetime) -> pa.Table:
    """What has to be written so that ``wanted`` holds."""
    known = {(one.theme, one.word): one for one in kept}
    rows = [
        (one.theme, one.word, one.title, one.named, True, naive_utc(now))
        for key, one in sorted(wanted.items())
        if known.get(key) != one
    ]
    rows += [
        (one.theme, one.word, one.title, one.named, False, naive_utc(now))
        for key, one in sorted(known.items())
        if key not in wanted
    ]
    return table_of(_COLUMNS, rows)


def _slug(word: str) -> str:
    """A theme's key, from the word that it began with: the same in every run."""
    return re.sub(r"[^\w]+", "_", word).strip("_") or "theme"


def _title(word: str) -> str:
    said = word.replace("_", " ")
    return said[:1].upper() + said[1:]
