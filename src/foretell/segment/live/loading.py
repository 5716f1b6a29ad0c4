"""Reading hits and sightings from the stores: all of an atom's, or what has come since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from foretell.clock import from_micros, naive_utc
from foretell.condition import Scope, hit_value_sql, hits_sql
from foretell.engine import Analytics, integers
from foretell.segment.live.arena import Hits, Places
from foretell.segment.live.people import People
from foretell.segment.live.plan import Atom
from foretell.segment.live.windows import NEVER

_NO_VALUE = "CAST(0 AS BIGINT)"
_SIGHTINGS = (
    "SELECT s.profile_key, min(epoch_us(s.ts)) AS seen, min(CASE WHEN s.known THEN epoch_us(s.ts) END) AS known "
    "FROM log_sightings AS s {only} GROUP BY s.profile_key ORDER BY s.profile_key"
)
_ONLY = "WHERE EXISTS (SELECT 1 FROM wanted AS w WHERE w.profile_key = s.profile_key)"


LATER = pa.schema([("profile_key", pa.int64()), ("t", pa.int64())])
"""Events that are dated after an instant: whose, and when (microseconds)."""


def ahead(analytics: Analytics, now: datetime) -> pa.Table:
    """All events that are dated after an instant, see :data:`LATER`."""
    sql = "SELECT e.profile_key, epoch_us(e.ts) AS t FROM log_events AS e WHERE e.ts > $now"
    return analytics.query(sql, {"now": naive_utc(now)}).cast(LATER)


def sightings(analytics: Analytics, keys: Places | None = None) -> pa.Table:
    """When people were first seen: ``profile_key seen known`` (microseconds, null for never).

    Args:
        keys: of these people alone.
    """
    if keys is None:
        return analytics.query(_SIGHTINGS.format(only=""))
    return analytics.query(_SIGHTINGS.format(only=_ONLY), tables={"wanted": pa.table({"profile_key": keys})})


class Matching:
    """How the events of atoms are found, as the store's columns are now.

    Args:
        passed_over: events that no part speaks of.
    """

    def __init__(self, atoms: Sequence[Atom], scope: Scope, passed_over: Sequence[str] = ()) -> None:
        names = ", ".join(f"'{name}'" for name in passed_over)
        self._passed_over = f" AND e.event NOT IN ({names})" if names else ""
        self.tests: list[str] = []
        self.values: list[str] = []
        for atom in atoms:
            test, value = hits_sql(atom.selection, scope), None
            if atom.value is not None:
                value = hit_value_sql(atom.selection, atom.value, scope, signed=atom.signed)
                # In an array the number is missing here, and the part is asked for instead, see `in_arrays`.
                test = f"{test} AND ({value or 'CAST(NULL AS BIGINT)'}) IS NOT NULL"
            self.tests.append(test)
            self.values.append(value or _NO_VALUE)

    def prints(self) -> list[str]:
        """By atom: the same as long as it finds the same events."""
        return [f"{test} | {value}" for test, value in zip(self.tests, self.values, strict=True)]

    def all_of(self, analytics: Analytics, atom: int, until: int, since_us: int, people: People) -> Hits:
        """All hits of an atom up to event number ``until``, after an instant; ``owner`` is the person's place."""
        begin = "" if since_us <= -int(NEVER) // 2 else f" AND e.ts > TIMESTAMP '{naive_utc(from_micros(since_us))}'"
        rows = analytics.query(
            f"SELECT e.profile_key, epoch_us(e.ts) AS t, {self.values[atom]} AS v FROM log_events AS e "
            f"WHERE {self.tests[atom]} AND e.seq <= {until}{begin}"
        )
        owner = people.places(integers(rows["profile_key"]))
        there = owner >= 0
        count = int(there.sum())
        return Hits(
            owner[there], np.full(count, atom, np.uint16), integers(rows["t"])[there], integers(rows["v"])[there]
        )

    def tail(self, analytics: Analytics, after: int, until: int) -> Tail:
        """The events after number ``after`` up to ``until``."""
        return self._found(analytics, f"e.seq > {after} AND e.seq <= {until}{self._passed_over}", {})

    def of_people(self, analytics: Analytics, keys: Places, until: int) -> Tail:
        """All events of people up to number ``until``."""
        theirs = "EXISTS (SELECT 1 FROM wanted AS w WHERE w.profile_key = e.profile_key)"
        return self._found(analytics, f"{theirs} AND e.seq <= {until}", {"wanted": pa.table({"profile_key": keys})})

    def _found(self, analytics: Analytics, test: str, tables: Mapping[str, pa.Table]) -> Tail:
        valued = [place for place, value in enumerate(self.values) if value != _NO_VALUE]
        columns = [f"coalesce({test}, FALSE) AS a{place}" for place, test in enumerate(self.tests)]
        columns += [f"{self.values[place]} AS v{place}" for place in valued]
        rows = analytics.query(
            f"SELECT {', '.join(['e.profile_key', 'epoch_us(e.ts) AS t', *columns])} FROM log_events AS e WHERE {test}",
            tables=tables,
        )
        return Tail(rows, frozenset(valued))


class Tail:
    """What has come."""

    def __init__(self, rows: pa.Table, valued: frozenset[int]) -> None:
        self._rows, self._valued = rows, valued
        self.keys = integers(rows["profile_key"])
        self.t = integers(rows["t"])

    def __len__(self) -> int:
        return len(self.keys)

    def later(self, now: int) -> pa.Table:
        """Its events that are dated after an instant."""
        return self._rows.select(LATER.names).filter(pa.array(self.t > now)).cast(LATER)

    def hits(self, atoms: Iterable[int], people: People) -> Hits:
        """Its hits, ``owner`` being the person's place, in no order."""
        places = people.places(self.keys)
        found = [self._of(atom, places) for atom in atoms]
        return Hits.together([one for one in found if len(one)])

    def _of(self, atom: int, places: Places) -> Hits:
        rows = np.flatnonzero(self._rows[f"a{atom}"].to_numpy())
        rows = rows[places[rows] >= 0]
        values = np.zeros(len(rows), np.int64)
        if atom in self._valued:
            values = integers(self._rows[f"v{atom}"].fill_null(0))[rows]
        return Hits(places[rows], np.full(len(rows), atom, np.uint16), self.t[rows], values)


def in_arrays(atom: Atom, scope: Scope) -> bool:
    """Whether the atom's values lie in an array, which no event has one of."""
    return atom.value is not None and hit_value_sql(atom.selection, atom.value, scope, signed=atom.signed) is None
