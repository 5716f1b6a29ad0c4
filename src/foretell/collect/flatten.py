"""JSON objects as long tables: one row a member, with its dotted path. Keys are data and never SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.values import numbers_of, value_columns
from foretell.engine import integers, scratch

DEPTH = 16
"""Levels of nesting that are read; what lies deeper stays in the JSON."""

DOCS = pa.schema([("owner", pa.int64()), ("token", pa.string())])
LEAVES = pa.schema(
    [("owner", pa.int64()), ("path", pa.string()), ("s", pa.string()), ("n", pa.int64()), ("held", pa.bool_())]
)
_CONTAINERS = pa.schema([("owner", pa.int64()), ("path", pa.string()), ("token", pa.string())])
ELEMENTS_AT = pa.schema(
    [("element", pa.int64()), ("owner", pa.int64()), ("array", pa.string()), ("ordinal", pa.int32())]
)

_MEMBERS = """(
    SELECT owner, {path} AS path, CASE WHEN left(member, 1) IN ('{{', '[') THEN member END AS container, member AS token
    FROM (SELECT owner, {prefix} unnest(json_keys(token)) AS key,
                 CAST(unnest(json_extract(token, '$.*')) AS VARCHAR) AS member
          FROM docs WHERE starts_with(token, '{{')))"""
_OUTERMOST = value_columns(_MEMBERS.format(path="key", prefix=""))
_DEEPER = value_columns(_MEMBERS.format(path="coalesce(prefix || '.' || key, key)", prefix="path AS prefix,"))
_ELEMENTS = """
WITH parts AS (SELECT owner, path, json_extract(token, '$[*]') AS items FROM arrays),
     items AS (SELECT owner, path, unnest(items) AS token, unnest(range(len(items))) AS ordinal FROM parts)
SELECT row_number() OVER () - 1 AS element, owner, path AS array, CAST(ordinal AS INTEGER) AS ordinal,
       CAST(token AS VARCHAR) AS token
FROM items
"""


@dataclass(frozen=True)
class Flat:
    """What two columns of objects hold, ``n`` of them each.

    Args:
        properties: the members of owners below ``n``: owner, path, value (``s``, ``n``); ``held`` is true
            for objects and arrays, whose value is null.
        traits: the members of owners from ``n`` on; owners count from 0 again.
        elements: the elements of arrays among the properties: element, owner, array, ordinal.
        inner: the members of elements; owner is the element, the path of a plain value is empty.
        lists: arrays among the traits: owner, path, token.
        deeper: paths of objects that lie too deep to be read.
    """

    properties: pa.Table
    traits: pa.Table
    elements: pa.Table
    inner: pa.Table
    lists: pa.Table
    deeper: list[str]


class _Reading:
    """Reads level by level. Owners: properties from 0, traits from ``n``, elements from ``2 n``."""

    def __init__(self, height: int) -> None:
        self.bounds = [height, 2 * height]
        self.parts: list[list[pa.Table]] = [[LEAVES.empty_table()] for _ in range(3)]
        self.lists = _CONTAINERS.empty_table()
        self.elements = ELEMENTS_AT.empty_table()

    def read(self, docs: pa.Table, depth: int) -> list[str]:
        level, sql = docs, _OUTERMOST
        for _ in range(depth):
            found = scratch(sql, {"docs": level})
            held = pc.is_valid(found["container"])
            leaves = found.select(["owner", "path", "s"]).append_column("n", numbers_of(found))
            self._keep(leaves.append_column("held", held))
            inside = found.select(["owner", "path", "container"]).rename_columns(_CONTAINERS.names)
            level, sql = self._inside(inside.filter(held).cast(_CONTAINERS)), _DEEPER
            if not level.num_rows:
                return []
        deeper: list[str] = level["path"].unique().to_pylist()
        return deeper

    def _keep(self, leaves: pa.Table) -> None:
        for part, piece in zip(self.parts, cut(leaves, self.bounds), strict=True):
            part.append(piece.cast(LEAVES))

    def _inside(self, containers: pa.Table) -> pa.Table:
        """What to read next: objects, and the elements of arrays of properties."""
        is_array = pc.starts_with(containers["token"], "[")
        objects = containers.filter(pc.invert(is_array))
        arrays, lists, _ = cut(containers.filter(is_array), self.bounds)
        self.lists = pa.concat_tables([self.lists, lists])
        if not arrays.num_rows:
            return objects
        items = scratch(_ELEMENTS, {"arrays": arrays})
        first = self.bounds[1] + self.elements.num_rows
        number = pc.add(items["element"], first)
        nowhere = pa.nulls(items.num_rows, pa.string())
        self.elements = pa.concat_tables([self.elements, items.select(ELEMENTS_AT.names).cast(ELEMENTS_AT)])
        self._keep_scalars(items["token"], number)
        docs = pa.table([number, nowhere, items["token"]], schema=_CONTAINERS)
        return pa.concat_tables([objects, docs.filter(pc.starts_with(docs["token"], "{"))])

    def _keep_scalars(self, tokens: pa.ChunkedArray, owners: pa.ChunkedArray) -> None:
        plain = pc.invert(pc.is_in(pc.utf8_slice_codeunits(tokens, 0, 1), pa.array(["{", "["])))
        if not pc.any(plain).as_py():
            return
        found = scratch(_SCALARS, {"tokens": pa.table({"owner": owners, "token": tokens}).filter(plain)})
        paths = pa.repeat(pa.scalar("", pa.string()), found.num_rows)
        held = pa.repeat(False, found.num_rows)
        leaves = [found["owner"], paths, found["s"], numbers_of(found), held]
        self.parts[2].append(pa.table(leaves, names=LEAVES.names).cast(LEAVES))


_SCALARS = value_columns("tokens")


def flattened(properties: pa.Table, traits: pa.Table, height: int, depth: int = DEPTH) -> Flat:
    """Flatten two columns of objects in one go.

    Args:
        properties, traits: ``owner`` in ``[0, height)``, ascending, and ``token`` (a JSON object as text;
            null and others are passed over).
        depth: levels to read.
    """
    reading = _Reading(height)
    docs = pa.table([pc.add(traits["owner"], height), traits["token"]], names=DOCS.names)
    deeper = reading.read(pa.concat_tables([properties.cast(DOCS), docs.cast(DOCS)]), depth)
    tables = [pa.concat_tables(part) for part in reading.parts]
    elements = reading.elements.set_column(0, "element", pa.array(np.arange(reading.elements.num_rows)))
    return Flat(
        tables[0],
        _moved(tables[1], height),
        elements,
        _moved(tables[2], 2 * height),
        _moved(reading.lists, height),
        deeper,
    )


def cut(table: pa.Table, bounds: Sequence[int]) -> list[pa.Table]:
    """A table in ascending order of ``owner`` in pieces: below the first bound, below the second …"""
    at = np.searchsorted(integers(table["owner"]), [*bounds])
    edges = [0, *at.tolist(), table.num_rows]
    return [table.slice(low, high - low) for low, high in pairwise(edges)]


def _moved(table: pa.Table, first: int) -> pa.Table:
    return table.set_column(0, "owner", pc.subtract(table["owner"], first))
