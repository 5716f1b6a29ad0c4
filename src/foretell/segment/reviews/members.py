"""The members' traits and figures in groups, then and now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

import numpy as np
import pyarrow as pa

from foretell.condition import Reader, parse
from foretell.segment.facets import Figure, Rows, TraitValue, common_figures, figure_values, rows_of, trait_values
from foretell.segment.reviews.composition import Codes, Grouped
from foretell.stats import Floats

WINDOW = "90d"
MOST_TRAITS, MOST_EVENTS, GROUPS = 6, 5, 5
OTHER = "another, or none"
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Moment:
    """The members at an instant."""

    at: datetime
    rows: Rows

    @classmethod
    def of(cls, members: pa.Table, at: datetime) -> Moment:
        """From the column ``profile_key``."""
        return cls(at, rows_of(members))


def grouped(reader: Reader, then: Moment, now: Moment) -> list[Grouped]:
    """The traits and figures that the members have, in groups whose limits are those of then."""
    if not then.rows.keys.size or not now.rows.keys.size:
        return []
    either = Rows(np.union1d(then.rows.keys, now.rows.keys))
    floor = max(10, either.keys.size // 50)
    values = trait_values(reader, either, as_of=now.at, floor=floor, most_traits=MOST_TRAITS)
    figures = common_figures(reader, either, as_of=now.at, since=now.at - YEAR, windows=(WINDOW,), most=MOST_EVENTS)
    return [*_by_traits(reader, then, now, values), *_by_figures(reader, then, now, figures)]


def _by_traits(reader: Reader, then: Moment, now: Moment, values: Sequence[TraitValue]) -> Iterator[Grouped]:
    for trait, found in groupby(values, key=lambda value: value.trait):
        known = list(found)
        labels = (*(str(one.value) for one in known), OTHER)
        yield Grouped(
            f"trait:{trait}", trait, labels, _trait_codes(reader, then, known), _trait_codes(reader, now, known)
        )


def _trait_codes(reader: Reader, moment: Moment, values: Sequence[TraitValue]) -> Codes:
    codes = np.full(moment.rows.keys.size, len(values), dtype=np.int64)
    for place, value in enumerate(values):
        codes[moment.rows.mask(reader.members(parse(value.raw), as_of=moment.at, of="all"))] = place
    return codes


def _by_figures(reader: Reader, then: Moment, now: Moment, figures: Sequence[Figure]) -> Iterator[Grouped]:
    for figure in figures:
        before = figure_values(reader, figure, then.rows, as_of=then.at)
        after = figure_values(reader, figure, now.rows, as_of=now.at)
        limits = _limits(before, whole=not figure.money)
        if limits.size:
            labels = tuple(_labels(limits.tolist(), figure.money))
            codes = (np.searchsorted(limits, values, side="right").astype(np.int64) for values in (before, after))
            yield Grouped(f"figure:{figure.name}", figure.words, labels, *codes)


def _limits(values: Floats, *, whole: bool) -> Floats:
    """Lower limits of all groups but the first, so that each holds about as many of ``values``."""
    cuts = np.quantile(values, np.arange(1, GROUPS) / GROUPS)
    distinct = np.unique(np.ceil(cuts) if whole else np.round(cuts, 2))
    limits: Floats = distinct[distinct > values.min()]
    return limits


def _labels(limits: Sequence[float], money: bool) -> Iterator[str]:
    def said(value: float) -> str:
        return f"{value:,.2f}" if money else f"{value:,.0f}"

    yield f"below {said(limits[0])}"
    yield from (f"{said(low)} to below {said(high)}" for low, high in pairwise(limits))
    yield f"{said(limits[-1])} or more"
