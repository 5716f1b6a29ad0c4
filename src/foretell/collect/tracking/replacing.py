"""What a plan changes in a decoded frame: values in normal form, and values that are left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.tracking.compiling import Rule, SourceRules
from foretell.collect.tracking.standardising import Normal, places
from foretell.collect.values import joined
from foretell.collect.who import tidied
from foretell.engine import IDENTIFIERS, TRAITS, Decoded, integers, scratch, with_column

Mask = npt.NDArray[np.bool_]
_PERSONAL = ("email", "phone")
"""Traits that are identifiers too."""


def with_normal_form(decoded: Decoded, normal: Normal, rules: SourceRules) -> Decoded:
    """``decoded`` with the values that standards could read in their normal form; its JSON stays as it came."""
    read = normal.found.filter(normal.found["ok"])
    if not read.num_rows:
        return decoded
    placed = places(normal.values, read).append_column(
        "rule", normal.values["rule"].take(pa.array(integers(read["id"])))
    )
    for rule in rules.rules:
        if rule.standard is None:
            continue
        mine = placed.filter(pc.equal(placed["rule"], rule.number))
        if mine.num_rows:
            decoded = _trait_replaced(decoded, rule, mine) if rule.event is None else _replaced(decoded, rule, mine)
    return decoded


def _replaced(decoded: Decoded, rule: Rule, mine: pa.Table) -> Decoded:
    if rule.array is None:
        at = integers(mine["row"])
        return replace(decoded, properties=_set(decoded.properties, rule.path, at, mine["text"], mine["number"]))
    found = _elements_at(decoded, rule.array, mine)
    at = integers(found["at"])
    return replace(decoded, elements=_set(decoded.elements, rule.path, at, found["text"], found["number"]))


def _elements_at(decoded: Decoded, array: str, mine: pa.Table) -> pa.Table:
    """``mine`` (row, ordinal …) with ``at``, the place of each element among all."""
    elements = decoded.elements.select(["array", "row", "ordinal"])
    elements = elements.append_column("at", pa.array(np.arange(elements.num_rows)))
    return scratch(
        'SELECT m.*, e."at" FROM m JOIN e ON e.row = m.row AND e.ordinal = m.ordinal WHERE e."array" = $array',
        {"m": mine, "e": elements},
        {"array": array},
    )


def _set(
    table: pa.Table, path: str, at: npt.NDArray[np.int64], text: pa.ChunkedArray, number: pa.ChunkedArray
) -> pa.Table:
    """Both columns of ``path`` with new values at the places ``at``."""
    for side, values, kind in (("s", text, pa.string()), ("n", number, pa.int64())):
        name = f"{side}:{path}"
        there = name in table.column_names
        if not there and values.null_count == len(values):
            continue
        old = joined(table[name].cast(kind)) if there else pa.nulls(table.num_rows, kind)
        order = np.argsort(at, kind="stable")
        mask = np.zeros(table.num_rows, np.bool_)
        mask[at] = True
        fresh = joined(values.cast(kind)).take(pa.array(order))
        table = with_column(table, name, pc.replace_with_mask(old, pa.array(mask), fresh))
    return table


_TRAITS_REPLACED = """
SELECT t.row, t.trait, CASE WHEN m.row IS NULL THEN t.s ELSE m.text END AS s,
       CASE WHEN m.row IS NULL THEN t.n ELSE m.number END AS n
