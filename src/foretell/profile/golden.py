"""The golden record: what a person's traits are, from whom that is known, and what others say instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros
from foretell.engine import scratch, table_of
from foretell.money import from_micro
from foretell.profile.survivorship import (
    USUAL_SURVIVORSHIP,
    WORDS,
    Survivorship,
    ranked_sql,
    text_sql,
    traits_told_of,
)

_KEYS_A_QUERY = 5_000
_TYPES: dict[str, pa.DataType] = {
    "profile_key": pa.int64(), "node_key": pa.int64(), "trait": pa.string(), "source": pa.string(),
    "s": pa.string(), "n": pa.int64(), "ts": pa.int64(), "seq": pa.int64(),
}  # fmt: skip
_TOLD = ", ".join(f"k.{name}" for name in _TYPES)
_FEW_PEOPLE = 200
"""What is told of more of them is ranked by column, outside of the store."""
_RANKED = _TYPES | {"stands": pa.int64(), "verified": pa.int64(), "place": pa.int64()}
_COLUMNS = ", ".join(f"k.{name}" for name in _RANKED)
_WORD = ", ".join(f"t.{name}" for name in WORDS[1:])


class Asks(Protocol):
    """An open transaction or the operational store."""

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...


@dataclass(frozen=True)
class ToldValue:
    """What one source says of a trait.

    Args:
        at: when it said so last.
    """

    value: str | Decimal
    source: str
    at: datetime
    verified: bool


@dataclass(frozen=True)
class TraitTold:
    """A trait of a person.

    Args:
        value: the one that counts by the trait's rule.
        source: who told it; empty where an older release did not keep it.
        at: when it was told.
        rule: ``latest``, ``most_frequent``, ``longest``, ``verified_first`` or ``by_source``.
        others: other values that stand, of each the latest word, the latest first.
    """

    name: str
    value: str | Decimal
    at: datetime
    source: str = ""
    verified: bool = False
    rule: str = "latest"
    others: tuple[ToldValue, ...] = ()


def golden(
    store: Asks,
    people: pa.Array | pa.ChunkedArray | None,
    rules: Survivorship = USUAL_SURVIVORSHIP,
    *,
    traits: Sequence[str] | None = None,
) -> pa.Table:
    """What the traits of people are today: only those that are something.

    Args:
        store: an open transaction or the operational store.
        people: profile keys; None: everybody.
        rules: what the workspace's document says, see :func:`~foretell.profile.survivorship_of`.
        traits: only these; None: all.

    Returns:
        Columns profile_key, node_key, trait, source, s, n (micro units), ts and seq; one row a person and trait.
    """
    many = people is not None and len(people) > _FEW_PEOPLE
    parts = [table_of(_TYPES)]
    for words in _words(people, traits, rules):
        parts.append(
            _standing(table_of(_TYPES, store.query(f"SELECT {_TOLD} FROM ({words}) AS k")), traits, rules)
            if many
            else table_of(_TYPES, store.query(_standing_sql(words, traits, rules)))
        )
    return pa.concat_tables(parts)


def _standing_sql(words: str, traits: Sequence[str] | None, rules: Survivorship) -> str:
    ranked = ranked_sql(words, rules)
    return f"SELECT {_TOLD} FROM ({ranked}) AS k WHERE k.place = 1 AND k.stands = 1{_only(traits, 'k')}"


def _standing(words: pa.Table, traits: Sequence[str] | None, rules: Survivorship) -> pa.Table:
    """The same of words that are at hand: of most people there is one of a trait, and it counts by every rule."""
    single = words.group_by(["profile_key", "trait"]).aggregate([]).num_rows == words.num_rows
    if not single:
        found = scratch(_standing_sql("SELECT * FROM w", traits, rules), {"w": words})
        return found.cast(words.schema)
    stands = pc.or_(pc.is_valid(words["s"]), pc.is_valid(words["n"]))
    if traits is not None:
        stands = pc.and_(stands, pc.is_in(words["trait"], pa.array(list(traits), pa.string())))
    return words.filter(stands)


def words_told(store: Asks, people: pa.Array | pa.ChunkedArray, rules: Survivorship) -> pa.Table:
    """Everything that sources say of people's traits today.

    Returns:
        The columns of :func:`golden` with ``stands``, ``verified`` and ``place`` (1: the word that counts), as
        integers; by profile, trait and place.
    """
    rows: list[tuple[Any, ...]] = []
    for words in _words(people, None, rules):
        rows += store.query(
            f"SELECT {_COLUMNS} FROM ({ranked_sql(words, rules, verified=True)}) AS k "
            "ORDER BY k.profile_key, k.trait, k.place"
        )
    return table_of(_RANKED, rows)


def traits_told(store: Asks, profile_key: int, rules: Survivorship = USUAL_SURVIVORSHIP) -> list[TraitTold]:
    """What a person's traits are today, by name, with what other sources say."""
    words = words_told(store, pa.array([profile_key], pa.int64()), rules)
    return [one for _, one in records(words, rules)]


