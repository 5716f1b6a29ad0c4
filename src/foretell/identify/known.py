"""Who holds which identifier, kept in memory between the batches of bulk work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import integers

Ints = npt.NDArray[np.int64]
LookUp = Callable[[pa.Table], tuple[Ints, Ints]]
"""Identifiers (``id kind value``) in; node and profile of each out, by place; 0 where it is new."""
LIMIT = 500_000
"""Identifiers that are kept; of more, those of the last batch alone."""


@dataclass(frozen=True)
class KnownIdentifiers:
    """A part of the flat map as it stands after a batch.

    Args:
        names: kind and value in one text, distinct.
        nodes, profiles: who holds each.
        whole: True where the store holds no other identifiers.
    """

    names: pa.Array
    nodes: Ints
    profiles: Ints
    whole: bool

    def find(self, ids: pa.Table, look_up: LookUp) -> tuple[Ints, Ints]:
        """Node and profile that hold each identifier, by place; 0 where it is new.

        Args:
            look_up: asked for what is not known here.
        """
        place = pc.index_in(names_of(ids), self.names).fill_null(-1).to_numpy().astype(np.int64)
        missing = place < 0
        nodes, profiles = np.zeros(len(place), np.int64), np.zeros(len(place), np.int64)
        nodes[~missing], profiles[~missing] = self.nodes[place[~missing]], self.profiles[place[~missing]]
        if not self.whole and missing.any():
            nodes[missing], profiles[missing] = look_up(ids.filter(pa.array(missing)))
        return nodes, profiles

    def after(self, ids: pa.Table, nodes: Ints, profiles: Ints, merges: pa.Table) -> KnownIdentifiers:
        """What is known when a batch with ``ids`` has given them to ``nodes`` and ``profiles``.

        Args:
            merges: ``loser_key``, ``winner_key`` of the batch.
        """
        names = names_of(ids)
        others = pc.invert(pc.is_in(self.names, names)).to_numpy(zero_copy_only=False)
        if int(others.sum()) + len(names) > LIMIT:
            return KnownIdentifiers(names, nodes, profiles, whole=self.whole and not others.any())
        kept = self.names.filter(pa.array(others))
        moved = followed(self.profiles[others], merges)
        return KnownIdentifiers(
            pa.concat_arrays([kept, names]),
            np.concatenate([self.nodes[others], nodes]),
            np.concatenate([moved, profiles]),
            self.whole,
        )


def nothing_known(*, whole: bool) -> KnownIdentifiers:
    """Before the first batch; ``whole`` where the store holds no identifiers."""
    none = np.empty(0, np.int64)
    return KnownIdentifiers(pa.array([], pa.string()), none, none, whole)


def followed(profiles: Ints, merges: pa.Table) -> Ints:
    """``profiles``, with winners (``winner_key``) in the place of losers (``loser_key``)."""
    if not merges.num_rows:
        return profiles
    losers, winners = integers(merges["loser_key"]), integers(merges["winner_key"])
    order = np.argsort(losers)
    losers, winners = losers[order], winners[order]
    place = np.minimum(np.searchsorted(losers, profiles), len(losers) - 1)
    return np.where(losers[place] == profiles, winners[place], profiles)


def names_of(ids: pa.Table) -> pa.Array:
    """``kind`` and ``value`` of identifiers in one text."""
    names = pc.binary_join_element_wise(ids["kind"], ids["value"], "\x1f").combine_chunks()
    return names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names
