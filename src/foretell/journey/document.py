"""The ``journey`` document: what lets people in, what happens step by step, when it is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from foretell.condition import ConditionField
from foretell.definitions import Document, DurationText, ShareNumber
from foretell.journey.steps import STEP_KINDS, Step, kind_of
from foretell.journey.triggers import AnyTrigger, event_heads

_NO_KIND = "no kind"


class _Bare(Step):
    """Stands for a step that does not say what it does."""

    does: Literal["nothing"] = Field(description=f"Say one of: {', '.join(STEP_KINDS)}.")


def _tag(name: str) -> str:
    # No key of a document has a space, so that a problem's path never takes it for one.
    return f"a {name} step"


def _discriminate(raw: Any) -> str:
    if isinstance(raw, Step):
        return _tag(kind_of(raw).name)
    marks = [name for name in STEP_KINDS if isinstance(raw, Mapping) and name in raw]
    return _tag(marks[0] if marks else _NO_KIND)


if TYPE_CHECKING:
    AnyStep = Step
else:  # the members of the union are only known when the folder has been scanned
    _MODELS = [*((kind.name, kind.model) for kind in STEP_KINDS.values()), (_NO_KIND, _Bare)]
    AnyStep = Annotated[
        Union[tuple(Annotated[model, Tag(_tag(name))] for name, model in _MODELS)],  # noqa: UP007
        Discriminator(_discriminate),
    ]


class Reentry(BaseModel):
    """When somebody may enter again; with `per`, several runs of a person may go on side by side."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: DurationText | None = Field(
        None, description="So long after the last entry, and not while a run is going on."
    )
    per: str | None = Field(
        None,
        min_length=1,
        description="Property of the entry event, e.g. order_id: a run for each of its values, and never two for one.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Reentry:
        if self.after is None and self.per is None:
            raise ValueError("say after, per, or both")
        return self


class EntryCap(BaseModel):
    """How many may enter; who does not fit waits for the next span."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most: int = Field(ge=1, description="So many people, the held out among them.")
    per: DurationText = Field("1d", description="In any span so long.")


class JourneySpec(BaseModel):
    """A journey."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(None, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    trigger: AnyTrigger | None = Field(
        None, description="What lets people in; without one, `enter` alone does, at any time."
    )
    enter: ConditionField | None = Field(
        None, description="Condition: who enters; with a trigger, who of those whom it brings."
    )
    entries: EntryCap | None = Field(None, description="{most: 500, per: 1d}: no more enter; the others wait.")
    reentry: Literal["never", "always"] | Reentry = Field(
        "never",
        description="never; always: when let in and no run goes on; {after: 90d}; {per: order_id}.",
    )
    priority: int = Field(
        0, ge=-100, le=100, description="Of its messages among those of other journeys; higher goes first."
    )
    leave: ConditionField | None = Field(
        None, description="Condition that ends a run; event heads read what happened since the entry."
    )
    goal: ConditionField | None = Field(
        None, description="Condition that the journey is for; event heads read what happened since the entry."
    )
    goal_within: DurationText = Field("30d", description="So long after the entry the goal counts.")
    holdout: ShareNumber = Field(
        0.1, ge=0.0, lt=1.0, description="Share of those who enter that gets nothing, to measure against: 10% or 0.1."
    )
    steps: list[AnyStep] = Field(min_length=1, description="The steps; without `next`, the following entry is next.")

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> JourneySpec:
        if self.trigger is None and self.enter is None:
            raise ValueError("say who enters: a trigger, a condition under enter, or both")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """Share of each arm."""
        return {"held_out": self.holdout, "treated": 1.0 - self.holdout}

    def step(self, key: str) -> Step:
        """The step called ``key``."""
        return next(step for step in self.steps if step.key == key)

    def following(self, key: str) -> str | None:
        """The step after ``key``, None where it is the last."""
        place = next(place for place, step in enumerate(self.steps) if step.key == key)
        step = self.steps[place]
        if step.next is not None:
            return step.next
        return self.steps[place + 1].key if place + 1 < len(self.steps) else None

    def exits(self, key: str) -> Mapping[str, str | None]:
        """Where a step can lead, by the name of the way; None is the end."""
        step = self.step(key)
        return kind_of(step).exits(step, self.following(key))

    def conditions(self) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
        """Every condition with its path within ``spec``; that of the trigger's event and ``enter`` first."""
        for raw in event_heads(self.trigger):
            yield ("trigger",), raw
        for name in ("enter", "leave", "goal"):
            raw = getattr(self, name)
            if raw is not None:
                yield (name,), raw
        for place, step in enumerate(self.steps):
            for name in kind_of(step).conditions if type(step) is not _Bare else ():
                raw = getattr(step, name)
                if raw is not None:
                    yield ("steps", place, name), raw


def spec_of(document: Document) -> JourneySpec:
    """The content of a journey document."""
    assert isinstance(document.spec, JourneySpec)
    return document.spec
