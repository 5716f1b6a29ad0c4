"""Values brought into the normal form that their field names, before anything else is asked of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.standards import StandardContext
from foretell.collect.tracking.compiling import Rule, SourceRules
from foretell.collect.tracking.values import VALUES
from foretell.collect.values import joined
from foretell.engine import Decoded, integers, scratch
from foretell.money import MICRO

_NORMAL = pa.schema(
    [("id", pa.int64()), ("text", pa.string()), ("number", pa.int64()), ("ok", pa.bool_()), ("raw", pa.string())]
)
_REPLACED = """
SELECT v.id, v.row, v.rule, v.ordinal,
       CASE WHEN n.id IS NULL THEN v.text WHEN n.ok THEN n.text ELSE v.text END AS text,
       CASE WHEN n.id IS NULL THEN v.number WHEN n.ok THEN CAST(n.number AS DOUBLE) / 1000000 END AS number,
       CASE WHEN n.id IS NULL OR NOT n.ok THEN v.kinds WHEN n.text IS NULL AND n.number IS NULL THEN []
            WHEN n.number IS NULL THEN ['string'] WHEN n.number % 1000000 = 0 THEN ['string', 'number', 'integer']
            ELSE ['string', 'number'] END AS kinds,
       CASE WHEN n.id IS NULL OR NOT n.ok THEN v.keys WHEN n.number IS NULL THEN ['s:' || n.text, 'b:' || n.text]
            ELSE ['s:' || n.text, 'b:' || n.text, 'n:' || CAST(CAST(n.number AS DOUBLE) / 1000000 AS VARCHAR)]
            END AS keys
FROM v LEFT JOIN n ON n.id = v.id ORDER BY v.id
"""


@dataclass(frozen=True)
class Normal:
    """Values in normal form.

    Args:
        values: columns of ``VALUES``, those that could be read in their normal form.
        found: the fields with a standard: ``id``, ``text``, ``number`` (micro units), ``ok``, ``raw``.
    """

    values: pa.Table
    found: pa.Table


def in_normal_form(values: pa.Table, rules: SourceRules, decoded: Decoded) -> Normal:
    """Apply the standards of ``rules`` to ``values``; arrays and objects are none of theirs."""
    parts = [_NORMAL.empty_table()]
    chosen = [rule for rule in rules.rules if rule.standard is not None]
    if not chosen:
        return Normal(values, parts[0])
    for rule in chosen:
        mine = values.filter(pc.and_(pc.equal(values["rule"], rule.number), pc.is_valid(values["text"])))
        if mine.num_rows:
            parts.append(_applied(mine, rule, rules, decoded))
    found = pa.concat_tables(parts)
    return Normal(scratch(_REPLACED, {"v": values, "n": found}).cast(VALUES), found)


def _applied(mine: pa.Table, rule: Rule, rules: SourceRules, decoded: Decoded) -> pa.Table:
    assert rule.standard is not None
    rows = integers(mine["row"])
    as_of = joined(decoded.events["ts"].take(pa.array(rows)))
    columns = {name: _beside(name, rule, decoded, mine) for name in rule.standard.fields}
    numeric = joined(pc.is_valid(mine["number"]))  # a declared decimal comma is one of text
    context: StandardContext = replace(rules.context, as_of=as_of, columns=columns, numeric=numeric)
    found = rule.standard.apply(joined(mine["text"]), context)
    number = pa.nulls(mine.num_rows, pa.int64()) if found.number is None else found.number
    return pa.table([mine["id"], found.text, number, found.ok, mine["text"]], schema=_NORMAL)


def _beside(name: str, rule: Rule, decoded: Decoded, mine: pa.Table) -> pa.Array:
    """The text of another field of the same event, element or person, of the length of ``mine``."""
    if rule.event is None:
        return _trait(name, decoded, mine)
    if rule.array is not None:
        within = _element(name, rule.array, decoded, mine)
        if within.null_count < len(within):
            return within
    rows = pa.array(integers(mine["row"]))
    columns = [
        joined(_text(decoded.properties[f"{side}:{name}"], side).take(rows))
        for side in ("s", "n")
        if f"{side}:{name}" in decoded.properties.column_names
    ]
    return pc.coalesce(*columns) if columns else pa.nulls(mine.num_rows, pa.string())


def _text(column: pa.ChunkedArray, side: str) -> pa.ChunkedArray:
    if side == "s":
        return column
    plain = pc.divide(column.cast(pa.float64()), float(MICRO)).cast(pa.string())
    return pc.replace_substring_regex(plain, r"\.0$", "")


def _trait(name: str, decoded: Decoded, mine: pa.Table) -> pa.Array:
    found = scratch(
        "SELECT m.id, min(t.s) AS text FROM m LEFT JOIN t ON t.row = m.row AND t.trait = $name "
        "GROUP BY m.id ORDER BY 1",
        {"m": mine.select(["id", "row"]), "t": decoded.traits},
        {"name": name},
    )
    return joined(found["text"])


def _element(name: str, array: str, decoded: Decoded, mine: pa.Table) -> pa.Array:
    column = f"s:{name}"
    if column not in decoded.elements.column_names:
        return pa.nulls(mine.num_rows, pa.string())
    elements = decoded.elements.filter(pc.equal(decoded.elements["array"], array))
    found = scratch(
        "SELECT m.id, min(e.text) AS text FROM m LEFT JOIN e ON e.row = m.row AND e.ordinal = m.ordinal "
        "GROUP BY m.id ORDER BY 1",
        {
            "m": mine.select(["id", "row", "ordinal"]),
            "e": pa.table([elements["row"], elements["ordinal"], elements[column]], names=["row", "ordinal", "text"]),
        },
    )
    return joined(found["text"])


def places(values: pa.Table, chosen: pa.Table) -> pa.Table:
    """``chosen`` (with ``id``) with the ``row`` and ``ordinal`` of its values."""
    at = np.asarray(integers(chosen["id"]))  # ids count the values
    taken = values.select(["row", "ordinal"]).take(pa.array(at))
    return chosen.append_column("row", taken["row"]).append_column("ordinal", taken["ordinal"])
