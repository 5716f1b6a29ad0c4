"""What segments are used in, from what the documents name; and those nobody uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from foretell.definitions import Catalog, Document
from foretell.errors import ForetellError

SEGMENT = "segment"


@dataclass(frozen=True)
class Use:
    """A document that names a segment.

    Args:
        kind: journey, audience, prediction, segment …
    """

    kind: str
    key: str
    title: str


@dataclass(frozen=True)
class Unused:
    """A segment that nothing goes by.

    Args:
        only_in: segments that name it, which nobody uses either.
    """

    key: str
    title: str
    owner: str | None
    only_in: tuple[Use, ...] = ()


def uses(catalog: Catalog) -> dict[str, tuple[Use, ...]]:
    """Segment → the valid documents that name it in a condition or a step, by kind and key.

    That KPIs can be split by every segment is no use of any.
    """
    found: dict[str, dict[tuple[str, str], Use]] = {document.key: {} for document in catalog.all(SEGMENT)}
    for _, document in sorted(catalog.documents.items()):
        for kind, key in _named(document, catalog):
            if kind == SEGMENT and key in found:
                use = Use(document.kind, document.key, title_of(document))
                found[key][document.kind, document.key] = use
    return {key: tuple(named.values()) for key, named in found.items()}


def unused(catalog: Catalog, named: Mapping[str, tuple[Use, ...]] | None = None) -> list[Unused]:
    """Segments that no journey, audience or other document goes by, by key.

    One that is named only by segments nobody uses is among them.

    Args:
        named: what :func:`uses` found, where it is known already.
    """
    named = uses(catalog) if named is None else named
    used = {key for key, found in named.items() if any(use.kind != SEGMENT for use in found)}
    while True:
        more = {key for key, found in named.items() if key not in used and any(use.key in used for use in found)}
        if not more:
            break
        used |= more
    documents = {document.key: document for document in catalog.all(SEGMENT)}
    return [
        Unused(key, title_of(documents[key]), getattr(documents[key].spec, "owner", None), named[key])
        for key in sorted(named)
        if key not in used
    ]


def title_of(document: Document) -> str:
    """What people call a document: its title or name, else its key."""
    for name in ("title", "name"):
        told = getattr(document.spec, name, None)
        if told:
            return str(told)
    return document.key


def _named(document: Document, catalog: Catalog) -> Iterator[tuple[str, str]]:
    refers = catalog.kinds[document.kind].refers
    if refers is not None:
        try:
            yield from refers(document)
        except ForetellError:
            return  # `plan` tells what is wrong with it
