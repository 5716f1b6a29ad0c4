"""The ``prediction`` document: what is to be foreseen, for whom, over which time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.condition import (
    ConditionField,
    MeasureField,
    horizon_problems,
    measure_problems,
    parse,
    parse_problems,
    references,
)
from foretell.definitions import Catalog, Document, DurationText, Kind, Problem
from foretell.errors import ForetellError


class PredictionSpec(BaseModel):
    """Either ``outcome`` (a probability) or ``value`` (an amount of money)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(None, description="What people call it.")
    outcome: ConditionField | None = Field(
        None, description="Condition over (as_of, as_of + horizon]; the positive outcome."
    )
    value: MeasureField | None = Field(
        None, description="What is summed over the horizon: {did: Order Completed, sum: revenue}."
    )
    horizon: DurationText | None = Field(None, description="How far ahead.")
    horizons: list[DurationText] | None = Field(None, min_length=1, description="Several of them.")
    population: ConditionField | None = Field(None, description="Condition: about whom, as of the instant.")
    unit: DurationText = Field("1w", description="Time unit of a repeat-buying model's parameters.")
    model: Literal["bg_nbd", "pareto_nbd"] | None = Field(
        None, description="Repeat-buying model; without it, the better one on an inner hold-out."
    )
    discount_rate: float = Field(0.0, ge=0.0, le=10.0, description="Discount of future money, a year.")
    features: list[str] | None = Field(None, min_length=1, description="Use these features alone.")
    bands: dict[str, float] | None = Field(
        None, description="Name → score from which it applies; below the lowest it is none."
    )
    schedule: DurationText | None = Field(None, description="How often scores are made anew.")
    max_age: DurationText | None = Field(None, description="A score older than this counts as missing.")
    seed: int = Field(0, ge=0, description="Another seed gives other folds and draws.")

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.outcome is None) == (self.value is None):
            raise ValueError("a prediction has either an outcome or a value")
        if (self.horizon is None) == (self.horizons is None):
            raise ValueError("a prediction has either a horizon or horizons")
        if self.outcome is not None and self.population is None:
            raise ValueError("a prediction with an outcome needs a population")
        if self.value is not None and self.horizon is None:
            raise ValueError("a prediction with a value has one horizon")
        floors = list((self.bands or {}).values())
        if "none" in (self.bands or {}) or len(set(floors)) < len(floors):
            raise ValueError("bands begin at different scores, and none is the name of what lies below them")
        if self.schedule is not None and Duration.parse(self.schedule).count == 0:
            raise ValueError("a schedule is longer than nothing")
        lengths = [Duration.parse(text).days for text in self.all_horizons]
        if min(lengths) <= 0 or Duration.parse(self.unit).days <= 0:
            raise ValueError("horizons and unit must be longer than nothing")
        if len(set(lengths)) < len(lengths):
            raise ValueError("two horizons are equally long")
        return self

    @property
    def all_horizons(self) -> tuple[str, ...]:
        """The horizons as written, shortest first."""
        texts = self.horizons if self.horizons is not None else [self.horizon or ""]
        return tuple(sorted(texts, key=lambda text: Duration.parse(text).days))

    @property
    def about(self) -> dict[str, Any]:
        """The population's condition; for a value without one: whoever did what is valued."""
        if self.population is not None:
            return self.population
        value = self.value or {}
        return {"did": value.get("did")}


def spec_of(catalog: Catalog, key: str) -> PredictionSpec:
    """The prediction called ``key``; raises UNKNOWN_DEFINITION."""
    spec = catalog.get("prediction", key).spec
    assert isinstance(spec, PredictionSpec)
    return spec


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    """What is wrong with the conditions of a document that fits its model."""
    spec = document.spec
    assert isinstance(spec, PredictionSpec)
    for part, raw in (("outcome", spec.outcome), ("population", spec.population), ("value", spec.value)):
        if raw is None:
            continue

        def at(path: tuple[str | int, ...], part: str = part) -> str:
            return document.positions.at(("spec", part, *path))

        if part == "value":
            yield from measure_problems(raw, at=at, thing=document.name, future=True)
            if set(raw) != {"did", "sum"} or not isinstance(raw["did"], str):
                message = "a value names one event and the property that is summed"
                step = "Write {did: Order Completed, sum: revenue}."
                yield Problem("BAD_VALUE", message, document.name, at(()), step)
        else:
            problems = parse_problems(raw, at=at, thing=document.name, future=part == "outcome")
            yield from problems or horizon_problems(parse(raw), catalog, at=at, thing=document.name)


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    """Segments and predictions that the population names."""
    spec = document.spec
    assert isinstance(spec, PredictionSpec)
    if spec.population is None:
        return
    try:
        named = references(parse(spec.population))
    except ForetellError:
        return
    yield from (("segment", key) for key in sorted(named.segments))
    yield from (("prediction", key) for key in sorted(named.predictions))
    yield from (("table", key) for key in sorted(named.tables))


KIND = Kind("prediction", "predictions", PredictionSpec, _check, _refers)
