"""The values by which events are told apart or held equal: a text is no number, nothing equals what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from foretell.condition import sql
from foretell.condition.nodes import Property
from foretell.condition.scope import Scope
from foretell.condition.values import key
from foretell.condition.where import Matches, properties

MISSING_KEY = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True)
class Place:
    """Where the values of a short name stand.

    Args:
        own: SQL of the key of the event's own property; null where it has none.
        elements: SQL of the elements with such a property, with their key as ``k``: of events that have it in one
            array alone; None where no array has it.
        arrays: those arrays.
    """

    own: str
    elements: str | None
    arrays: tuple[str, ...]


def paths_of(name: str, scope: Scope) -> tuple[str, ...]:
    """The properties that a short name may mean: the event's own, and those of elements of an array."""
    within = [] if "." in name else [path for path in scope.columns.paths() if path.endswith(f".{name}")]
    return (name, *(path for path in within if scope.value(path)[0] == path.removesuffix(f".{name}")))


def place(name: str, scope: Scope, alias: str = "e") -> Place:
    """Where the property ``name`` of the events ``alias`` stands: their own, else within the elements of an array."""
    found = {scope.value(path, alias)[0]: path for path in paths_of(name, scope)}
    own = MISSING_KEY if None not in found else key(scope.value(name, alias)[1])
    paths = {array: path for array, path in found.items() if array is not None}
    return Place(own, _elements(paths, scope) if paths else None, tuple(paths))


def _elements(paths: dict[str, str], scope: Scope) -> str:
    """SQL: the elements with a key ``k``; ``paths`` holds the property's path by array."""
    told = _by_array(paths, scope, "x")
    tests = [f'x."array" IN ({", ".join(map(sql.text, paths))})', f"{told} IS NOT NULL"]
    if len(paths) > 1:
        tests.append(
            'NOT EXISTS (SELECT 1 FROM event_elements AS y WHERE y.seq = x.seq AND y."array" <> x."array" '
            f"AND {_by_array(paths, scope, 'y')} IS NOT NULL)"
        )
    return f"SELECT x.*, {told} AS k FROM event_elements AS x WHERE {sql.both(tests)}"


def _by_array(paths: dict[str, str], scope: Scope, alias: str) -> str:
    keys = {array: key(scope.value(path, element=alias)[1]) for array, path in paths.items()}
    if len(keys) == 1:
        return next(iter(keys.values()))
    arms = " ".join(f"WHEN {sql.text(array)} THEN {one}" for array, one in keys.items())
    return f'CASE {alias}."array" {arms} END'


@dataclass(frozen=True)
class Keyed:
    """Events ``e`` once for every combination of the values of some properties.

    Args:
        joins: SQL that follows ``FROM … AS e``.
        keys: SQL of each property's key; null where the event has none.
    """

    scope: Scope
    joins: str = ""
    keys: tuple[str, ...] = ()
    places: tuple[Place, ...] = field(default=(), repr=False)

    def test(self, where: Sequence[Property], matches: Matches) -> str:
        """SQL: the event keeps ``matches``, and the elements whose values are read keep the tests of ``where``."""
        tests = [matches.all()]
        for number, one in enumerate(self.places):
            alias = f"x{number}"
            kept = properties(where, self.scope, alias).elements
            for array in one.arrays:
                if array in kept:
                    apart = f'{alias}.seq IS NULL OR {alias}."array" <> {sql.text(array)}'
                    tests.append(f"({apart} OR ({sql.both(kept[array])}))")
        return sql.both(tests)

    def known(self) -> str:
        """SQL: every property has a value."""
        return sql.both(f"{one} IS NOT NULL" for one in self.keys)


def keyed(names: Sequence[str], scope: Scope) -> Keyed:
    """Events by the values of the properties ``names``."""
    places = tuple(place(name, scope) for name in names)
    joins, keys = "", []
    for number, one in enumerate(places):
        if one.elements is None:
            keys.append(one.own)
            continue
        alias = f"x{number}"
        joins += f" LEFT JOIN ({one.elements}) AS {alias} ON {alias}.seq = e.seq AND {one.own} IS NULL"
        keys.append(f"coalesce({one.own}, {alias}.k)")
    return Keyed(scope, joins, tuple(keys), places)
