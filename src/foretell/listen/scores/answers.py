"""Answers as sums over people: what leaves the store is a row a person, or a row a group, never a row an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Analytics
from foretell.listen.scores.measures import Figure, Measure
from foretell.stats import Floats, Sums

PERSON = "CASE WHEN r.profile_id = '' THEN r.survey || chr(31) || r.response_id ELSE r.profile_id END"
"""Who answers: a person, or of those who are not named each response by itself; two surveys may have one id each."""
PLAIN_DIMENSIONS = ("touchpoint", "product", "agent", "channel", "language", "survey")
"""Dimensions that are columns of ``survey_responses``; ``product`` is ``product_id``."""


@dataclass(frozen=True)
class Window:
    """A stretch of time ``[since, until)``."""

    since: datetime
    until: datetime

    @property
    def before(self) -> Window:
        """The stretch of the same length that ends where this one begins."""
        return Window(self.since - (self.until - self.since), self.since)


@dataclass(frozen=True)
class Whose:
    """Which answers count.

    Args:
        survey: key of the survey; None for every survey of the measure.
        filters: dimension of :data:`PLAIN_DIMENSIONS` → its value.
        limits: instant → SQL that yields ``profile_key``; a person must be in all of them. Each window is read with
            those of its own beginning: an answer in it may change who belongs to them.
    """

    measure: Measure
    survey: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[Callable[[datetime], str], ...] = ()


@dataclass(frozen=True)
class People:
    """Who answered in a window, a row a person.

    Args:
        names: profile ids, or survey and response of those who are not named (n,).
        answers: how many answers each gave (n,).
        sums: figure → sum of its values over the person's answers (n,).
        bands: sums of answers in each band of the measure, a row a person (n, bands).
    """

    names: pa.Array
    answers: Floats
    sums: Mapping[str, Floats]
    bands: Floats

    @property
    def count(self) -> int:
        """How many people."""
        return len(self.names)

    def pairs(self, figure: Figure, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """Weighted sums of a figure's values and of answers, a pair a person."""
        weight: Floats = np.ones(self.count) if weights is None else weights
        return weight * self.sums[figure.key], weight * self.answers


def column_of(dimension: str) -> str:
    """The column of ``survey_responses`` for a plain dimension."""
    return "product_id" if dimension == "product" else dimension


def answers_sql(whose: Whose, window: Window, extra: Sequence[str] = ()) -> str:
    """SQL: ``survey response_id person profile_id answered_at score`` and one column a figure, of the answers that
    count.

    Args:
        window: at its beginning it is read who is within the limits; its bounds are :func:`bounds`.
        extra: further columns of ``survey_responses``, as SQL over ``r``.
    """
    measure = whose.measure
    tests = [
        f"r.measure = {_text(measure.key)}",
        f"r.score BETWEEN {measure.lowest} AND {measure.highest}",
        "r.answered_at >= $since AND r.answered_at < $until",
    ]
    if whose.survey is not None:
        tests.append(f"r.survey = {_text(whose.survey)}")
    tests += [f"r.{column_of(name)} = {_text(value)}" for name, value in sorted(whose.filters.items())]
    tests += [
        "r.profile_id IN (SELECT n.profile_id FROM nodes n WHERE n.node_key IN "
        f"(SELECT l.profile_key FROM ({limit(window.since)}) AS l))"
        for limit in whose.limits
    ]
    columns = ["r.survey", "r.response_id", f"{PERSON} AS person", "r.profile_id", "r.answered_at", "r.score", *extra]
    columns += [f"CAST({figure.value} AS DOUBLE) AS f_{figure.key}" for figure in measure.figures]
    return f"SELECT {', '.join(columns)} FROM survey_responses r WHERE {' AND '.join(tests)}"


def people(analytics: Analytics, whose: Whose, window: Window) -> People:
    """Who answered in ``window``, and what, in the order of their names."""
    measure = whose.measure
    bands = [f"sum(CASE WHEN {test} THEN 1 ELSE 0 END) AS b{place}" for place, test in enumerate(_band_tests(measure))]
    figures = [f"sum(a.f_{figure.key}) AS f_{figure.key}" for figure in measure.figures]
    found = analytics.query(
        f"SELECT a.person, count(*) AS answers, {', '.join([*figures, *bands])} "
        f"FROM ({answers_sql(whose, window)}) AS a GROUP BY a.person ORDER BY a.person",
        bounds(window),
    )
    return People(
        found["person"].combine_chunks(),
        _floats(found, "answers"),
        {figure.key: _floats(found, f"f_{figure.key}") for figure in measure.figures},
        np.stack([_floats(found, f"b{place}") for place in range(len(bands))], axis=1),
    )


def _band_tests(measure: Measure) -> list[str]:
    """SQL: whether an answer lies in each band."""
    lows = [band.above for band in measure.bands]
    highs = [f" AND a.score < {high}" for high in lows[1:]]
    return [f"a.score >= {low}{high}" for low, high in zip(lows, [*highs, ""], strict=True)]


@dataclass(frozen=True)
class Cells:
    """Sums by group.

    Args:
        labels: of the groups (g,).
        answers: in each (g,).
        sums: figure → sums over the people of each group.
    """

    labels: list[str]
    answers: npt.NDArray[np.int64]
    sums: Mapping[str, Sums]


def cells(analytics: Analytics, figures: Sequence[Figure], grouped: str, params: Mapping[str, object]) -> Cells:
    """Sums of groups, each with its people apart.

    Args:
        grouped: SQL with ``label``, ``person`` and one column a figure, a row an answer and group.
    """
    inner = [f"sum(g.f_{figure.key}) AS f_{figure.key}" for figure in figures]
    outer = [
        f"sum(p.f_{key}) AS n_{key}, sum(p.f_{key} * p.f_{key}) AS nn_{key}, sum(p.f_{key} * p.answers) AS nd_{key}"
        for key in (figure.key for figure in figures)
    ]
    found = analytics.query(
        f"WITH per_person AS (SELECT g.label, g.person, CAST(count(*) AS DOUBLE) AS answers, {', '.join(inner)} "
        f"FROM ({grouped}) AS g WHERE g.label IS NOT NULL GROUP BY g.label, g.person) "
        "SELECT p.label, count(*) AS people, sum(p.answers) AS den, sum(p.answers * p.answers) AS dd, "
        f"{', '.join(outer)} FROM per_person AS p GROUP BY p.label ORDER BY p.label",
        params,
    )
    counted, den, squared = (_floats(found, name) for name in ("people", "den", "dd"))
    sums = {
        figure.key: Sums(
            counted, _floats(found, f"n_{figure.key}"), den, _floats(found, f"nn_{figure.key}"),
            _floats(found, f"nd_{figure.key}"), squared,
        )
        for figure in figures
    }  # fmt: skip
    return Cells(found["label"].to_pylist(), den.astype(np.int64), sums)


def bounds(window: Window) -> dict[str, object]:
    """The window as parameters of :func:`answers_sql`."""
    return {"since": naive_utc(window.since), "until": naive_utc(window.until)}


def text_sql(value: str) -> str:
    """A text as SQL."""
    return _text(value)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _floats(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(), dtype=np.float64)
