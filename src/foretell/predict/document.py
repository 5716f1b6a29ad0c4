"""The ``prediction`` document: what is to be foreseen, for whom, over which time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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


class QuadrantSide(BaseModel):
    """One of both horizons of a quadrant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    horizon: DurationText
    gte: float | None = Field(None, ge=0.0, le=1.0, description="High from here on; default: the horizon's base rate.")


class QuadrantSpec(BaseModel):
    """Short against long risk."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    short: QuadrantSide
    long: QuadrantSide

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if Duration.parse(self.short.horizon).days >= Duration.parse(self.long.horizon).days:
            raise ValueError("a quadrant's short horizon is shorter than its long one")
        return self


class RetrainSpec(BaseModel):
    """When a model is made anew by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: DurationText | None = Field(None, description="So long after the last training.")
    drift: bool = Field(False, description="Also when people or scores have moved away from those it was made for.")

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.every is None and not self.drift:
            raise ValueError("retrain says every, drift or both")
        if self.every is not None and Duration.parse(self.every).count == 0:
            raise ValueError("every is longer than nothing")
        return self


class PredictionSpec(BaseModel):
    """Either ``outcome`` (a probability) or ``value`` (a number: how many events, or a sum over them)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(None, description="What people call it.")
    outcome: ConditionField | None = Field(
        None, description="Condition over (as_of, as_of + horizon]; the positive outcome."
    )
    value: MeasureField | None = Field(
        None, description="What is counted or summed over the horizon: {did: Order Completed, sum: revenue}."
    )
    horizon: DurationText | None = Field(None, description="How far ahead.")
    horizons: list[DurationText] | None = Field(None, min_length=1, description="Several of them.")
    population: ConditionField | None = Field(None, description="Condition: about whom, as of the instant.")
    unit: DurationText = Field("1w", description="Time unit of a repeat-buying model's parameters.")
    model: Literal["bg_nbd", "pareto_nbd", "boosted"] | None = Field(
        None, description="Of a value: a repeat-buying model, or trees; default: the best on an inner hold-out."
    )
    form: Literal["horizons", "hazard"] = Field(
        "horizons", description="hazard: one model of the time to the outcome; those who are not through count too."
    )
    per: str | None = Field(
        None, min_length=1, description="A property of the outcome's event: one probability for each of its values."
    )
    discount_rate: float = Field(0.0, ge=0.0, le=10.0, description="Discount of future money, a year.")
    exclude: ConditionField | None = Field(None, description="Condition: who is left out of the population.")
    estimator: str | None = Field(
        None,
        pattern="^[a-z][a-z0-9_]*$",
        description="What learns an outcome: boosted, logistic, or a NAME of models/NAME.py; default: boosted.",
    )
    accept_leaks: list[str] | None = Field(
        None, min_length=1, description="Features that look like the outcome and are used all the same."
    )
    features: list[str] | None = Field(
        None, min_length=1, description="Use these features or families of features alone."
    )
    without: list[str] | None = Field(None, min_length=1, description="Leave these features or families out.")
    bands: dict[str, float] | None = Field(
        None, description="Name → score from which it applies; below the lowest it is none."
    )
    schedule: DurationText | None = Field(None, description="How often scores are made anew.")
    max_age: DurationText | None = Field(None, description="A score older than this counts as missing.")
    quadrant: QuadrantSpec | None = Field(None, description="Short against long risk; default: shortest and longest.")
    retrain: RetrainSpec | None = Field(None, description="When the model is made anew by itself; default: never.")
    accept_uncalibrated: str | None = Field(
        None, min_length=1, description="Why its probabilities are acted on although nothing shows that they are right."
    )
    imported: bool = Field(False, description="Scores come from outside, by `foretell predict import KEY FILE`.")
    seed: int = Field(0, ge=0, description="Another seed gives other folds and draws.")

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.outcome is None) == (self.value is None):
            raise ValueError("a prediction has either an outcome or a value")
        if (self.horizon is None) == (self.horizons is None):
            raise ValueError("a prediction has either a horizon or horizons")
        if self.outcome is not None and self.population is None:
            raise ValueError("a prediction with an outcome needs a population")
        if self.outcome is None and self.estimator is not None:
            raise ValueError("an estimator belongs to a prediction with an outcome")
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

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.outcome is not None and self.model is not None:
            raise ValueError("model belongs to a prediction with a value")
        if self.outcome is None and (self.form == "hazard" or self.per is not None):
            raise ValueError("form and per belong to a prediction with an outcome")
        if self.form == "hazard" and (self.per is not None or self.estimator is not None):
            raise ValueError("a hazard has neither per nor an estimator")
        return self

    @model_validator(mode="after")
    def _of_one_origin(self) -> Self:
        if self.imported and (self.retrain is not None or self.schedule is not None or self.form == "hazard"):
            raise ValueError("imported scores have no schedule, retrain or form")
        if self.accept_uncalibrated is not None and self.outcome is None:
            raise ValueError("accept_uncalibrated belongs to a prediction with an outcome")
        return self

    @model_validator(mode="after")
    def _quadrant_fits(self) -> Self:
        if self.quadrant is None:
            return self
        if self.outcome is None:
            raise ValueError("a quadrant is drawn of probabilities: it needs an outcome")
        if not {self.quadrant.short.horizon, self.quadrant.long.horizon} <= set(self.all_horizons):
            raise ValueError("both horizons of a quadrant are among the prediction's")
        return self

    @property
    def all_horizons(self) -> tuple[str, ...]:
        """The horizons as written, shortest first."""
        texts = self.horizons if self.horizons is not None else [self.horizon or ""]
        return tuple(sorted(texts, key=lambda text: Duration.parse(text).days))

    @property
    def is_spending(self) -> bool:
        """Whether it is the sum over one event, which repeat-buying models foresee."""
        value = self.value or {}
        return set(value) == {"did", "sum"} and isinstance(value["did"], str)

    @property
    def foresees(self) -> Literal["probability", "money", "count"]:
        """In what its scores are: of a value, the sum of a property is money, and events are counted."""
        if self.value is None:
            return "probability"
        return "money" if "sum" in self.value else "count"

    @property
    def about(self) -> dict[str, Any]:
        """The population's condition without whom it excludes; for a value without one: whoever did what is valued."""
        value = self.value or {}
        about = self.population if self.population is not None else {"did": value.get("did")}
        return about if self.exclude is None else {"all": [about, {"not": self.exclude}]}


