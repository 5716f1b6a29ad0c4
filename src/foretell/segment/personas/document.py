"""The ``persona`` document: among whom personas are looked for, by what, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.condition import (
    ConditionField,
    horizon_problems,
    measure_problems,
    parse,
    parse_problems,
    references,
)
from foretell.definitions import Catalog, Document, DurationText, Kind, Problem
from foretell.errors import UsageError
from foretell.segment.personas.behaviours import USUAL, Behaviour

Finding = Literal["motivation", "trigger", "habit"]
_ORDER = "Order Completed"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pain(_Part):
    """Something that goes wrong for people."""

    title: str = Field(min_length=1, max_length=80, description="What went wrong, e.g. parcel late.")
    condition: ConditionField = Field(description="For whom it did.")


class Words(_Part):
    """Where people's own words stand."""

    event: str = Field(description="Name of the event, e.g. Survey Answered.")
    property: str = Field(description="Its property with the words, e.g. text.")


class Interviews(_Part):
    """Whom to ask, and how many."""

    loyal: int = Field(12, ge=10, le=15, description="How many of the most loyal.")
    churned: int = Field(8, ge=5, le=10, description="How many of those who left lately.")
    event: str = Field(_ORDER, description="What loyal people do.")
    gone_after: DurationText = Field("90d", description="Who has not done it for so long has left …")
    gone_within: DurationText = Field("1y", description="… and who last did it within this time left lately.")
    purpose: str = Field("email.marketing", description="Consent that is needed to ask somebody for an interview.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if Duration.parse(self.gone_after).days >= Duration.parse(self.gone_within).days:
            raise ValueError("gone_within is longer than gone_after")
        return self


class PersonaSpec(_Part):
    """How personas are found."""

    title: str | None = Field(None, description="What people call them together.")
    description: str | None = Field(None, description="What they are for.")
    population: ConditionField = Field(
        {"did": _ORDER, "within": "1y"}, description="Condition: among whom they are looked for."
    )
    window: DurationText = Field("1y", description="How far back behaviour is read.")
    history: DurationText = Field("90d", description="Only people who are known for so long have a persona.")
    people_needed: int = Field(1_000, ge=50, description="Fewer people with that history are too few.")
    behaviours: tuple[Behaviour, ...] = Field(
        USUAL, min_length=2, max_length=30, description="What they are found by; default: what a shop's events tell."
    )
    pains: tuple[Pain, ...] | None = Field(None, description="What goes wrong for people; default: of a shop.")
    words: tuple[Words, ...] = Field(
        (Words(event="Survey Answered", property="text"), Words(event="Ticket Opened", property="text")),
        description="Where people's own words stand, to be quoted.",
    )
    answers: dict[Finding, tuple[Words, ...]] = Field(
        {}, description="Where answers tell of motivations, triggers and habits."
    )
    interviews: Interviews = Field(Interviews.model_validate({}), description="Whom to ask.")
    schedule: DurationText | None = Field(None, description="How often they are built anew, e.g. 30d.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        keys = [one.key for one in self.behaviours]
        if len(set(keys)) < len(keys):
            raise ValueError("two behaviours have the same key")
        for text in (self.window, self.history, *([self.schedule] if self.schedule else [])):
            if Duration.parse(text).days <= 0:
                raise ValueError("window, history and schedule are longer than nothing")
        return self

    @property
    def all_pains(self) -> tuple[Pain, ...]:
        """What goes wrong, as the document says or as it is usual, within the window."""
        return usual_pains(self.window) if self.pains is None else self.pains


def usual_pains(window: str) -> tuple[Pain, ...]:
    """What goes wrong in a shop."""

    def did(event: str, where: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {"did": event, **({"where": dict(where)} if where else {}), "within": window}

    return (
        Pain(title="asked for help", condition=did("Ticket Opened")),
        Pain(title="got a parcel late", condition=did("Order Delivered", {"delay_days": {"gt": 0}})),
        Pain(title="gave something back", condition=did("Order Refunded")),
        Pain(title="gave a low score", condition=did("Survey Answered", {"score": {"lte": 6}})),
    )


def spec_of(catalog: Catalog) -> PersonaSpec:
    """What the workspace's document says; without one what is usual."""
    documents = catalog.all("persona")
    if not documents:
        return PersonaSpec.model_validate({})
    spec = documents[0].spec
    assert isinstance(spec, PersonaSpec)
    return spec


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec = document.spec
    assert isinstance(spec, PersonaSpec)
    first = min(catalog.all("persona"), key=lambda one: one.key, default=document)
    if first.key != document.key:
        step = f"Keep one, or leave it to {first.name}."
        yield Problem("SECOND_PERSONA_DOCUMENT", "everybody has one persona, so one document says how they are found",
                      document.name, document.where, step)  # fmt: skip
    for path, raw in _conditions(spec):

        def at(inner: tuple[str | int, ...], path: tuple[str | int, ...] = path) -> str:
            return document.positions.at(("spec", *path, *inner))

        problems = parse_problems(raw, at=at, thing=document.name)
        yield from problems or horizon_problems(parse(raw), catalog, at=at, thing=document.name)
    for place, one in enumerate(spec.behaviours):
        for name, part in (("of", one.of), ("per", one.per)):
            if part is not None:
                yield from measure_problems(part, at=_place(document, place, name), thing=document.name)


def _place(document: Document, number: int, name: str) -> Callable[[tuple[str | int, ...]], str]:
    return lambda path: document.positions.at(("spec", "behaviours", number, name, *path))


def _conditions(spec: PersonaSpec) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    yield ("population",), spec.population
    for place, pain in enumerate(spec.pains or ()):
        yield ("pains", place, "condition"), pain.condition


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    spec = document.spec
    assert isinstance(spec, PersonaSpec)
    for _, raw in _conditions(spec):
        try:
            named = references(parse(raw))
        except UsageError:
            continue  # the check reports it
        yield from (("segment", key) for key in named.segments)
        yield from (("prediction", key) for key in named.predictions)
        yield from (("table", key) for key in named.tables)


KIND = Kind("persona", "personas", PersonaSpec, _check, _refers)
"""The kind ``persona``, in the workspace's folder ``personas``: one document a workspace."""
