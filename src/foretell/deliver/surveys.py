"""What messages say of the surveys that they carry: each question with a score as a row of links, one a score.

A later room knows what surveys are and says so in the form below (:func:`read_surveys_with`); here they are put into
words for one person, and signed. The row is a table of text: it needs no picture and no style sheet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.definitions import Catalog, Document
from foretell.deliver.languages import chosen
from foretell.deliver.liquid_text import Facts
from foretell.deliver.phrases import phrases
from foretell.errors import ForetellError

CARRIED = "surveys"
"""Of a message's variables: the surveys that it carries, each a mapping with the key ``survey``."""
STARS = "stars"
Texts = Mapping[str, str]
"""Language → words; the empty language: whoever reads it."""
_FROM_THE_RIGHT = frozenset({"ar", "fa", "he", "ur", "ps", "yi"})
_CELL = (
    "display:block;padding:10px 0;border:1px solid #3D87AB;border-radius:4px;color:#0B6A94;text-decoration:none;"
    "font-size:15px;line-height:20px;font-weight:600;text-align:center;"
)
_END = "padding:6px 2px 0;font-size:12px;line-height:16px;"


@dataclass(frozen=True)
class ScoreQuestion:
    """A question that is answered by one of a few numbers.

    Args:
        kind: of the question; ``stars`` are shown as such.
        values: the scores from the lowest to the highest.
        low, high: what the ends of the scale mean.
    """

    key: str
    kind: str
    ask: Texts
    values: tuple[int, ...]
    low: Texts
    high: Texts


@dataclass(frozen=True)
class SurveyText:
    """What a message may show of a survey.

    Args:
        questions: those with a score, the main one first.
        expires: how long its links are good, from the message on; None: for ever.
    """

    key: str
    title: Texts
    questions: tuple[ScoreQuestion, ...]
    expires: Duration | None = None


@dataclass(frozen=True)
class SurveyAddresses:
    """Where the links of a message's surveys lead.

    Args:
        page: of (survey, over since); answer: of (survey, question, score, over since).
    """

    page: Callable[[str, datetime | None], str]
    answer: Callable[[str, str, str, datetime | None], str]


class Scores(str):
    """A row of links in HTML; in plain text its ends and the address of the page."""

    html: str

    def __new__(cls, text: str, html: str) -> Scores:
        """``text`` for people who see no HTML."""
        made = super().__new__(cls, text)
        made.html = html
        return made

    def __html__(self) -> str:
        return self.html


_READER: list[Callable[[Document], SurveyText]] = []


def read_surveys_with(reader: Callable[[Document], SurveyText]) -> None:
    """Let ``reader`` say what messages show of a survey's document; the last one holds."""
    _READER[:] = [reader]


def survey_text(catalog: Catalog, key: str) -> SurveyText:
    """What messages show of a survey; raises ``UNKNOWN_DEFINITION``."""
    document = catalog.get("survey", key)
    if not _READER:
        raise ForetellError("NO_SURVEYS", "nothing here knows how surveys are shown", thing=document.name)
    return _READER[0](document)


def carried(variables: str) -> list[dict[str, Any]]:
    """The surveys of a message by its variables (JSON); empty where it carries none."""
    if f'"{CARRIED}"' not in variables:
        return []
    found = json.loads(variables).get(CARRIED)
    rows = found if isinstance(found, list) else []
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("survey"), str)]


def survey_values(
    catalog: Catalog, variables: str, language: str, at: datetime, addresses: SurveyAddresses
) -> dict[str, Any]:
    """The Liquid variables ``survey`` (the first) and ``surveys`` (all by their key); empty where there are none.

    Args:
        language: of the message, as a tag.
        at: when the message is due: its links are good from then on.

    Raises:
        ForetellError: ``UNKNOWN_DEFINITION`` where a survey's document is gone.
    """
    zone = catalog.settings.zone_info
    found = {
        key: _values(survey_text(catalog, key), language, at, zone, addresses)
        for key in dict.fromkeys(str(row["survey"]) for row in carried(variables))
    }
    return {"survey": next(iter(found.values())), "surveys": Facts(found)} if found else {}


def _values(text: SurveyText, language: str, at: datetime, zone: ZoneInfo, addresses: SurveyAddresses) -> Facts:
    until = None if text.expires is None else text.expires.after(at, zone)
    url = addresses.page(text.key, until)
    questions = Facts()
    for question in text.questions:
        links = {value: addresses.answer(text.key, question.key, str(value), until) for value in question.values}
        questions[question.key] = _question(question, links, language, url)
    return Facts(
        {
            "key": text.key,
            "title": said(text.title, language),
            "url": url,
            "expires": None if until is None else until.astimezone(zone),
            "questions": questions,
            **(next(iter(questions.values())) if questions else {}),
        }
    )


def _question(question: ScoreQuestion, links: Mapping[int, str], language: str, url: str) -> Facts:
    low, high = said(question.low, language), said(question.high, language)
    return Facts(
        {
            "question": said(question.ask, language),
            "low": low,
            "high": high,
            "scores": [{"value": value, "url": link} for value, link in links.items()],
            "buttons": Scores(
                _as_text(question, low, high, language, url), _as_html(question, links, low, high, language)
            ),
        }
    )


def said(texts: Texts, language: str) -> str:
    """Words in ``language``, else those for everybody, in English, or the first there are."""
    there = [tag for tag in texts if tag]
    found = chosen(language, there) or ("" if texts.get("") else chosen("en", there))
    return next(iter(texts.values()), "") if found is None else texts[found]


def _as_text(question: ScoreQuestion, low: str, high: str, language: str, url: str) -> str:
    first, last = question.values[0], question.values[-1]
    ends = f"{first}{f' = {low}' if low else ''}, {last}{f' = {high}' if high else ''}"
    return f"{ends}\n{phrases(language)['answer_here']}: {url}"


def _as_html(question: ScoreQuestion, links: Mapping[int, str], low: str, high: str, language: str) -> str:
    count, most = len(links), question.values[-1]
    cells = "".join(
        f'<td align="center" width="{100 // count}%" style="padding:2px;"><a href="{escape(link)}" '
        f'aria-label="{value} / {most}" style="{_CELL}">{"★" * value if question.kind == STARS else value}</a></td>'
        for value, link in links.items()
    )
    half = count // 2
    ends = "".join(
        f'<td colspan="{span}" align="{side}" valign="top" style="{_END}">{escape(words)}</td>'
        for span, side, words in ((half, "left", low), (count - half, "right", high))
    )
    row = f"<tr>{ends}</tr>" if low or high else ""
    # The scale runs from left to right in every language, as the numbers of a page do; its words run as they are read.
    reading = ' dir="rtl"' if language.partition("-")[0].lower() in _FROM_THE_RIGHT else ""
    return (
        f'<div{reading}><table role="presentation" dir="ltr" width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="table-layout:fixed;max-width:560px;"><tr>{cells}</tr>{row}</table></div>'
    )


def told_events(variables: str) -> Iterator[tuple[str, str | None, int]]:
    """What the log is told of a message's surveys once it has gone: survey, touchpoint, number of the reminder."""
    for row in carried(variables):
        touchpoint = row.get("touchpoint")
        yield str(row["survey"]), touchpoint if isinstance(touchpoint, str) else None, int(row.get("reminder") or 0)
