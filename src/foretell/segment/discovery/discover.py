"""From a target to groups that hold: search in one half of the people, test in the other and later."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from foretell.condition import Reader, parse, sentence
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.ids import unit_intervals
from foretell.predict import TRAINING
from foretell.profile import purposes_of
from foretell.segment.discovery.search import search
from foretell.segment.discovery.selectors import Selectors, selectors_of
from foretell.segment.discovery.target import Target, Window
from foretell.segment.discovery.verdict import Contrast, contrast, kept, level_of
from foretell.segment.facets import Rows, rows_of
from foretell.stats import Floats, Interval

LEAST_PEOPLE, LEAST_SHARE = 100, 0.01
DEPTH, MOST_TESTED = 3, 20


@dataclass(frozen=True)
class Group:
    """A group in which the target differs from the rest of the population.

    Args:
        condition: as one would write it in a segment: the population and the parts.
        parts: the parts alone, each a condition.
        says: the condition in words.
        direction: whether the target lies higher or lower in it.
        inside, outside: mean of the target in the group and in the rest, with bounds at 90 %.
        difference: inside less outside, with bounds that allow for the choice among all groups tested.
        checked: people of the group in the check.
        found: the difference where it was found; it is too large by the search itself, and no estimate.
        people: how many are in it at the instant asked for; it may be nobody.
        p: chance of a difference at least as large in the check, were there none.
    """

    condition: Mapping[str, Any]
    parts: tuple[Mapping[str, Any], ...]
    says: str
    direction: Literal["higher", "lower"]
    inside: Interval
    outside: Interval
    difference: Interval
    checked: int
    found: float
    people: int
    p: float


@dataclass(frozen=True)
class Discovery:
    """What was looked at, and what held.

    Args:
        search, check: the two windows; the second begins where the first ends, or later.
        people: of the population in the half that was searched, and in the half that was checked.
        floor: people in a group at least.
        selectors: conditions that groups were made of.
        looked_at: groups that were counted.
        tested: groups that were put to the check.
        groups: those that held there, the largest difference first.
        left_out: people who may not be used for this, by reason.
    """

    target: Target
    at: datetime
    search: Window
    check: Window
    people: tuple[int, int]
    floor: int
    selectors: int
    looked_at: int
    tested: int
    groups: tuple[Group, ...]
    left_out: Mapping[str, int]


def discover(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    target: Target,
    *,
    now: datetime,
    depth: int = DEPTH,
    least_people: int = LEAST_PEOPLE,
    most_tested: int = MOST_TESTED,
    seed: int = 0,
) -> Discovery:
    """Groups of people in whom ``target`` lies higher or lower than in the rest of its population.

    Everybody belongs for good to one of two halves, by a hash. In one, groups are looked for with what was known
    at the beginning of the search window; in the other they are tested at the later window. So neither the choice
    among many groups nor what is lasting about single people can make a group look unusual.

    Args:
        depth: conditions in a group at most, 1 to 3.
        least_people: in a group at least; a hundredth of the population where that is more.
        most_tested: groups put to the check at most.
        seed: another one gives other halves.

    Raises:
        UsageError: ``BAD_DEPTH``; ``TOO_FEW_PEOPLE`` where a half holds fewer than two groups of the least size;
            ``TOO_FEW_SCORINGS``; for conditions what :meth:`Reader.members` raises.
    """
    if depth not in (1, 2, 3):
        raise UsageError("BAD_DEPTH", f"groups have 1 to 3 conditions, not {depth}", next_step="Choose 1, 2 or 3.")
    early, late = target.windows(reader, now, catalog.settings.zone_info)
    asked = _Asked(engine, catalog, reader, target, now, seed)
    (searched, values), (checked, outcomes) = asked.half(early, 0), asked.half(late, 1)
    floor = max(least_people, math.ceil(LEAST_SHARE * 2 * max(searched.keys.size, 1)))
    least = max(floor // 2, 2)
    _require_people(target, early, searched, checked, least)
    selectors = selectors_of(reader, engine.log.properties(), searched, at=early.at, floor=least)
    found = search(selectors, values, floor=least, depth=depth, most=most_tested)
    groups = _tested(asked, selectors, [one.parts for one in found.candidates], [one.z for one in found.candidates],
                     (values, checked, outcomes, late, least))  # fmt: skip
    return Discovery(
        target, now, early, late, (int(searched.keys.size), int(checked.keys.size)), floor, len(selectors.all),
        found.looked_at, len(found.candidates), tuple(groups), asked.left_out,
    )  # fmt: skip


@dataclass
class _Asked:
    """Reads the halves of a target's population."""

    engine: Engine
    catalog: Catalog
    reader: Reader
    target: Target
    now: datetime
    seed: int

    def __post_init__(self) -> None:
        self.left_out: dict[str, int] = {}

    def half(self, window: Window, which: int) -> tuple[Rows, Floats]:
        """Half ``which`` (0, 1) of the population at the window's instant, known then, and what became of them."""
        people = self.reader.members(parse(dict(self.target.population)), as_of=window.at, known_at=window.at)
        told = TRAINING.only(self.engine.ops, people["profile_key"], self.now, purposes_of(self.catalog))
        self.left_out = dict(told.left_out)
        rows = rows_of(pa.table({"profile_key": told.kept}))
        drawn = unit_intervals(f"discovery:{self.seed}", rows.keys.astype(np.uint64)) < 0.5
        rows = rows.among(drawn if which else ~drawn)
        values = self.target.values(self.reader, rows, window)
        known = np.isfinite(values)
        return rows.among(known), values[known]

    def condition(self, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The population and the parts as one condition."""
        whole = dict(self.target.population)
        own = list(whole["all"]) if set(whole) == {"all"} else [whole]
        return {"all": [*own, *(dict(part) for part in parts if dict(part) not in own)]}


def _tested(
    asked: _Asked, selectors: Selectors, parts: Sequence[tuple[int, ...]], z: Sequence[float],
    data: tuple[Floats, Rows, Floats, Window, int],
) -> list[Group]:  # fmt: skip
    """The groups that hold in the check, the largest difference first."""
    values, checked, outcomes, late, least = data
    share = asked.target.unit == "share"
    held = []
    for numbers in parts:
        tree = parse({"all": [dict(selectors.all[number].raw) for number in numbers]})
        held.append(checked.mask(asked.reader.members(tree, as_of=late.at, known_at=late.at, of="all")))
    large = [place for place, mask in enumerate(held) if least <= int(mask.sum()) <= mask.size - least]
    if not large:
        return []
    signs = [math.copysign(1.0, z[place]) for place in large]
    passed = kept([contrast(outcomes, held[place], share=share) for place in large], signs)
    level = level_of(sum(passed), len(large))
    groups = []
    for place, sign, passes in zip(large, signs, passed, strict=True):
        told = contrast(outcomes, held[place], share=share, level=level)
        if passes and (told.difference.low > 0 if sign > 0 else told.difference.high < 0):
            inside = selectors.masks[list(parts[place])].all(axis=0)
            before = float(values[inside].mean() - values[~inside].mean())
            own = [selectors.all[number].raw for number in parts[place]]
            groups.append(_group(asked, own, told, int(held[place].sum()), before))
    return sorted(groups, key=lambda one: -abs(one.difference.value))


def _group(asked: _Asked, parts: Sequence[Mapping[str, Any]], told: Contrast, checked: int, found: float) -> Group:
    condition = asked.condition(parts)
    tree = parse(condition)
    return Group(
        condition, tuple(parts), sentence(tree), "higher" if told.difference.value > 0 else "lower", told.inside,
        told.outside, told.difference, checked, found, asked.reader.count(tree, as_of=asked.now), told.p,
    )  # fmt: skip


def _require_people(target: Target, early: Window, searched: Rows, checked: Rows, least: int) -> None:
    fewest = min(searched.keys.size, checked.keys.size)
    if fewest < 2 * least:
        raise UsageError(
            "TOO_FEW_PEOPLE",
            f"{target.name} is about {searched.keys.size + checked.keys.size:,} people in both halves, "
            f"{searched.keys.size:,} of them as of {early.at:%Y-%m-%d %H:%M} UTC; that is "
            f"too few for groups of {least:,}",
            next_step="Look at another target or a shorter horizon, or ask for smaller groups.",
        )
