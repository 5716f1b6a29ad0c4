"""Series of one's own as features: the weather where people live, a price that everybody pays.

A series is a table whose rows are days (``collect``). What counts as of an instant are the rows known by then, the last
version of each; days to come that were known already (forecasts, price lists) are told apart from days that were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import naive_utc
from foretell.collect import TableSeries
from foretell.engine import Analytics, PropertyColumns
from foretell.predict.features.calendar import PREFIX as SEASON
from foretell.predict.features.plan import Feature, FeaturePlan, Floats, SeriesPlan
from foretell.predict.features.raw import Column, Raw, ratio
from foretell.predict.features.reading import Instants

FAMILY = "series"
LATELY, BEFORE, AHEAD = 7, 30, (7, 30)
"""Days: of the newest mean, of the mean that it is held against together, of the means of what is to come."""
_ROW = "row."
_READ_DAYS = 120
_Part = tuple[str, str, tuple[str, ...]]


def choose(
    analytics: Analytics, known: Sequence[TableSeries], columns: PropertyColumns | None, as_of: datetime
) -> tuple[SeriesPlan, ...]:
    """Those of the workspace's series of which rows with numbers were ever seen."""
    found = []
    for one in known if columns is not None else ():
        needed = [one.date, *(column for _, column in one.by)]
        numbers = tuple(name for name in one.columns if _seen(columns, name))
        if numbers and all(_seen(columns, name) for name in needed):
            seconds = None if one.known_after_days is None else round(one.known_after_days * 86_400)
            plan = SeriesPlan(one.table, one.date, one.by, numbers, seconds)
            found.append(SeriesPlan(*_fields(plan), ahead=_ahead(analytics, plan, columns, as_of)))
    return tuple(found)


def _fields(plan: SeriesPlan) -> tuple[str, str, tuple[tuple[str, str], ...], tuple[str, ...], int | None]:
    return plan.table, plan.date, plan.by, plan.columns, plan.known_after_seconds


def _seen(columns: PropertyColumns | None, name: str) -> bool:
    found = None if columns is None else columns.of(_ROW + name)
    return found is not None and found.array is None


def _ahead(analytics: Analytics, plan: SeriesPlan, columns: PropertyColumns | None, as_of: datetime) -> bool:
    """Whether days to come are known."""
    assert columns is not None
    day = columns.of(_ROW + plan.date)
    assert day is not None
    rows = analytics.query(
        "SELECT count(*) AS n FROM log_table_rows l JOIN event_log e ON e.seq = l.seq WHERE l.table_key = $table "
        f"AND NOT l.removed AND l.known_at <= $as_of AND CAST(e.{day.text} AS TIMESTAMP) > $as_of",
        {"table": plan.table, "as_of": naive_utc(as_of)},
    )
    return bool(rows["n"][0].as_py())


def paths(plan: FeaturePlan) -> frozenset[str]:
    """Properties that the plan's series read."""
    found = {_ROW + name for one in plan.series for name in (one.date, *(name for _, name in one.by), *one.columns)}
    return frozenset(found)


def parameters(plan: FeaturePlan) -> dict[str, object]:
    """Tables and traits as named parameters."""
    named: dict[str, object] = {}
    for place, one in enumerate(plan.series):
        named[f"series_{place}"] = one.table
        named |= {f"series_{place}_by_{turn}": trait for turn, (trait, _) in enumerate(one.by)}
    return named


def parts(plan: FeaturePlan, instants: Instants) -> list[_Part]:
    """The named queries: what stands of each series, its means by place, and whose they are."""
    found: list[_Part] = []
    for place, one in enumerate(plan.series):
        query = _Query(place, one, plan, instants)
        found += [
            (f"told_series_{place}", query.told(), ()),
            (f"days_series_{place}", query.days(), ()),
            (f"means_series_{place}", query.means(), ()),
        ]
        if one.by:
            found.append((f"places_series_{place}", query.places(), ()))
        found.append((f"own_series_{place}", query.own(), tuple(query.aggregates())))
    return found


