"""Values held against their rules: what is wrong, set-wise."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.tracking.compiling import Rule, SourceRules, Stray
from foretell.collect.tracking.document import FORMATS
from foretell.collect.tracking.standardising import Normal
from foretell.engine import Decoded, scratch

FOUND = pa.schema(
    [
        ("row", pa.int64()), ("number", pa.int64()), ("ordinal", pa.int32()), ("field", pa.string()),
        ("rule", pa.string()), ("said", pa.string()), ("owner", pa.string()), ("owner_type", pa.string()),
        ("action", pa.string()), ("plan", pa.string()), ("example", pa.string()), ("personal", pa.bool_()),
    ]
)  # fmt: skip
"""One row a violation: ``number`` is that of the rule (null: of something that no plan names), ``rule`` the
word that is breached, ``said`` what is wrong in words, ``action`` what the plan wants done."""

_JUDGED = """
WITH judged AS (
    SELECT v.row, v.rule, v.ordinal, v.text, CASE
        WHEN n.ok IS FALSE THEN 'standard'
        WHEN len(v.kinds) = 0 THEN CASE WHEN r.required THEN 'required' END
        WHEN (n.ok IS NULL OR n.number IS NOT NULL) AND len(r.types) > 0 AND NOT list_has_any(r.types, v.kinds)
        THEN 'type'
        WHEN len(r."enum") > 0 AND NOT list_has_any(r."enum", v.keys) THEN 'enum'
        WHEN v.number < r.minimum THEN 'minimum' WHEN v.number > r.maximum THEN 'maximum'
        ELSE m.word END AS word
    FROM v JOIN r ON r.rule = v.rule LEFT JOIN n ON n.id = v.id LEFT JOIN m ON m.id = v.id)
SELECT j.row, j.rule AS number, j.ordinal, r.field, j.word AS rule, w.said, r.owner, r.owner_type, r.action, r.plan,
       j.text AS example, r.personal
FROM judged j JOIN r ON r.rule = j.rule LEFT JOIN w ON w.rule = j.rule AND w.word = j.word
WHERE j.word IS NOT NULL
"""
_MISFITS = pa.schema([("id", pa.int64()), ("word", pa.string())])


def violations(normal: Normal, rules: SourceRules) -> pa.Table:
    """What is wrong with planned fields (columns :data:`FOUND`); of each value the first thing alone."""
    tables = {
        "v": normal.values, "n": normal.found, "r": rules.table, "w": _words(rules), "m": _misfits(normal, rules),
    }  # fmt: skip
    return scratch(_JUDGED, tables).cast(FOUND)


def _misfits(normal: Normal, rules: SourceRules) -> pa.Table:
    """Texts that do not have the form asked for: one look a field, at its distinct texts."""
    parts = [_MISFITS.empty_table()]
    values = normal.values
    for rule in rules.rules:
        for word, pattern in (("pattern", rule.field.pattern), ("format", FORMATS.get(rule.field.format or ""))):
            if pattern is None:
                continue
            mine = _texts(values.filter(pc.and_(pc.equal(values["rule"], rule.number), pc.is_valid(values["text"]))))
            if not mine.num_rows:
                continue
            coded = mine["text"].combine_chunks().dictionary_encode()
            fits = pc.match_substring_regex(coded.dictionary, pattern).take(coded.indices)
            wrong = mine.filter(pc.invert(fits))
            parts.append(pa.table([wrong["id"], pa.repeat(word, wrong.num_rows)], schema=_MISFITS))
    return scratch("SELECT id, max(word) AS word FROM m GROUP BY id", {"m": pa.concat_tables(parts)}).cast(_MISFITS)


def _texts(mine: pa.Table) -> pa.Table:
    return scratch("SELECT id, text FROM m WHERE list_contains(kinds, 'string') ORDER BY id", {"m": mine})


def _words(rules: SourceRules) -> pa.Table:
    rows = [(rule.number, word, said) for rule in rules.rules for word, said in _said(rule).items()]
    numbers, words, said = zip(*rows, strict=True) if rows else ((), (), ())
    types = [("rule", pa.int64()), ("word", pa.string()), ("said", pa.string())]
    return pa.table([pa.array(numbers, pa.int64()), pa.array(words, pa.string()), pa.array(said, pa.string())],
                    schema=pa.schema(types))  # fmt: skip


def _said(rule: Rule) -> dict[str, str]:
    told = rule.field
    shown = ", ".join(str(value) for value in told.enum[:8]) + (" …" if told.enum[8:] else "")
    name = rule.standard.standard.name if rule.standard else ""
    return {
        "required": "is missing",
        "standard": f"cannot be read as {name}",
        "type": f"is no {' or '.join(told.type)}",
        "enum": f"is none of {shown}",
        "minimum": f"lies below {told.minimum:g}" if told.minimum is not None else "",
        "maximum": f"lies above {told.maximum:g}" if told.maximum is not None else "",
        "pattern": f"does not match {told.pattern}",
        "format": f"is no {told.format}",
    }


_STRAY_NAMES = """
WITH told AS (SELECT row, type, unnest(json_keys(properties)) AS field FROM e WHERE properties IS NOT NULL)
SELECT row, field FROM told
WHERE NOT list_contains($known, field)
  AND NOT (type IN ('page', 'screen') AND field IN ('name', 'category'))
  AND NOT (type IN ('group', 'alias') AND field IN ('group_id', 'traits', 'previous_id'))
