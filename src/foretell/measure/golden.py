"""Golden tables: small inputs with the right values, run by a KPI's own SQL on a real engine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.clock import naive_utc, parse_instant, zone_of
from foretell.errors import ForetellError, UsageError
from foretell.measure.kpi_document import Golden, GoldenCase
from foretell.measure.kpi_rows import Selection, Source
from foretell.measure.kpi_set import Kpi, Kpis, reads_past
from foretell.measure.periods import Period
from foretell.measure.reading import Ground, read
from foretell.measure.series import Estimate

KNOWN = "golden_known"
_UTC = zone_of("UTC")
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Mismatch:
    """A golden case with another value than expected.

    Args:
        case: 0-based number of the case.
        part: ``value``, ``low``, ``high`` or ``n``.
    """

    case: int
    part: str
    expected: float | None
    found: float | None

    def __str__(self) -> str:
        return f"golden case {self.case + 1}: {self.part} is {self.found}, expected {self.expected}"


@dataclass(frozen=True)
class Overlay:
    """A store with golden tables in the place of its views."""

    source: Source
    tables: Mapping[str, pa.Table]

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """Run a query; golden tables come before views of the same name."""
        return self.source.query(sql, params, {**self.tables, **(tables or {})})


def mismatches(source: Source, kpi: Kpi, known: Kpis) -> list[Mismatch]:
    """What the golden tables of ``kpi`` give that was not expected; empty without golden tables.

    Args:
        source: a store with the published views; their columns and types hold for the golden rows.

    Raises:
        UsageError: BAD_GOLDEN where a row does not fit its view.
    """
    golden = kpi.spec.golden
    if golden is None:
        return []
    ground = Overlay(source, _tables(source, golden))
    return [
        wrong
        for number, case in enumerate(golden.cases)
        for wrong in _compared(number, case, _reading(ground, kpi, known, golden, case))
    ]


def golden_faults(golden: Golden) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """What is wrong with golden tables on their face: path below ``golden``, words, next step."""
    try:
        zone_of(golden.zone)
    except ForetellError as error:
        yield ("zone",), error.what, error.next_step
        return
    for number, case in enumerate(golden.cases):
        times = {"from": case.since, "to": case.until, "at": case.at, "present": case.present}
        for name, text in times.items():
            try:
                if text is not None:
                    parse_instant(text, zone_of(golden.zone))
            except ForetellError as error:
                yield ("cases", number, name), error.what, error.next_step


def _reading(source: Source, kpi: Kpi, known: Kpis, golden: Golden, case: GoldenCase) -> Estimate:
    zone = zone_of(golden.zone)
    start = parse_instant(case.since or case.at or "", zone)
    end = parse_instant(case.until or case.at or "", zone)
    present = parse_instant(case.present, zone) if case.present else end + reads_past(kpi, known)
    ground = Ground(source, zone, golden.currency, present, lambda _: f"SELECT profile_key FROM {KNOWN}")
    period = Period("golden", start, end, True)
    return read(kpi, known, [period], [Selection()], ground)[0][""]


def _compared(number: int, case: GoldenCase, found: Estimate) -> Iterator[Mismatch]:
    checked = [part for part in ("low", "high", "n") if getattr(case, part) is not None]
    for part in ["value", *checked]:
        expected, value = getattr(case, part), getattr(found, part)
        same = expected is value if expected is None or value is None else _near(expected, value)
        if not same:
            yield Mismatch(number, part, expected, value)


def _near(expected: float, value: float) -> bool:
    return math.isclose(expected, value, rel_tol=1e-9, abs_tol=_TOLERANCE)


def _tables(source: Source, golden: Golden) -> dict[str, pa.Table]:
    tables = {view: _table(source, view, rows) for view, rows in golden.tables.items()}
    every = [row.get("profile_id") for rows in golden.tables.values() for row in rows]
    ids = dict.fromkeys(str(profile_id) for profile_id in every if profile_id)
    keys = {profile_id: number for number, profile_id in enumerate(ids, start=1)}
    nodes = {
        "node_key": pa.array(list(keys.values()), pa.int64()),
        "profile_id": pa.array(list(keys), pa.string()),
    }
    people = [key for profile_id, key in keys.items() if profile_id not in golden.anonymous]
    return {
        **tables,
        "nodes": pa.table(nodes),
        KNOWN: pa.table({"profile_key": pa.array(people, pa.int64())}),
    }


def _table(source: Source, view: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = source.query(f"SELECT * FROM {view} LIMIT 0").schema
    for row in rows:
        for column in row:
            if column not in schema.names:
                raise _bad(f"the view {view} has no column {column!r}", f"It has: {', '.join(schema.names)}.")
    try:
        columns = {
            column.name: pa.array([_value(row.get(column.name), column.type) for row in rows], column.type)
            for column in schema
        }
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise _bad(f"a row does not fit the view {view}: {error}", "Correct the value.") from error
    return pa.table(columns, schema=schema)


def _value(value: object, kind: pa.DataType) -> object:
    """Times are written as text and stored in UTC without a zone."""
    if not pa.types.is_timestamp(kind) or not isinstance(value, str):
        return value
    instant: datetime = parse_instant(value, _UTC)
    return naive_utc(instant)


def _bad(what: str, next_step: str) -> UsageError:
    return UsageError("BAD_GOLDEN", what, thing="golden tables", next_step=next_step)
