"""By what a case rule opens cases by itself: an event of a person, at once, or a condition, at the next look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from foretell.clock import Duration
from foretell.condition import (
    Condition,
    ConditionField,
    Did,
    Selection,
    horizon_problems,
    parse,
    parse_problems,
    references,
)
from foretell.definitions import Catalog, Document, DurationText, Problem
from foretell.errors import ForetellError

ANSWERED = "Survey Answered"
NEVER = "Case Opened"
"""A case that opens a case would never end."""
_LATER = ("in_list", "anniversary_in")
"""Tests that read more than the event itself."""
Path = tuple[str | int, ...]


class Opens(BaseModel):
    """What opens a case: an event, or a condition."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: str | dict[str, Any] | None = Field(
        None, description="Name of an event that opens a case of its person at once, or a test of it: {in: [A, B]}."
    )
    where: dict[str, Any] | None = Field(None, description="Tests of its properties, as in a condition.")
    fresh: DurationText = Field("3d", description="An event that arrives later than this after it happened opens none.")
    condition: ConditionField | None = Field(
        None, description="Condition: everybody for whom it holds at a look, and who has no such case, gets one."
    )
    again_after: DurationText = Field(
        "30d", description="With a condition: so long after a person's last such case was opened there is no other."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.event is None) == (self.condition is None):
            raise ValueError("write either event or condition")
        for name, of in (("where", "event"), ("fresh", "event"), ("again_after", "condition")):
            if name in self.model_fields_set and getattr(self, of) is None:
                raise ValueError(f"{name} belongs to {of}")
        return self

    @property
    def written(self) -> dict[str, Any]:
        """The condition that says of a person that it opens a case."""
        if self.condition is not None:
            return dict(self.condition)
        return {"did": self.event} | ({} if self.where is None else {"where": self.where})

    def selection(self) -> Selection:
        """The events meant; only where there is an event."""
        tree = parse(self.written)
        assert isinstance(tree, Did)
        return tree.selection


def _several(value: object) -> object:
    return [value] if isinstance(value, Mapping) else value


OpensField = Annotated[
    tuple[Opens, ...], BeforeValidator(_several, json_schema_input_type=Opens | tuple[Opens, ...]), Field(max_length=20)
]
"""One, or several of which each opens cases."""


@dataclass(frozen=True)
class Opening:
    """One way in which a rule opens cases.

    Args:
        rule: key of the rule.
        place: which of the rule's ways it is, from 0.
    """

    rule: str
    place: int
    spec: Opens

    @property
    def at(self) -> str:
        """Its place, as its condition is kept by."""
        return str(self.place)

    @property
    def name(self) -> str:
        """The same as long as the rule's ways keep their order."""
        return f"{self.rule}:{self.place}"

    @cached_property
    def selection(self) -> Selection:
        """The events meant."""
        return self.spec.selection()

    @cached_property
    def tree(self) -> Condition:
        """The condition meant."""
        return parse(self.spec.written)

    @cached_property
    def fresh(self) -> Duration:
        """So long an event may be on its way."""
        return Duration.parse(self.spec.fresh)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The events' names; None where they are not told by name."""
        (check, *more) = self.selection.event
        if more or check.negated or check.name not in ("is", "in"):
            return None
        return tuple(str(one) for one in check.operands)


def ways(opens: Sequence[Opens], rule: str) -> Iterator[Opening]:
    """The ways in which a rule opens cases."""
    for place, one in enumerate(opens):
        yield Opening(rule, place, one)


def problems(document: Document, opens: Sequence[Opens], catalog: Catalog) -> Iterable[Problem]:
    """What is wrong with them, by meaning."""
    for place, one in enumerate(opens):
        at = _at(document, place, one)
        found = list(parse_problems(one.written, at=at, thing=document.name))
        yield from found
        if not found:
            yield from horizon_problems(parse(one.written), catalog, at=at, thing=document.name)
            yield from _at_once(document, at, one)
        for name in ("fresh", "again_after"):
            if Duration.parse(getattr(one, name)).days <= 0:
                where = document.positions.at(("spec", *_path(document, place), name))
                text = getattr(one, name)
                yield Problem("BAD_DURATION", f"{text!r} is no time at all", document.name, where, "Write more than 0.")


def _at_once(document: Document, at: Callable[[Path], str], one: Opens) -> Iterator[Problem]:
    if one.event is None:
        return
    if one.event == NEVER:
        message = f"a case that is opened by {NEVER} would open the next one without end"
        yield Problem("OPENS_ITSELF", message, document.name, at(("did",)), "Name what happened before the case.")
    for test in one.selection().where:
        for check in test.test:
            if check.name in _LATER:
                message = f"{check.name} cannot be asked of {test.name!r} as the event arrives"
                next_step = "Write the values themselves, or use a condition instead of an event."
                yield Problem("NOT_AT_ONCE", message, document.name, at(("where", test.name)), next_step)


def _path(document: Document, place: int) -> Path:
    """Where one of them stands: alone, it need not be in a list."""
    raw = document.raw.get("spec", {}).get("opens")
    return ("opens",) if isinstance(raw, Mapping) else ("opens", place)


def _at(document: Document, place: int, one: Opens) -> Callable[[Path], str]:
    path = _path(document, place)

    def at(inner: Path) -> str:
        if one.condition is not None:
            return document.positions.at(("spec", *path, "condition", *inner))
        steps = ("event", *inner[1:]) if inner[:1] == ("did",) else inner
        return document.positions.at(("spec", *path, *steps))

    return at


def refers(opens: Sequence[Opens]) -> Iterator[tuple[str, str]]:
    """The documents that they name."""
    for one in opens:
        try:
            named = references(parse(one.written))
        except ForetellError:
            continue  # the check reports it
        yield from (("segment", key) for key in named.segments)
        yield from (("prediction", key) for key in named.predictions)
        yield from (("table", key) for key in named.tables)
