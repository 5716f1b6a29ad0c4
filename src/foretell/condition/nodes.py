"""The syntax tree of the condition language: frozen values, nothing computed.

A tree is made by :func:`foretell.condition.parse`. ``path`` says where in the written condition a
part stands (for messages); it takes no part in comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from foretell.clock import Duration

Path = tuple[str | int, ...]
Scalar = str | bool | Decimal
Operand = str | bool | Decimal | date | datetime | Duration

CheckName = Literal[
    "is", "in", "gt", "gte", "lt", "lte", "between",
    "contains", "starts_with", "ends_with", "matches", "exists",
    "before", "after",
    "ago_gt", "ago_gte", "ago_lt", "ago_lte", "ago_between",
    "age_is", "age_gt", "age_gte", "age_lt", "age_lte", "age_between",
]  # fmt: skip
Function = Literal["sum", "avg", "min", "max", "distinct"]


@dataclass(frozen=True)
class Check:
    """One test of one value.

    Args:
        name: the positive test.
        operands: what the value is held against: one, several (``in``), two (``…between``) or none
            (``exists``). Numbers are decimals in major units.
        negated: the exact complement is meant (``is_not``, ``not_in``, ``not_contains``,
            ``exists: false``).
    """

    name: CheckName
    operands: tuple[Operand, ...]
    negated: bool = False


Test = tuple[Check, ...]
"""Checks of one value that must all hold."""


@dataclass(frozen=True)
class Property:
    """A test of an event's property; ``name`` as in the event, nested with dots."""

    name: str
    test: Test


@dataclass(frozen=True)
class Selection:
    """Which events are meant.

    Args:
        event: test of the event's name.
        where: tests of properties, all of which must hold.
        within: only the events of the last so much time; None is all of the past.
    """

    event: Test
    where: tuple[Property, ...] = ()
    within: Duration | None = None


@dataclass(frozen=True)
class Aggregate:
    """A test of the sum, average, … of a property over the selected events."""

    function: Function
    name: str
    test: Test


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Condition
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Trait:
    """A test of a trait's latest value."""

    name: str
    test: Test
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Did:
    """How many of the selected events there are, and what their properties add up to.

    Args:
        times: test of their number; None where only aggregates are asked for.
        aggregates: further tests, all of which must hold.
        negated: written ``did_not``: the exact complement.
    """

    selection: Selection
    times: Test | None
    aggregates: tuple[Aggregate, ...] = ()
    negated: bool = False
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Pick:
    """A test of the last or the first of the selected events (ties in time go by message id).

    Args:
        ago: tests of the time that has passed since (``ago_…``).
        properties: tests of its properties (``is``).
    """

    which: Literal["last", "first"]
    selection: Selection
    ago: Test = ()
    properties: tuple[Property, ...] = ()
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Prediction:
    """A test of the latest stored score; ``horizon`` None stands for the prediction's only one."""

    key: str
    horizon: str | None
    test: Test
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Segment:
    """Membership in another segment at the same instant."""

    key: str
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Consent:
    """The latest word on a purpose over a channel is that it is granted."""

    channel: str
    purpose: str
    path: Path = field(default=(), compare=False)


MessageState = Literal["sent", "delivered", "opened", "clicked", "replied", "bounced"]


@dataclass(frozen=True)
class Message:
    """What became of the message that a step of the person's run sent (journeys only).

    Args:
        negated: written ``is_not``: the exact complement.
    """

    step: str
    state: MessageState
    negated: bool = False
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Event:
    """A test of a property of the event that began the person's run (journeys only)."""

    name: str
    test: Test
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Account:
    """The person belongs to an account for which the part holds; there, events are those of all its members
    and traits are the account's own."""

    part: Condition
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Table:
    """The person (inside ``account``: the account) has rows in a table of the workspace's own.

    Args:
        where: tests of the row's columns, all of which must hold.
        times: test of how many such rows there are.
    """

    key: str
    where: tuple[Property, ...]
    times: Test
    path: Path = field(default=(), compare=False)


Condition = All | AnyOf | Not | Trait | Did | Pick | Prediction | Segment | Consent | Message | Event | Account | Table
Leaf = Trait | Did | Pick | Prediction | Segment | Consent | Message | Event | Account | Table


@dataclass(frozen=True)
class Measure:
    """A number a person over the selected events: the ``value`` of a prediction, a KPI.

    Args:
        function: None counts the events.
        name: the property; empty for a count.
    """

    selection: Selection
    function: Function | None = None
    name: str = ""
    path: Path = field(default=(), compare=False)
