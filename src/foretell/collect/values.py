"""The value rule: what a JSON token is worth as text and as an exact number.

Text and booleans go to ``s``; numbers go to ``n`` in micro units (1e-6), rounded half to even; text
that is plainly a number goes to both. What is too large for an exact number stays in the JSON alone.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import scratch
from foretell.money import MICRO, MICRO_LIMIT

_PLAIN = r"^-?[0-9]{1,12}([.][0-9]{1,6})?$"
"""Plain numbers: exact in 18 digits, as text or as a JSON number."""
_LIMIT = MICRO_LIMIT // MICRO


def unquoted(token: str) -> str:
    """SQL text: the string that the JSON string ``token`` stands for (``token`` is an SQL expression)."""
    return f"CASE WHEN contains({token}, chr(92)) THEN json_extract_string({token}, '$') ELSE {token}[2:-2] END"


def text_of(token: str) -> str:
    """SQL text: a JSON scalar as text; whole numbers lose their ``.0``; null for null and containers."""
    return (
        f"CASE WHEN starts_with({token}, '\"') THEN {unquoted(token)} "
        f"WHEN {token} = 'null' OR left({token}, 1) IN ('{{', '[') THEN NULL "
        f"WHEN ends_with({token}, '.0') THEN left({token}, -2) ELSE {token} END"
    )


def value_columns(source: str) -> str:
    """SQL text: the rows of ``source`` (a relation with a column ``token``) with ``s``, the decimal ``d``
    and ``rest`` in place of ``token``. ``rest`` holds numbers that need :func:`numbers_of`."""
    return f"""
WITH texts AS (
    SELECT *, CASE WHEN starts_with(token, '"') THEN {unquoted("token")}
                   WHEN token = 'true' OR token = 'false' THEN token END AS s FROM {source}),
numbers AS (
    SELECT *, CASE WHEN coalesce(s, token) < ':' AND regexp_matches(coalesce(s, token), '{_PLAIN}')
                   THEN TRY_CAST(coalesce(s, token) AS DECIMAL(18, 6)) END AS d FROM texts)
SELECT * EXCLUDE (token), CASE WHEN d IS NULL AND s IS NULL AND token < ':' THEN token END AS rest FROM numbers"""


_VALUES = value_columns("tokens")
_FINE = f"""
WITH fine AS (SELECT TRY_CAST(rest AS DECIMAL(38, 24)) AS x FROM tokens),
near AS (SELECT x, CAST(x AS DECIMAL(20, 6)) AS d FROM fine),
tied AS (SELECT x, d, abs(CAST(d AS DECIMAL(38, 24)) - x) = 0.0000005 AND d % 0.000002 <> 0 AS odd FROM near)
SELECT CASE WHEN abs(x) >= {_LIMIT} THEN NULL
            WHEN odd THEN d - sign(x) * CAST(0.000001 AS DECIMAL(20, 6)) ELSE d END AS d FROM tied
"""


def numbers_of(found: pa.Table) -> pa.Array:
    """Micro units from the columns ``d`` and ``rest`` of :func:`value_columns`.

    ``rest`` holds what has an exponent or more than six decimals; a double's shortest text has at
    most 24 decimals where it matters, so that rounding half to even is exact.
    """
    plain, rest = micro_integers(found["d"]), joined(found["rest"])
    if rest.null_count == len(rest):
        return plain
    fine = micro_integers(scratch(_FINE, {"tokens": found.select(["rest"])})["d"])
    return pc.coalesce(plain, fine)


def values_of(tokens: pa.ChunkedArray | pa.Array) -> tuple[pa.Array, pa.Array]:
    """The value rule over a column of JSON tokens.

    Returns:
        ``s`` (string) and ``n`` (int64, micro units), of the length and order of ``tokens``.
    """
    found = scratch(_VALUES, {"tokens": pa.table({"token": tokens})})
    return joined(found["s"]), numbers_of(found)


def micro_integers(column: pa.ChunkedArray) -> pa.Array:
    """A DECIMAL(_, 6) column as int64 in micro units: the same digits without the point."""
    array = joined(column)
    if not len(array):
        return pa.array([], pa.int64())
    words = np.frombuffer(array.buffers()[1], np.int64)
    low = words[2 * array.offset : 2 * (array.offset + len(array)) : 2]
    return pa.array(low, mask=pc.is_null(array).to_numpy(zero_copy_only=False))


def joined(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    array = column.combine_chunks()
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
