"""Which kind of today is which persona of before: by the people they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.optimize import linear_sum_assignment

from foretell.segment.personas.clustering import Labels, similarity

LEAST_SHARED = 0.3
"""Jaccard similarity of two builds' people (of those whom both count) from which on a kind is the same persona."""


@dataclass(frozen=True)
class Match:
    """A kind of today, and what it was before.

    Args:
        shared: Jaccard similarity of the two, among the people whom both builds count.
    """

    kind: int
    persona: str
    shared: float


def matched(people: pa.Array, labels: Labels, kinds: int, before: pa.Table) -> list[Match]:
    """The best one-to-one match of today's kinds with the personas of before; pairs that share too little are left out.

    Args:
        people: profile keys; ``labels`` says the kind of each.
        before: profile_key and persona of the build before.
    """
    names = sorted(set(before["persona"].to_pylist()))
    place = pc.index_in(people, before["profile_key"].combine_chunks())
    known = np.asarray(place.is_valid())
    if not names or not known.any():
        return []
    past = pc.index_in(before["persona"].combine_chunks(), pa.array(names)).take(place.filter(pa.array(known)))
    shared = similarity(labels[known], np.asarray(past.to_numpy(), np.int64), kinds, len(names))
    rows, columns = linear_sum_assignment(-shared)
    pairs = [(int(kind), int(name), float(shared[kind, name])) for kind, name in zip(rows, columns, strict=True)]
    return [Match(kind, names[name], share) for kind, name, share in pairs if share >= LEAST_SHARED]
