"""Closing the loop: who waits, how long it takes, root causes, and what is done about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from foretell.listen import loop
from foretell.web.api.loop_bodies import (
    CauseMonth,
    CauseRow,
    CovariateBalance,
    ImprovementBody,
    ImprovementChange,
    Improvements,
    LoopBody,
    LoopCauses,
    LoopEffect,
    LoopPromptness,
    LoopTimes,
    NewImprovement,
    improvement_body,
    told,
)
from foretell.web.site import Here, Site

router = APIRouter(prefix="/feedback/loop", tags=["feedback"])
Days = Annotated[int, Query(ge=1, le=3_660, description="So many days back.")]


@router.get("")
def closing_the_loop(
    site: Here,
    survey: Annotated[str | None, Query(max_length=64, description="Only about this survey.")] = None,
    rule: Annotated[str | None, Query(max_length=64, description="Only cases of this case rule.")] = None,
    by: Annotated[loop.By | None, Query(description="Also split by this.")] = None,
    days: Days = 365,
) -> LoopBody:
    """Who waits, how soon people are spoken with, how long cases take, and what went with closing them."""
    now = site.now
    since = now - timedelta(days=days)
    asked = loop.LoopQuery(since, survey, rule, by)
    found = loop.loop_report(site.workspace.engine, site.workspace.catalog, asked, now=now)
    balance = [
        CovariateBalance(name=name, before=before, after=after)
        for name, (before, after) in found.effect.balance.items()
    ]
    return LoopBody(
        as_of=found.as_of,
        since=since,
        promptness=LoopPromptness(**told(found.promptness)),
        whole=LoopTimes(**told(found.whole)),
        groups=[LoopTimes(**told(one)) for one in found.groups],
        effect=LoopEffect(**told(found.effect) | {"balance": balance}),
    )


@router.get("/causes")
def root_causes(site: Here, days: Days = 365) -> LoopCauses:
    """Root causes of cases, the most frequent first."""
    now = site.now
    since = now - timedelta(days=days)
    found = loop.causes(site.workspace.engine, site.workspace.catalog, since=since, now=now)
    rows = [
        CauseRow(
            **told(one)
            | {"months": [CauseMonth(month=month, cases=count) for month, count in one.months.items()]}
            | {"improvements": list(one.improvements)}
        )
        for one in found.rows
    ]
    return LoopCauses(since=since, rows=rows, unnamed=found.unnamed)


@router.get("/improvements")
def listed_improvements(site: Here) -> Improvements:
    """Everything that is done about root causes, with what came of it."""
    found = loop.followed(site.workspace.engine, now=site.now)
    return Improvements(rows=[improvement_body(one) for one in found])


@router.post("/improvements")
def new_improvement(site: Here, asked: NewImprovement) -> ImprovementBody:
    """Write down what is done about root causes."""
    made = loop.improve(site.workspace.engine, asked.asked(), by=asked.by, now=site.now)
    return _body(site, made.improvement_id)


@router.get("/improvements/{improvement_id}")
def one_improvement(site: Here, improvement_id: str) -> ImprovementBody:
    """One of them."""
    return _body(site, improvement_id)


@router.post("/improvements/{improvement_id}")
def changed_improvement(site: Here, improvement_id: str, change: ImprovementChange) -> ImprovementBody:
    """Change one of them."""
    loop.change_improvement(site.workspace.engine, improvement_id, change.asked(), by=change.by, now=site.now)
    return _body(site, improvement_id)


@router.delete("/improvements/{improvement_id}", status_code=204)
def removed_improvement(site: Here, improvement_id: str) -> None:
    """Take one of them away; cases and their root causes stay."""
    loop.remove_improvement(site.workspace.engine, improvement_id)


def _body(site: Site, improvement_id: str) -> ImprovementBody:
    return improvement_body(loop.followed_one(site.workspace.engine, improvement_id, now=site.now))
