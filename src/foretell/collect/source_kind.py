"""The kind ``source``: its model, and what can be wrong with such a document by its meaning."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from foretell.collect.expressions import Compiled, Scope, as_bool, as_text, columns_of, compiled, parsed
from foretell.collect.slots import Slot, slots
from foretell.collect.source_model import SourceSpec
from foretell.collect.times import unknown_code
from foretell.collect.webhook_expressions import check as check_expression
from foretell.collect.webhook_expressions import expressions_of
from foretell.definitions import SETTINGS_FILE, Catalog, Document, Kind, Problem, problems_from
from foretell.engine import UNSENT_SOURCES
from foretell.errors import ForetellError, UsageError


def compiled_slot(slot: Slot, scope: Scope) -> Compiled:
    """Compile the expression in ``slot``."""
    if not isinstance(slot.text, str | int | float | bool):
        raise UsageError("BAD_EXPRESSION", f"{slot.text!r} is no expression")
    result = compiled(parsed(slot.text), scope)
    if slot.wanted == "condition":
        return Compiled(as_bool(result), "bool", result.grouped)
    if slot.path and not {"properties", "traits"}.intersection(slot.path):
        as_text(result)
    return result


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec = document.spec
    assert isinstance(spec, SourceSpec)
    if document.key in UNSENT_SOURCES:
        message = f"{document.key!r} is the source of {UNSENT_SOURCES[document.key]}"
        yield Problem("KEY_TAKEN", message, document.name, document.positions.at(("key",)), "Give it another key.")
    for slot in slots(spec):
        where = document.positions.at(("spec", *slot.path))
        try:
            columns = _assumed(slot)
            compiled_slot(slot, Scope(columns, slot.grouped))
        except ForetellError as error:
            yield from problems_from(error, thing=document.name, where=where)
    yield from _check_settings(document, spec)
    yield from _check_webhook(document, spec, catalog)


def _check_webhook(document: Document, spec: SourceSpec, catalog: Catalog) -> Iterator[Problem]:
    places: list[tuple[tuple[str | int, ...], object]] = [
        (("events", number, *place), text)
        for number, mapping in enumerate(spec.events)
        for place, text in expressions_of(mapping)
    ]
    if spec.records is not None:
        places.append((("records",), spec.records))
    for path, text in places:
        try:
            check_expression(text)
        except UsageError as error:
            yield from problems_from(error, thing=document.name, where=document.positions.at(("spec", *path)))
    if spec.signature is not None and spec.signature.secret not in catalog.settings.secrets:
        where = document.positions.at(("spec", "signature", "secret"))
        message = f"there is no secret called {spec.signature.secret!r}"
        next_step = f"Add it to secrets in {SETTINGS_FILE}: {spec.signature.secret}: ${{VARIABLE}}."
        yield Problem("BAD_SOURCE", message, document.name, where, next_step)


def _assumed(slot: Slot) -> dict[str, Compiled]:
    """Before a file is there, every column that is named is taken to exist and to hold text."""
    if not isinstance(slot.text, str):
        return {}
    return {name: Compiled("c", "text") for name in columns_of(parsed(slot.text))}


def _check_settings(document: Document, spec: SourceSpec) -> Iterator[Problem]:
    def problem(message: str, next_step: str, *path: str | int) -> Problem:
        where = document.positions.at(("spec", *path))
        return Problem("BAD_SOURCE", message, document.name, where, next_step)

    try:
        codecs.lookup(spec.encoding)
    except LookupError:
        message = f"there is no encoding called {spec.encoding!r}"
        yield problem(message, "Use a name such as utf-8, latin-1, cp1252 or utf-16.", "encoding")
    for number, mapping in enumerate(spec.mappings):
        for code in filter(None, map(unknown_code, mapping.timestamp_format)):
            message = f"the time format holds {code!r}, which is not understood"
            next_step = "Use codes such as %Y-%m-%d %H:%M:%S, or unix or unix_ms."
            yield problem(message, next_step, "mappings", number, "timestamp_format")


SOURCE = Kind("source", "sources", SourceSpec, check=_check)
"""Registered by ``app``."""
