"""Runs a KPI's SQL for one period and brings back sums over people, never the people's rows.

The SQL yields any number of rows a person; they are added up to one (num, den) a person. Limits
(known people, a segment) and groups are further selections of people, joined in the same query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.measure import statement
from foretell.measure.estimate import Sums
from foretell.measure.kpi_document import KpiSpec
from foretell.measure.periods import Period, local_days


class Source(Protocol):
    """What answers queries: the analytics store, or golden tables laid over it."""

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """Run a query in the portable SQL subset."""
        ...


@dataclass(frozen=True)
class Selection:
    """Whom to count, as SQL that yields ``profile_key``.

    Args:
        limits: each person must be in all of them.
        groups: label → people; without groups there is one group with an empty label.
    """

    limits: tuple[str, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)


def read_sums(
    source: Source, spec: KpiSpec, period: Period, zone: ZoneInfo, currency: str, whom: Selection
) -> dict[str, Sums]:
    """Sums by group label; groups without a row have zeros."""
    sql = (
        f"{_people(spec, whom)} SELECT {_label(whom)} AS kpi_group, count(*) AS n, "
        "coalesce(sum(p.num), 0) AS num, coalesce(sum(p.den), 0) AS den, "
        "coalesce(sum(p.num * p.num), 0) AS num_squared, "
        "coalesce(sum(p.num * p.den), 0) AS num_den, coalesce(sum(p.den * p.den), 0) AS den_squared, "
        "count(CASE WHEN p.den <> 1 THEN 1 END) AS unequal, "
        "count(CASE WHEN p.num < 0 OR p.num > p.den THEN 1 END) AS outside "
        f"FROM {_grouped(whom)} GROUP BY 1"
    )
    found = _run(source, spec, period, zone, currency, sql)
    sums = {label: Sums() for label in whom.groups or [""]}
    for row in found.to_pylist():
        label = row.pop("kpi_group")
        sums[label] = Sums(**row)
    return sums


def read_people(
    source: Source, spec: KpiSpec, period: Period, zone: ZoneInfo, currency: str, whom: Selection
) -> pa.Table:
    """The people's own pairs: ``kpi_group``, ``profile_key``, ``num``, ``den``, in a fixed order."""
    sql = (
        f"{_people(spec, whom, keyed=True)} SELECT {_label(whom)} AS kpi_group, "
        "coalesce(p.profile_key, -1) AS profile_key, p.num, p.den "
        f"FROM {_grouped(whom)} ORDER BY kpi_group, profile_key"
    )
    return _run(source, spec, period, zone, currency, sql)


def dry_run(source: Source, spec: KpiSpec, period: Period, zone: ZoneInfo, currency: str) -> pa.Schema:
    """Columns that the SQL yields; raises where it names what is not there."""
    sql = f"SELECT * FROM (\n{spec.sql}\n) AS kpi_rows LIMIT 0"
    return _run(source, spec, period, zone, currency, sql).schema


def _people(spec: KpiSpec, whom: Selection, *, keyed: bool = False) -> str:
    den = "den" if spec.combine == "quotient" else "CAST(0 AS BIGINT)"
    sums = (
        f"WITH kpi_rows AS (\n{spec.sql}\n), kpi_sums AS ("
        f"SELECT profile_id, CAST(sum(num) AS DOUBLE) AS num, CAST(sum({den}) AS DOUBLE) AS den "
        f"FROM kpi_rows WHERE num IS NOT NULL AND {den} IS NOT NULL GROUP BY profile_id), "
    )
    if not (whom.limits or whom.groups or keyed):
        return f"{sums} kpi_people AS (SELECT num, den FROM kpi_sums)"
    tests = [f"n.node_key IN (SELECT profile_key FROM ({sql}) AS kpi_limit)" for sql in whom.limits]
    return (
        f"{sums} kpi_people AS (SELECT n.node_key AS profile_key, s.num, s.den "
        f"FROM kpi_sums s LEFT JOIN nodes n ON n.profile_id = s.profile_id WHERE {' AND '.join(tests) or 'TRUE'})"
    )


def _grouped(whom: Selection) -> str:
    if not whom.groups:
        return "kpi_people p"
    parts = [
        f"SELECT {_text(label)} AS kpi_group, profile_key FROM ({sql}) AS kpi_group_{number}"
        for number, (label, sql) in enumerate(whom.groups.items())
    ]
    return f"kpi_people p JOIN ({' UNION ALL '.join(parts)}) AS g ON g.profile_key = p.profile_key"


def _label(whom: Selection) -> str:
    return "g.kpi_group" if whom.groups else "''"


def _run(source: Source, spec: KpiSpec, period: Period, zone: ZoneInfo, currency: str, sql: str) -> pa.Table:
    assert spec.sql is not None
    values: dict[str, object] = {
        "from": naive_utc(period.start),
        "to": naive_utc(period.end),
        "as_of": naive_utc(period.end),
        "currency": currency,
    }
    used = {name: values[name] for name in statement.parameters(spec.sql)}
    days = {"days": local_days(period.start, period.end, zone)} if statement.reads_days(spec.sql) else {}
    return source.query(sql, used, days)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