FROM t LEFT JOIN m ON m.row = t.row AND t.trait = $path ORDER BY t.place
"""
_NAMED_REPLACED = """
SELECT DISTINCT i.row, i.kind, coalesce(m.text, i.value) AS value, i.priority
FROM i LEFT JOIN k ON k.row = i.row AND k.kind = i.kind AND k.value = i.value LEFT JOIN m ON m.row = k.row
ORDER BY i.row, i.priority, i.kind, value
"""


def _trait_replaced(decoded: Decoded, rule: Rule, mine: pa.Table) -> Decoded:
    once = scratch(
        "SELECT row, max(text) AS text, max(number) AS number, max(raw) AS raw FROM m GROUP BY row", {"m": mine}
    )
    params = {"path": rule.path}
    ordered = decoded.traits.append_column("place", pa.array(np.arange(decoded.traits.num_rows)))
    traits = scratch(_TRAITS_REPLACED, {"t": ordered, "m": once}, params).cast(TRAITS)
    decoded = replace(decoded, traits=traits)
    if rule.path not in _PERSONAL:
        return decoded
    known = _as_identifiers(rule.path, once["row"], once["raw"])
    named = scratch(_NAMED_REPLACED, {"i": decoded.identifiers, "m": once, "k": known}).cast(IDENTIFIERS)
    return replace(decoded, identifiers=named)


def _as_identifiers(kind: str, rows: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.Table:
    """What values of a trait are as identifiers: ``row kind value``."""
    return tidied(pa.table([rows, pa.repeat(kind, len(rows)), values], names=["row", "kind", "value"]))


def without_values(decoded: Decoded, drops: pa.Table, rules: SourceRules) -> Decoded:
    """``decoded`` without some values, in columns and in JSON.

    Args:
        drops: violations (``row number ordinal field example``) whose value is left out.
    """
    for number in pc.unique(drops["number"]).to_pylist():
        if number is None:
            continue
        rule, mine = rules.rules[number], drops.filter(pc.equal(drops["number"], number))
        if rule.event is None:
            decoded = _without_trait(decoded, rule.path, mine)
        elif rule.array is None:
            decoded = _without_property(decoded, rule.path, mine)
        else:
            decoded = _without_member(decoded, rule, mine)
    strays = drops.filter(pc.and_(pc.is_null(drops["number"]), pc.not_equal(drops["field"], "")))
    for field in pc.unique(strays["field"]).to_pylist():
        mine = strays.filter(pc.equal(strays["field"], field))
        if field.startswith("traits."):
            decoded = _without_trait(decoded, field.removeprefix("traits."), mine)
        else:
            decoded = _without_property(decoded, field, mine, literal=True)
    return decoded


def _without_property(decoded: Decoded, path: str, mine: pa.Table, *, literal: bool = False) -> Decoded:
    at = np.unique(integers(mine["row"]))
    mask = np.zeros(decoded.events.num_rows, np.bool_)
    mask[at] = True
    properties = _emptied(decoded.properties, path, mask)
    events = _patched(decoded.events, "properties", _patch([path] if literal else path.split(".")), mask)
    elements = decoded.elements
    inside = pc.or_(pc.equal(elements["array"], path), pc.starts_with(elements["array"], f"{path}."))
    gone = pc.and_(inside, pa.chunked_array([pa.array(mask[integers(elements["row"])])]))
    return replace(decoded, events=events, properties=properties, elements=elements.filter(pc.invert(gone)))


def _emptied(table: pa.Table, path: str, mask: Mask) -> pa.Table:
    """The columns of ``path`` and of what lies in it, null where ``mask`` is true; those without any value go."""
    for name in table.column_names:
        if name[:2] in ("s:", "n:") and (name[2:] == path or name[2:].startswith(f"{path}.")):
            kept = pc.if_else(pa.array(~mask), table[name], pa.scalar(None, table[name].type))
            table = table.drop_columns([name]) if kept.null_count == len(kept) else with_column(table, name, kept)
    return table


def _patch(steps: list[str]) -> str:
    """The merge patch (RFC 7396) that takes a member away."""
    patch: object = None
    for step in reversed(steps):
        patch = {step: patch}
    return json.dumps(patch)


def _patched(events: pa.Table, column: str, patch: str, mask: Mask) -> pa.Table:
    chosen = pa.array(mask)
    told = pa.table({"doc": events[column].filter(chosen)})
    fresh = scratch("SELECT CASE WHEN doc IS NOT NULL THEN CAST(json_merge_patch(doc, $patch) AS VARCHAR) END AS doc "
                    "FROM told", {"told": told}, {"patch": patch})  # fmt: skip
    replaced = pc.replace_with_mask(joined(events[column]), chosen, joined(fresh["doc"]))
    return with_column(events, column, replaced)


_ARRAY_WITHOUT = """
WITH told AS (SELECT row, json_extract(properties, $pointer) AS list FROM e),
items AS (SELECT row, CAST(unnest(json_extract(list, '$[*]')) AS VARCHAR) AS item,
                 unnest(range(CAST(json_array_length(list) AS BIGINT))) AS ordinal FROM told),
