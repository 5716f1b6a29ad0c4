"""Whom a prediction is about: the last scores person by person, above a cut-off, and short against long risk."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import predict
from foretell.errors import UsageError
from foretell.web.api.shapes import PAGE_ROWS, Counted, Estimate, Instant, PageNumber, offset_of
from foretell.web.site import Here, Site

router = APIRouter(prefix="/predictions", tags=["predictions"])
BARS = 50

CellName = Literal["act_now", "slow_drift", "healthy", "noisy"]
Horizon = Annotated[str | None, Query(max_length=20, description="As written in the document; default the shortest.")]


class ScoredPerson(BaseModel):
    """Somebody with their last scores."""

    profile_id: str
    name: str | None = Field(description="How they are called: name, e-mail or user id.")
    scores: dict[str, Estimate] = Field(description="Over each horizon.")
    value: float | None = Field(description="Expected money, major units; null where none is foreseen of them.")
    orders: int
    revenue: float = Field(description="Orders less refunds, major units.")
    last_order: Instant | None


class ScoredPeople(Counted):
    """A page of people, the highest score first."""

    rows: list[ScoredPerson]
    condition: dict[str, Any] = Field(description="Says the same people, for a segment.")


class CategoryRow(BaseModel):
    """One value of the property that a prediction is told apart by, such as a category."""

    value: str
    mean: float = Field(description="Mean probability over the horizon.")
    high: int = Field(description="People for whom it is the most probable value.")
    as_of: Instant


class CategoryRows(BaseModel):
    """The values of a prediction ``per`` a property."""

    per: str | None
    horizon: str
    rows: list[CategoryRow] = Field(description="The most probable first; empty where it is not told apart.")


class ScoreBar(BaseModel):
    """People with a score from ``low`` on and below ``high``."""

    low: float
    high: float
    people: int


class ScoreSpread(BaseModel):
    """How the last scores over a horizon lie."""

    horizon: str
    people: int
    as_of: Instant | None
    mean: float | None
    bars: list[ScoreBar]


class SideBody(BaseModel):
    """One of both horizons of a quadrant."""

    horizon: str
    gte: float = Field(description="From here on a probability counts as high.")
    by: Literal["document", "base rate", "mean"] = Field(description="Where the threshold comes from.")
    mean: float


class CellBody(BaseModel):
    """One of the four groups."""

    name: CellName
    people: int
    share: float
    money: float | None = Field(description="What its people are expected to spend, major units.")
    short: float | None = Field(description="Mean probability over the short horizon.")
    long: float | None
    condition: dict[str, Any] = Field(description="Says the same people, for a segment.")


class PointBody(BaseModel):
    """One person's two probabilities."""

    short: float
    long: float
    cell: CellName


class QuadrantBody(BaseModel):
    """Short against long risk."""

    as_of: Instant
    people: int
    short: SideBody
    long: SideBody
    value: str | None = Field(description="The prediction that the money comes from.")
    cells: list[CellBody]
    points: list[PointBody] = Field(description="Some of the people, the same ones each time.")


@router.get("/{key}/people")
def prediction_people(
    site: Here,
    key: str,
    horizon: Horizon = None,
    gte: Annotated[float | None, Query(description="Only whose score is at least this.")] = None,
    cell: Annotated[CellName | None, Query(description="Only who is in this group of the quadrant.")] = None,
    value: Annotated[str | None, Query(max_length=500, description="Of this value of the property instead.")] = None,
    page: PageNumber = 1,
) -> ScoredPeople:
    """Who was scored last, the highest score first; of a group of the quadrant the most money first."""
    spec = predict.spec_of(site.workspace.catalog, key)
    name = key if value is None else f"{key}.{value}"
    if cell is not None:
        found = _quadrant_people(site, key)
        found = found.filter(pc.equal(found["cell"], cell))
        said = dict(next(one for one in _quadrant(site, key).cells if one.name == cell).condition)
    else:
        chosen = _horizon(spec, horizon)
        found = _over(site, name, chosen)
        found = found if gte is None else found.filter(pc.greater_equal(found["score"], gte))
        found = found.sort_by([("score", "descending"), ("profile_key", "ascending")])
        said = predict.scored_condition(spec, name, horizon=chosen, gte=gte)
    keys = found["profile_key"].slice(offset_of(page), PAGE_ROWS).to_pylist()
    return ScoredPeople(total=found.num_rows, page=page, rows=_people(site, name, keys), condition=said)


