"""What of the workspace a condition names, with the place at which it does so, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from foretell.condition.faults import At, Faults, nowhere
from foretell.condition.nodes import (
    Account,
    All,
    AnyOf,
    Check,
    Condition,
    Leaf,
    Measure,
    Not,
    Path,
    Prediction,
    Property,
    Segment,
    Table,
)
from foretell.definitions import Catalog, Problem, suggestion


def unknown_names(tree: Condition, catalog: Catalog, *, at: At | None = None, thing: str = "") -> list[Problem]:
    """Segments, predictions and tables that ``catalog`` does not have.

    Documents that are checked by ``plan`` are followed by their references instead.
    """
    faults = Faults(at or nowhere, thing)
    for leaf in _all_leaves(tree):
        kind = _KINDS.get(type(leaf))
        key = leaf.document if isinstance(leaf, Prediction) else getattr(leaf, "key", "")
        if kind is not None and not catalog.has(kind, key):
            keys = [document.key for document in catalog.all(kind)]
            step = suggestion(key, keys, what=f"keys of kind {kind}")
            faults.add((*leaf.path, kind), "UNKNOWN_REFERENCE", f"there is no {kind} called {key!r}", step)
    return faults.problems


_KINDS: dict[type, str] = {Segment: "segment", Prediction: "prediction", Table: "table"}


def _all_leaves(tree: Condition) -> Iterator[Leaf]:
    match tree:
        case All() | AnyOf():
            for part in tree.parts:
                yield from _all_leaves(part)
        case Not() | Account():
            yield from _all_leaves(tree.part)
        case _:
            yield tree


def lists_named(tree: Condition | Measure) -> list[tuple[str, Path]]:
    """The reference lists that ``tree`` names, each with the place at which it does so, in the order written."""
    return list(_lists(tree, tree.path))


def _lists(part: object, path: Path) -> Iterator[tuple[str, Path]]:
    if isinstance(part, Check):
        if part.name == "in_list":
            yield str(part.operands[0]), (*path, part.name)
    elif isinstance(part, tuple):
        for one in part:
            yield from _lists(one, path)
    elif is_dataclass(part):
        path = getattr(part, "path", path)
        if isinstance(part, Property):
            path = (*path, "where", part.name)
        for field in fields(part):
            if field.name != "path":
                yield from _lists(getattr(part, field.name), path)
