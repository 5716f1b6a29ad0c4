"""The people behind a number of a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import Duration, naive_utc
from foretell.condition import Reader, hits_sql, parse
from foretell.definitions import Catalog, suggestion
from foretell.engine import Engine, naming
from foretell.errors import UsageError
from foretell.measure.maps.document import MapSpec, spec_of
from foretell.measure.maps.model import Span
from foretell.measure.maps.show import span_of, standing_of
from foretell.measure.maps.standing import Standing

_TESTS = {
    "at": "t.held = 1",
    "furthest": "t.furthest = 1",
    "entered": "t.went <> 'before'",
    "ahead": "t.went = 'ahead'",
    "next": "t.went = 'next'",
    "skipped": "t.went = 'skipped'",
    "went_on": "t.went IN ('next', 'skipped')",
    "stopped": "t.went = 'waiting' AND t.minutes >= {within}",
    "not_yet": "t.went = 'waiting' AND t.minutes < {within}",
}
WHAT = (*_TESTS, "missed", "met")
"""Which number of a stage: ``missed`` are those who are at a later one without it; of a touchpoint: ``met``."""


@dataclass(frozen=True)
class MapPeople:
    """Which number is meant.

    Args:
        what: one of :data:`WHAT`.
        stage: key of the stage; for ``met`` that of the touchpoint.
    """

    what: str
    stage: str


def people_of(
    engine: Engine,
    reader: Reader,
    catalog: Catalog,
    key: str,
    asked: MapPeople,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    segment: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[int]]:
    """How many people are meant, and a page of their profile keys, ascending; see :func:`foretell.measure.maps.show`.

    Raises:
        UsageError: UNKNOWN_DEFINITION, BAD_RANGE, UNKNOWN_STAGE, UNKNOWN_TOUCHPOINT, BAD_QUESTION.
    """
    spec = spec_of(catalog.get("map", key))
    span = span_of(catalog, spec, now=now, since=since, until=until)
    if asked.what not in WHAT:
        raise UsageError(
            "BAD_QUESTION",
            f"a map has no number called {asked.what!r}",
            next_step=suggestion(asked.what, WHAT, what="numbers"),
        )
    with naming(f"map {key}"):
        found, _ = standing_of(reader, catalog, spec, span, segment)
        query, params = _query(reader, spec, found, asked)
        ((total,),) = _rows(engine, f"SELECT count(*) AS n FROM ({query}) AS q", params, found)
        page = (
            f"SELECT q.profile_key FROM ({query}) AS q ORDER BY q.profile_key LIMIT {int(limit)} OFFSET {int(offset)}"
        )
        return int(total), [int(key) for (key,) in _rows(engine, page, params, found)]


def _rows(engine: Engine, sql: str, params: Mapping[str, object], found: Standing) -> list[tuple[int, ...]]:
    return [tuple(row.values()) for row in engine.analytics.query(sql, params, found.tables).to_pylist()]


def _query(reader: Reader, spec: MapSpec, found: Standing, asked: MapPeople) -> tuple[str, dict[str, object]]:
    if asked.what == "met":
        return _met(reader, spec, found, asked.stage), _bounds(found.span)
    keys = [stage.key for stage in spec.stages]
    if asked.stage not in keys:
        words, next_step = f"the map has no stage {asked.stage!r}", suggestion(asked.stage, keys, what="stages")
        raise UsageError("UNKNOWN_STAGE", words, next_step=next_step)
    place = keys.index(asked.stage)
    if asked.what == "missed":
        query = (
            f"SELECT t.profile_key FROM ({found.told}) AS t GROUP BY t.profile_key "
            f"HAVING max(CASE WHEN t.stage > {place} THEN t.held ELSE 0 END) = 1 "
            f"AND max(CASE WHEN t.stage = {place} THEN t.held ELSE 0 END) = 0"
        )
        return query, {}
    within = int(Duration.parse(spec.stages[place].within or spec.within).days * 24 * 60)
    test = _TESTS[asked.what].format(within=within)
    return f"SELECT t.profile_key FROM ({found.told}) AS t WHERE t.stage = {place} AND {test}", {}


def _met(reader: Reader, spec: MapSpec, found: Standing, key: str) -> str:
    touchpoints = {one.key: one for stage in spec.stages for one in stage.touchpoints}
    if key not in touchpoints:
        words, next_step = f"the map has no touchpoint {key!r}", suggestion(key, list(touchpoints), what="touchpoints")
        raise UsageError("UNKNOWN_TOUCHPOINT", words, next_step=next_step)
    tree = parse(touchpoints[key].condition)
    test = hits_sql(tree.selection, reader.scope(found.span.until))  # type: ignore[union-attr]
    return (
        f"SELECT DISTINCT e.profile_key FROM log_events AS e WHERE {test} AND e.ts > $since AND e.ts <= $until "
        f"AND EXISTS (SELECT 1 FROM ({found.people}) AS u WHERE u.profile_key = e.profile_key)"
    )


def _bounds(span: Span) -> dict[str, object]:
    return {"since": naive_utc(span.since), "until": naive_utc(span.until)}
