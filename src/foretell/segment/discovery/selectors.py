"""What a group can be said by: conditions on one trait or one habit, and for whom each holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.condition import Reader, parse
from foretell.engine import PropertyColumns
from foretell.segment.discovery.habits import habits
from foretell.segment.facets import Figure, Rows, common_figures, figure_values, trait_ranges, trait_values
from foretell.stats import Floats

WINDOWS = ("30d", "90d", "365d")
MOST_EVENTS = 8
_SHARES = (0.25, 0.5, 0.75, 0.9)
Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Selector:
    """One condition.

    Args:
        raw: as it is written.
        about: the trait or habit; a group has one selector about each at most.
    """

    raw: Mapping[str, Any]
    about: str


@dataclass(frozen=True)
class Selectors:
    """Conditions and for whom each holds.

    Args:
        masks: (selectors, n), in the order of the rows.
    """

    all: tuple[Selector, ...]
    masks: Masks


def selectors_of(reader: Reader, columns: PropertyColumns, rows: Rows, *, at: datetime, floor: int) -> Selectors:
    """The selectors that hold for at least ``floor`` of ``rows`` and do not for at least as many.

    They are read as of ``at`` and as known then: values of traits and ranges of them, how often and for how much
    something was done lately, what it was done with.

    Selectors that hold for the very same people are one.
    """
    made: dict[bytes, tuple[Selector, Masks]] = {}
    for selector, mask in _candidates(reader, columns, rows, at, floor):
        held = int(mask.sum())
        if floor <= held <= rows.keys.size - floor:
            made.setdefault(np.packbits(mask).tobytes(), (selector, mask))
    if not made:
        return Selectors((), np.zeros((0, rows.keys.size), bool))
    return Selectors(tuple(one for one, _ in made.values()), np.stack([mask for _, mask in made.values()]))


def _candidates(
    reader: Reader, columns: PropertyColumns, rows: Rows, at: datetime, floor: int
) -> Iterator[tuple[Selector, Masks]]:
    for value in trait_values(reader, rows, as_of=at, floor=floor):
        yield Selector(value.raw, f"trait:{value.trait}"), _mask(reader, rows, value.raw, at)
    for within in trait_ranges(reader, rows, as_of=at, floor=floor):
        yield Selector(within.raw, f"trait:{within.trait}"), _mask(reader, rows, within.raw, at)
    figures = common_figures(reader, rows, as_of=at, since=at - timedelta(days=365), windows=WINDOWS, most=MOST_EVENTS)
    for figure in figures:
        values = figure_values(reader, figure, rows, as_of=at, known_at=at)
        yield from _by_figure(figure, values)
    events = tuple(dict.fromkeys(str(figure.raw["did"]) for figure in figures))
    for habit in habits(reader, columns, rows, events, at=at, floor=floor):
        yield Selector(habit.raw, habit.about), rows.mask(habit.people)


def _mask(reader: Reader, rows: Rows, raw: Mapping[str, Any], at: datetime) -> Masks:
    return rows.mask(reader.members(parse(dict(raw)), as_of=at, known_at=at, of="all"))


def _by_figure(figure: Figure, values: Floats) -> Iterator[tuple[Selector, Masks]]:
    """At least so much, and less than so much, at limits where about as many people lie."""
    event = dict(figure.event)
    for limit in limits(values, money=figure.money):
        if figure.money:
            yield Selector({**figure.raw, "gte": limit}, figure.name), values >= limit
            yield Selector({**figure.raw, "lt": limit}, figure.name), values < limit
        elif limit == 1:
            yield Selector(event, figure.name), values >= 1
            yield Selector({"did_not": event["did"], "within": event["within"]}, figure.name), values < 1
        else:
            yield Selector({**event, "times": {"gte": limit}}, figure.name), values >= limit
            yield Selector({**event, "times": {"lt": limit}}, figure.name), values < limit


def limits(values: Floats, *, money: bool) -> list[int]:
    """Limits at quartiles and the upper tenth of what is above nothing; amounts in round numbers, counts from 1."""
    some = values[values > 0]
    if not some.size:
        return []
    cuts = np.quantile(some, _SHARES)
    if not money:
        return sorted({1, *(int(np.ceil(cut)) for cut in cuts if np.ceil(cut) > 1)})
    return sorted({rounded for cut in cuts if (rounded := _rounded(float(cut))) > 0})


def _rounded(amount: float) -> int:
    """To two digits: 1,237 → 1,200."""
    if amount < 1:
        return 0
    scale = 10 ** max(int(np.floor(np.log10(amount))) - 1, 0)
    return int(round(amount / scale) * scale)
