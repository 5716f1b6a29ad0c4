"""Scores of single surveys, as their lists and results show them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from foretell.errors import ForetellError
from foretell.listen import results, scores
from foretell.web.api.survey_bodies import SurveyScore
from foretell.web.site import Site

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def recent_score(site: Site, key: str, told: results.Standing) -> SurveyScore | None:
    """The score of the last 90 days with answers; None where it is not scored or too few answered."""
    if told.answered == 0:
        return None
    return site.cache.get(f"survey score {key}", lambda: _recent(site, key))


def _recent(site: Site, key: str) -> SurveyScore | None:
    place = site.workspace
    try:
        asked = scores.asked_of(place.engine, place.catalog, scores.ScoreQuery(survey=key), now=site.now)
        found = scores.groups(place.engine, place.catalog, asked.whose, asked.window, "channel", now=site.now)
    except ForetellError:
        return None  # a survey without a scored question
    return body_of(found.overall)


def scores_by(
    site: Site, key: str, measure: str, narrowed: results.Narrowed, dimension: str
) -> tuple[SurveyScore | None, Mapping[str, SurveyScore]]:
    """The score of everybody who is meant, and by ``channel`` or ``language`` of those of whom there are enough."""
    place = site.workspace
    told = {"channel": narrowed.channel, "language": narrowed.language}
    filters = {name: value for name, value in told.items() if value is not None}
    whose = scores.Whose(scores.MEASURES[measure], key, filters)
    window = scores.Window(narrowed.since or _BEGIN, site.now + timedelta(microseconds=1))
    found = scores.groups(place.engine, place.catalog, whose, window, dimension, now=site.now)
    every = {one.key: body_of(one.score) for one in found.groups}
    return body_of(found.overall), {name: one for name, one in every.items() if one is not None}


def body_of(score: scores.Score) -> SurveyScore | None:
    """A score as a body; None where there are too few people."""
    if score.value is None or score.low is None or score.high is None:
        return None
    return SurveyScore(score=score.value, low=score.low, high=score.high, unit=score.unit, n=score.answers)
