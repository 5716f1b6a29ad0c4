"""From which probability on records are joined: by the precision that the probabilities themselves promise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]

DOUBT = 10.0
"""No pair that is joined may be so many times as doubtful as all of them together may be on the mean."""
_ROUNDS = 100
_STILL = 1e-6


def prior_from(weights: pa.ChunkedArray, prior: float, pairs: int) -> float:
    """The probability that two random records are one person's under which the scores add up.

    The expected number of one person's pairs, over all pairs, is the sum of their probabilities; the prior that
    they were scored with is moved until it is (expectation maximisation in the prior alone). Pairs that were not
    compared count as two people's.

    Args:
        weights: log2 of the Bayes factor of each pair, the prior left out.
        pairs: number of all pairs of records.
    """
    factors: Floats = np.exp2(np.clip(weights.to_numpy().astype(np.float64), -200.0, 200.0))
    if not len(factors) or pairs < 1:
        return prior
    least, most = 0.5 / pairs, 0.5
    for _ in range(_ROUNDS):
        odds = prior / (1.0 - prior) * factors
        moved = min(max(float((odds / (1.0 + odds)).sum()) / pairs, least), most)
        if abs(moved - prior) <= _STILL * prior:
            break
        prior = moved
    return float(np.format_float_positional(prior, precision=6, fractional=False, unique=False))


def starting_at(probabilities: pa.ChunkedArray, precision: float) -> float:
    """The lowest probability from which on pairs are right with ``precision`` on the mean.

    A single pair is held to a tenth of that: with .99, none below .9 is joined.
    """
    found: Floats = np.sort(probabilities.to_numpy().astype(np.float64))[::-1]
    floor = max(round(1.0 - DOUBT * (1.0 - precision), 9), 0.5)
    found = found[found >= floor]
    means = np.cumsum(found) / np.arange(1, len(found) + 1)
    enough = np.flatnonzero(means >= precision)
    if len(enough) == len(found):
        return floor
    return float(found[enough[-1]]) if len(enough) else precision


def expected_precision(probabilities: pa.ChunkedArray, start: float) -> float:
    """Mean probability of the pairs from ``start`` on; 1 where there is none."""
    found: Floats = probabilities.to_numpy().astype(np.float64)
    found = found[found >= start]
    return float(found.mean()) if len(found) else 1.0
