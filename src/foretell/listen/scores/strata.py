"""Strata of people by known traits, for a change: as many as both windows have answers for, and no more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Engine
from foretell.listen.scores.answers import People, Whose, Window, answers_sql, bounds
from foretell.listen.scores.known import TRAITS, Codes, Known, known_of
from foretell.stats import Floats

MOST_TRAITS = 3
LEAST = 10
"""People that a stratum needs in each window; smaller ones are taken together."""
_MOST_TOGETHER = 0.25
"""Of the answers, so many may be taken together at most."""


@dataclass(frozen=True)
class Strata:
    """Which stratum people are in.

    Args:
        traits: keys of the traits that tell the strata apart.
        levels: of each stratum trait → level; empty for those taken together.
        places: the stratum of each person who answered, before and after.
    """

    traits: tuple[str, ...]
    levels: tuple[dict[str, str], ...]
    places: tuple[Codes, Codes]


def strata_of(engine: Engine, whose: Whose, windows: tuple[Window, Window], sides: tuple[People, People]) -> Strata:
    """Strata by those traits that tell most of the score: one after the other, as long as that says more."""
    known, rows = _known(engine, whose, windows, sides)
    figure = whose.measure.main
    num, den = (np.concatenate(parts) for parts in zip(*(side.pairs(figure) for side in sides), strict=True))
    side = np.repeat([0, 1], [one.count for one in sides])
    chosen: list[int] = []
    place, best = np.zeros(den.size, np.int64), 0.0
    while len(chosen) < MOST_TRAITS:
        tried = [
            (trait, _joined(known, rows, [*chosen, trait], side)) for trait in range(len(TRAITS)) if trait not in chosen
        ]
        scored = [(_between(num, den, found), trait, found) for trait, found in tried if found is not None]
        if not scored:
            break
        value, trait, found = max(scored, key=lambda one: (one[0], -one[1]))
        if value <= best:
            break
        chosen, place, best = [*chosen, trait], found, value
    levels = _levels(known, rows, chosen, place)
    first = sides[0].count
    return Strata(tuple(TRAITS[trait].key for trait in sorted(chosen)), levels, (place[:first], place[first:]))


def _known(
    engine: Engine, whose: Whose, windows: tuple[Window, Window], sides: tuple[People, People]
) -> tuple[Known, Codes]:
    """What is known of those who answered as of their first answer in each window, and each person's row (-1: none)."""
    tables, places = [], []
    start = 0
    for window, side in zip(windows, sides, strict=True):
        found = engine.analytics.query(
            "SELECT n.node_key AS profile_key, a.profile_id, min(a.answered_at) AS as_of "
            f"FROM ({answers_sql(whose, window)}) AS a JOIN nodes n ON n.profile_id = a.profile_id "
            "WHERE a.profile_id <> '' GROUP BY n.node_key, a.profile_id ORDER BY n.node_key",
            bounds(window),
        )
        tables.append(found)
        place = pc.index_in(side.names, found["profile_id"].combine_chunks())
        own = np.asarray(pc.fill_null(place, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
        places.append(np.where(own >= 0, own + start, -1))
        start += found.num_rows
    return known_of(engine, whose.measure, pa.concat_tables(tables)), np.concatenate(places)


def _joined(known: Known, rows: Codes, traits: list[int], side: Codes) -> Codes | None:
    """The stratum of each person by some traits, small ones taken together; None where too much would be."""
    number = np.zeros(rows.size, np.int64)
    for trait in traits:
        size = len(known.labels[trait]) + 1
        codes = np.where(rows >= 0, known.codes[np.maximum(rows, 0), trait], size - 1) if known.codes.size else rows * 0
        number = number * size + codes
    _, place = np.unique(number, return_inverse=True)
    count = int(place.max(initial=-1)) + 1
    people = np.stack([np.bincount(place[side == one], minlength=count) for one in (0, 1)])
    small: npt.NDArray[np.bool_] = np.any(people < LEAST, axis=0)
    if small.any():
        if people[:, small].sum() > _MOST_TOGETHER * rows.size:
            return None
        place = np.where(small[place], count, place)
    _, place = np.unique(place, return_inverse=True)
    found: Codes = place.astype(np.int64)
    return found


def _between(num: Floats, den: Floats, place: npt.NDArray[np.int64]) -> float:
    """Share of the variance between strata, less what as many strata would have by chance (adjusted R²)."""
    count = int(place.max(initial=-1)) + 1
    value = num / den
    free = value.size - count
    spread = float((den * (value - num.sum() / den.sum()) ** 2).sum())
    if count < 2 or free < 1 or not spread > 0:
        return 0.0
    means = np.bincount(place, num, count) / np.bincount(place, den, count)
    left = float((den * (value - means[place]) ** 2).sum())
    return 1 - (left / free) / (spread / (value.size - 1))


def _levels(known: Known, rows: Codes, chosen: list[int], place: Codes) -> tuple[dict[str, str], ...]:
    """What the people of each stratum have in common; nothing where several were taken together."""
    count = int(place.max(initial=-1)) + 1
    told = []
    for stratum in range(count):
        inside = rows[place == stratum]
        levels: dict[str, str] = {}
        for trait in sorted(chosen):
            codes = np.unique(known.codes[inside, trait]) if inside.size and (inside >= 0).all() else np.zeros(0)
            if codes.size == 1:
                levels[TRAITS[trait].key] = known.labels[trait][int(codes[0])]
        told.append(levels if len(levels) == len(chosen) else {})
    return tuple(told)
