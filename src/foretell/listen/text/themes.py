"""What people write about: themes with how many, how they feel, and what has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from foretell.clock import micros
from foretell.definitions import suggestion
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.listen.text.asked import TextsAsked
from foretell.listen.text.parts import OF_THEMES, VOICE
from foretell.listen.text.sentiment import SENTIMENTS

PARTS_OF_TREND = 12
_COUNTED = """
SELECT coalesce(o.theme, '') AS theme, t.sentiment,
  CAST(floor(CAST(epoch_us(t.ts) - 1 - $first AS DOUBLE) / CAST($step AS DOUBLE)) AS BIGINT) AS part,
  count(*) AS texts, sum(t.score) AS score, count(t.score) AS scored
FROM log_texts t LEFT JOIN ({of}) o ON o.seq = t.seq WHERE {where} GROUP BY 1, 2, 3"""
_PEOPLE = """
SELECT coalesce(o.theme, '') AS theme, count(DISTINCT {voice}) AS people
FROM log_texts t LEFT JOIN ({of}) o ON o.seq = t.seq WHERE {where} GROUP BY 1"""
_ALL = """
SELECT t.sentiment, count(*) AS texts, (SELECT count(DISTINCT {voice}) FROM log_texts t WHERE {where}) AS people
FROM log_texts t WHERE {where} GROUP BY t.sentiment"""
_NAMED = (
    "SELECT theme, min(title) AS title, max(CASE WHEN named THEN 1 ELSE 0 END) AS named FROM theme_rows "
    "WHERE active GROUP BY theme ORDER BY theme"
)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class ThemeLine:
    """A theme in a period.

    Args:
        key: empty: texts without a theme.
        named: by people; else it was found.
        texts, people: how many there are in the period, and of how many people; a text of nobody who is named counts
            as of one.
        before: texts in the period of the same length before.
        share: of all texts of the period.
        sentiments: sentiment → texts.
        score: mean of the scores beside them; None where there are none, or of several surveys.
        trend: texts in 12 parts of the period, the oldest first.
    """

    key: str
    title: str
    named: bool
    texts: int
    people: int
    before: int
    share: float
    sentiments: Mapping[str, int]
    score: float | None
    trend: tuple[int, ...]


@dataclass(frozen=True)
class Themes:
    """All themes of a period, those of most texts first; the texts without one come last.

    Args:
        texts, people: of the whole period; a text may be of several themes.
        sentiments: sentiment → texts of the whole period.
    """

    texts: int
    people: int
    sentiments: Mapping[str, int]
    lines: tuple[ThemeLine, ...]


def themes(engine: Engine, asked: TextsAsked) -> Themes:
    """Count themes; ``asked.theme`` leaves that one alone.

    Raises:
        UsageError: ``UNKNOWN_THEME``.
    """
    titles = titles_of(engine)
    require_theme(titles, asked.theme)
    counted, people = _counts(engine, asked)
    where, params, tables = asked.where()
    whole = engine.analytics.query(_ALL.format(where=where, voice=VOICE), params, tables).to_pylist()
    total = sum(row["texts"] for row in whole)
    lines = [
        _line(key, titles.get(key, ("", False)), counted[key], people.get(key, 0), total, asked)
        for key in counted
        if asked.theme is None or key == asked.theme
    ]
    lines.sort(key=lambda one: (not one.key, -one.texts, one.key))
    sentiments = {row["sentiment"]: row["texts"] for row in whole}
    return Themes(total, whole[0]["people"] if whole else 0, _every(sentiments), tuple(lines))


def titles_of(engine: Engine) -> dict[str, tuple[str, bool]]:
    """Key → title and whether people named it, of all themes in force."""
    rows = engine.analytics.query(_NAMED).to_pylist()
    return {row["theme"]: (row["title"], bool(row["named"])) for row in rows}


def require_theme(titles: Mapping[str, tuple[str, bool]], theme: str | None) -> None:
    """Raise ``UNKNOWN_THEME`` where there is no such theme; the empty one stands for texts without."""
    if theme and theme not in titles:
        next_step = suggestion(theme, sorted(titles), what="themes")
        raise UsageError("UNKNOWN_THEME", f"there is no theme {theme!r}", next_step=next_step)


def _counts(engine: Engine, asked: TextsAsked) -> tuple[dict[str, list[Row]], dict[str, int]]:
    """Rows of :data:`_COUNTED` and people, by theme."""
    where, params, tables = asked.where(with_before=True)
    more = {"first": micros(asked.begin), "step": _step(asked)}
    counted: dict[str, list[Row]] = {}
    for row in engine.analytics.query(
        _COUNTED.format(of=OF_THEMES, where=where), {**params, **more}, tables
    ).to_pylist():
        counted.setdefault(row["theme"], []).append(row)
    where, params, tables = asked.where()
    people = engine.analytics.query(_PEOPLE.format(of=OF_THEMES, where=where, voice=VOICE), params, tables).to_pylist()
    return counted, {row["theme"]: row["people"] for row in people}


def _step(asked: TextsAsked) -> int:
    """Microseconds of a part of the trend."""
    length = (asked.until - asked.begin) // timedelta(microseconds=1)
    return max(-(-length // PARTS_OF_TREND), 1)


def _line(
    key: str, called: tuple[str, bool], rows: Sequence[Row], people: int, total: int, asked: TextsAsked
) -> ThemeLine:
    now = [row for row in rows if row["part"] >= 0]
    trend = [0] * PARTS_OF_TREND
    sentiments: dict[str, int] = {}
    for row in now:
        trend[min(row["part"], PARTS_OF_TREND - 1)] += row["texts"]
        sentiments[row["sentiment"]] = sentiments.get(row["sentiment"], 0) + row["texts"]
    texts = sum(trend)
    scored = sum(row["scored"] for row in now)
    one_scale = asked.survey is not None or asked.origin == "review"
    score = round(sum(row["score"] or 0.0 for row in now) / scored, 3) if scored and one_scale else None
    before = sum(row["texts"] for row in rows) - texts
    return ThemeLine(
        key, *called, texts, people, before, round(texts / total, 5) if total else 0.0,
        _every(sentiments), score, tuple(trend),
    )  # fmt: skip


def _every(sentiments: Mapping[str, int]) -> dict[str, int]:
    return {name: sentiments.get(name, 0) for name in SENTIMENTS}
