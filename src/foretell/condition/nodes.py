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


@dataclass(frozen=True)
class Variable:
    """``$c``: the value that ``per … as: c`` bound in the same ``all``."""

    name: str


Operand = str | bool | Decimal | date | datetime | Duration | Variable

CheckName = Literal[
    "is", "in", "gt", "gte", "lt", "lte", "between",
    "contains", "starts_with", "ends_with", "matches", "exists",
    "before", "after", "in_list", "anniversary_in",
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
            (``exists``); of ``in_list`` the key of the reference list, of ``anniversary_in`` a duration. Numbers are
            decimals in major units, shares (``20%``) decimals (0.2).
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
class Anchor:
    """The instant of the person's last (first) event of some kind; of a person without one it is missing."""

    which: Literal["last", "first"]
    event: Test
    where: tuple[Property, ...] = ()


@dataclass(frozen=True)
class Selection:
    """Which events are meant.

    Args:
        event: test of the event's name.
        where: tests of properties, all of which must hold.
        within: only the events of the last so much time; None is all of the past. In a step of a sequence it counts
            from the step before.
        since: only the events after that instant (a date: from its first instant in the workspace's zone); none
            where it is missing.
        hours: tests of the hour (0 to 23) on the person's clock.
        weekdays: tests of the day of the week (1 Monday to 7 Sunday) on the person's clock.
    """

    event: Test
    where: tuple[Property, ...] = ()
    within: Duration | None = None
    since: Anchor | date | datetime | None = None
    hours: Test = ()
    weekdays: Test = ()


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
class Figure:
    """A number over events: how many (``function`` None), or what a property comes to."""

    function: Function | None = None
    name: str = ""


@dataclass(frozen=True)
class Change:
    """How a number of the window compares with that of the window before, of the same length.

    Args:
        test: of ``(now - before) / before``; missing where ``before`` is missing or 0.
        base: of the window before: its number of events, of a ratio its denominator.
        figure: what is compared (of a ratio: nothing, it is the ratio itself).
    """

    test: Test
    base: Test = ()
    figure: Figure = Figure()


@dataclass(frozen=True)
class Top:
    """The first so many, or the first share, of the universe by a number; who has none of the events is not among
    them, ties are all in."""

    count: int | None
    share: Decimal | None
    figure: Figure = Figure()


@dataclass(frozen=True)
class Did:
    """How many of the selected events there are, and what their properties add up to.

    Args:
        times: test of their number; None where only aggregates are asked for.
        aggregates: further tests, all of which must hold.
        negated: written ``did_not``: the exact complement.
        in_any: the tests hold for the events of some window of this length, whenever it was.
        per: the tests hold for the events of some value of this property.
        bind: the name by which other parts of the same ``all`` speak of that value.
        without: only events that no such event follows (in time, ties by message id).
        same: properties in which the event and the one that follows it are equal.
    """

    selection: Selection
    times: Test | None
    aggregates: tuple[Aggregate, ...] = ()
    negated: bool = False
    path: Path = field(default=(), compare=False)
    in_any: Duration | None = None
    per: str | None = None
    bind: str | None = None
    change: Change | None = None
    top: Top | None = None
    without: Selection | None = None
    same: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A step of a sequence: an event after the step before it (in time, ties by message id), or none such.

    Args:
        selection: its ``within`` counts from the step before; of the first step from the instant back.
        negated: written ``did_not``: no such event up to the next step, or to the end of its ``within``.
    """

    selection: Selection
    negated: bool = False


@dataclass(frozen=True)
class Sequence:
    """Events that follow each other.

    Args:
        steps: the first is positive.
        same: properties in which the events of all steps are equal.
        within: of the first step, from the instant back.
        open: a closing negated step holds although its window has not elapsed.
    """

    steps: tuple[Step, ...]
    same: tuple[str, ...] = ()
    within: Duration | None = None
    open: bool = False
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Ratio:
    """How often some events are there for each of some others; missing where there is none of the others.

    Args:
        test: of the ratio; empty where only its change is asked for.
    """

    over: Selection
    under: Selection
    within: Duration | None
    test: Test = ()
    change: Change | None = None
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Persona:
    """The latest persona that was assigned to the person is this one."""

    key: str
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Near:
    """The coordinates in the trait lie at most ``km`` from a point: the great circle on a sphere of 6,371.0088 km.

    They are read, in degrees, from ``TRAIT.latitude`` (or ``lat``) and ``TRAIT.longitude`` (or ``lon``, ``lng``).
    """

    trait: str
    latitude: Decimal
    longitude: Decimal
    km: Decimal
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Context:
    """A test of what is known at the moment of a decision alone, such as the page that is looked at."""

    name: str
    test: Test
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True)
class Bucket:
    """A test of the person's place, from 0 up to 1, in a draw: the same for good, and independent between keys."""

    key: str
    test: Test
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
    """A test of the latest stored score; ``horizon`` None stands for the prediction's only one.

    Args:
        key: as the scores have it: ``KEY.VALUE`` for one value of a prediction with ``per``.
    """

    key: str
    horizon: str | None
    test: Test
    path: Path = field(default=(), compare=False)

    @property
    def document(self) -> str:
        """Key of the prediction's document."""
        return self.key.partition(".")[0]


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


Leaf = (
    Trait | Did | Pick | Sequence | Ratio | Prediction | Segment | Persona | Consent | Near | Account | Table
    | Message | Event | Context | Bucket
)  # fmt: skip
Condition = All | AnyOf | Not | Leaf


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
