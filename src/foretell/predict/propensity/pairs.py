"""How people and values of a property went together up to an instant, and after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, naive_utc
from foretell.engine import Analytics, Engine
from foretell.errors import ForetellError
from foretell.predict.activity import DONE_BY_PEOPLE
from foretell.predict.binary.rows import Floats, Ints
from foretell.predict.features import Feature

MOST_VALUES = 12
_DAY_US = 86_400_000_000
_NEAR, _YEAR = 90, 365


@dataclass(frozen=True)
class Pairs:
    """Reads events of one name by a property's values.

    Args:
        value: SQL of the property's text, of an event ``e`` or of an element ``x`` of its array.
        source: what is read, with both.
        looked: SQL of the text of a property of the same last name that other events have by themselves; None without.
    """

    analytics: Analytics
    event: str
    value: str
    source: str
    looked: str | None

    @classmethod
    def of(cls, engine: Engine, event: str, per: str, thing: str) -> Pairs:
        """The pairs of ``event`` and property ``per``; raises ``UNKNOWN_PROPERTY``."""
        columns = engine.log.properties()
        column = columns.of(per)
        if column is None:
            raise ForetellError(
                "UNKNOWN_PROPERTY",
                f"no event has a property {per!r}",
                thing=thing,
                next_step="Name the property as the events do, e.g. products.category.",
            )
        beside = columns.of(per.rpartition(".")[2])
        looked = None if beside is None or beside.array is not None or beside == column else f"e.{beside.text}"
        if column.array is None:
            return cls(engine.analytics, event, f"e.{column.text}", "log_events e", looked)
        source = "event_elements x JOIN log_events e ON e.seq = x.seq"
        return cls(engine.analytics, event, f"x.{column.text}", source, looked)

    def most_common(self, people: pa.Table, as_of: datetime) -> tuple[str, ...]:
        """The values that most of ``people`` had by ``as_of``, at most twelve; ties by name."""
        rows = self.analytics.query(
            f"SELECT {self.value} AS value FROM {self.source} JOIN people p ON p.profile_key = e.profile_key "
            f"WHERE e.event = $event AND e.ts <= $as_of AND e.known_at <= $as_of AND {self.value} IS NOT NULL "
            f"GROUP BY {self.value} ORDER BY count(DISTINCT e.profile_key) DESC, {self.value} LIMIT {MOST_VALUES}",
            {"event": self.event, "as_of": naive_utc(as_of)},
            {"people": people.select(["profile_key"])},
        )
        return tuple(rows["value"].to_pylist())

    def before(self, people: Ints, values: tuple[str, ...], as_of: datetime) -> tuple[Floats, ...]:
        """What :func:`pair_features` name, each (people, values), as known at ``as_of``."""
        counts = (
            "count(DISTINCT CASE WHEN e.ts > $near THEN e.seq END) AS near, "
            "count(DISTINCT CASE WHEN e.ts > $year THEN e.seq END) AS year, max(e.ts) AS last"
        )
        rows = self._asked(self.value, self.source, counts, "e.event = $event", people, as_of)
        near, year, last = (self._dense(rows, name, people, values) for name in ("near", "year", "last"))
        days = np.where(last > 0, (micros(as_of) - last) / _DAY_US, np.nan)
        total = year.sum(axis=1, keepdims=True)
        share = np.divide(year, total, out=np.full(year.shape, np.nan), where=total > 0)
        looked = np.zeros(near.shape)
        if self.looked is not None:
            seen = "count(DISTINCT CASE WHEN e.ts > $near THEN e.seq END) AS near"
            done = f"e.event <> $event AND {DONE_BY_PEOPLE}"
            rows = self._asked(self.looked, "log_events e", seen, done, people, as_of)
            looked = self._dense(rows, "near", people, values)
        common = np.broadcast_to((year > 0).mean(axis=0), year.shape)
        place = np.broadcast_to(np.arange(len(values), dtype=np.float64), year.shape)
        return near, year, days, share, looked, common, place

    def after(
        self, people: Ints, values: tuple[str, ...], origin: datetime, until: datetime, known_at: datetime
    ) -> Floats:
        """1.0 where the person had the value in ``(origin, until]``, (people, values)."""
        rows = self.analytics.query(
            f"SELECT e.profile_key, {self.value} AS value, count(*) AS n FROM {self.source} "
            "JOIN people p ON p.profile_key = e.profile_key WHERE e.event = $event AND e.ts > $origin "
            f"AND e.ts <= $until AND e.known_at <= $known_at AND {self.value} IS NOT NULL "
            f"GROUP BY e.profile_key, {self.value}",
            {
                "event": self.event,
                "origin": naive_utc(origin),
                "until": naive_utc(until),
                "known_at": naive_utc(known_at),
            },
            {"people": pa.table({"profile_key": people})},
        )
        return (self._dense(rows, "n", people, values) > 0).astype(np.float64)

    def _asked(self, value: str, source: str, counts: str, which: str, people: Ints, as_of: datetime) -> pa.Table:
        return self.analytics.query(
            f"SELECT e.profile_key, {value} AS value, {counts} FROM {source} "
            f"JOIN people p ON p.profile_key = e.profile_key WHERE {which} AND e.ts <= $as_of "
            f"AND e.known_at <= $as_of AND {value} IS NOT NULL GROUP BY e.profile_key, {value}",
            {
                "event": self.event,
                "as_of": naive_utc(as_of),
                **{
                    name: naive_utc(as_of - timedelta(days=days))
                    for name, days in (("near", _NEAR), ("year", _YEAR))
                    if f"${name}" in counts
                },
            },
            {"people": pa.table({"profile_key": people})},
        )

    def _dense(self, rows: pa.Table, name: str, people: Ints, values: tuple[str, ...]) -> Floats:
        """The column as (people, values), 0 where there is no row."""
        column = rows[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us")).cast(pa.int64())
        where = pc.index_in(rows["value"], pa.array(values, pa.string())).to_numpy()
        numbers = np.asarray(column.to_numpy(), dtype=np.float64)
        place = np.searchsorted(people, np.asarray(rows["profile_key"].to_numpy(), dtype=np.int64))
        known = ~np.isnan(where.astype(np.float64))
        found = np.zeros((people.size, len(values)))
        found[place[known], where[known].astype(np.int64)] = numbers[known]
        return found


def pair_features(per: str) -> tuple[Feature, ...]:
    """What is known of a person and a value together."""
    what = per.rpartition(".")[2].replace("{", "(").replace("}", ")")
    return (
        Feature("pair:near", f"events with this {what} in the last {_NEAR} days: {{}}"),
        Feature("pair:year", f"events with this {what} in the last year: {{}}"),
        Feature("pair:days_since", f"days since the last event with this {what}: {{}}", "days"),
        Feature("pair:share", f"share of this {what} among those of the last year: {{}}", "share"),
        Feature("pair:looked", f"looks at this {what} in the last {_NEAR} days: {{}}"),
        Feature("pair:common", f"people with this {what} in the last year: {{}}", "share"),
        Feature("pair:place", f"place of this {what} by how common it is: {{}}"),
    )
