"""Reads a KPI at given periods for given people: SQL for the leaves, arithmetic for formulas.

``show`` and the golden tables both come through here, so that what is tested is what is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.measure.estimate import Sums, estimate
from foretell.measure.formula import Formula, parse_formula
from foretell.measure.kpi_document import KpiSpec
from foretell.measure.kpi_rows import Selection, Source, read_people, read_sums
from foretell.measure.kpi_set import Kpi, Kpis, kpi_of, leaves
from foretell.measure.periods import Period
from foretell.measure.resample import Cells, quotient_bounds
from foretell.measure.series import NO_VALUE, NOT_ELAPSED, Estimate
from foretell.money import minor_digits

Readings = list[dict[str, Estimate]]
"""One mapping a period: group label → estimate."""


@dataclass(frozen=True)
class Ground:
    """What a reading stands on.

    Args:
        present: up to when everything that happened is known.
        known_people: instant → SQL of the people with a known identifier by then (``profile_key``).
    """

    source: Source
    zone: ZoneInfo
    currency: str
    present: datetime
    known_people: Callable[[datetime], str]


def read(kpi: Kpi, known: Kpis, periods: Sequence[Period], selections: Sequence[Selection], ground: Ground) -> Readings:
    """Estimates of ``kpi``, by period and group; ``selections`` has whom to count in each period."""
    if kpi.spec.sql is not None:
        return _read_leaf(kpi, periods, selections, ground)
    assert kpi.spec.formula is not None
    leaves(kpi, known)  # raises for loops before they are walked
    formula = parse_formula(kpi.spec.formula)
    terms = {key: read(kpi_of(known, key), known, periods, selections, ground) for key in formula.names}
    readings: Readings = []
    for number in range(len(periods)):
        labels = terms[formula.names[0]][number]
        found: dict[str, Estimate] = {}
        for label in labels:
            parts = {key: terms[key][number][label] for key in formula.names}
            found[label] = _combined(formula, parts)
        readings.append(found)
    return readings


def _combined(formula: Formula, parts: Mapping[str, Estimate]) -> Estimate:
    value, low, high = (
        formula.value({key: getattr(part, name) for key, part in parts.items()}) for name in ("value", "low", "high")
    )
    if value is not None and low is not None and high is not None and formula.straight:
        return Estimate(value, min(low, high), max(low, high))
    if value is not None:
        return Estimate(value)
    reasons = [part.reason for part in parts.values() if part.reason]
    return Estimate(None, reason=reasons[0] if reasons else NO_VALUE)


def _read_leaf(kpi: Kpi, periods: Sequence[Period], selections: Sequence[Selection], ground: Ground) -> Readings:
    """Estimates of a KPI with SQL; periods that it cannot know yet are not read."""
    spec = kpi.spec
    asked = [
        (period, _narrowed(spec, period, whom, ground))
        for period, whom in zip(periods, selections, strict=True)
        if not _ahead(spec, period, ground)
    ]
    sums = [read_sums(ground.source, spec, period, ground.zone, ground.currency, whom) for period, whom in asked]
    bounds = _drawn(kpi, asked, sums, ground) if spec.interval == "bootstrap" else {}
    divisor = 10 ** minor_digits(ground.currency) if spec.unit == "money" and spec.amounts == "minor" else 1
    found = iter(
        {label: estimate(spec, kpi.key, each, divisor, bounds.get((number, label))) for label, each in row.items()}
        for number, row in enumerate(sums)
    )
    unknown = Estimate(None, reason=NOT_ELAPSED)
    return [
        dict.fromkeys(whom.groups or [""], unknown) if _ahead(spec, period, ground) else next(found)
        for period, whom in zip(periods, selections, strict=True)
    ]


def _ahead(spec: KpiSpec, period: Period, ground: Ground) -> bool:
    """True where the KPI looks past what has happened."""
    return bool(spec.reads_past) and period.end + spec.reads_past > ground.present


def _narrowed(spec: KpiSpec, period: Period, whom: Selection, ground: Ground) -> Selection:
    if spec.people == "all":
        return whom
    return replace(whom, limits=(*whom.limits, ground.known_people(period.last_instant)))


def _drawn(
    kpi: Kpi, asked: Sequence[tuple[Period, Selection]], sums: Sequence[Mapping[str, Sums]], ground: Ground
) -> dict[tuple[int, str], tuple[float, float] | None]:
    """Bootstrap bounds by number of the period and group."""
    labels = [(number, label) for number, row in enumerate(sums) for label in row]
    cell_of = {name: cell for cell, name in enumerate(labels)}
    tables = [
        read_people(ground.source, kpi.spec, period, ground.zone, ground.currency, whom) for period, whom in asked
    ]
    cells = [
        _cells(table["kpi_group"], {label: cell_of[number, label] for label in sums[number]})
        for number, table in enumerate(tables)
    ]
    if not tables:
        return {}
    data = Cells.of(pa.concat_tables(tables), np.concatenate(cells))
    return dict(zip(labels, quotient_bounds(f"kpi:{kpi.key}", data, len(labels)), strict=True))


def _cells(labels: pa.ChunkedArray, cell_of: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Number of the cell of each row, from its group's label."""
    names = pa.array(list(cell_of), pa.string())
    numbers = np.fromiter(cell_of.values(), np.int64, len(cell_of))
    found: npt.NDArray[np.int64] = numbers[pc.index_in(labels, names).to_numpy()]
    return found
