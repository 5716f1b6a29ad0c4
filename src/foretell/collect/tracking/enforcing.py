"""A decoded frame under the plan of its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.tracking.compiling import SourceRules
from foretell.collect.tracking.judging import strays, violations
from foretell.collect.tracking.replacing import Mask, with_normal_form, without_rows, without_values
from foretell.collect.tracking.standardising import in_normal_form
from foretell.collect.tracking.values import read_values
from foretell.engine import TIMESTAMP, Decoded, integers, scratch

CODE = "PLAN_VIOLATION"
REMARKS = pa.schema(
    [
        ("row", pa.int64()), ("message_id", pa.string()), ("ts", TIMESTAMP), ("received_at", TIMESTAMP),
        ("source", pa.string()), ("event", pa.string()), ("field", pa.string()), ("rule", pa.string()),
        ("owner", pa.string()), ("owner_type", pa.string()), ("action", pa.string()), ("example", pa.string()),
        ("plan", pa.string()), ("who_kind", pa.string()), ("who_value", pa.string()),
    ]
)  # fmt: skip
"""Violations as the room's stage takes them in; ``row`` is null where the event was put aside, and ``who`` then the
strongest identifier that it names."""
PIECE_EVENTS = 25_000
"""Events that are looked at together: what bounds the memory of a plan with many fields."""
_EXAMPLE_LENGTH = 100


def masked(text: str) -> str:
    """SQL text: with letters and digits that say nothing."""
    return f"regexp_replace(regexp_replace({text}, '\\p{{L}}', 'x', 'g'), '[0-9]', '0', 'g')"


_REMARKED = f"""
WITH named AS (
    SELECT row, arg_min(kind, (priority, kind, value)) AS kind, arg_min(value, (priority, kind, value)) AS value
    FROM i WHERE row IN (SELECT row FROM aside) GROUP BY row),
settled AS (
    SELECT f.*, f.row IN (SELECT row FROM aside) AS is_aside FROM f),
one AS (
    SELECT row, field, rule, min(owner) AS owner, min(owner_type) AS owner_type, min(plan) AS plan, bool_or(is_aside)
           AS is_aside, max(action) AS action, bool_or(personal) AS personal,
           min(example) AS example, bool_or(number IS NULL AND field = '') AS is_stray_event
    FROM settled GROUP BY row, field, rule)
SELECT CASE WHEN NOT o.is_aside THEN o.row END AS row, e.message_id, e.ts, e.received_at, e.source, e.event, o.field,
       o.rule, o.owner, o.owner_type,
       CASE WHEN o.is_aside THEN 'quarantine'
            WHEN o.action = 'drop_field' AND o.rule <> 'required' AND NOT o.is_stray_event THEN 'drop_field'
            ELSE 'allow' END AS action,
       left(CASE WHEN o.personal THEN {masked("o.example")} ELSE o.example END, {_EXAMPLE_LENGTH}) AS example,
       o.plan, n.kind AS who_kind, n.value AS who_value
FROM one o JOIN e ON e.row = o.row LEFT JOIN named n ON n.row = o.row ORDER BY o.row, o.field, o.rule
"""
_REASONS = """
WITH told AS (
    SELECT row, CASE WHEN field = '' THEN '' ELSE field || ' ' END || said
                || CASE WHEN owner IS NULL THEN '' ELSE ' (owner: ' || owner || ')' END AS words,
           row_number() OVER (PARTITION BY row ORDER BY action <> 'quarantine', field, rule) AS place,
           count(*) OVER (PARTITION BY row) AS n
    FROM (SELECT DISTINCT row, field, rule, said, owner, action FROM f) d
    WHERE row IN (SELECT row FROM aside))
SELECT t.row, e.event || ': ' || string_agg(words, '; ' ORDER BY place)
       || CASE WHEN max(n) > 3 THEN '; and ' || CAST(max(n) - 3 AS VARCHAR) || ' more' ELSE '' END AS message
