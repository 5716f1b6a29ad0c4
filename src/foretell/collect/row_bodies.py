"""Rows of files from the JSON under which the quarantine keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import scratch

_KINDS = """
SELECT count(t) AS told, count(t) FILTER (starts_with(t, '"')) AS texts,
       count(t) FILTER (t = 'true' OR t = 'false') AS truths,
       count(t) FILTER (regexp_full_match(t, '-?[0-9]{1,38}')) AS integers,
       count(t) FILTER (TRY_CAST(t AS DOUBLE) IS NOT NULL) AS numbers
FROM (SELECT nullif(token, 'null') AS t FROM v)
"""


def rows_of_bodies(kept: pa.Table) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Rows as they stood in their file, for each set of columns that occurs.

    Args:
        kept: ``body`` (an object: column → value) and ``nth``.

    Returns:
        ``line`` (1, 2, 3 …), ``nth`` and the file's columns; and the rows of ``kept`` they were made of.
        A column's type is that of its values: text, whole number, number or boolean.
    """
    numbered = kept.append_column("place", pa.array(np.arange(kept.num_rows)))
    keyed = scratch("SELECT place, to_json(json_keys(body)) AS keys FROM q WHERE json_valid(body)", {"q": numbered})
    for keys in pc.unique(keyed["keys"]).to_pylist():
        places = keyed.filter(pc.equal(keyed["keys"], keys))["place"].sort()
        part = kept.take(places)
        names = scratch("SELECT unnest(from_json(k, '[\"VARCHAR\"]')) AS name FROM v", {"v": pa.table({"k": [keys]})})
        line = pa.array(np.arange(1, part.num_rows + 1), pa.int64())
        columns = [line, pc.fill_null(part["nth"], 0)]
        columns += [_column(part["body"], name) for name in names["name"].to_pylist()]
        yield pa.table(columns, names=["line", "nth", *names["name"].to_pylist()]), part


def _column(bodies: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    table = pa.table({"place": np.arange(len(bodies)), "body": bodies})
    params = {"pointer": pointer}
    tokens = scratch(
        "SELECT place, CAST(json_extract(body, $pointer) AS VARCHAR) AS token FROM q ORDER BY place",
        {"q": table},
        params,
    )
    kinds = scratch(_KINDS, {"v": tokens}).to_pylist()[0]
    told = kinds["told"]
    if told and kinds["integers"] == told:
        read = "CAST(nullif(token, 'null') AS HUGEINT)"
    elif told and kinds["numbers"] == told and not kinds["texts"]:
        read = "CAST(nullif(token, 'null') AS DOUBLE)"
    elif told and kinds["truths"] == told:
        read = "CAST(nullif(token, 'null') AS BOOLEAN)"
    else:
        read = "json_extract_string(token, '$')"
    found = scratch(f"SELECT {read} AS value FROM v ORDER BY place", {"v": tokens})["value"]
    return found.cast(pa.decimal128(38, 0)) if "HUGEINT" in read else found


def whole_groups_of(waiting: pa.Table, wanted: pa.Table, group_by: Sequence[str], height: int) -> Iterator[pa.Table]:
    """The rows of ``waiting`` whose group has a row among ``wanted``, in pieces of about ``height`` rows that
    split no group."""
    pointers = ["/" + name.replace("~", "~0").replace("/", "~1").replace("'", "''") for name in group_by]
    key = (
        "CASE WHEN json_valid(body) THEN CAST(json_extract(body, ["
        + ", ".join(f"'{p}'" for p in pointers)
        + "]) AS VARCHAR) END"
    )
    keyed = scratch(
        f"WITH w AS (SELECT DISTINCT {key} AS key FROM wanted), k AS (SELECT *, {key} AS key FROM waiting) "
        "SELECT k.* EXCLUDE (key), dense_rank() OVER (ORDER BY key) AS group_number "
        "FROM k SEMI JOIN w ON w.key = k.key ORDER BY group_number, line",
        {"waiting": waiting, "wanted": wanted},
    )
    numbers = keyed["group_number"].to_numpy()
    start = 0
    while start < len(numbers):
        end = min(start + height, len(numbers))
        end = int(np.searchsorted(numbers, numbers[end - 1], side="right"))
        yield keyed.slice(start, end - start).drop_columns(["group_number"])
        start = end
