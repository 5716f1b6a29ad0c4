"""The kind ``tracking``: what can be wrong with such a document by its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foretell.collect.standards import chosen, read_rates
from foretell.collect.tracking.compiling import applies, field_problems, placed_fields, spec_of
from foretell.collect.tracking.document import FieldPlan, TrackingSpec
from foretell.definitions import Catalog, Document, Kind, Problem, problems_from
from foretell.engine import UNSENT_SOURCES
from foretell.errors import ForetellError

_TEXTS, _NUMBERS = {"string"}, {"number", "integer"}


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec = spec_of(document)
    yield from field_problems(document)
    yield from _words(document, spec)
    yield from _sources(document, spec, catalog)
    yield from _claims(document, spec, catalog)
    if catalog.all("tracking")[0].key == document.key and _needs_rates(catalog):
        try:
            read_rates(catalog.root)
        except ForetellError as error:
            yield from problems_from(error, thing=document.name, where=document.where)


def _words(document: Document, spec: TrackingSpec) -> Iterator[Problem]:
    """Words that cannot have an effect where they stand."""

    def problem(path: tuple[str | int, ...], message: str, next_step: str) -> Problem:
        return Problem("BAD_TRACKING", message, document.name, document.positions.at(("spec", *path)), next_step)

    for path, told in placed_fields(spec):
        if told.items and path[0] == "traits":
            yield problem((*path, "items"), "the elements of traits are not checked", "Leave items out.")
        if path.count("items") > 1:
            changing = {"standard": told.standard is not None, "on_violation": told.on_violation == "drop_field"}
            for word in (word for word, is_so in changing.items() if is_so):
                message = "what lies in arrays within elements is checked and not changed"
                yield problem((*path, word), message, f"Leave {word} out.")
        for word, sorts in _SUITED.items():
            if getattr(told, word) is not None and told.type and not sorts & set(told.type) and not told.standard:
                message = f"{word} says nothing of the type {' or '.join(told.type)}"
                yield problem((*path, word), message, f"Leave {word} out, or write type: {sorted(sorts)[-1]}.")
        for value in _unlike(told):
            message = f"the allowed value {value!r} is no {' or '.join(told.type)}"
            yield problem((*path, "enum"), message, "Leave it out, or change the type.")
        if told.standard is not None:
            yield from _beside(document, spec, path, told)


_SUITED = {"pattern": _TEXTS, "format": _TEXTS, "minimum": _NUMBERS, "maximum": _NUMBERS}


def _unlike(told: FieldPlan) -> list[object]:
    """Allowed values that the type forbids."""
    if not told.type or told.standard is not None:
        return []
    return [value for value in told.enum if not _sorts(value) & set(told.type)]


def _sorts(value: object) -> set[str]:
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, str):
        return {"string"}
    return {"number", "integer"} if float(str(value)).is_integer() else {"number"}


def _beside(document: Document, spec: TrackingSpec, path: tuple[str | int, ...], told: FieldPlan) -> Iterator[Problem]:
    """Options of a standard that read a field which the plan does not name beside this one."""
    try:
        names = chosen(told.standard or "").fields
    except ForetellError:
        return  # told already
    known = list(spec.traits if path[0] == "traits" else spec.events[str(path[1])].properties)
    for name in names:
        if name.split(".")[0] not in {one.split(".")[0] for one in known}:
            message = f"the standard reads the field {name!r}, which the plan does not name beside {path[-1]!r}"
            where = document.positions.at(("spec", *path, "standard"))
            yield Problem("UNKNOWN_FIELD", message, document.name, where, "Name it there, or name another field.")


def _sources(document: Document, spec: TrackingSpec, catalog: Catalog) -> Iterator[Problem]:
    for number, source in enumerate(spec.sources):
        where = document.positions.at(("spec", "sources", number))
        if source in UNSENT_SOURCES:
            message = f"{source!r} is the source of {UNSENT_SOURCES[source]}; it has no plan"
            yield Problem("BAD_TRACKING", message, document.name, where, "Leave it out.")
        elif not catalog.has("source", source):
            message = f"there is no source document called {source!r}; the plan waits for events of that source"
            yield Problem("SOURCE_UNKNOWN", message, document.name, where, "", "warning")


def _claims(document: Document, spec: TrackingSpec, catalog: Catalog) -> Iterator[Problem]:
    """Events and traits that an earlier plan claims for the same source with other rules."""
    for other in catalog.all("tracking"):
        if other.key >= document.key:
            continue
        theirs = spec_of(other)
        shared = _shared(spec, theirs)
        if shared is None:
            continue
        for part in ("events", "traits"):
            mine_named, named = getattr(spec, part), getattr(theirs, part)
            for name in mine_named:
                if name in named and (mine_named[name] != named[name] or _above(spec) != _above(theirs)):
                    where = document.positions.at(("spec", part, name))
                    message = f"{name!r} is claimed by {other.name} too, with other rules, for {shared}"
                    next_step = (
                        f"Keep it in one of them; the other stands in {other.positions.at(('spec', part, name))}."
                    )
                    yield Problem("CLAIMED_TWICE", message, document.name, where, next_step)


def _shared(spec: TrackingSpec, other: TrackingSpec) -> str | None:
    """The sources of both in words; None where they share none."""
    if not spec.sources and not other.sources:
        return "all sources"
    both = [name for name in spec.sources or other.sources if applies(spec, name) and applies(other, name)]
    return f"the source{'s' if both[1:] else ''} {', '.join(both)}" if both else None


def _above(spec: TrackingSpec) -> tuple[object, ...]:
    return spec.owner, spec.on_violation, spec.unplanned


def _needs_rates(catalog: Catalog) -> bool:
    return any(told.standard for one in catalog.all("tracking") for _, told in placed_fields(spec_of(one)))


TRACKING = Kind("tracking", "tracking", TrackingSpec, check=_check)
"""Registered by ``app``."""
