"""Blocking: only records that agree on something are compared, within a number of pairs that is bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from foretell.engine import scratch
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.matching.fields import FULL_NAME, Field
from foretell.identify.matching.records import KNOWN

FRESH = "fresh"
"""Column of records: True where the record is new or has changed since it was last compared."""
PAIRS_A_RECORD = 200

_USUAL: tuple[tuple[str, ...], ...] = (
    ("national_id",), ("email",), ("phone",),
    ("given_name", "family_name"), ("birth_date", "family_name"), ("birth_date", "given_name"),
    ("birth_date", "postcode"), ("family_name", "postcode"), ("given_name", "postcode"),
    ("street", "house_number"), ("family_name", "street"), ("given_name", "street"), ("street", "postcode"),
    ("family_name", "city"), ("given_name", "city"), ("postcode", "house_number"), ("city", "house_number"),
    ("email:start",), ("phone:end",), ("birth_date",), ("street",), ("address_2",), ("family_name",),
    ("given_name", "house_number"),
)  # fmt: skip
_BY_ITSELF = {"email", "phone", "code"}
_TRAINED_ON = (
    ("national_id",), ("email",), ("phone",), ("birth_date",), ("given_name", "family_name"),
    ("family_name", "postcode"), ("city", "postcode"),
)  # fmt: skip
SURE = (
    ("national_id",), ("email", "family_name"), ("phone", "family_name"),
    ("given_name", "family_name", "birth_date"), ("given_name", "family_name", "postcode", "street"),
)  # fmt: skip
"""Agreement on all fields of one of these is taken for one person, to begin with."""


@dataclass(frozen=True)
class Rule:
    """A blocking rule.

    Args:
        parts: fields, or halves of them (``email:start``).
        pairs: how many it leads to.
    """

    parts: tuple[str, ...]
    pairs: int

    @property
    def sql(self) -> str:
        """As a join of ``l`` and ``r``; two that are known as two people are left out."""
        return joined(f"{expression('l', part)} = {expression('r', part)}" for part in self.parts)


def joined(conditions: Iterable[str]) -> str:
    """SQL of a rule: all ``conditions``, and not two known people."""
    return " AND ".join([*conditions, f'(l."{KNOWN}" IS NULL OR r."{KNOWN}" IS NULL OR l."{KNOWN}" = r."{KNOWN}")'])


def expression(side: str, part: str) -> str:
    """The SQL of a part; a half of a value that has no six characters is null."""
    name, _, half = part.partition(":")
    column = f'{side}."{name}"'
    if not half:
        return column
    cut = {"start": f"left({column}, length({column}) // 2)", "end": f"right({column}, length({column}) // 2)"}[half]
    return f"CASE WHEN length({column}) >= 6 THEN {cut} END"


def candidates(spec: MatchingSpec, fields: Sequence[Field]) -> list[tuple[str, ...]]:
    """The rules that these fields can serve, in order."""
    known = {field.name for field in fields}
    rules = list(spec.blocking) or [*_USUAL, *_own(spec)]
    return [rule for rule in dict.fromkeys(rules) if {part.partition(":")[0] for part in rule} <= known - {FULL_NAME}]


def _own(spec: MatchingSpec) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, field in spec.fields.items():
        if field.compare in _BY_ITSELF:
            found += [(name,), (f"{name}:start",), (f"{name}:end",)]
        elif field.compare == "exact":
            found.append((name,))
    return found


def affordable(rules: Sequence[tuple[str, ...]], records: pa.Table, most_pairs: int) -> list[Rule]:
    """The rules that together lead to at most ``most_pairs`` pairs; those that lead to fewest are taken first.

    Neither do they lead to more than :data:`PAIRS_A_RECORD` for each record: broad rules are for small data, where
    little is lost by them.

    Args:
        records: with the column ``fresh``; pairs of two records that are not fresh do not count.
    """
    found = sorted((Rule(rule, _pairs(rule, records)) for rule in rules), key=lambda rule: (rule.pairs, rule.parts))
    kept, total, most = [], 0, min(most_pairs, PAIRS_A_RECORD * records.num_rows)
    for rule in found:
        total += rule.pairs
        if total > most:
            break
        if rule.pairs:
            kept.append(rule)
    return kept


def training_rules(spec: MatchingSpec, fields: Sequence[Field], records: pa.Table) -> list[Rule]:
    """What pairs are drawn by to learn from: agreement on something, so that one person's pairs are not too rare."""
    own: list[tuple[str, ...]] = [(name,) for name, field in spec.fields.items() if field.compare in _BY_ITSELF]
    rules = [*_TRAINED_ON, *own] if spec.keep_defaults else own or list(spec.blocking)
    return affordable(candidates_among(rules, fields), records, spec.most_pairs)


def candidates_among(rules: Sequence[tuple[str, ...]], fields: Sequence[Field]) -> list[tuple[str, ...]]:
    """Those of ``rules`` whose fields there are."""
    known = {field.name for field in fields} - {FULL_NAME}
    return [rule for rule in dict.fromkeys(rules) if {part.partition(":")[0] for part in rule} <= known]


def _pairs(rule: tuple[str, ...], records: pa.Table) -> int:
    keys = ", ".join(f"{expression('t', part)} AS k{place}" for place, part in enumerate(rule))
    some = " AND ".join(f"k{place} IS NOT NULL" for place in range(len(rule)))
    names = ", ".join(f"k{place}" for place in range(len(rule)))
    found = scratch(
        f"SELECT CAST(coalesce(sum(f * (n - f) + f * (f - 1) // 2), 0) AS BIGINT) AS pairs FROM ("
        f"SELECT count(*) AS n, count(*) FILTER (WHERE {FRESH}) AS f FROM (SELECT {keys}, {FRESH} FROM t) k "
        f"WHERE {some} GROUP BY {names}) g",
        {"t": records},
    )
    return int(found["pairs"][0].as_py())
