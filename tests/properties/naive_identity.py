"""The reference of identity: a union-find that takes one event after the other, by what the documentation says.

It shares nothing with the room but the rules' names.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

Name = tuple[str, str]
"""Kind and value."""


@dataclass(frozen=True)
class NaiveType:
    """What a type of identifier may do."""

    limit: int
    merges: bool = True
    shared_after: int | None = None


@dataclass(frozen=True)
class NaiveRules:
    """Types by name, the strongest first; ``other`` among them. Values and patterns that identify nobody."""

    types: dict[str, NaiveType]
    blocked: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()

    def type_of(self, kind: str) -> NaiveType:
        return self.types.get(kind, self.types["other"])

    def rank(self, kind: str) -> int:
        return list(self.types).index(kind if kind in self.types else "other")

    def bars(self, value: str) -> bool:
        small = value.strip().lower()
        return small in self.blocked or any(re.search(pattern, small, re.IGNORECASE) for pattern in self.patterns)


@dataclass(frozen=True)
class Said:
    """An event: what it names, and what an alias call names as a former id."""

    names: tuple[Name, ...]
    former: str | None = None


@dataclass
class Person:
    """A profile: its identifiers, its nodes, and how many it holds of each kind."""

    names: list[Name] = field(default_factory=list)
    nodes: list[int] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    strength: int = 99


class OneByOne:
    """Takes events; says whose each was."""

    def __init__(self, rules: NaiveRules) -> None:
        self.rules = rules
        self.person: dict[Name, Person] = {}
        self.node: dict[Name, int] = {}
        self.begun: list[Name] = []
        self.seen_with: dict[Name, set[Name]] = {}
        self.apart: list[tuple[int, int]] = []
        self.denied: Counter[tuple[str, Name, Name]] = Counter()
        self.merges = 0

    def take(self, said: Said) -> Name | None:
        """The identifier by which the event belongs to somebody."""
        names = self._by_strength(set(said.names))
        if said.former is not None:
            names = [name for name in names if name != ("anonymous_id", said.former)]
            known = ("user_id", said.former) in self.node or ("user_id", said.former) in said.names
            former = ("user_id" if known else "anonymous_id", said.former)
            names += [former] if former not in names and not self.rules.bars(former[1]) else []
        names = self._without_shared(names)
        if not names:
            return None
        star, fresh = names[0], [name for name in names if name not in self.person]
        for name in fresh:
            rank = self.rules.rank(name[0])
            self.person[name] = Person([name], [], Counter({name[0]: 1}), rank)
        led = {name for name in names[1:] if self._join(star, name)}
        there = [name for name in names[1:] if name in led and name not in fresh]
        for name in fresh:
            if name == star and there:
                self.node[name] = self.node[there[0]]
            elif name in led:
                self.node[name] = self.node[star]
            else:
                self.node[name] = len(self.begun)
                self.person[name].nodes.append(len(self.begun))
                self.begun.append(name)
        return star

    def profile_id(self, name: Name | None) -> str:
        """The public id of whom an identifier belongs to."""
        if name is None:
            return ""
        first = self.begun[min(self.person[name].nodes)]
        return "p_" + hashlib.md5("\x1f".join(first).encode()).hexdigest()[:20]

    def _by_strength(self, names: Iterable[Name]) -> list[Name]:
        good = [name for name in names if not self.rules.bars(name[1])]
        return sorted(good, key=lambda name: (self.rules.rank(name[0]), "\x1f".join(name)))

    def _without_shared(self, names: list[Name]) -> list[Name]:
        strongest = next(iter(self.rules.types))
        users = {name for name in names if name[0] == strongest}
        shared = []
        for name in names:
            most = self.rules.type_of(name[0]).shared_after
            if most is not None:
                self.seen_with.setdefault(name, set()).update(users)
                shared += [name] if len(self.seen_with[name]) > most else []
        others = [name for name in names if name not in shared]
        if others or not shared:
            for name in shared:
                self.denied[f"shared:{name[0]}", others[0], name] += 1
            return others
        return [(f"shared_{shared[0][0]}", shared[0][1])]

    def _join(self, star: Name, other: Name) -> bool:
        one, two = self.person[star], self.person[other]
        if one is two:
            return True
        rule = self._rule_against(one, two, other[0], star[0])
        if rule is not None:
            self.denied[rule, star, other] += 1
            return False
        if one.nodes and two.nodes:
            self.merges += 1
        small, big = (one, two) if len(one.names) < len(two.names) else (two, one)
        big.names += small.names
        big.nodes += small.nodes
        big.kinds += small.kinds
        big.strength = min(big.strength, small.strength)
        for name in small.names:
            self.person[name] = big
        return True

    def _rule_against(self, one: Person, two: Person, *kinds: str) -> str | None:
        for kind in kinds:
            if not self.rules.type_of(kind).merges and max(one.strength, two.strength) < self.rules.rank(kind):
                return f"merges:{kind}"
        for a, b in self.apart:
            if (a in one.nodes and b in two.nodes) or (b in one.nodes and a in two.nodes):
                return "kept_apart"
        for kind in sorted({*one.kinds} & {*two.kinds}, key=lambda kind: (self.rules.rank(kind), kind)):
            if one.kinds[kind] + two.kinds[kind] > self.rules.type_of(kind).limit:
                return f"limit:{kind}"
        return None