def records(words: pa.Table, rules: Survivorship) -> Iterator[tuple[int, TraitTold]]:
    """Profile and trait by trait what ``words`` (see :func:`words_told`) come to."""
    standing = words.filter(pc.equal(words["stands"], 1)).to_pylist()
    told: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in standing:
        told.setdefault((row["profile_key"], row["trait"]), []).append(row)
    for (key, trait), rows in told.items():
        if rows[0]["place"] != 1:
            continue  # the last word takes the trait away
        first, said = rows[0], {(rows[0]["s"], rows[0]["n"])}
        others = []
        for row in sorted(rows[1:], key=lambda one: (-one["ts"], -one["seq"])):
            if (row["s"], row["n"]) not in said:
                said.add((row["s"], row["n"]))
                others.append(ToldValue(value_of(row), row["source"], from_micros(row["ts"]), row["verified"] == 1))
        rule = rules.of(trait)
        yield (
            key,
            TraitTold(
                trait,
                value_of(first),
                from_micros(first["ts"]),
                first["source"],
                first["verified"] == 1,
                rule if isinstance(rule, str) else "by_source",
                tuple(others),
            ),
        )


def value_of(row: Any) -> str | Decimal:
    """Text as it is; a number as an exact decimal."""
    return str(row["s"]) if row["s"] is not None else from_micro(row["n"])


def _words(
    people: pa.Array | pa.ChunkedArray | None, traits: Sequence[str] | None, rules: Survivorship
) -> Iterator[str]:
    """SQL of the words about people, a few thousand people at a time."""
    names = None if traits is None else traits_told_of(traits, rules)
    if people is None:
        yield (
            f"SELECT coalesce(m.profile_key, t.node_key) AS profile_key, {_WORD} FROM node_traits t "
            f"LEFT JOIN merged m ON m.node_key = t.node_key WHERE 1 = 1{_only(names, 't')}"
        )
        return
    keys = pc.unique(people).drop_null().to_pylist()
    for start in range(0, len(keys), _KEYS_A_QUERY):
        marks = ", ".join(str(int(key)) for key in keys[start : start + _KEYS_A_QUERY])
        yield (
            f"SELECT t.node_key AS profile_key, {_WORD} FROM node_traits t LEFT JOIN merged m "
            f"ON m.node_key = t.node_key WHERE t.node_key IN ({marks}) AND m.node_key IS NULL{_only(names, 't')} "
            f"UNION ALL SELECT m.profile_key, {_WORD} FROM merged m JOIN node_traits t ON t.node_key = m.node_key "
            f"WHERE m.profile_key IN ({marks}){_only(names, 't')}"
        )


def _only(traits: Sequence[str] | None, alias: str) -> str:
    """SQL: only these traits."""
    if traits is None:
        return ""
    return f" AND {alias}.trait IN ({', '.join(map(text_sql, traits)) or 'NULL'})"