kept AS (
    SELECT i.row, i.ordinal,
           CASE WHEN d.row IS NULL THEN i.item ELSE CAST(json_merge_patch(i.item, $patch) AS VARCHAR) END AS item
    FROM items i LEFT JOIN d ON d.row = i.row AND d.ordinal = i.ordinal)
SELECT row, '[' || string_agg(item, ',' ORDER BY ordinal) || ']' AS list FROM kept GROUP BY row ORDER BY row
"""


def _without_member(decoded: Decoded, rule: Rule, mine: pa.Table) -> Decoded:
    """Take a field out of some elements of an array."""
    assert rule.array is not None
    at = _elements_at(decoded, rule.array, mine.select(["row", "ordinal"]))
    gone = np.zeros(decoded.elements.num_rows, np.bool_)
    gone[integers(at["at"])] = True
    elements = _emptied(decoded.elements, rule.path, gone)
    rows = np.unique(integers(mine["row"]))
    told = decoded.events.select(["row", "properties"]).take(pa.array(rows))
    steps = rule.array.split(".")
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    params: Mapping[str, object] = {"pointer": pointer, "patch": _patch(rule.path.split("."))}
    lists = scratch(_ARRAY_WITHOUT, {"e": told, "d": mine.select(["row", "ordinal"])}, params)
    before = ["{" + json.dumps(step) + ":" for step in steps]
    fresh = scratch(
        "SELECT CAST(json_merge_patch(e.properties, $before || l.list || $after) AS VARCHAR) AS doc "
        "FROM e JOIN l USING (row) ORDER BY row",
        {"e": told, "l": lists},
        {"before": "".join(before), "after": "}" * len(steps)},
    )
    mask = np.zeros(decoded.events.num_rows, np.bool_)
    mask[integers(lists["row"])] = True
    properties = pc.replace_with_mask(joined(decoded.events["properties"]), pa.array(mask), joined(fresh["doc"]))
    return replace(decoded, elements=elements, events=with_column(decoded.events, "properties", properties))


_OTHERS = """
SELECT t.row, t.trait, t.s, t.n FROM t
WHERE NOT ((t.trait = $path OR starts_with(t.trait, $path || '.')) AND t.row IN (SELECT row FROM d)) ORDER BY t.place
"""
_STILL_NAMED = """
SELECT i.row, i.kind, i.value, i.priority FROM i
ANTI JOIN k ON k.row = i.row AND k.kind = i.kind AND k.value = i.value
WHERE NOT (i.kind = $path AND i.row IN (SELECT row FROM d WHERE example IS NULL))
ORDER BY i.row, i.priority, i.kind, i.value
"""


def _without_trait(decoded: Decoded, path: str, mine: pa.Table) -> Decoded:
    """Take a trait away, from the context's traits too; where it is an e-mail address or a phone number,
    it names nobody either."""
    params, dropped = {"path": path}, mine.select(["row", "example"])
    ordered = decoded.traits.append_column("place", pa.array(np.arange(decoded.traits.num_rows)))
    traits = scratch(_OTHERS, {"t": ordered, "d": dropped}, params).cast(TRAITS)
    mask = np.zeros(decoded.events.num_rows, np.bool_)
    mask[integers(mine["row"])] = True
    held = pc.fill_null(pc.match_substring(decoded.events["context"], '"traits"'), False)
    mask &= held.to_numpy()
    events = _patched(decoded.events, "context", _patch(["traits", *path.split(".")]), mask)
    named = decoded.identifiers
    if path in _PERSONAL:
        known = _as_identifiers(path, dropped["row"], dropped["example"])
        named = scratch(_STILL_NAMED, {"i": named, "d": dropped, "k": known}, params).cast(IDENTIFIERS)
    return replace(decoded, traits=traits, events=events, identifiers=named)


def without_rows(decoded: Decoded, gone: Mask) -> Decoded:
    """``decoded`` without some events; the others are counted 0, 1, 2 … again."""
    number = np.where(gone, -1, np.cumsum(~gone) - 1)

    def kept(table: pa.Table) -> pa.Table:
        rows = number[integers(table["row"])]
        return with_column(table, "row", pa.array(rows)).filter(pa.array(rows >= 0))

    return replace(
        decoded,
        events=kept(decoded.events),
        identifiers=kept(decoded.identifiers),
        properties=kept(decoded.properties),
        elements=kept(decoded.elements),
        traits=kept(decoded.traits),
    )
