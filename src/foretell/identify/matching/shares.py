"""Shares of pairs by level of likeness, as Splink tells them and as we keep them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from foretell.identify.matching.fields import Field
from foretell.identify.matching.levels import levels_of
from foretell.identify.matching.model import Learnt

_LEAST_SHARE = 1e-4
_DIGITS = 9


def levels_told(told: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The levels of each comparison but the empty one, as Splink tells them."""
    return {
        one["output_column_name"]: [level for level in one["comparison_levels"] if not level.get("is_null_level")]
        for one in told["comparisons"]
    }


def shares_of(
    field: Field, told: Sequence[Mapping[str, Any]], learnt: Sequence[Sequence[float | None]], pairs: int
) -> tuple[Learnt, ...]:
    """Shares that sum to 1, none of them zero: what was never seen in a sample may still happen.

    Args:
        told: the levels with their ``u``.
        learnt: ``m`` by level, once for each rule that taught it.
    """
    begun = levels_of(field)
    u = [share_in(level, "u_probability") for level in told]
    shares_u = _filled([0.0 if value is None else value for value in u], 1.0 / max(pairs, 2))
    means = [_mean(values) for values in zip(*learnt, strict=True)] if learnt else [None] * len(begun)
    # A level that no rule found says nothing, where others of the field were found: it is as frequent as among two.
    unseen = shares_u if learnt else [level.m for level in begun]
    shares_m = _filled(
        [one if one is not None else other for one, other in zip(means, unseen, strict=True)], _LEAST_SHARE
    )
    return tuple(
        Learnt(level.label, round(a, _DIGITS), round(b, _DIGITS), mean is not None)
        for level, a, b, mean in zip(begun, shares_m, shares_u, means, strict=True)
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def share_in(level: Mapping[str, Any], name: str) -> float | None:
    """A share of a level; None where it was never seen."""
    found = level.get(name)
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else None


def _filled(shares: Sequence[float], least: float) -> list[float]:
    raised = [max(share, least) for share in shares]
    return [share / sum(raised) for share in raised]
