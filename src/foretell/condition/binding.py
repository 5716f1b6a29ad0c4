"""``all`` whose parts speak of one value: ``per … as: c`` binds it, ``$c`` means it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from foretell.condition import doing
from foretell.condition.nodes import All, AnyOf, Condition, Did, Not
from foretell.condition.parse_variables import free
from foretell.condition.people import People, intersection, union
from foretell.condition.scope import Of, Scope

Compile = Callable[[Condition, Scope, Of], People]
Group = tuple[Did, tuple[Condition, ...]]


def split(tree: All) -> tuple[list[Group], list[Condition]]:
    """The parts that bind a value, each with those that speak of it, and the parts that speak of none of these."""
    binding = [part for part in tree.parts if isinstance(part, Did) and part.bind is not None]
    groups = [
        (one, tuple(part for part in tree.parts if part not in binding and one.bind in free(part))) for one in binding
    ]
    spoken = [part for _, parts in groups for part in parts]
    return groups, [part for part in tree.parts if part not in binding and part not in spoken]


def everyone(tree: All, scope: Scope, of: Of, compiled: Compile) -> People:
    """Who keeps all parts, those that speak of a bound value for one and the same value."""
    groups, rest = split(tree)
    sets = [group(one, parts, scope, of, compiled) for one, parts in groups]
    return intersection([*sets, *(compiled(part, scope, of) for part in rest)])


def group(binding: Did, parts: Sequence[Condition], scope: Scope, of: Of, compiled: Compile) -> People:
    """Who has a value for which ``binding`` and all ``parts`` hold."""
    query = f"SELECT DISTINCT t.person_key AS profile_key FROM ({held(binding, parts, scope, of, compiled)}) AS t"
    return People(query)


def held(binding: Did, parts: Sequence[Condition], scope: Scope, of: Of, compiled: Compile) -> str:
    """SQL: ``pair person_key bound_key`` of the persons and values for which ``binding`` and all ``parts`` hold."""
    found = doing.pairs(binding, scope, of)
    if not parts:
        return found
    kept = intersection([_Pairs(found, scope, of, compiled).of(part) for part in parts])
    test = f"EXISTS (SELECT 1 FROM ({kept.query}) AS c WHERE c.profile_key = b.pair)"
    return f"SELECT b.pair, b.person_key, b.bound_key FROM ({found}) AS b WHERE {'NOT ' if kept.inverted else ''}{test}"


class _Pairs:
    """Sets of pairs of person and value, as sets of people are made."""

    def __init__(self, found: str, scope: Scope, of: Of, compiled: Compile) -> None:
        self._found, self._scope, self._of, self._compiled = found, scope, of, compiled

    def of(self, tree: Condition) -> People:
        """The pairs for which ``tree`` holds; its ``profile_key`` is the pair."""
        if not free(tree):
            return self._lifted(self._compiled(tree, self._scope, self._of))
        match tree:
            case All():
                groups, rest = split(tree)
                inner = [group(one, parts, self._scope, self._of, self._compiled) for one, parts in groups]
                return intersection([*(self._lifted(one) for one in inner), *(self.of(part) for part in rest)])
            case AnyOf():
                return union([self.of(part) for part in tree.parts])
            case Not():
                return self.of(tree.part).complement()
            case Did():
                return doing.of_bound(tree, self._found, self._scope)
        raise AssertionError("only did and did_not speak of a bound value")

    def _lifted(self, people: People) -> People:
        query = (
            f"SELECT b.pair AS profile_key FROM ({self._found}) AS b "
            f"WHERE EXISTS (SELECT 1 FROM ({people.query}) AS c WHERE c.profile_key = b.person_key)"
        )
        return People(query, people.inverted)
