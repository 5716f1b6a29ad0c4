"""Which words people use, for a word cloud and the list beside it."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.engine import Engine
from foretell.listen.text.asked import TextsAsked
from foretell.listen.text.parts import OF_THEMES, VOICE
from foretell.listen.text.themes import require_theme, titles_of

LEAST_PEOPLE = 2
"""A word of one person alone is not shown."""
_WORDS = """
SELECT w.word, count(DISTINCT {voice}) AS people, count(*) AS texts,
  sum(CASE WHEN t.sentiment = 'positive' THEN 1 ELSE 0 END) AS positive,
  sum(CASE WHEN t.sentiment = 'neutral' THEN 1 ELSE 0 END) AS neutral,
  sum(CASE WHEN t.sentiment = 'negative' THEN 1 ELSE 0 END) AS negative
FROM log_texts t JOIN text_words w ON w.seq = t.seq WHERE {where} GROUP BY w.word
HAVING count(DISTINCT {voice}) >= {least} ORDER BY texts DESC, w.word LIMIT {most}"""


@dataclass(frozen=True)
class CountedWord:
    """A word, or two next to each other, as they are counted: one and many are one.

    Args:
        texts, people: how many texts have it, of how many people; a text of nobody who is named counts as of one.
        positive, neutral, negative: texts by sentiment; of the others nobody can say.
    """

    word: str
    texts: int
    people: int
    positive: int
    neutral: int
    negative: int


def words(engine: Engine, asked: TextsAsked, *, limit: int = 60) -> tuple[CountedWord, ...]:
    """The words that most texts have; a pair takes the place of its words where nearly always they stand together.

    Raises:
        UsageError: ``UNKNOWN_THEME``.
    """
    require_theme(titles_of(engine), asked.theme)
    where, params, tables = asked.where()
    if asked.theme:
        where += f" AND t.seq IN (SELECT o.seq FROM ({OF_THEMES}) o WHERE o.theme = $theme)"
        params["theme"] = asked.theme
    elif asked.theme == "":
        where += f" AND t.seq NOT IN (SELECT o.seq FROM ({OF_THEMES}) o)"
    sql = _WORDS.format(where=where, voice=VOICE, least=LEAST_PEOPLE, most=limit * 4)
    found = [CountedWord(**{**row, **_whole(row)}) for row in engine.analytics.query(sql, params, tables).to_pylist()]
    pairs = [one for one in found if " " in one.word]
    swallowed = {part for pair in pairs for part in pair.word.split()
                 if any(one.word == part and one.texts <= 1.25 * pair.texts for one in found)}  # fmt: skip
    texts = {one.word: one.texts for one in found}
    kept = [
        one for one in found
        if one.word not in swallowed
        and (" " not in one.word or any(part in swallowed for part in one.word.split())
             or 2 * one.texts >= max(texts.get(part, 0) for part in one.word.split()))
    ]  # fmt: skip
    return tuple(kept[:limit])


def _whole(row: dict[str, int]) -> dict[str, int]:
    return {name: int(row[name] or 0) for name in ("texts", "people", "positive", "neutral", "negative")}
