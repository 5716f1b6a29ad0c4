"""Tracking plans as rules with numbers, ready to be held against a frame."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.standards import Chosen, StandardContext, chosen, read_rates
from foretell.collect.tracking.document import Action, EventPlan, FieldPlan, Owner, TrackingSpec, Unplanned
from foretell.definitions import Catalog, Document, Problem, problems_from
from foretell.engine import scratch
from foretell.errors import ForetellError

NUMBER_KEY = "'n:' || CAST(CAST({0} AS DOUBLE) AS VARCHAR)"
"""SQL text: how a number is compared with allowed values."""


@dataclass(frozen=True)
class Rule:
    """What one field must be like.

    Args:
        number: of the rule among those of its source.
        event: name of the event; None for a trait.
        array: path of the array in whose elements the field lies.
        path: dotted, within the event, the element or the traits.
        within: arrays within the elements, one in the elements of the other, in whose elements the field lies. What
            lies there is looked at and not changed.
    """

    number: int
    plan: str
    event: str | None
    array: str | None
    path: str
    field: FieldPlan
    owner: Owner | None
    action: Action
    within: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The field as reports call it."""
        if self.event is None:
            return f"traits.{self.path}"
        return self.path if self.array is None else ".".join([self.array, *self.within, self.path])

    @cached_property
    def standard(self) -> Chosen | None:
        """The normal form, with its options."""
        return None if self.field.standard is None or self.within else chosen(self.field.standard)


@dataclass(frozen=True)
class Stray:
    """What becomes of something that a plan does not name."""

    plan: str
    action: Unplanned
    owner: Owner | None


