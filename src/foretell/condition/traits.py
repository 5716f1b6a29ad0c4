"""The values of a trait as SQL, in the order in which they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.condition import sql
from foretell.profile import Survivorship, ranked_sql, traits_told_of, words_sql

if TYPE_CHECKING:
    from foretell.condition.scope import Scope


def trait_values(trait: str, scope: Scope) -> str:
    """SQL: ``profile_key s n place``; the value that stands has place 1: of a person by the rule of the trait,
    see :func:`~foretell.profile.ranked_sql`, of an account the latest (ties in time go by sequence)."""
    rules = scope.references.survivorship().only(trait)
    if not (rules.plain or scope.accounts):
        return _survivors(trait, rules, scope)
    rows = sql.both([f"t.trait = {sql.text(trait)}", *scope.rows("t")])
    return (
        "SELECT t.profile_key, t.s, t.n, row_number() OVER (PARTITION BY t.profile_key "
        f"ORDER BY t.ts DESC, t.seq DESC) AS place FROM {scope.log('log_traits')} AS t WHERE {rows}"
    )


def _survivors(name: str, rules: Survivorship, scope: Scope) -> str:
    """SQL: ``profile_key s n place``, as the operational store answers it, but as of the instant."""
    names = ", ".join(sql.text(trait) for trait in traits_told_of([name], rules))
    told = (
        "SELECT t.profile_key, t.node_key, t.trait, coalesce(t.source, '') AS source, t.s, t.n, t.ts, t.seq "
        f"FROM log_traits AS t WHERE {sql.both([f't.trait IN ({names})', *scope.rows('t')])}"
    )
    return (
        "SELECT k.profile_key, CASE WHEN k.stands = 1 THEN k.s END AS s, CASE WHEN k.stands = 1 THEN k.n END AS n, "
        f"k.place FROM ({ranked_sql(words_sql(told), rules)}) AS k WHERE k.trait = {sql.text(name)}"
    )
