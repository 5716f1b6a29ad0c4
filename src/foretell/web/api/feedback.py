"""What people say: scores with intervals, whether they changed, by group, against targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Depends, Query

from foretell.listen import scores
from foretell.stats import LEVEL
from foretell.web.api.feedback_bodies import (
    FeedbackBalance,
    FeedbackBand,
    FeedbackChange,
    FeedbackChoices,
    FeedbackGroup,
    FeedbackGroups,
    FeedbackPoint,
    FeedbackScores,
    FeedbackStratum,
    FeedbackTarget,
    FeedbackTargets,
    FeedbackWeighting,
    part_body,
    score_body,
    traits_named,
)
from foretell.web.api.shapes import At, Named
from foretell.web.site import Here, Site

router = APIRouter(prefix="/feedback", tags=["feedback"])
_Told = TypeVar("_Told")
_Text = Annotated[str | None, Query(max_length=200)]


def _asked(
    survey: Annotated[
        str | None, Query(max_length=200, description="Key of a survey; default: all of the measure.")
    ] = None,
    measure: Annotated[str | None, Query(max_length=40, description="nps, csat, ces or stars.")] = None,
    since: Annotated[At, Query(alias="from")] = None,
    until: Annotated[At, Query(alias="to")] = None,
    segment: Annotated[str | None, Query(max_length=64, description="Only members, as of the window's start.")] = None,
    touchpoint: _Text = None,
    product: _Text = None,
    agent: _Text = None,
    channel: _Text = None,
    language: _Text = None,
) -> scores.ScoreQuery:
    filters = {"touchpoint": touchpoint, "product": product, "agent": agent, "channel": channel, "language": language}
    kept = {name: value for name, value in filters.items() if value is not None}
    return scores.ScoreQuery(survey, measure, since, until, segment, kept)


Asked = Annotated[scores.ScoreQuery, Depends(_asked)]


@router.get("/choices")
def choices(site: Here) -> FeedbackChoices:
    """What scores can be asked for."""
    place = site.workspace
    told = site.cache.get("feedback choices", lambda: scores.choices(place.engine, place.catalog))
    return FeedbackChoices(
        surveys=[Named(key=key, title=title) for key, title in told.surveys.items()],
        measures=[Named(key=key, title=scores.MEASURES[key].title) for key in told.measures],
        dimensions=list(scores.DIMENSIONS),
        traits=traits_named(tuple(trait.key for trait in scores.TRAITS)),
    )


@router.get("/scores")
def feedback_scores(site: Here, asked: Asked, grain: Literal["month", "week"] = "month") -> FeedbackScores:
    """Scores as answered and weighted for who stayed silent, with the months before."""
    place = site.workspace
    told = _kept(
        site, f"scores {grain}", asked,
        lambda: scores.score(place.engine, place.catalog, asked, now=site.now, grain=grain),
    )  # fmt: skip
    weighting = told.weighting
    return FeedbackScores(
        survey=told.survey, title=told.title, measure=told.measure.key, measure_title=told.measure.title,
        since=told.window.since, until=told.window.until, level=LEVEL,
        lowest=told.measure.main.scale.lowest, highest=told.measure.main.scale.highest,
        scores=[score_body(one) for one in told.scores], weighted=[score_body(one) for one in told.weighted],
        weighting=FeedbackWeighting(
            applied=weighting.applied, frame=weighting.frame, asked=weighting.asked, answered=weighting.answered,
            rate=weighting.rate, reason=weighting.reason, words=weighting.words, explained=weighting.explained,
            trimmed=weighting.trimmed, heaviest=weighting.heaviest,
            balance=[FeedbackBalance(**asdict(one)) for one in weighting.balance],
        ),
        bands=[FeedbackBand.model_validate(asdict(band)) for band in told.bands],
        series=[
            FeedbackPoint(
                period=one.period, start=one.start, end=one.end, complete=one.complete, value=one.score.value,
                low=one.score.low, high=one.score.high, people=one.score.people,
            )
            for one in told.series
        ],
        notes=list(told.notes),
    )  # fmt: skip


@router.get("/change")
def feedback_change(site: Here, asked: Asked) -> FeedbackChange:
    """The change against the window of the same length before, split into opinions that moved and who answered."""
    place = site.workspace

    def read() -> scores.Change:
        found = scores.asked_of(place.engine, place.catalog, asked, now=site.now)
        return scores.change(place.engine, found.whose, found.window)

    told = _kept(site, "change", asked, read)
    before, window = told.windows
    return FeedbackChange(
        title=told.figure.title, unit=told.figure.unit, since=window.since, until=window.until,
        before_since=before.since, before=score_body(told.before), after=score_body(told.after),
        total=part_body(told.total), opinions=part_body(told.opinions), answering=part_body(told.answering),
        panel=part_body(told.panel), panel_people=told.panel_people, traits=traits_named(told.traits),
        strata=[FeedbackStratum(**asdict(one)) for one in told.strata],
    )  # fmt: skip


@router.get("/groups")
def feedback_groups(
    site: Here, asked: Asked, by: Annotated[str, Query(description=f"One of {', '.join(scores.DIMENSIONS)}.")]
) -> FeedbackGroups:
    """Scores by a dimension, ordered by what is left of them when small groups are drawn towards all."""
    place = site.workspace

    def read() -> scores.Groups:
        found = scores.asked_of(place.engine, place.catalog, asked, now=site.now)
        return scores.groups(place.engine, place.catalog, found.whose, found.window, by, now=site.now)

    told = _kept(site, f"groups {by}", asked, read)
    return FeedbackGroups(
        dimension=told.dimension, title=told.figure.title, unit=told.figure.unit, lowest=told.figure.scale.lowest,
        highest=told.figure.scale.highest, since=told.window.since, until=told.window.until,
        overall=score_body(told.overall), hidden=told.hidden, notes=list(told.notes),
        rows=[
            FeedbackGroup(
                key=one.key, title=one.title, score=score_body(one.score), drawn=one.drawn, drawn_low=one.drawn_low,
                drawn_high=one.drawn_high, differs=one.differs,
            )
            for one in told.groups
        ],
    )  # fmt: skip


@router.get("/targets")
def feedback_targets(site: Here, asked: Asked) -> FeedbackTargets:
    """Where the targets stand that surveys state."""
    place = site.workspace

    def read() -> tuple[scores.TargetReading, ...]:
        found = scores.asked_of(place.engine, place.catalog, asked, now=site.now)
        return scores.targets(place.engine, place.catalog, found, now=site.now)

    return FeedbackTargets(
        rows=[
            FeedbackTarget(
                survey=one.survey, title=one.figure.title, unit=one.figure.unit, since=one.since, due=one.due,
                goal=one.goal, base=score_body(one.base), now=score_body(one.now), expected=one.expected,
                projected=one.projected, low=one.low, high=one.high, course=one.course, words=one.words,
            )
            for one in _kept(site, "targets", asked, read)
        ]
    )  # fmt: skip


def _kept(site: Site, what: str, asked: scores.ScoreQuery, read: Callable[[], _Told]) -> _Told:
    return site.cache.get(f"feedback {what} {asked}", read)
