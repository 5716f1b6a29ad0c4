"""Keep, tighten or retire: what a drift report comes to, each with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretell.segment.beside import Overlap
from foretell.segment.reviews.against import Against
from foretell.segment.reviews.composition import Composition
from foretell.segment.reviews.rows import Decision

FEWEST = 30
TWIN = 0.9
WIDE = 0.5
GREW = 1.5
"""Fewer people than this carry no comparison; two segments more alike than this are one; wider than half of
everybody or half as large again as at the last review is no longer the group that was meant."""


@dataclass(frozen=True)
class Reason:
    """Why: a code for programs and the words for people."""

    code: str
    words: str


@dataclass(frozen=True)
class Advice:
    """What to do. It is a proposal by fixed rules; whoever owns the segment decides."""

    decision: Decision
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Evidence:
    """What advice goes by.

    Args:
        could_be: people who could be in it now.
        twin: the segment most alike now, if any.
        used: whether anything goes by it.
    """

    then: int
    now: int
    could_be: int
    twin: Overlap | None
    against: Sequence[Against]
    composition: Sequence[Composition]
    used: bool


def advise(evidence: Evidence) -> Advice:
    """Retire before tighten before keep; all reasons of the one that is advised."""
    retire, tighten = list(_to_retire(evidence)), list(_to_tighten(evidence))
    if retire:
        return Advice("retire", tuple(retire))
    if tighten:
        return Advice("tighten", tuple(tighten))
    return Advice("keep", tuple(_to_keep(evidence)))


def _to_retire(found: Evidence) -> list[Reason]:
    reasons = []
    if found.now < FEWEST:
        people = "1 person is" if found.now == 1 else f"{found.now} people are"
        words = f"{people} in it; below {FEWEST} hardly a difference can be told from chance"
        reasons.append(Reason("TOO_FEW", words))
    if found.twin is not None and found.twin.jaccard >= TWIN:
        words = f"of its people and those of {found.twin.other} {found.twin.jaccard:.0%} are the same"
        reasons.append(Reason("TWIN", words))
    lost = [one.prediction for one in found.against if one.lost]
    if not found.used and lost:
        words = f"nothing goes by it, and in {' and '.join(lost)} it no longer differs from everybody else"
        reasons.append(Reason("NO_LONGER_APART", words))
    return reasons


def _to_tighten(found: Evidence) -> list[Reason]:
    reasons = []
    if found.could_be and found.now > WIDE * found.could_be:
        reasons.append(Reason("WIDE", f"it holds {found.now / found.could_be:.0%} of everybody it could hold"))
    if found.then >= FEWEST and found.now > GREW * found.then:
        reasons.append(Reason("GREW", f"it grew from {found.then:,} to {found.now:,} people"))
    for one in found.against:
        if one.lost:
            words = f"in {one.prediction} its people no longer differ from everybody else"
            reasons.append(Reason("LIKE_EVERYBODY", words))
    changed = [one for one in found.composition if one.verdict == "much" and one.index.low >= one.by_chance + 0.1]
    reasons += [Reason("OTHER_PEOPLE", one.says.rstrip(".").replace("By ", "by ", 1)) for one in changed[:3]]
    return reasons


def _to_keep(found: Evidence) -> list[Reason]:
    apart = [one.prediction for one in found.against if one.now is not None and one.now.differs]
    same = all(one.verdict == "same" for one in found.composition)
    kind = ", of much the same kind" if found.then and found.composition and same else ""
    reasons = [Reason("STEADY", f"{found.then:,} then, {found.now:,} people now{kind}")]
    if apart:
        reasons.append(Reason("STILL_APART", f"in {' and '.join(apart)} its people differ from everybody else"))
    if not found.used:
        reasons.append(Reason("UNUSED", "nothing goes by it so far"))
    return reasons
