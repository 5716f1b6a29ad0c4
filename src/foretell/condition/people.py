"""Sets of people as SQL, with complements kept aside so that the universe is read once at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from foretell.condition import sql
from foretell.condition.scope import Of, Scope


@dataclass(frozen=True)
class People:
    """A set of profiles.

    Args:
        query: SQL that gives each ``profile_key`` once.
        inverted: everybody except those of ``query`` is meant.
    """

    query: str
    inverted: bool = False

    def complement(self) -> People:
        """Everybody else."""
        return replace(self, inverted=not self.inverted)


def intersection(sets: Sequence[People]) -> People:
    """Who is in every set."""
    if len(sets) == 1:
        return sets[0]
    within = [part for part in sets if not part.inverted]
    without = [part for part in sets if part.inverted]
    if not within:
        return union([part.complement() for part in sets]).complement()
    tests = [*(_is_in(part) for part in within[1:]), *(f"NOT {_is_in(part)}" for part in without)]
    query = f"SELECT a.profile_key FROM ({within[0].query}) AS a WHERE {sql.both(tests)}"
    return People(query)


def union(sets: Sequence[People]) -> People:
    """Who is in at least one set."""
    if len(sets) == 1:
        return sets[0]
    if any(part.inverted for part in sets):
        return intersection([part.complement() for part in sets]).complement()
    return People(" UNION ".join(f"({part.query})" for part in sets))


def _is_in(part: People) -> str:
    return f"EXISTS (SELECT 1 FROM ({part.query}) AS b WHERE b.profile_key = a.profile_key)"


def universe(scope: Scope, of: Of) -> People:
    """Everybody first seen by the instant; of ``known`` those with a known identifier by then."""
    return People(f"SELECT DISTINCT s.profile_key FROM {scope.log('log_sightings')} AS s WHERE {_sighted(scope, of)}")


def members(people: People, scope: Scope, of: Of) -> str:
    """SQL of the people within the universe, each once: what is left of people who were erased is nobody's."""
    if people.inverted:
        everybody = universe(scope, of).query
        return (
            f"SELECT u.profile_key FROM ({everybody}) AS u WHERE NOT EXISTS "
            f"(SELECT 1 FROM ({people.query}) AS b WHERE b.profile_key = u.profile_key)"
        )
    sightings = scope.log("log_sightings")
    return (
        f"SELECT u.profile_key FROM ({people.query}) AS u WHERE EXISTS "
        f"(SELECT 1 FROM {sightings} AS s WHERE s.profile_key = u.profile_key AND {_sighted(scope, of)})"
    )


def _sighted(scope: Scope, of: Of) -> str:
    return sql.both([*scope.rows("s"), *(["s.known"] if of == "known" else [])])
