"""What a KPI document says: the pydantic model of its ``spec``, with its golden tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.definitions import DurationText

Unit = Literal["money", "count", "rate", "probability", "ratio", "points"]
Measure = Literal["event", "stock"]
SegmentAt = Literal["event", "start", "end", "now"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class GoldenCase(_Part):
    """One reading of the golden tables, and what must come out."""

    since: str | None = Field(None, alias="from", description="First instant; event measures.")
    until: str | None = Field(None, alias="to", description="First instant after the range; event measures.")
    at: str | None = Field(None, description="The instant of the reading; stocks.")
    present: str | None = Field(None, description="Up to when everything is known; default: long enough.")
    value: float | None = Field(description="Expected value; null where there is none.")
    low: float | None = Field(None, description="Expected lower bound, where it is to be checked.")
    high: float | None = Field(None, description="Expected upper bound, where it is to be checked.")
    n: int | None = Field(None, description="Expected number of people, where it is to be checked.")

    @model_validator(mode="after")
    def _one_kind_of_time(self) -> Self:
        if (self.at is None) == (self.since is None or self.until is None):
            raise ValueError("give either 'at', or both 'from' and 'to'")
        return self


class Golden(_Part):
    """A small input with the values that are right for it, run against every engine."""

    tables: dict[str, list[dict[str, Any]]] = Field(description="View → rows; columns left out are null.")
    anonymous: list[str] = Field(default_factory=list, description="Profiles that are not known people.")
    zone: str = Field("UTC", description="Zone of the days, and of times without an offset.")
    currency: str = Field("EUR", description="The workspace's currency.")
    cases: list[GoldenCase] = Field(min_length=1)


class AnswerScale(_Part):
    """Between which ends the values of answers lie."""

    lowest: float = Field(description="The lowest value an answer can have.")
    highest: float = Field(description="The highest value an answer can have.")
    steps: int = Field(ge=2, le=101, description="How many values there are from the lowest to the highest.")

    @model_validator(mode="after")
    def _wide(self) -> Self:
        if not self.lowest < self.highest:
            raise ValueError("'lowest' must lie below 'highest'")
        return self


class KpiSpec(_Part):
    """A number that says how the business does, read from SQL or made of other KPIs."""

    title: str = Field(min_length=1, description="What people call it.")
    description: str = Field(min_length=1, description="The definition in words: who counts, and when.")
    unit: Unit = Field(
        description="money is shown in major units; rate and probability lie in 0 to 1; points, a share less another, "
        "in -1 to 1, and are shown times 100."
    )
    direction: Literal["up", "down"] = Field(description="Which way is good.")
    measure: Measure | None = Field(
        None, description="event: adds up over a period. stock: read at an instant. Not with a formula."
    )
    people: Literal["all", "known"] = Field("all", description="Whether anonymous profiles count.")
    sql: str | None = Field(
        None,
        description="A SELECT over published views with profile_id, num and, for a quotient, den; "
        "$from and $to (event) or $as_of (stock), and $currency.",
    )
    formula: str | None = Field(None, description="Arithmetic of other KPIs, e.g. 1 - churn_rate.")
    combine: Literal["total", "quotient"] = Field(
        "total", description="total: the sum of num. quotient: sum of num over sum of den."
    )
    of_nothing: Literal["zero", "unknown"] = Field(
        "zero", description="A total of no rows: zero, or unknown where rows are yet to be made (scores)."
    )
    amounts: Literal["minor", "major"] = Field("minor", description="Unit of num where unit is money.")
    interval: Literal["none", "wilson", "mean", "bootstrap", "scale"] = Field(
        "none",
        description="90 % interval of a quotient: wilson for shares, mean where den is 1 a person, scale for answers "
        "(num their sum, den their number).",
    )
    scale: AnswerScale | None = Field(None, description="The ends of the answers; with the interval scale.")
    look_ahead: DurationText | None = Field(
        None, description="How far past $as_of the SQL reads; without that time elapsed there is no value."
    )
    target: float | None = Field(None, description="The value to reach.")
    golden: Golden | None = Field(None, description="Small tables with the expected value.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        fault = _fault(self)
        if fault:
            raise ValueError(fault)
        return self

    @property
    def reads_past(self) -> timedelta:
        """How far past its instant the KPI reads."""
        exact = Duration.parse(self.look_ahead).exact if self.look_ahead else None
        return exact or timedelta(0)


def _fault(spec: KpiSpec) -> str:
    """Why the keys of ``spec`` do not fit together; empty where they do."""
    if (spec.sql is None) == (spec.formula is None):
        return "a KPI has either 'sql' or 'formula'"
    if spec.formula is not None:
        only_sql = {"measure", "people", "combine", "of_nothing", "amounts", "interval", "scale", "look_ahead"}
        extra = sorted(only_sql & spec.model_fields_set)
        return f"a formula takes {extra[0]!r} from its terms; leave it out" if extra else ""
    return _sql_fault(spec)


def _sql_fault(spec: KpiSpec) -> str:
    if spec.measure is None:
        return "say 'measure: event' (adds up over a period) or 'measure: stock' (read at an instant)"
    if spec.interval != "none" and spec.combine == "total":
        return f"interval {spec.interval!r} needs 'combine: quotient'; a total has none"
    if spec.of_nothing == "unknown" and spec.combine == "quotient":
        return "'of_nothing' is for totals; a quotient of no rows is unknown anyway"
    if (spec.interval == "scale") != (spec.scale is not None):
        return "interval 'scale' and the key 'scale' come together"
    if spec.unit in ("rate", "probability", "ratio", "points") and spec.combine == "total":
        return f"unit {spec.unit!r} needs 'combine: quotient'"
    if spec.look_ahead is not None and spec.measure == "event":
        return "'look_ahead' is for stocks; an event measure ends with its period"
    if spec.look_ahead is not None and Duration.parse(spec.look_ahead).exact is None:
        return "'look_ahead' must be exact: s, m, h, d or w"
    if spec.amounts == "major" and spec.unit != "money":
        return "'amounts' is for unit money"
    return ""
