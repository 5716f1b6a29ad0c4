"""Rows as a table's document wants them: key, owner, values, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.own_tables.document import ACCOUNT, SERIES, ColumnPlan, TableSpec
from foretell.collect.standards import StandardContext
from foretell.collect.who import tidied
from foretell.engine import scratch
from foretell.errors import UsageError

SEPARATOR = "|"
"""Between the parts of a key of several columns; within a part it has a backslash before it."""
VALUE_BYTES = 32 * 1024
"""Most bytes of a row's values, as of an event's."""
READ = pa.schema(
    [("line", pa.int64()), ("row_key", pa.string()), ("owner", pa.string()), ("content", pa.string()),
     ("told", pa.string()), ("wrong", pa.string())]
)  # fmt: skip
"""``told`` is the row's values as a JSON object, ``content`` a hash of them and the owner, ``wrong`` why the row
is refused (null: it is not)."""


@dataclass(frozen=True)
class _Column:
    values: pa.Array
    wrong: pa.Array


def read_rows(rows: pa.Table, spec: TableSpec, context: StandardContext, *, where: str) -> pa.Table:
    """Rows of :data:`READ`, in the order of ``rows``.

    Args:
        rows: ``line`` and the columns as they came.
        where: the file, for messages.

    Raises:
        UsageError: ``UNKNOWN_COLUMN`` where the document names a column that the rows do not have.
    """
    kind, link = spec.linked
    require_columns([name for name in rows.column_names if name != "line"], spec.read, where=where)
    height = rows.num_rows
    texts = {name: _text(rows[name]) for name in spec.read}
    given = StandardContext(context.region, context.currency, columns=texts, rates=context.rates)
    read = {name: _column(name, texts[name], plan, given) for name, plan in spec.columns.items()}
    owner = _owner(texts[link], kind)
    keys = [pc.utf8_trim_whitespace(texts[name]) for name in spec.row_key]
    key = pc.binary_join_element_wise(*(map(_escaped, keys) if keys[1:] else keys), SEPARATOR)
    whole = pc.equal(pc.min_element_wise(*(pc.utf8_length(part) for part in keys), skip_nulls=False), 0)
    key = pc.if_else(pc.fill_null(whole, True), None, key)
    wrong = pc.coalesce(
        pc.if_else(pc.is_null(key), f"the key ({', '.join(spec.row_key)}) is missing", None),
        pc.if_else(pc.is_null(owner), _ownerless(kind, link), None),
        *(column.wrong for column in read.values()),
        pa.nulls(height, pa.string()),
    )
    told = pa.StructArray.from_arrays([column.values for column in read.values()], names=list(read))
    parts = {"line": rows["line"], "row_key": key, "owner": owner, "told": told, "wrong": wrong}
    return scratch(_READ, {"r": pa.table(parts)}, {"most": VALUE_BYTES}).cast(READ)


_READ = """
WITH r AS (SELECT line, row_key, owner, wrong, CAST(to_json(told) AS VARCHAR) AS told FROM r)
SELECT line, row_key, owner, md5(told || chr(31) || coalesce(owner, '')) AS content, told,
  coalesce(wrong, CASE WHEN strlen(told) > $most THEN 'the row''s values are larger than 32 KB' END) AS wrong
FROM r ORDER BY line"""


def _ownerless(kind: str, link: str) -> str:
    if kind == SERIES:
        return f"the day (column {link}) is missing"
    return f"the owner ({kind} in column {link}) is missing or not readable"


def _escaped(part: pa.Array) -> pa.Array:
    return pc.replace_substring(pc.replace_substring(part, "\\", "\\\\"), SEPARATOR, f"\\{SEPARATOR}")


def require_columns(there: Sequence[str], wanted: Sequence[str], *, where: str) -> None:
    """Raise ``UNKNOWN_COLUMN`` for the first of ``wanted`` that is not ``there``."""
    missing = [name for name in wanted if name not in there]
    if missing:
        raise UsageError(
            "UNKNOWN_COLUMN",
            f"there is no column {missing[0]!r}",
            where=where,
            next_step=f"The columns are: {', '.join(there)}." if there else "The rows have no column.",
        )


def _text(column: pa.ChunkedArray) -> pa.Array:
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_nested(values.type):
        return pa.nulls(len(values), pa.string())
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _owner(values: pa.Array, kind: str) -> pa.Array:
    """Who owns each row: identifiers in their normal form, ids of accounts trimmed; null where there is none."""
    if kind in (ACCOUNT, SERIES):
        plain = pc.utf8_trim_whitespace(values)
        return pc.if_else(pc.equal(plain, ""), None, plain)
    named = pa.table(
        {"row": np.arange(len(values)), "kind": pa.repeat(kind, len(values)), "value": values.cast(pa.string())}
    )
    found = tidied(named)
    place = pc.index_in(pa.array(np.arange(len(values))), found["row"].combine_chunks())
    return found["value"].combine_chunks().take(place)


def _column(name: str, values: pa.Array, plan: ColumnPlan, context: StandardContext) -> _Column:
    reading = plan.reading
    blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(values), ""), True)
    read, ok = values, pa.repeat(True, len(values))
    if reading is not None:
        found = reading.apply(values, context)
        ok = found.ok
        read = found.text if found.number is None else pc.divide(found.number.cast(pa.float64()), 1_000_000.0)
        if plan.type == "boolean":
            read = pc.equal(read, "true")
    bad = pc.invert(ok)
    said = pa.scalar(f"column {name!r} holds no {plan.type if plan.standard is None else 'such value'}")
    wrong = pc.if_else(bad, said, pa.scalar(None, pa.string()))
    if plan.required:
        wrong = pc.coalesce(wrong, pc.if_else(blank, f"column {name!r} is required", pa.scalar(None, pa.string())))
    return _Column(pc.if_else(blank, None, read), wrong)