@dataclass(frozen=True)
class _Query:
    """The queries of one series."""

    place: int
    series: SeriesPlan
    plan: FeaturePlan
    instants: Instants

    @property
    def _as_of(self) -> str:
        return "a.as_of" if self.instants.many else "$as_of"

    def _then(self, alias: str) -> str:
        return f"{alias}.as_of" if self.instants.many else "$as_of"

    @property
    def _keys(self) -> list[str]:
        """What tells the means apart: the instant, and the values by which rows are looked up."""
        places = [f"place_{turn}" for turn in range(len(self.series.by))]
        return (["as_of"] if self.instants.many else []) + places

    def told(self) -> str:
        """Every row as it was known, its last version first."""
        names = self.plan.paths
        day = f"CAST(e.{names[_ROW + self.series.date][0]} AS TIMESTAMP)"
        known = f"l.known_at <= {self._as_of}"
        if self.series.known_after_seconds is not None:
            known = f"({known} OR {day} + INTERVAL '{self.series.known_after_seconds}' SECOND <= {self._as_of})"
        shown = [f"{day} AS day"]
        shown += [
            f"lower(trim(e.{names[_ROW + column][0]})) AS place_{turn}"
            for turn, (_, column) in enumerate(self.series.by)
        ]
        shown += [f"e.{names[_ROW + column][1]} AS v{turn}" for turn, column in enumerate(self.series.columns)]
        many = self.instants.many
        own = "a.as_of, " if many else ""
        instants = " CROSS JOIN (SELECT DISTINCT as_of FROM people) a" if many else ""
        return (
            f"\n  SELECT {own}l.removed, {', '.join(shown)}, row_number() OVER (PARTITION BY {own}l.row_key "
            "ORDER BY l.ts DESC, l.seq DESC) AS turn\n  FROM log_table_rows l JOIN event_log e ON e.seq = l.seq"
            f"{instants}\n  WHERE l.table_key = $series_{self.place} AND {known}"
        )

    def days(self) -> str:
        """Rows that stand, the newest day that was first."""
        apart = f"PARTITION BY {', '.join(self._keys)} " if self._keys else ""
        then = self._then("t")
        return (
            f"\n  SELECT t.*, row_number() OVER ({apart}ORDER BY CASE WHEN t.day <= {then} THEN 0 ELSE 1 END, "
            f"t.day DESC) AS recent\n  FROM told_series_{self.place} t WHERE t.turn = 1 AND NOT t.removed "
            f"AND t.day > {then} - INTERVAL '{_READ_DAYS}' DAY"
        )

    def aggregates(self) -> dict[str, str]:
        """Column → its aggregate: sums and counts by window, in micro units."""
        then = self._then("d")
        columns: dict[str, str] = {}
        was = f"d.day <= {then}"
        for turn in range(len(self.series.columns)):
            name, value = f"series_{self.place}_{turn}", f"d.v{turn}"
            columns[f"{name}_last"] = f"max(CASE WHEN d.recent = 1 AND {was} THEN {value} END)"
            windows = {str(days): f"{was} AND d.day > {then} - INTERVAL '{days}' DAY" for days in (LATELY, BEFORE)}
            if self.series.ahead:
                later = f"d.day > {then}"
                windows |= {f"next_{n}": f"{later} AND d.day <= {then} + INTERVAL '{n}' DAY" for n in AHEAD}
            for window, test in windows.items():
                columns[f"{name}_{window}_sum"] = f"CAST(sum(CASE WHEN {test} THEN {value} END) AS BIGINT)"
                columns[f"{name}_{window}_n"] = f"count(CASE WHEN {test} THEN {value} END)"
        return columns

    def means(self) -> str:
        """Sums and counts by place and instant."""
        shown = ", ".join([*self._keys, *(f"{sql} AS {name}" for name, sql in self.aggregates().items())])
        grouped = f" GROUP BY {', '.join(self._keys)}" if self._keys else ""
        return f"\n  SELECT {shown} FROM days_series_{self.place} d{grouped}"

    def places(self) -> str:
        """Of each person what the traits say by which rows are looked up."""
        key = self.instants.key
        own = f"t.{key}" + (", t.as_of" if self.instants.many else "")
        told = ", ".join(
            f"max(CASE WHEN t.trait = $series_{self.place}_by_{turn} THEN lower(trim(t.s)) END) AS place_{turn}"
            for turn in range(len(self.series.by))
        )
        names = ", ".join(f"$series_{self.place}_by_{turn}" for turn in range(len(self.series.by)))
        carried = f"p.{key}" + (", p.as_of" if self.instants.many else "")
        return (
            f"\n  SELECT {own}, {told} FROM (SELECT {carried}, l.trait, l.s, row_number() OVER (PARTITION BY p.{key}, "
            "l.trait ORDER BY l.ts DESC, l.seq DESC) AS turn FROM log_traits l JOIN people p "
            f"ON p.profile_key = l.profile_key WHERE {self.instants.there('l')} AND l.trait IN ({names})) t "
            f"WHERE t.turn = 1 GROUP BY {own}"
        )

    def own(self) -> str:
        """One row a person for whom something is known."""
        whose = f"places_series_{self.place} p" if self.series.by else "people p"
        joined = [f"m.{name} = p.{name}" for name in self._keys]
        join = f"JOIN means_series_{self.place} m ON {' AND '.join(joined)}" if joined else (
            f"CROSS JOIN means_series_{self.place} m"
        )  # fmt: skip
        shown = ", ".join(f"m.{name}" for name in self.aggregates())
        return f"\n  SELECT p.{self.instants.key}, {shown} FROM {whose} {join}"


