"""A small tree that says each kind of people in conditions of the language, and how often it says the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from foretell.segment.personas.behaviours import Behaviour
from foretell.segment.personas.clustering import Labels
from foretell.segment.personas.leaves import Leaf, leaves_of
from foretell.segment.personas.reading import Behaved
from foretell.stats import Floats

FAITHFUL = 0.85
"""The tree stops growing where it puts so many people where they belong."""
_LEAVES = (4, 6, 8, 10, 12)
_LEAST_OF_A_LEAF = 0.01
_NOTHING = -1.0
"""Stands for an average or a share of nothing, for which a positive test never holds."""


@dataclass(frozen=True)
class Rules:
    """What the tree says.

    Args:
        conditions: of each kind, as written; None where the tree has no leaf for it.
        says: (n,) the kind that the tree gives each person.
        leaves: how many there are.
        fidelity: share of people whom it puts where they belong.
        precision, recall: of each kind.
    """

    conditions: tuple[dict[str, Any] | None, ...]
    says: Labels
    leaves: int
    fidelity: float
    precision: tuple[float, ...]
    recall: tuple[float, ...]


def rules_for(
    behaved: Behaved,
    used: Sequence[Behaviour],
    labels: Labels,
    *,
    kinds: int,
    window: str,
    population: Mapping[str, Any],
) -> Rules:
    """Rules over the plain numbers of the window; limits are round, as people would write them.

    The smallest tree that is faithful is taken, else the most faithful one.
    """
    table = np.column_stack([np.nan_to_num(behaved.values[one.key], nan=_NOTHING) for one in used])
    least = max(2, math.ceil(_LEAST_OF_A_LEAF * labels.size))
    best: Rules | None = None
    for most in _LEAVES:
        tree = DecisionTreeClassifier(max_leaf_nodes=most, min_samples_leaf=least, random_state=0)
        tree.fit(table, labels)
        leaves = leaves_of(tree.tree_, list(tree.classes_), used)
        made = _rules(leaves, table, used, labels, kinds, window, population)
        if best is None or (made.fidelity, None not in made.conditions) > (best.fidelity, None not in best.conditions):
            best = made
        if best.fidelity >= FAITHFUL and None not in best.conditions:
            break
    assert best is not None
    return best


def _rules(
    leaves: Sequence[Leaf],
    table: Floats,
    used: Sequence[Behaviour],
    labels: Labels,
    kinds: int,
    window: str,
    population: Mapping[str, Any],
) -> Rules:
    says = np.full(labels.size, -1, np.int64)
    parts: list[list[dict[str, Any]]] = [[] for _ in range(kinds)]
    for leaf in leaves:
        says[leaf.holds(table)] = leaf.kind
        limits = leaf.limits.items()
        parts[leaf.kind].append(_together("all", [_condition((column, *two), used, window) for column, two in limits]))
    right = says == labels
    counts = [(says == kind, labels == kind) for kind in range(kinds)]
    return Rules(
        tuple(_with_population(population, part) if part else None for part in parts),
        says,
        sum(map(len, parts)),
        float(right.mean()),
        tuple(_share(int((right & said).sum()), int(said.sum())) for said, _ in counts),
        tuple(_share(int((right & are).sum()), int(are.sum())) for _, are in counts),
    )


def _with_population(population: Mapping[str, Any], leaves: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rule = _together("any", leaves)
    return {"all": [dict(population), *(rule["all"] if set(rule) == {"all"} else [rule])]}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _condition(
    limits: tuple[int, float | None, float | None], used: Sequence[Behaviour], window: str
) -> dict[str, Any]:
    column, low, high = limits
    behaviour = used[column]
    if behaviour.form in ("average", "share"):
        parts = [] if low is None else [_at_least(behaviour, low, window)]
        parts += [] if high is None else [{"not": _at_least(behaviour, high, window)}]
        return _together("all", parts)
    test = {name: number(limit) for name, limit in (("gte", low), ("lt", high)) if limit is not None}
    if behaviour.form == "count":
        return {**behaviour.selection(window), "times": test}
    function = "sum" if behaviour.form == "amount" else "distinct"
    return {**behaviour.selection(window), function: {str(behaviour.of[function]): test}}


def _at_least(behaviour: Behaviour, limit: float, window: str) -> dict[str, Any]:
    if behaviour.per is not None:
        return {"ratio": [dict(behaviour.of), dict(behaviour.per)], "within": window, "gte": number(limit)}
    return {**behaviour.selection(window), "avg": {str(behaviour.of["avg"]): {"gte": number(limit)}}}


def number(value: float) -> int | float:
    """A whole number without a point."""
    return int(value) if value == int(value) else value


def _together(head: str, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One part as it is, several under ``all`` or ``any``."""
    return dict(parts[0]) if len(parts) == 1 else {head: [dict(part) for part in parts]}
