"""Which features a prediction has: chosen when it is trained, by what was known at an instant, and kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.collect import TableSeries
from foretell.engine import Analytics, PropertyColumns
from foretell.errors import UsageError
from foretell.predict.activity import DONE_BY_PEOPLE
from foretell.predict.features import series as own_series
from foretell.predict.features import tallying, traits
from foretell.predict.features.calendar import country_of
from foretell.predict.features.crowd import Crowd
from foretell.predict.features.families import families
from foretell.predict.features.plan import BASE, Feature, FeaturePlan
from foretell.predict.features.query import MACHINE, features_sql, parameters
from foretell.predict.features.raw import Raw
from foretell.predict.features.repeat import repeat_buying
from foretell.predict.features.shape import shaped

MOST_EVENTS = 10
ENOUGH_PEOPLE = 50_000
LEAST_PEOPLE = 20
"""A family is planned where so many people, or all where there are fewer, have one of its events."""


def plan_for(
    analytics: Analytics,
    people: pa.Table,
    as_of: datetime,
    horizons_days: tuple[float, ...],
    *,
    currency: str,
    zone: str,
    columns: PropertyColumns | None = None,
    wanted: Sequence[str] | None = None,
    without: Sequence[str] | None = None,
    also: Sequence[str] = (),
    series: Sequence[TableSeries] = (),
    thing: str = "",
) -> FeaturePlan:
    """The plan for ``people`` (column profile_key) by what was known at ``as_of``.

    Args:
        columns: where properties stand in the log; None leaves out what reads properties.
        wanted: names of features or families; None: all that there is something to say of.
        without: names of features or families.
        also: names of features that are not computed here and may be asked for all the same.
        series: the workspace's own.

    Raises:
        UsageError: ``UNKNOWN_FEATURE``.
    """
    found = FeaturePlan(
        common_events(analytics, people, as_of),
        horizons_days,
        currency,
        zone,
        families=_seen(analytics, people, as_of),
        traits=traits.choose(analytics, people, as_of),
        country=country_of(zone),
        series=own_series.choose(analytics, series, columns, as_of),
    )
    found = replace(found, paths=_paths(found, columns))
    if wanted is None and without is None:
        return found
    return _chosen(found, features_of(analytics, found, as_of), wanted, without or (), also, thing)


def common_events(analytics: Analytics, people: pa.Table, as_of: datetime) -> tuple[str, ...]:
    """Names of the events that most of ``people`` had by ``as_of``, at most ten; ties by name.

    Of more than 50,000 people every so-manieth is asked about.
    """
    every = -(-people.num_rows // ENOUGH_PEOPLE)
    asked = people.select(["profile_key"]).take(pa.array(range(0, people.num_rows, max(every, 1)), pa.int64()))
    rows = analytics.query(
        "SELECT e.event FROM log_events e JOIN people p ON p.profile_key = e.profile_key "
        f"WHERE e.ts <= $as_of AND e.known_at <= $as_of AND e.event IS NOT NULL AND {DONE_BY_PEOPLE} GROUP BY e.event "
        f"ORDER BY count(DISTINCT e.profile_key) DESC, e.event LIMIT {MOST_EVENTS}",
        {"as_of": naive_utc(as_of)},
        {"people": asked},
    )
    return tuple(rows.column("event").to_pylist())


def features_of(analytics: Analytics, plan: FeaturePlan, as_of: datetime) -> tuple[Feature, ...]:
    """What the plan's features are, without computing one."""
    nobody = pa.table({"profile_key": pa.array([], pa.int64())})
    rows = analytics.query(features_sql(plan, as_of), parameters(plan, as_of), {"people": nobody})
    raw = Raw(rows, as_of)
    made = [*shaped(raw, plan, as_of, 0.0), *repeat_buying(raw, plan, Crowd(0.0, None))]
    return tuple(feature for feature, _ in made)


def _seen(analytics: Analytics, people: pa.Table, as_of: datetime) -> tuple[str, ...]:
    """Families of which at least one event was seen of enough people."""
    names = sorted({name for family in families().values() for name in family.events})
    rows = analytics.query(
        "SELECT e.event, count(DISTINCT e.profile_key) AS n FROM log_events e "
        "JOIN people p ON p.profile_key = e.profile_key JOIN names w ON w.name = e.event "
        "WHERE e.ts <= $as_of AND e.known_at <= $as_of GROUP BY e.event",
        {"as_of": naive_utc(as_of)},
        {"people": people.select(["profile_key"]), "names": pa.table({"name": names})},
    )
    least = min(LEAST_PEOPLE, people.num_rows)
    seen = {row["event"] for row in rows.to_pylist() if row["n"] >= least}
    return tuple(name for name, family in sorted(families().items()) if family.needs <= seen)


def _paths(plan: FeaturePlan, columns: PropertyColumns | None) -> dict[str, tuple[str, str]]:
    """Where the properties stand that the plan's families read, of those that were ever seen outside of arrays."""
    wanted = {path for name in plan.families for tally in families()[name].tallies for path in tally.paths} | {MACHINE}
    wanted |= own_series.paths(plan)
    found = {} if columns is None else {path: columns.of(path) for path in sorted(wanted)}
    return {path: (one.text, one.number) for path, one in found.items() if one is not None and one.array is None}


def _chosen(
    plan: FeaturePlan,
    known: Sequence[Feature],
    wanted: Sequence[str] | None,
    without: Sequence[str],
    also: Sequence[str],
    thing: str,
) -> FeaturePlan:
    """The plan with the features that a document asks for, which computes no family that it does not need."""
    families_there = {one.family for one in known} | {*BASE, *families(), traits.FAMILY, own_series.FAMILY}
    asked = {*(wanted or ()), *without}
    _refuse_unknown(asked, {one.name for one in known} | families_there | {*also}, known, thing)
    named = [*known, *(Feature(name, "{}") for name in also)]
    kept = {one.name for one in named if wanted is None or {one.name, one.family} & {*wanted}}
    kept -= {one.name for one in named if {one.name, one.family} & {*without}}
    needed = {one.family for one in known if one.name in kept}
    told = {one.name.removeprefix("trait:").split("=")[0] for one in known if one.name in kept and _is_trait(one)}
    pruned = replace(
        plan,
        base=tuple(name for name in BASE if name in needed),
        families=tuple(name for name in plan.families if name in needed),
        traits=tuple(one for one in plan.traits if one.trait in told),
        series=tuple(one for one in plan.series if any(f"{own_series.FAMILY}:{one.table}." in name for name in kept)),
        events=plan.events if "events" in needed else (),
        only=tuple(sorted(kept)),
    )
    needs = {path for tally in tallying.tallies_of(pruned) for path in tally.paths}
    needs |= own_series.paths(pruned)
    needs |= {MACHINE} if needed & {"activity", "events"} else set()
    return replace(pruned, paths={path: names for path, names in plan.paths.items() if path in needs})


def _is_trait(feature: Feature) -> bool:
    return feature.family == traits.FAMILY


def _refuse_unknown(asked: Collection[str], there: Collection[str], known: Sequence[Feature], thing: str) -> None:
    unknown = sorted(set(asked) - set(there))
    if unknown:
        raise UsageError(
            "UNKNOWN_FEATURE",
            f"there is no feature called {unknown[0]!r}",
            thing=thing,
            next_step=f"Known features: {', '.join(one.name for one in known)}; families: "
            f"{', '.join(dict.fromkeys(one.family for one in known))}.",
        )
