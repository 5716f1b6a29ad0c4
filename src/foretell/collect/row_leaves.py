"""The properties of rows as columns, straight from the columns of the file.

What a mapping tells of a row is put together as JSON, which the log keeps, and could be read back from that JSON. Where
every property is one value of the row, the same columns come from the values themselves: each distinct value is read
once, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.expressions import Compiled
from foretell.collect.values import joined, values_of
from foretell.engine import scratch

MOST_PATHS = 200
_AS_TEXT = "SELECT CAST(to_json(v) AS VARCHAR) AS token FROM d"
_AS_NUMBER = "SELECT CAST(json_extract(json_object('v', CAST(v AS JSON)), '$.v') AS VARCHAR) AS token FROM d"
_TOKENS = {"text": _AS_TEXT, "any": _AS_TEXT, "bool": "SELECT v AS token FROM d"}


def paths_of(fields: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Each property by its dotted path, with its expression."""
    found: list[tuple[str, Any]] = []
    for name, value in fields.items():
        path = f"{prefix}{name}"
        found += paths_of(value, f"{path}.") if isinstance(value, Mapping) else [(path, value)]
    return found


def is_plain(paths: Sequence[str], values: Sequence[Compiled]) -> bool:
    """Whether these properties are one value each, with a name of its own."""
    return 0 < len(set(paths)) == len(paths) <= MOST_PATHS and all(value.type != "list" for value in values)


def leaf_columns(found: pa.Table, paths: Sequence[tuple[str, str]]) -> pa.Table:
    """The columns ``s:PATH`` and ``n:PATH`` of rows; those without any value are left out.

    Args:
        found: ``p0``, ``p1`` … the values as text.
        paths: path and type (of the expressions' language) of each.
    """
    columns: dict[str, pa.Array] = {}
    for place, (path, kind) in enumerate(paths):
        coded = joined(found[f"p{place}"]).dictionary_encode()
        if not len(coded.dictionary):
            continue
        tokens = scratch(_TOKENS.get(kind, _AS_NUMBER), {"d": pa.table({"v": coded.dictionary})})["token"]
        s, n = values_of(tokens)
        for name, values in ((f"s:{path}", s), (f"n:{path}", n)):
            if values.null_count < len(values):
                columns[name] = pc.take(values, coded.indices)
    return pa.table(columns) if columns else pa.table({"none": pa.nulls(found.num_rows)})


def together(parts: Sequence[tuple[pa.Table, Sequence[str]]], rows: pa.ChunkedArray) -> pa.Table:
    """The columns of all mappings below each other, ``row`` first, in the order in which the paths come first.

    Args:
        parts: the columns of a mapping, and its paths.
    """
    order = dict.fromkeys(path for _, paths in parts for path in paths)
    if not parts:
        return pa.table({"row": rows})
    whole = pa.concat_tables([part for part, _ in parts], promote_options="default")
    names = [name for path in order for name in (f"s:{path}", f"n:{path}") if name in whole.column_names]
    return pa.table({"row": rows, **{name: joined(whole[name]) for name in names}})