FROM told t JOIN e ON e.row = t.row WHERE place <= 3 GROUP BY t.row, e.event ORDER BY t.row
"""


@dataclass(frozen=True)
class Enforced:
    """A frame as the plan lets it in.

    Args:
        decoded: without the events that were put aside; its ``remarks`` are the violations.
        aside: ``row`` (of the frame as it was) and ``message`` of events that were put aside.
    """

    decoded: Decoded
    aside: pa.Table


def enforced(decoded: Decoded, rules: SourceRules, traits: pa.Table) -> Enforced:
    """Hold ``decoded`` against the plan.

    Args:
        decoded: ``events.row`` counts 0, 1, 2 …
        traits: of the events that tell traits ``row`` and ``token``, the JSON object of them as it came.
    """
    parts, changed = [strays(decoded, rules)], decoded
    for piece, told in _pieces(decoded, traits):
        normal = in_normal_form(read_values(piece, rules, told), rules, decoded)
        parts.append(violations(normal, rules))
        changed = with_normal_form(changed, normal, rules)
    found = pa.concat_tables(parts)
    if not found.num_rows:
        return Enforced(changed, _nothing())
    bad = pc.unique(found.filter(pc.equal(found["action"], "quarantine"))["row"])
    gone = _mask(bad, decoded.events.num_rows)
    drops = found.filter(pc.and_(pc.equal(found["action"], "drop_field"), pc.not_equal(found["rule"], "required")))
    drops = drops.filter(pa.array(~gone[integers(drops["row"])]))
    if drops.num_rows:
        changed = without_values(changed, drops, rules)
        gone |= _nameless(decoded, changed)
    aside = pa.table({"row": pa.array(np.flatnonzero(gone), pa.int64())})
    tables = {"f": found, "aside": aside, "e": decoded.events, "i": changed.identifiers}
    remarks = scratch(_REMARKED, tables).cast(REMARKS)
    if not gone.any():
        return Enforced(replace(changed, remarks=remarks), _nothing())
    reasons = scratch(_REASONS, tables)
    renumbered = np.where(gone, -1, np.cumsum(~gone) - 1)
    return Enforced(replace(without_rows(changed, gone), remarks=_numbered(remarks, renumbered)), reasons)


def _pieces(decoded: Decoded, traits: pa.Table) -> Iterator[tuple[Decoded, pa.Table]]:
    """The events, identifiers and traits of a large frame part by part; rows keep their numbers."""
    height = decoded.events.num_rows
    if height <= PIECE_EVENTS:
        yield decoded, traits
        return
    for start in range(0, height, PIECE_EVENTS):
        events = decoded.events.slice(start, PIECE_EVENTS)

        def mine(table: pa.Table, first: int = start) -> pa.Table:
            rows = table["row"]
            return table.filter(pc.and_(pc.greater_equal(rows, first), pc.less(rows, first + PIECE_EVENTS)))

        piece = replace(decoded, events=events, traits=mine(decoded.traits), identifiers=mine(decoded.identifiers))
        yield piece, mine(traits)


def _nothing() -> pa.Table:
    return pa.table({"row": pa.array([], pa.int64()), "message": pa.array([], pa.string())})


def _mask(rows: pa.Array, height: int) -> Mask:
    mask = np.zeros(height, np.bool_)
    mask[integers(rows)] = True
    return mask


def _nameless(before: Decoded, after: Decoded) -> Mask:
    """Events that named somebody and, without the values left out, name nobody."""
    height = before.events.num_rows
    named, still = np.zeros(height, np.bool_), np.zeros(height, np.bool_)
    named[integers(before.identifiers["row"])] = True
    still[integers(after.identifiers["row"])] = True
    return named & ~still


def _numbered(remarks: pa.Table, number: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    rows = remarks["row"].combine_chunks()
    known = pc.fill_null(rows, 0).to_numpy(zero_copy_only=False)
    fresh = pa.array(number[known], mask=pc.is_null(rows).to_numpy(zero_copy_only=False))
    return remarks.set_column(0, "row", fresh)
