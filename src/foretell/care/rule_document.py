"""The ``case_rule`` document: how a kind of case is worked on.

The key names the kind of case: ``case: winback_call`` of a journey's step opens cases by the rule ``winback_call``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.care.openings import OpensField, problems, refers
from foretell.clock import Duration
from foretell.definitions import Catalog, Document, DurationText, KeyText, Kind, Problem, suggestion

Priority = Literal["urgent", "high", "normal", "low"]
BY_VALUE = "by_value"
Turns = Literal["nobody", "round_robin", "least_loaded"]
_MOST_STEPS = 50


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaybookStep(_Part):
    """One thing to do."""

    key: KeyText = Field(description="Name of the step; marks that it is done stay with it.")
    do: str = Field(min_length=1, max_length=300, description="What is to be done.")
    text: str | None = Field(None, max_length=5_000, description="How, or what to say.")


class ValueBands(_Part):
    """From how much money at risk a case is how pressing; below all of them it is low."""

    urgent: Annotated[float, Field(gt=0)] | None = Field(None, description="Major units of the workspace's currency.")
    high: Annotated[float, Field(gt=0)] | None = Field(None, description="Major units of the workspace's currency.")
    normal: Annotated[float, Field(ge=0)] = Field(0.0, description="Major units of the workspace's currency.")

    @model_validator(mode="after")
    def _falling(self) -> Self:
        told = [one for one in (self.urgent, self.high, self.normal) if one is not None]
        if sorted(told, reverse=True) != told or len(set(told)) < len(told):
            raise ValueError("urgent must begin above high, and high above normal")
        return self


USUAL_BANDS = ValueBands.model_validate({})


class CaseRuleSpec(_Part):
    """How cases of a kind are worked on."""

    title: str | None = Field(None, max_length=300, description="Title of cases that bring none.")
    description: str | None = Field(None, max_length=2_000, description="What they are for.")
    opens: OpensField = Field(
        (), description="Opens cases by itself: an event with tests of its properties, or a condition; one or several."
    )
    team: KeyText | None = Field(None, description="Team that takes care of them, of care.teams in foretell.yaml.")
    assign: Turns = Field(
        "nobody",
        description="Who of the team gets a new one: nobody until somebody takes it, round_robin: whose turn it is, "
        "least_loaded: who has the fewest that are not closed.",
    )
    priority: Priority | Literal["by_value"] = Field(
        "normal", description="urgent high normal low, or by_value: by the money at risk with the person."
    )
    bands: ValueBands = Field(USUAL_BANDS, description="From how much money on, where the priority is by_value.")
    due: DurationText | None = Field(None, description="By when, counted from its opening, in the team's hours.")
    due_in: Literal["working_hours", "hours"] = Field(
        "working_hours", description="hours: by the clock, also while the team does not work."
    )
    one_open: bool = Field(
        False, description="A person has one case of this kind at a time; what would open another is noted there."
    )
    most_a_day: int = Field(
        1_000, ge=1, le=1_000_000,
        description="So many of these cases open by themselves in a day; what would open more is held back until "
        "somebody decides, and what a condition would open waits for the next day.",
    )  # fmt: skip
    playbook: tuple[PlaybookStep, ...] = Field((), max_length=_MOST_STEPS, description="What to do, in order.")
    root_causes: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        (), description="Root causes to choose from; without any, people write their own."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.assign != "nobody" and self.team is None:
            raise ValueError(f"assign: {self.assign} needs a team")
        keys = [step.key for step in self.playbook]
        if len(keys) != len(set(keys)):
            raise ValueError("two steps of the playbook have the same key")
        if len(self.root_causes) != len(set(self.root_causes)):
            raise ValueError("a root cause stands twice")
        if self.due is not None and Duration.parse(self.due).days <= 0:
            raise ValueError("due must be longer than nothing")
        return self


def spec_of(document: Document) -> CaseRuleSpec:
    """The content of a case rule."""
    assert isinstance(document.spec, CaseRuleSpec)
    return document.spec


def rules_of(catalog: Catalog | None) -> Mapping[str, CaseRuleSpec]:
    """All valid case rules by key."""
    return {} if catalog is None else {document.key: spec_of(document) for document in catalog.all("case_rule")}


def rule_of(catalog: Catalog, key: str | None) -> CaseRuleSpec | None:
    """A case's rule as it stands today; None where it has none or it is not valid."""
    document = catalog.documents.get(("case_rule", key)) if key is not None else None
    return None if document is None else spec_of(document)


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec, teams = spec_of(document), catalog.settings.care.teams
    if spec.team is not None and spec.team not in teams:
        yield Problem(
            "UNKNOWN_TEAM", f"there is no team called {spec.team!r}", document.name,
            document.positions.at(("spec", "team")),
            suggestion(spec.team, sorted(teams), what="teams under care in foretell.yaml"),
        )  # fmt: skip
    elif spec.team is not None and spec.assign != "nobody" and not teams[spec.team].members:
        yield Problem(
            "TEAM_EMPTY", f"nobody is in the team {spec.team}, so nobody can be given a case", document.name,
            document.positions.at(("spec", "assign")), f"Name its members under care.teams.{spec.team}.",
        )  # fmt: skip
    yield from problems(document, spec.opens, catalog)


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    yield from refers(spec_of(document).opens)


def _watches(document: Document) -> Mapping[str, Mapping[str, Any]]:
    opens = spec_of(document).opens
    return {str(place): one.condition for place, one in enumerate(opens) if one.condition is not None}


KIND = Kind("case_rule", "case_rules", CaseRuleSpec, _check, _refers, watches=_watches)
"""The kind ``case_rule``, in the workspace's folder ``case_rules``."""
