"""How two values of a field are held together: levels from *the same* to *something else*, by kind of field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretell.identify.matching.document import Compare
from foretell.identify.matching.fields import Field


@dataclass(frozen=True)
class Level:
    """How alike two values are.

    Args:
        label: in words.
        sql: holds for pairs at this level; the first level that holds is the pair's. Empty: whatever is left.
        m: share of pairs of one person at this level, before anything is learnt.
        by_frequency: a rare value in common says more than a common one.
    """

    label: str
    sql: str
    m: float
    by_frequency: bool = False


_FREQUENT: frozenset[Compare] = frozenset({"name", "text", "exact"})
_SAME: dict[Compare, float] = {
    "name": 0.8, "text": 0.75, "email": 0.75, "phone": 0.75, "date": 0.85, "code": 0.85, "number": 0.8, "exact": 0.9,
}  # fmt: skip
_SIX = "least(length({l}), length({r})) >= 6"


def levels_of(field: Field) -> tuple[Level, ...]:
    """The levels of ``field``, most alike first; ``m`` sums to 1."""
    left, right = f'"{field.name}_l"', f'"{field.name}_r"'
    found = [Level("the same", f"{left} = {right}", _SAME[field.compare], field.compare in _FREQUENT)]
    if field.swaps_with:
        other = field.swaps_with
        swapped = f'{left} = "{other}_r" OR {right} = "{other}_l"'
        found.append(Level(f"in the place of the {other.replace('_', ' ')}", f"({swapped})", 0.02))
    found += [Level(label, sql.format(l=left, r=right), m) for label, sql, m in _CLOSE[field.compare]]
    rest = max(1.0 - sum(level.m for level in found), 0.02)
    total = rest + sum(level.m for level in found)
    return tuple(
        Level(level.label, level.sql, level.m / total, level.by_frequency)
        for level in (*found, Level("something else", "", rest))
    )


_JW, _LEV = "jaro_winkler_similarity({l}, {r})", "levenshtein({l}, {r})"
_ONE_APART = f"{_LEV} <= 2 AND damerau_levenshtein({{l}}, {{r}}) <= 1"
"""A letter too many, too few, another one, or two turned; what is quick to tell is looked at first."""
_MAIL_APART = f"abs(length({{l}}) - length({{r}})) <= 1 AND {_JW} >= 0.8 AND {_ONE_APART}"
_TURNED = (
    "left({l}, 4) = left({r}, 4) AND substr({l}, 5, 2) = substr({r}, 7, 2) AND substr({l}, 7, 2) = substr({r}, 5, 2)"
)
_CLOSE: dict[Compare, Sequence[tuple[str, str, float]]] = {
    "name": (
        ("spelt almost alike", f"{_JW} >= 0.92", 0.07),
        ("spelt alike", f"{_JW} >= 0.8", 0.05),
    ),
    "text": (
        ("written almost alike", f"{_JW} >= 0.92", 0.1),
        ("written alike", f"{_JW} >= 0.8", 0.06),
    ),
    "email": (
        ("one letter apart", _MAIL_APART, 0.1),
        ("same name at another domain", "split_part({l}, '@', 1) = split_part({r}, '@', 1)", 0.05),
        ("written almost alike", f"{_JW} >= 0.92", 0.05),
    ),
    "phone": (
        ("same last seven digits", f"{_SIX} AND right({{l}}, 7) = right({{r}}, 7)", 0.08),
        ("one digit apart", _ONE_APART, 0.08),
    ),
    "date": (
        ("one digit apart", _ONE_APART, 0.06),
        (
            "day and month swapped",
            _TURNED,
            0.01,
        ),
        ("two digits apart", f"{_LEV} <= 2", 0.03),
    ),
    "code": (
        ("one character apart", _ONE_APART, 0.08),
        ("two characters apart", f"{_SIX} AND {_LEV} <= 2", 0.02),
    ),
    "number": (
        ("within one per cent", "abs({l}::DOUBLE - {r}::DOUBLE) <= 0.01 * abs({l}::DOUBLE)", 0.08),
        ("within ten per cent", "abs({l}::DOUBLE - {r}::DOUBLE) <= 0.1 * abs({l}::DOUBLE)", 0.04),
    ),
    "exact": (),
}