def shaped(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    """Features of the plan's series. What is the same for everybody is told apart as the season is: over less than a
    year it would name the instant."""
    for place, one in enumerate(plan.series):
        prefix = FAMILY if one.by else f"{SEASON}{FAMILY}"
        for turn, column in enumerate(one.columns):
            name, said = f"{prefix}:{one.table}.{column}", _said(one.table, column)
            yield from _of_column(raw, f"series_{place}_{turn}", name, said, ahead=one.ahead)


def _of_column(raw: Raw, column: str, name: str, said: str, *, ahead: bool) -> Iterator[Column]:
    def mean(window: str) -> Floats:
        return ratio(raw.total(f"{column}_{window}_sum"), raw.count(f"{column}_{window}_n"))

    yield Feature(name, f"{said}, on the last day known: {{}}", "number"), raw.value(f"{column}_last")
    lately, before = mean(str(LATELY)), f"{name}:before_{LATELY}d"
    sums = raw.total(f"{column}_{BEFORE}_sum") - raw.total(f"{column}_{LATELY}_sum")
    then = ratio(sums, raw.count(f"{column}_{BEFORE}_n") - raw.count(f"{column}_{LATELY}_n"))
    yield Feature(f"{name}:{LATELY}d", f"{said}, mean of the last {LATELY} days: {{}}", "number", before=before), lately
    words = f"{said}, mean of the {BEFORE - LATELY} days before the last {LATELY}: {{}}"
    yield Feature(before, words, "number"), then
    words = f"{said}, the last {LATELY} days more than the {BEFORE - LATELY} before: {{}}"
    yield Feature(f"{name}:trend", words, "number"), lately - then
    for days in AHEAD if ahead else ():
        words = f"{said}, mean of the next {days} days as far as known: {{}}"
        yield Feature(f"{name}:next_{days}d", words, "number"), mean(f"next_{days}")


def _said(table: str, column: str) -> str:
    return f"{table}: {column}".replace("_", " ").replace("{", "(").replace("}", ")")
