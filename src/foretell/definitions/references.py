"""References between documents: names of nothing, and loops."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretell.definitions.documents import Catalog, Document
from foretell.definitions.positions import NodePath, Plain
from foretell.definitions.problem import Problem, problems_from, suggestion
from foretell.errors import ForetellError

Name = tuple[str, str]


@dataclass(frozen=True)
class ReferenceProblems:
    """What is wrong between documents.

    Args:
        endless: documents from which following references never ends.
    """

    problems: list[Problem]
    endless: Collection[Name]


def reference_problems(catalog: Catalog, broken_keys: Collection[str] = ()) -> ReferenceProblems:
    """Unknown references and loops among the catalog's documents.

    Args:
        broken_keys: keys that may belong to documents too broken to read; no complaint about those.
    """
    problems: list[Problem] = []
    graph: dict[Name, list[Name]] = {}
    for name, document in catalog.documents.items():
        try:
            named = list(dict.fromkeys(_named(document, catalog)))
        except ForetellError as error:
            problems.extend(problems_from(error, thing=document.name, where=document.where))
            named = []
        graph[name] = [other for other in named if other in catalog.documents]
        problems.extend(
            _unknown(document, other, catalog)
            for other in named
            if not catalog.has(*other) and other[1] not in broken_keys
        )
    inside = _in_loops(graph)
    for loop in _loops(graph, inside):
        problems.append(_loop_problem([catalog.documents[name] for name in loop]))
    return ReferenceProblems(problems, _reaching(graph, inside))


def locate(raw: Mapping[str, Any], kind: str, key: str) -> NodePath:
    """NodePath at which a document names ``kind`` ``key``: an entry ``kind: key``, else the text ``key``."""
    fallback: NodePath | None = None
    for path, value in _scalars(raw.get("spec"), ("spec",)):
        if value == key and path[-1] == kind:
            return path
        if value == key and fallback is None:
            fallback = path
    return fallback or ("key",)


def _named(document: Document, catalog: Catalog) -> Iterator[Name]:
    refers = catalog.kinds[document.kind].refers
    if refers is not None:
        yield from ((str(kind), str(key)) for kind, key in refers(document))


def _unknown(document: Document, other: Name, catalog: Catalog) -> Problem:
    kind, key = other
    known = [each.key for each in catalog.all(kind)] + [name for k, name in catalog.broken if k == kind]
    return Problem(
        "UNKNOWN_REFERENCE",
        f"there is no {kind} called {key!r}",
        document.name,
        document.positions.at(locate(document.raw, kind, key)),
        suggestion(key, sorted(known), what=f"keys of kind {kind}"),
    )


def _loop_problem(loop: Sequence[Document]) -> Problem:
    """``loop`` in order, its first document not repeated at its end."""
    places = []
    for document, following in zip(loop, [*loop[1:], loop[0]], strict=True):
        path = locate(document.raw, following.kind, following.key)
        places.append(document.positions.at(path))
    names = " → ".join(document.name for document in [*loop, loop[0]])
    return Problem(
        "DEFINITION_LOOP",
        f"definitions refer to each other in a loop: {names}",
        loop[0].name,
        places[0],
        f"Take out one of the references ({', '.join(places)}).",
    )


def _in_loops(graph: Mapping[Name, Sequence[Name]]) -> set[Name]:
    """The names that lie on some loop: ends and beginnings of chains are taken away until nothing more
    goes, then what cannot come back to itself."""
    left = set(graph)
    while True:
        inner = {name for name in left if any(other in left for other in graph[name])}
        targets = {other for name in inner for other in graph[name]}
        inner &= targets
        if inner == left:
            break
        left = inner
    return {name for name in left if _shortest(graph, name, name, left)}


def _loops(graph: Mapping[Name, Sequence[Name]], inside: set[Name]) -> Iterator[list[Name]]:
    """The shortest loop through each name on a loop, each loop once, the smallest names first."""
    told: set[Name] = set()
    for name in sorted(inside):
        if name not in told:
            loop = _shortest(graph, name, name, inside)
            told.update(loop)
            yield loop


def _shortest(graph: Mapping[Name, Sequence[Name]], start: Name, end: Name, within: set[Name]) -> list[Name]:
    """The names on the shortest way from ``start`` to ``end`` without ``end``; empty where there is none."""
    came: dict[Name, Name] = {}
    edge = [start]
    while edge:
        following: list[Name] = []
        for name in edge:
            for other in graph[name]:
                if other == end:
                    way = [name]
                    while way[-1] != start:
                        way.append(came[way[-1]])
                    return way[::-1]
                if other in within and other not in came and other != start:
                    came[other] = name
                    following.append(other)
        edge = following
    return []


def _reaching(graph: Mapping[Name, Sequence[Name]], inside: set[Name]) -> set[Name]:
    """``inside`` and everything from which it can be reached."""
    reaching = set(inside)
    while True:
        more = {name for name in graph if name not in reaching and any(o in reaching for o in graph[name])}
        if not more:
            return reaching
        reaching |= more


def _scalars(value: Plain, path: NodePath) -> Iterator[tuple[NodePath, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _scalars(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _scalars(item, (*path, index))
    else:
        yield path, value
