"""From the rows of people at stages to who goes on: counts, Kaplan–Meier, the change against the window before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot

import numpy as np
import pyarrow as pa

from foretell.clock import Duration
from foretell.engine import Analytics, integers
from foretell.measure.maps.document import MapSpec
from foretell.measure.maps.model import Course, GoingOn, Rate
from foretell.measure.maps.standing import Standing
from foretell.stats import Floats, Survival, floats, kaplan_meier

FEWEST = 10
"""People of whom it is asked whether they go on, before a share is told; see :meth:`Survival.reach` for how long."""
ALL = ""
"""The group of everybody."""
_MINUTES = 24 * 60
_COUNTED = (
    "SELECT {group} AS grp, t.stage, t.went, t.minutes, count(*) AS n, sum(t.held) AS held, "
    "sum(t.furthest) AS furthest FROM ({told}) AS t{joined} GROUP BY {grouped}t.stage, t.went, t.minutes"
)


@dataclass(frozen=True)
class StageFlow:
    """A stage in a window.

    Args:
        people: at it at the window's end; ``furthest``: at no later one; ``missed``: at a later one, and not at it.
        survival: how long it took, in minutes.
    """

    people: int
    furthest: int
    missed: int
    going: GoingOn
    survival: Survival


def flows(
    analytics: Analytics, spec: MapSpec, found: Standing, groups: Mapping[str, str] | None = None
) -> dict[str, tuple[StageFlow, ...]]:
    """Every stage, by group.

    Args:
        groups: key → SQL of its people (``profile_key``); None: everybody is :data:`ALL`.
    """
    if groups is not None and not groups:
        return {}
    rows = analytics.query(_query(found, groups), tables=found.tables)
    labels = rows["grp"].to_numpy(zero_copy_only=False)
    return {key: _stages(spec, rows.filter(pa.array(labels == key))) for key in ([ALL] if groups is None else groups)}


def _query(found: Standing, groups: Mapping[str, str] | None) -> str:
    if groups is None:
        return _COUNTED.format(group="''", told=found.told, joined="", grouped="")
    union = " UNION ALL ".join(
        f"SELECT m.profile_key, '{key}' AS grp FROM ({people}) AS m" for key, people in groups.items()
    )
    joined = f" JOIN ({union}) AS g ON g.profile_key = t.profile_key"
    return _COUNTED.format(group="g.grp", told=found.told, joined=joined, grouped="g.grp, ")


def _stages(spec: MapSpec, rows: pa.Table) -> tuple[StageFlow, ...]:
    stage, minutes, n = (integers(rows[name]) for name in ("stage", "minutes", "n"))
    held, furthest = integers(rows["held"]), integers(rows["furthest"])
    went = rows["went"].to_numpy(zero_copy_only=False)
    count = len(spec.stages)
    people = np.bincount(stage, held, count).astype(np.int64)
    furthest_of = np.bincount(stage, furthest, count).astype(np.int64)
    beyond = furthest_of.sum() - np.cumsum(furthest_of)
    made = []
    for place, one in enumerate(spec.stages):
        here = stage == place
        within = Duration.parse(one.within or spec.within).days * _MINUTES
        last = place == count - 1
        going, survival = _going(went[here], floats(minutes[here]), floats(n[here]), within, last=last)
        missed = int(beyond[place] - (people[place] - furthest_of[place]))
        made.append(StageFlow(int(people[place]), int(furthest_of[place]), missed, going, survival))
    return tuple(made)


def _going(went: np.ndarray, minutes: Floats, n: Floats, within: float, *, last: bool) -> tuple[GoingOn, Survival]:
    counts = {name: int(n[went == name].sum()) for name in ("ahead", "next", "skipped")}
    waiting = went == "waiting"
    stopped = int(n[waiting & (minutes >= within)].sum())
    not_yet = int(n[waiting].sum()) - stopped
    entered = sum(counts.values()) + stopped + not_yet
    course = Course(entered, **counts, stopped=0 if last else stopped, not_yet=0 if last else not_yet)
    judged = (went == "next") | (went == "skipped") | waiting
    survival = kaplan_meier(minutes[judged], ~waiting[judged], n[judged])
    return told(course, survival, within, last=last), survival


def told(course: Course, survival: Survival, within: float, *, last: bool = False) -> GoingOn:
    """What is said of who goes on within ``within`` minutes."""
    if last:
        return GoingOn(course, None, within / 60, True, None, "last")
    reach = survival.reach(FEWEST)
    if course.judged < FEWEST or reach <= 0:
        return GoingOn(course, None, within / 60, False, None, "too_few")
    by = min(within, reach)
    share = Rate(*survival.by(by))
    middle = survival.middle(by)
    median = None if middle[0] != middle[0] else Rate(*(minutes / 60 for minutes in middle))
    return GoingOn(course, share, by / 60, by >= within, median)


def change(now: StageFlow, before: StageFlow) -> Rate | None:
    """Of the share that goes on, in shares, both within as long as both windows tell; None where one does not.

    The bounds are those of two independent shares (Newcombe, Statistics in Medicine 17, 1998, method 10).
    """
    if now.going.share is None or before.going.share is None:
        return None
    by = min(now.going.within_hours, before.going.within_hours) * 60
    (one, low, high), (other, other_low, other_high) = now.survival.by(by), before.survival.by(by)
    by_value = one - other
    return Rate(
        by_value, by_value - hypot(one - low, other_high - other), by_value + hypot(high - one, other - other_low)
    )