@router.get("/{key}/categories")
def prediction_categories(site: Here, key: str, horizon: Horizon = None) -> CategoryRows:
    """How probable each value of the property is that the prediction is told apart by, such as each category."""
    spec = predict.spec_of(site.workspace.catalog, key)
    chosen, scores = _horizon(spec, horizon), site.scores()
    told = pc.and_(pc.starts_with(scores["prediction"], f"{key}."), pc.equal(scores["horizon"], chosen))
    found = scores.filter(told).select(["prediction", "profile_key", "score", "as_of"])
    if spec.per is None or not found.num_rows:
        return CategoryRows(per=spec.per, horizon=chosen, rows=[])
    best = found.group_by("profile_key").aggregate([("score", "max")])
    leads = found.join(best, "profile_key").filter(pc.field("score") == pc.field("score_max"))
    firsts = leads.group_by("prediction").aggregate([([], "count_all")])
    means = found.group_by("prediction").aggregate([("score", "mean"), ("as_of", "max")]).join(firsts, "prediction")
    rows = [
        CategoryRow(
            value=row["prediction"].removeprefix(f"{key}."),
            mean=row["score_mean"],
            high=row["count_all"] or 0,
            as_of=row["as_of_max"],
        )
        for row in means.to_pylist()
    ]
    return CategoryRows(per=spec.per, horizon=chosen, rows=sorted(rows, key=lambda one: (-one.mean, one.value)))


@router.get("/{key}/spread")
def score_spread(site: Here, key: str, horizon: Horizon = None) -> ScoreSpread:
    """How the last scores lie: how many people have which."""
    chosen = _horizon(predict.spec_of(site.workspace.catalog, key), horizon)
    found = _over(site, key, chosen)
    values = np.asarray(found["score"].to_numpy(), dtype=np.float64)
    if not values.size:
        return ScoreSpread(horizon=chosen, people=0, as_of=None, mean=None, bars=[])
    money = predict.spec_of(site.workspace.catalog, key).outcome is None
    top = float(np.quantile(values, 0.99)) or 1.0 if money else 1.0
    counts, edges = np.histogram(np.clip(values, 0.0, top), bins=BARS, range=(0.0, top))
    bars = [
        ScoreBar(low=low, high=high, people=n)
        for low, high, n in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    ]
    as_of = pc.max(found["as_of"]).as_py()
    return ScoreSpread(horizon=chosen, people=values.size, as_of=as_of, mean=float(values.mean()), bars=bars)


@router.get("/{key}/quadrant")
def prediction_quadrant(site: Here, key: str) -> QuadrantBody:
    """Who leaves now, who drifts away slowly, who is well, and whose short risk is noise."""
    found = _quadrant(site, key)
    return QuadrantBody(
        as_of=found.as_of,
        people=found.people,
        short=SideBody(**vars(found.short)),
        long=SideBody(**vars(found.long)),
        value=found.value,
        cells=[CellBody(**{**vars(one), "condition": dict(one.condition)}) for one in found.cells],
        points=[PointBody(**row) for row in found.points.to_pylist()],
    )


def _quadrant(site: Site, key: str) -> predict.Quadrant:
    place = site.workspace
    return site.cache.get(f"quadrant {key}", lambda: predict.quadrant(place.engine, place.catalog, key, as_of=site.now))


def _quadrant_people(site: Site, key: str) -> pa.Table:
    place = site.workspace
    return site.cache.get(
        f"quadrant people {key}", lambda: predict.quadrant_people(place.engine, place.catalog, key, as_of=site.now)
    )


def _horizon(spec: predict.PredictionSpec, asked: str | None) -> str:
    if asked is not None and asked not in spec.all_horizons:
        known = ", ".join(spec.all_horizons)
        raise UsageError(
            "UNKNOWN_HORIZON", f"there is no horizon {asked!r}", where="horizon", next_step=f"Known: {known}."
        )
    return asked or spec.all_horizons[0]


def _over(site: Site, key: str, horizon: str) -> pa.Table:
    found = site.scores()
    return found.filter(pc.and_(pc.equal(found["prediction"], key), pc.equal(found["horizon"], horizon)))


def _people(site: Site, key: str, keys: list[int]) -> list[ScoredPerson]:
    """A few people with all their scores of a prediction, in the order of ``keys``."""
    rows, found = site.rows_of(keys), site.scores()
    own = found.filter(
        pc.and_(pc.equal(found["prediction"], key), pc.is_in(found["profile_key"], pa.array(keys, pa.int64())))
    )
    scores: dict[int, dict[str, Estimate]] = {one: {} for one in keys}
    for row in own.to_pylist():
        scores[row["profile_key"]][row["horizon"]] = Estimate(score=row["score"], low=row["low"], high=row["high"])
    return [
        ScoredPerson(
            profile_id=rows[one]["profile_id"],
            name=site.name_in(rows[one]),
            scores=scores[one],
            value=rows[one]["clv"],
            orders=rows[one]["orders"],
            revenue=rows[one]["revenue"],
            last_order=rows[one]["last_order"],
        )
        for one in keys
        if one in rows
    ]
