"""The data-quality score: 0 to 100, with the parts that it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

QUALITY_WEIGHTS: Mapping[str, float] = {"completeness": 0.3, "validity": 0.3, "timeliness": 0.25, "consistency": 0.15}
"""completeness: properties that are usually there, against how often they usually are, in their usual type. validity:
what was not put into quarantine. timeliness: what came within a day of happening; 0 while a source is silent for
longer than usual. consistency: what breaches no tracking plan. Each 0 to 1, of the last day; that message ids are
unique is ensured at the door, so it has no part."""


@dataclass(frozen=True)
class QualityScore:
    """A score and its parts.

    Args:
        value: 0 to 100: 100 times the weighted mean of the parts that are known; None where none is.
        parts: part → 0 to 1; None where there is nothing to tell it by.
        learning: True where too little came so far to tell any.
    """

    value: float | None
    parts: Mapping[str, float | None]
    learning: bool = False


def scored(parts: Mapping[str, float | None], *, learning: bool = False) -> QualityScore:
    """The score of ``parts`` (keys of :data:`QUALITY_WEIGHTS`; those left out are unknown)."""
    known = {name: part for name, part in parts.items() if part is not None}
    weight = sum(QUALITY_WEIGHTS[name] for name in known)
    value = 100 * sum(QUALITY_WEIGHTS[name] * part for name, part in known.items()) / weight if known else None
    return QualityScore(value, {name: parts.get(name) for name in QUALITY_WEIGHTS}, learning)


def overall(scores: Iterable[QualityScore]) -> QualityScore:
    """The score of several sources: each part is the mean of those of the sources that have it."""
    listed = list(scores)
    means: dict[str, float | None] = {}
    for name in QUALITY_WEIGHTS:
        known = [part for one in listed if (part := one.parts.get(name)) is not None]
        means[name] = sum(known) / len(known) if known else None
    return scored(
        means, learning=any(one.learning for one in listed) and not any(one.value is not None for one in listed)
    )