def spec_of(catalog: Catalog, key: str) -> PredictionSpec:
    """The prediction called ``key``; raises UNKNOWN_DEFINITION."""
    spec = catalog.get("prediction", key).spec
    assert isinstance(spec, PredictionSpec)
    return spec


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    """What is wrong with the conditions of a document that fits its model."""
    spec = document.spec
    assert isinstance(spec, PredictionSpec)
    parts = {name: getattr(spec, name) for name in ("outcome", "population", "exclude", "value")}
    for part, raw in parts.items():
        if raw is None:
            continue

        def at(path: tuple[str | int, ...], part: str = part) -> str:
            return document.positions.at(("spec", part, *path))

        if part == "value":
            yield from measure_problems(raw, at=at, thing=document.name, future=True)
            yield from _value_problems(spec, raw, at=at, thing=document.name)
            continue
        if part == "outcome":
            yield from _per_problems(spec, at=at, thing=document.name)
        problems = parse_problems(raw, at=at, thing=document.name, future=part == "outcome")
        yield from problems or horizon_problems(parse(raw), catalog, at=at, thing=document.name)


def _value_problems(
    spec: PredictionSpec, raw: Mapping[str, Any], *, at: Callable[..., str], thing: str
) -> Iterator[Problem]:
    """What a measure may be and a value may not."""
    for function in ("avg", "min", "max"):
        if function in raw:
            message = f"a value is a count or a sum: of people without such an event there is no {function}"
            yield Problem("BAD_VALUE", message, thing, at((function,)), "Write {did: Order Completed, sum: revenue}.")
    if not spec.is_spending and (spec.model in ("bg_nbd", "pareto_nbd") or spec.discount_rate):
        message = "repeat-buying models and discounts need one event and the property that is summed, without where"
        yield Problem("BAD_VALUE", message, thing, at(()), "Write {did: Order Completed, sum: revenue}.")


def _per_problems(spec: PredictionSpec, *, at: Callable[..., str], thing: str) -> Iterator[Problem]:
    """What an outcome may be and one by category may not."""
    outcome = spec.outcome or {}
    if spec.per is not None and (set(outcome) != {"did"} or not isinstance(outcome["did"], str)):
        message = "an outcome per value of a property names one event and nothing else"
        yield Problem("BAD_PER", message, thing, at(()), "Write outcome: {did: Order Completed}.")


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    """Segments, predictions and tables that the population and whom it excludes name."""
    spec = document.spec
    assert isinstance(spec, PredictionSpec)
    try:
        named = references(parse(spec.about))
    except ForetellError:
        return
    yield from (("segment", key) for key in sorted(named.segments))
    yield from (("prediction", key) for key in sorted(named.predictions))
    yield from (("table", key) for key in sorted(named.tables))


KIND = Kind("prediction", "predictions", PredictionSpec, _check, _refers)
