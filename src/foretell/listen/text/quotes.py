"""What people said in their own words: the quotes that stand best for many, personal data masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import utc
from foretell.definitions import WorkspaceSettings
from foretell.engine import Engine
from foretell.listen.text.asked import TextsAsked
from foretell.listen.text.features import vocabulary
from foretell.listen.text.judging import SHIPPED
from foretell.listen.text.masking import mask
from foretell.listen.text.parts import OF_THEMES, SPEAKER
from foretell.listen.text.refreshing import names_of, region_of
from foretell.listen.text.sentiment import NEUTRAL
from foretell.listen.text.themes import require_theme, titles_of
from foretell.profile import restricted

CANDIDATES = 2_000
"""Of the latest so many the ones that stand best for all are chosen."""
LEAST_CHARACTERS = 12
ALIKE = 0.7
"""Quotes that are alike by more (cosine) say the same; one of them is shown."""
_LATEST = """
SELECT t.seq, t.node_key, t.profile_key, t.message_id, {speaker} AS profile_id, t.ts, t.origin,
  t.survey, t.response_id, t.score, t.sentiment, t.probability, t.model, t.language, t.quote, t.characters
FROM log_texts t LEFT JOIN nodes n ON n.node_key = t.profile_key WHERE {where} ORDER BY t.ts DESC, t.seq DESC
LIMIT {most}"""
_OF_THEME = " AND t.seq IN (SELECT o.seq FROM ({of}) o WHERE o.theme = $theme)"
_OF_NONE = " AND t.seq NOT IN (SELECT o.seq FROM ({of}) o)"
_THEMES = "SELECT o.seq, o.theme FROM ({of}) o JOIN q ON q.seq = o.seq ORDER BY o.seq, o.theme"


@dataclass(frozen=True)
class Quote:
    """Something that somebody said.

    Args:
        profile_id: empty where nobody knows who it was, and of anonymous answers.
        text: masked, its beginning; ``whole`` is False where more was said.
        assumed: called neutral by the model that comes with the package, which takes it that one text in five is;
            no data that may come with it tell how many are.
        themes: keys of the themes that it speaks of.
        alike: how many of those looked at say the same in other words, itself included.
    """

    message_id: str
    profile_id: str
    at: datetime
    origin: str
    survey: str | None
    response_id: str | None
    score: float | None
    sentiment: str
    probability: float | None
    assumed: bool
    language: str
    text: str
    whole: bool
    themes: tuple[str, ...]
    alike: int


def quotes(
    engine: Engine, settings: WorkspaceSettings, asked: TextsAsked, *, now: datetime, limit: int = 10
) -> tuple[Quote, ...]:
    """Quotes that stand for many, the one that stands for most first.

    Who has restricted what is done with their data is not quoted; names are masked by what is known of people now.

    Raises:
        UsageError: ``UNKNOWN_THEME``.
    """
    require_theme(titles_of(engine), asked.theme)
    rows = _candidates(engine, asked, now)
    if not rows.num_rows:
        return ()
    masked = mask(rows["quote"].combine_chunks(), names_of(engine, rows["node_key"]), region=region_of(settings))
    chosen, alike = _standing_for_many(masked, limit)
    picked = rows.take(pa.array(chosen))
    themes: dict[int, list[str]] = {}
    for row in engine.analytics.query(_THEMES.format(of=OF_THEMES), tables={"q": picked.select(["seq"])}).to_pylist():
        themes.setdefault(row["seq"], []).append(row["theme"])
    texts = masked.take(pa.array(chosen)).to_pylist()
    return tuple(
        _quote(row, text, themes.get(row["seq"], []), int(count))
        for row, text, count in zip(picked.to_pylist(), texts, alike, strict=True)
    )


def _candidates(engine: Engine, asked: TextsAsked, now: datetime) -> pa.Table:
    where, params, tables = asked.where()
    where += f" AND t.characters >= {LEAST_CHARACTERS}"
    if asked.theme is not None:
        where += (_OF_THEME if asked.theme else _OF_NONE).format(of=OF_THEMES)
        params |= {"theme": asked.theme} if asked.theme else {}
    rows = engine.analytics.query(_LATEST.format(where=where, most=CANDIDATES, speaker=SPEAKER), params, tables)
    barred = restricted(engine.ops, rows["profile_key"], now)
    barred = barred.filter(pc.not_equal(barred["kind"], "minor"))
    return rows.filter(pc.invert(pc.is_in(rows["profile_key"], barred["profile_key"].combine_chunks())))


def _standing_for_many(texts: pa.Array, limit: int) -> tuple[list[int], list[int]]:
    """Places of the texts nearest to the middle of all, none like one before it, and how many are like each."""
    rows = vocabulary(texts, least=1).matrix(texts)
    middle = np.asarray(rows.sum(axis=0), np.float64).ravel()
    nearness = np.asarray(rows @ middle, np.float64)
    # A sentence says more than a word, and nobody reads a page.
    nearness *= _readable(np.asarray(pc.utf8_length(texts).to_numpy(zero_copy_only=False), np.float64))
    open_: npt.NDArray[np.bool_] = np.ones(rows.shape[0], np.bool_)
    chosen: list[int] = []
    alike: list[int] = []
    while len(chosen) < limit and open_.any():
        best = int(np.flatnonzero(open_)[nearness[open_].argmax()])
        # Both looks at a text are of length 1, so that the product of a text with itself is 2.
        near = np.asarray((rows @ rows[best].T).toarray()).ravel() / 2 >= ALIKE
        near[best] = True
        chosen.append(best)
        alike.append(int(near.sum()))
        open_ &= ~near
    return chosen, alike


def _readable(length: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.minimum(1.0, length / 40) * np.minimum(1.0, 300 / np.maximum(length, 1.0))


def _quote(row: dict[str, Any], text: str, themes: list[str], alike: int) -> Quote:
    kept = {name: row[name] for name in (
        "message_id", "profile_id", "origin", "survey", "response_id", "score", "sentiment", "probability", "language",
    )}  # fmt: skip
    whole = row["characters"] <= len(row["quote"])
    assumed = row["sentiment"] == NEUTRAL and row["model"] == SHIPPED
    return Quote(at=utc(row["ts"]), assumed=assumed, text=text, whole=whole, themes=tuple(themes), alike=alike, **kept)
