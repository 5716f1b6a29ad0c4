"""The identifiers of a batch, reduced to what their events join.

An event joins each of its identifiers to its strongest one (a star). What an alias call names as a former id
is joined to the star too, and is never it where the call names anything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import integers
from foretell.identify.rules import IdentityRules

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Named:
    """Which event names which identifier, by event, of each the strongest identifier first.

    Args:
        ids: ``kind``, ``value``, distinct.
        rows: row of the event.
        codes: place of the identifier in ``ids``.
        former: True where an alias call names it as a former id.
    """

    ids: pa.Table
    rows: Ints
    codes: Ints
    former: Flags

    def of(self, wanted: Flags) -> Named:
        """Only the ``wanted`` ones of what events name."""
        return Named(self.ids, self.rows[wanted], self.codes[wanted], self.former[wanted])

    def used(self) -> Named:
        """The same, ``ids`` without those that no event names."""
        places, codes = np.unique(self.codes, return_inverse=True)
        return Named(self.ids.take(pa.array(places)).combine_chunks(), self.rows, codes, self.former)

    @property
    def starts(self) -> Ints:
        """Where each event begins."""
        if not len(self.rows):
            return np.empty(0, np.int64)
        return np.flatnonzero(np.r_[True, self.rows[1:] != self.rows[:-1]])


@dataclass(frozen=True)
class Arriving:
    """What the events of a batch join.

    Args:
        ids: ``id`` (0, 1, …), ``kind``, ``value``, distinct.
        edges: ``star``, ``id``, ``row``, ``former``: distinct pairs under their first row, in the order of the
            events; an event's strongest identifier has an edge to itself, before its others.
        stars: ``row``, ``id``: the strongest identifier of every event that has one.
        told: ``star``, ``id``, ``row``: the edges, as often as events told them.
    """

    ids: pa.Table
    edges: pa.Table
    stars: pa.Table
    told: pa.Table


def read_named(identifiers: pa.Table, rules: IdentityRules, former: pa.Table | None = None) -> Named:
    """What the events of a batch name, without what identifies nobody.

    Args:
        identifiers: columns of ``IDENTIFIERS``; how strong one is, the rules say.
        former: ``row``, ``kind``, ``value`` of the former ids in alias calls; not among ``identifiers``.
    """
    aliases = 0 if former is None else former.num_rows
    told = identifiers.select(["row", "kind", "value"])
    if former is not None and aliases:
        told = pa.concat_tables([told, former.select(told.column_names).cast(told.schema)])
    told_as_former = np.arange(told.num_rows) >= told.num_rows - aliases
    kept, ids, codes = _distinct(told, rules)
    if not kept.all():
        told, told_as_former = told.filter(pa.array(kept)), told_as_former[kept]
    rows, strength = integers(told["row"]), _ranks(ids, rules)[codes] + told_as_former * len(rules.types)
    order = np.lexsort((strength * ids.num_rows + codes, rows))
    return Named(ids, rows[order], codes[order], told_as_former[order])


def starred(named: Named) -> Arriving:
    """The edges of a batch's events."""
    rows, codes, starts = named.rows, named.codes, named.starts
    stars = np.repeat(codes[starts], np.diff(np.r_[starts, len(rows)]))
    _, first = np.unique(stars * max(named.ids.num_rows, 1) + codes, return_index=True)
    first = np.sort(first)
    ids = named.ids.add_column(0, "id", pa.array(np.arange(named.ids.num_rows)))
    edges = {"star": stars[first], "id": codes[first], "row": rows[first], "former": named.former[first]}
    told = pa.table({"star": stars, "id": codes, "row": rows})
    return Arriving(ids, pa.table(edges), pa.table({"row": rows[starts], "id": codes[starts]}), told)


def _ranks(ids: pa.Table, rules: IdentityRules) -> Ints:
    """How strong each identifier is; the lower, the stronger."""
    kinds = ids["kind"].combine_chunks().dictionary_encode()
    ranks = np.array([rules.rank(kind) for kind in kinds.dictionary.to_pylist()], dtype=np.int64)
    found: Ints = ranks[integers(kinds.indices)]
    return found


def _distinct(told: pa.Table, rules: IdentityRules) -> tuple[Flags, pa.Table, Ints]:
    """What is not barred: which rows, the distinct identifiers by kind and value, and the number of each row's."""
    names = pc.binary_join_element_wise(told["kind"], told["value"], "\x1f")
    encoded = names.combine_chunks().dictionary_encode()
    codes: Ints = encoded.indices.to_numpy().astype(np.int64)
    first = np.zeros(len(encoded.dictionary), np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    found = told.select(["kind", "value"]).take(pa.array(first))
    good = ~rules.bars(found["value"])
    order = pc.array_sort_indices(encoded.dictionary).to_numpy()
    order = order[good[order]]
    number = np.full(len(good), -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    numbers = number[codes]
    kept = numbers >= 0
    return kept, found.take(pa.array(order)).combine_chunks(), numbers[kept]