_RULES = pa.schema(
    [
        ("rule", pa.int64()), ("event", pa.string()), ("field", pa.string()), ("required", pa.bool_()),
        ("types", pa.list_(pa.string())), ("enum", pa.list_(pa.string())), ("minimum", pa.float64()),
        ("maximum", pa.float64()), ("action", pa.string()), ("owner", pa.string()), ("owner_type", pa.string()),
        ("plan", pa.string()), ("personal", pa.bool_()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class SourceRules:
    """All rules for the events of one source.

    Args:
        events: planned events → the rules of their properties.
        stray: planned events → what becomes of properties that are not named.
        stray_events: what becomes of events that no plan names; None where they are let in.
    """

    rules: tuple[Rule, ...]
    events: Mapping[str, tuple[Rule, ...]]
    traits: tuple[Rule, ...]
    stray: Mapping[str, Stray]
    stray_events: Stray | None
    stray_traits: Stray | None
    context: StandardContext = field(compare=False)

    @cached_property
    def table(self) -> pa.Table:
        """The rules as a table, ``rule`` being their number."""
        keys = _enum_keys(self.rules)
        rows = []
        for rule in self.rules:
            told, owner = rule.field, rule.owner
            rows.append(
                {
                    "rule": rule.number, "event": rule.event, "field": rule.label, "required": told.required,
                    "types": list(told.type), "enum": keys[rule.number], "minimum": told.minimum,
                    "maximum": told.maximum, "action": rule.action, "owner": owner.name if owner else None,
                    "owner_type": owner.sort if owner else None, "plan": rule.plan,
                    "personal": told.pii not in (None, "none"),
                }
            )  # fmt: skip
        return pa.Table.from_pylist(rows, _RULES)


def _enum_keys(rules: tuple[Rule, ...]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {rule.number: [] for rule in rules}
    numbers = []
    for rule in rules:
        for value in rule.field.enum:
            if isinstance(value, bool):
                found[rule.number].append(f"b:{json.dumps(value)}")
            elif isinstance(value, str):
                found[rule.number].append(f"s:{value}")
            else:
                numbers.append((rule.number, float(value)))
    if numbers:
        table = pa.table({"rule": [rule for rule, _ in numbers], "x": [value for _, value in numbers]})
        for row in scratch(f"SELECT rule, {NUMBER_KEY.format('x')} AS key FROM v", {"v": table}).to_pylist():
            found[row["rule"]].append(row["key"])
    return found


class CompiledPlan:
    """The tracking plans of a catalog; compared by what they say.

    Args:
        catalog: the definitions in force; None: no plan.
    """

    def __init__(self, catalog: Catalog | None = None) -> None:
        self._documents: tuple[Document, ...] = () if catalog is None else tuple(_sound(catalog))
        self._context = None if catalog is None or not self._documents else _context(catalog)
        self._by_source: dict[str, SourceRules | None] = {}

    def same_as(self, catalog: Catalog) -> bool:
        """True where ``catalog`` holds the same plans, and no settings were read for them."""
        fresh = _sound(catalog)
        if not fresh and not self._documents:
            return True
        said = [one.fingerprint for one in fresh] == [one.fingerprint for one in self._documents]
        return said and _told(_context(catalog)) == _told(self._context)

    def of(self, source: str) -> SourceRules | None:
        """The rules for ``source``; None where no plan speaks of it."""
        if not self._documents:
            return None
        if source not in self._by_source:
            self._by_source[source] = self._compiled(source)
        return self._by_source[source]

    def _compiled(self, source: str) -> SourceRules | None:
        specs = [(one.key, spec) for one in self._documents if applies(spec := spec_of(one), source)]
        if not specs or self._context is None:
            return None
        rules: list[Rule] = []
        events: dict[str, tuple[Rule, ...]] = {}
        stray: dict[str, Stray] = {}
        traits: dict[str, None] = {}
        for key, spec in specs:
            for name, event in spec.events.items():
                if name in events:
                    continue
                start = len(rules)
                rules += _event_rules(key, spec, name, event, start)
                events[name] = tuple(rules[start:])
                action = event.unplanned or spec.unplanned
                if action != "allow":
                    stray[name] = Stray(key, action, event.owner or spec.owner)
            for path, told in _paths(spec.traits):
                if path not in traits:
                    traits[path] = None
                    owner, action_ = told.owner or spec.owner, told.on_violation or spec.on_violation
                    rules.append(Rule(len(rules), key, None, None, path, told, owner, action_))
        return SourceRules(
            tuple(rules), events, tuple(rule for rule in rules if rule.event is None), stray, *_strays(specs),
            self._context,
        )  # fmt: skip


def spec_of(document: Document) -> TrackingSpec:
    """The content of a tracking document."""
    assert isinstance(document.spec, TrackingSpec)
    return document.spec


def applies(spec: TrackingSpec, source: str) -> bool:
    """Whether a plan speaks of ``source``."""
    return not spec.sources or source in spec.sources


def fields_of(key: str, spec: TrackingSpec) -> Iterator[Rule]:
    """Every field of a plan with its owner and what a violation does, traits last."""
    for name, event in spec.events.items():
        yield from _event_rules(key, spec, name, event, 0)
    for path, told in _paths(spec.traits):
        yield Rule(0, key, None, None, path, told, told.owner or spec.owner, told.on_violation or spec.on_violation)


def _strays(specs: list[tuple[str, TrackingSpec]]) -> tuple[Stray | None, Stray | None]:
    """What becomes of events and of traits that no plan names: the strictest word counts."""
    order = ["report", "drop_field", "quarantine"]
    strict = [Stray(key, spec.unplanned, spec.owner) for key, spec in specs if spec.unplanned != "allow"]
    strict.sort(key=lambda one: order.index(one.action))
    with_traits = {key for key, spec in specs if spec.traits}
    about_traits = [one for one in strict if one.plan in with_traits]
    return (strict[-1] if strict else None), (about_traits[-1] if about_traits else None)


def _event_rules(key: str, spec: TrackingSpec, name: str, event: EventPlan, start: int) -> list[Rule]:
    found: list[Rule] = []

    def add(arrays: tuple[str, ...], path: str, told: FieldPlan, above: tuple[Owner | None, Action]) -> None:
        owner, action = told.owner or above[0], told.on_violation or above[1]
        done: Action = "allow" if arrays[1:] and action == "drop_field" else action
        array = arrays[0] if arrays else None
        found.append(Rule(start + len(found), key, name, array, path, told, owner, done, arrays[1:]))
        for inner, part in _paths(told.items):
            add((*arrays, path), inner, part, (owner, action))

    for path, told in _paths(event.properties):
        add((), path, told, (event.owner or spec.owner, event.on_violation or spec.on_violation))
    return found


def _paths(fields: Mapping[str, FieldPlan], prefix: str = "") -> Iterator[tuple[str, FieldPlan]]:
    """Dotted paths of fields, the members of objects after them; members take over what the object says."""
    for name, told in fields.items():
        yield prefix + name, told
        if told.properties:
            given = {"owner": told.owner, "on_violation": told.on_violation}
            members = {
                inner: part.model_copy(update={k: v for k, v in given.items() if getattr(part, k) is None})
                for inner, part in told.properties.items()
            }
            yield from _paths(members, f"{prefix}{name}.")


def field_problems(document: Document) -> Iterator[Problem]:
    """What keeps fields of a plan from being checked: standards that there are not, patterns that are none."""
    spec = spec_of(document)
    for path, told in placed_fields(spec):
        if told.standard is not None:
            try:
                chosen(told.standard)
            except ForetellError as error:
                yield from problems_from(
                    error, thing=document.name, where=document.positions.at(("spec", *path, "standard"))
                )
        if told.pattern is not None:
            try:
                pc.match_substring_regex(pa.array([""]), told.pattern)
            except pa.ArrowInvalid as error:
                message = f"the pattern {told.pattern!r} is no regular expression: {_fault(error)}"
                where = document.positions.at(("spec", *path, "pattern"))
                yield Problem("BAD_PATTERN", message, document.name, where, "Write it as RE2 understands it.")


def placed_fields(spec: TrackingSpec) -> Iterator[tuple[tuple[str | int, ...], FieldPlan]]:
    """Every field with its place below ``spec``."""
    for name, event in spec.events.items():
        yield from _placed(("events", name, "properties"), event.properties)
    yield from _placed(("traits",), spec.traits)


def _placed(
    path: tuple[str | int, ...], fields: Mapping[str, FieldPlan]
) -> Iterator[tuple[tuple[str | int, ...], FieldPlan]]:
    for name, told in fields.items():
        yield (*path, name), told
        yield from _placed((*path, name, "properties"), told.properties)
        yield from _placed((*path, name, "items"), told.items)


def _fault(error: Exception) -> str:
    return str(error).removeprefix("Invalid regular expression: ")


def _sound(catalog: Catalog) -> list[Document]:
    """The plans that can be held against events; what is wrong with the others, their check tells."""
    return [one for one in catalog.all("tracking") if next(field_problems(one), None) is None]


def _told(context: StandardContext | None) -> tuple[str, str, str] | None:
    return None if context is None else (context.region, context.currency, context.rates.version)


def _context(catalog: Catalog) -> StandardContext:
    context = StandardContext.of(catalog.settings)
    try:
        return replace(context, rates=read_rates(catalog.root))
    except ForetellError:  # the check of the plan that needs rates tells it
        return context