"""


def strays(decoded: Decoded, rules: SourceRules) -> pa.Table:
    """Events, properties and traits that no plan names, where a plan wants to hear of them."""
    parts = [FOUND.empty_table()]
    events = decoded.events.select(["row", "type", "event", "properties"])
    if rules.stray_events is not None:
        unknown = events.filter(pc.invert(pc.is_in(events["event"], pa.array(sorted({*rules.events, *_CALLS})))))
        parts.append(_found(unknown.select(["row"]), None, rules.stray_events, "is an event that is not in the plan"))
    for event, stray in rules.stray.items():
        told = events.filter(pc.equal(events["event"], event))
        if told.num_rows:
            known = sorted({rule.path.split(".")[0] for rule in rules.events[event]})
            found = scratch(_STRAY_NAMES, {"e": told}, {"known": known or [""]})
            parts.append(_found(found, "field", stray, "is not in the plan"))
    if rules.stray_traits is not None:
        known = sorted({rule.path.split(".")[0] for rule in rules.traits})
        found = scratch(
            "SELECT DISTINCT t.row, 'traits.' || split_part(t.trait, '.', 1) AS field FROM t JOIN e ON e.row = t.row "
            "WHERE e.type = 'identify' AND NOT list_contains($known, split_part(t.trait, '.', 1))",
            {"t": decoded.traits, "e": events},
            {"known": known},
        )
        parts.append(_found(found, "field", rules.stray_traits, "is not in the plan"))
    return pa.concat_tables(parts)


_CALLS = ("Identify", "Group", "Alias", "Page Viewed", "Screen Viewed")
"""Calls that need no plan of their own."""


def _found(found: pa.Table, field: str | None, stray: Stray, said: str) -> pa.Table:
    height = found.num_rows
    owner = stray.owner
    constants: dict[str, object] = {
        "rule": "unplanned", "said": said, "owner": owner.name if owner else None,
        "owner_type": owner.sort if owner else None, "action": "allow" if stray.action == "report" else stray.action,
        "plan": stray.plan, "personal": True, "number": None, "ordinal": None, "example": None,
    }  # fmt: skip
    columns = []
    for one in FOUND:
        if one.name == "row":
            columns.append(found["row"].cast(one.type))
        elif one.name == "field":
            columns.append(pa.repeat(pa.scalar("", pa.string()), height) if field is None else found[field])
        else:
            columns.append(pa.repeat(pa.scalar(constants[one.name], one.type), height))
    return pa.table(columns, schema=FOUND)
