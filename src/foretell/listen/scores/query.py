"""What is asked of scores, and which survey, measure and people that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from foretell.condition import Reader, parse
from foretell.definitions import Catalog, Document, suggestion
from foretell.engine import Analytics, Engine
from foretell.errors import UsageError
from foretell.listen.scores.answers import PLAIN_DIMENSIONS, Whose, Window, text_sql
from foretell.listen.scores.measures import MEASURES, Measure
from foretell.listen.scores.spans import window_of
from foretell.listen.surveys import measure_of, spec_of, title_of

USUAL_MEASURE = "nps"


@dataclass(frozen=True)
class ScoreQuery:
    """What somebody wants to know.

    Args:
        survey: key of a survey; None for all of the measure.
        measure: ``nps csat ces stars``; None for what the survey asks first, or NPS.
        since, until: ``[since, until)``; None for the last 90 days with answers.
        segment: only its members, as of the start of each window that is read.
        filters: ``touchpoint product agent channel language`` → value.
    """

    survey: str | None = None
    measure: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    segment: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A query with everything filled in."""

    whose: Whose
    window: Window


def asked_of(engine: Engine, catalog: Catalog, query: ScoreQuery, *, now: datetime) -> Asked:
    """What ``query`` means.

    Raises:
        UsageError: ``UNKNOWN_SURVEY``, ``UNKNOWN_MEASURE``, ``BAD_FILTER``, ``BAD_RANGE``, ``UNKNOWN_DEFINITION``.
    """
    for name in query.filters:
        if name not in PLAIN_DIMENSIONS:
            raise UsageError(
                "BAD_FILTER",
                f"answers cannot be limited by {name!r}",
                next_step=f"Use one of {', '.join(PLAIN_DIMENSIONS)}.",
            )
    measure = _measure(engine.analytics, catalog, query)
    plain = Whose(measure, query.survey, dict(query.filters))
    window = window_of(engine.analytics, plain, query.since, query.until, now, catalog.settings.zone_info)
    if query.segment is None:
        return Asked(plain, window)
    catalog.get("segment", query.segment)
    reader, tree = Reader(engine, catalog), parse({"segment": query.segment})

    def members(at: datetime) -> str:
        return reader.sql(tree, as_of=at, of="all")

    return Asked(replace(plain, limits=(members,)), window)


def measures_told(analytics: Analytics, survey: str | None) -> dict[str, int]:
    """Measures of the answers so far, those with most answers first, with how many."""
    test = "" if survey is None else f" AND r.survey = {text_sql(survey)}"
    found = analytics.query(
        "SELECT r.measure, count(*) AS n FROM survey_responses r WHERE r.score IS NOT NULL AND r.measure IS NOT NULL"
        f"{test} GROUP BY r.measure ORDER BY n DESC, r.measure"
    )
    return {row["measure"]: int(row["n"]) for row in found.to_pylist() if row["measure"] in MEASURES}


def _measure(analytics: Analytics, catalog: Catalog, query: ScoreQuery) -> Measure:
    if query.measure is not None and query.measure not in MEASURES:
        raise UsageError(
            "UNKNOWN_MEASURE",
            f"there is no measure called {query.measure!r}",
            next_step=f"Use one of {', '.join(MEASURES)}.",
        )
    told = measures_told(analytics, query.survey)
    if query.survey is not None and not told and not catalog.has("survey", query.survey):
        _unknown_survey(analytics, catalog, query.survey)
    if query.measure is not None:
        return MEASURES[query.measure]
    own = None if query.survey is None else _document_measure(catalog, query.survey)
    if own is None:
        own = next(iter(told), USUAL_MEASURE)
    return MEASURES[own]


def _document_measure(catalog: Catalog, key: str) -> str | None:
    """What the survey's document asks first, where there is one that asks for a score."""
    if not catalog.has("survey", key):
        return None
    return main_measure(catalog.get("survey", key))


def _unknown_survey(analytics: Analytics, catalog: Catalog, key: str) -> None:
    known = sorted({*_answered(analytics), *(document.key for document in catalog.all("survey"))})
    raise UsageError(
        "UNKNOWN_SURVEY", f"there is no survey called {key!r}", next_step=suggestion(key, known, what="surveys")
    )


def main_measure(document: Document) -> str | None:
    """What the scores of a survey are told in; None where it asks for no score."""
    return measure_of(spec_of(document), document.key)


def survey_title(catalog: Catalog, survey: str | None, measure: Measure) -> str:
    """What people call a survey; of all surveys the measure's title."""
    if survey is None:
        return measure.title
    if catalog.has("survey", survey) and ("survey", survey) not in catalog.broken:
        return title_of(catalog.get("survey", survey)) or survey
    return survey.replace("_", " ").capitalize() if survey not in MEASURES else MEASURES[survey].title


@dataclass(frozen=True)
class Choices:
    """What can be asked for.

    Args:
        surveys: key → title, of those with a document or answers.
        measures: keys, those with most answers first.
    """

    surveys: Mapping[str, str]
    measures: tuple[str, ...]


def choices(engine: Engine, catalog: Catalog) -> Choices:
    """Which surveys and measures there are."""
    keys = {document.key for document in catalog.all("survey")}
    keys.update(_answered(engine.analytics))
    told = measures_told(engine.analytics, None)
    titles = {key: survey_title(catalog, key, MEASURES[USUAL_MEASURE]) for key in sorted(keys)}
    return Choices(titles, tuple(dict.fromkeys([*told, *MEASURES])))


def _answered(analytics: Analytics) -> list[str]:
    found = analytics.query(
        "SELECT DISTINCT r.survey FROM survey_responses r WHERE r.survey IS NOT NULL ORDER BY r.survey LIMIT 1000"
    )
    return [str(key) for key in found["survey"].to_pylist()]
