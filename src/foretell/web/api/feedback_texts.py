"""What people write: themes with their change, quotes that stand for many, words."""

from __future__ import annotations

from typing import Annotated, Literal

import pyarrow as pa
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell.condition import parse
from foretell.listen import text
from foretell.web.api.shapes import At, Instant
from foretell.web.site import Here, Site

router = APIRouter(prefix="/feedback", tags=["feedback"])
NO_THEME = "-"
"""Asks for texts without a theme."""
Sentiment = Literal["positive", "neutral", "negative", "unknown"]
Origin = Literal["survey", "ticket", "review", "reply"]
Since = Annotated[At, Query(alias="from", description="Begin, excluded; without it, 90 days before the end.")]
Until = Annotated[At, Query(alias="to", description="End, included; without it, now.")]
Survey = Annotated[str | None, Query(description="Only answers to this survey.")]
OfOrigin = Annotated[Origin | None, Query(description="Only texts that came this way.")]
OfSentiment = Annotated[Sentiment | None, Query(description="Only texts that feel so.")]
OfLanguage = Annotated[str | None, Query(description="ISO 639-1 code, or unknown.", max_length=20)]
OfTheme = Annotated[str | None, Query(description="Only texts of this theme; -: of none.", max_length=100)]
OfSegment = Annotated[str | None, Query(description="Only of people who are in this segment now.", max_length=100)]


class BySentiment(BaseModel):
    """Texts by how they feel; unknown where nobody can say."""

    positive: int
    neutral: int
    negative: int
    unknown: int


class ThemeRow(BaseModel):
    """A theme in the period."""

    key: str = Field(description="Empty: texts of no theme.")
    title: str
    named: bool = Field(description="People named it in the settings; else it was found.")
    texts: int
    people: int
    before: int = Field(description="Texts in the period of the same length before.")
    share: float = Field(description="Of all texts of the period.")
    sentiments: BySentiment
    score: float | None = Field(description="Mean score beside them, where they have one scale.")
    trend: list[int] = Field(description="Texts in 12 parts of the period, the oldest first.")


class ThemesBody(BaseModel):
    """All themes of a period, those of most texts first; a text may be of several."""

    since: Instant
    until: Instant
    texts: int
    people: int
    sentiments: BySentiment
    rows: list[ThemeRow]


class QuoteRow(BaseModel):
    """Something that somebody said, personal data masked."""

    message_id: str
    profile_id: str
    person: str | None = Field(description="Name, e-mail or user id, as far as known.")
    at: Instant
    origin: Origin
    survey: str | None
    response_id: str | None
    score: float | None
    sentiment: Sentiment
    probability: float | None
    assumed: bool = Field(description="Called neutral by a share of neutral texts that is assumed, not measured.")
    language: str
    text: str
    whole: bool = Field(description="False where more was said.")
    themes: list[str]
    alike: int = Field(description="How many of the latest texts say the same, itself included.")


class QuotesBody(BaseModel):
    """Quotes that stand for many, the one that stands for most first."""

    rows: list[QuoteRow]


class WordRow(BaseModel):
    """A word, or two next to each other."""

    word: str
    texts: int
    people: int
    positive: int
    neutral: int
    negative: int


class WordsBody(BaseModel):
    """The words of most texts; none that only one person used."""

    rows: list[WordRow]


@router.get("/themes")
def feedback_themes(
    site: Here, since: Since = None, until: Until = None, survey: Survey = None, origin: OfOrigin = None,
    sentiment: OfSentiment = None, language: OfLanguage = None, segment: OfSegment = None,
) -> ThemesBody:  # fmt: skip
    """Themes with how many, how they feel, and how many there were before."""
    asked = text.TextsAsked(
        until or site.now, since, survey, origin, sentiment, language, people=_people(site, segment)
    )  # fmt: skip
    found = text.themes(site.workspace.engine, asked)
    return ThemesBody.model_validate(
        {
            "since": asked.begin, "until": asked.until, "texts": found.texts, "people": found.people,
            "sentiments": found.sentiments, "rows": [vars(line) for line in found.lines],
        }
    )  # fmt: skip


@router.get("/quotes")
def feedback_quotes(
    site: Here, since: Since = None, until: Until = None, survey: Survey = None, origin: OfOrigin = None,
    sentiment: OfSentiment = None, language: OfLanguage = None, theme: OfTheme = None, segment: OfSegment = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> QuotesBody:  # fmt: skip
    """People's own words, masked; who has restricted what is done with their data is not quoted."""
    place = site.workspace
    asked = text.TextsAsked(
        until or site.now, since, survey, origin, sentiment, language, _theme(theme), _people(site, segment)
    )  # fmt: skip
    found = text.quotes(place.engine, place.settings, asked, now=site.now, limit=limit)
    names = site.names_of([one.profile_id for one in found])
    rows = [QuoteRow.model_validate({**vars(one), "person": names.get(one.profile_id)}) for one in found]
    return QuotesBody(rows=rows)


@router.get("/words")
def feedback_words(
    site: Here, since: Since = None, until: Until = None, survey: Survey = None, origin: OfOrigin = None,
    sentiment: OfSentiment = None, language: OfLanguage = None, theme: OfTheme = None, segment: OfSegment = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
) -> WordsBody:  # fmt: skip
    """The words that most texts have, by sentiment."""
    asked = text.TextsAsked(
        until or site.now, since, survey, origin, sentiment, language, _theme(theme), _people(site, segment)
    )  # fmt: skip
    found = text.words(site.workspace.engine, asked, limit=limit)
    return WordsBody(rows=[WordRow.model_validate(vars(one)) for one in found])


def _theme(asked: str | None) -> str | None:
    return "" if asked == NO_THEME else asked


def _people(site: Site, segment: str | None) -> pa.Table | None:
    if segment is None:
        return None
    return site.workspace.reader.members(parse({"segment": segment}), as_of=site.now).select(["profile_key"])
