"""The values that a plan speaks of, in one long table: a row a value, and a row for what is missing.

Properties are read from the JSON of the events, which tells text from numbers and booleans for certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.tracking.compiling import NUMBER_KEY, Rule, SourceRules
from foretell.collect.values import joined, unquoted
from foretell.engine import Decoded, integers, scratch, with_column

VALUES = pa.schema(
    [
        ("id", pa.int64()), ("row", pa.int64()), ("rule", pa.int64()), ("ordinal", pa.int32()),
        ("text", pa.string()), ("number", pa.float64()), ("kinds", pa.list_(pa.string())),
        ("keys", pa.list_(pa.string())),
    ]
)  # fmt: skip
"""``kinds``: the types of JSON schema that the value has; none where it is missing. ``keys``: what is
compared with allowed values."""
_TOKENS = pa.schema([("row", pa.int64()), ("rule", pa.int64()), ("ordinal", pa.int32()), ("token", pa.string())])
_READ = f"""
WITH told AS (SELECT row, rule, ordinal, CASE WHEN token <> 'null' THEN token END AS token FROM tokens),
texts AS (
    SELECT *, CASE WHEN starts_with(token, '"') THEN {unquoted("token")} ELSE token END AS text,
           CASE WHEN token < ':' AND NOT starts_with(token, '"') THEN TRY_CAST(token AS DOUBLE) END AS number
    FROM told)
SELECT row, rule, ordinal, text, number,
       CASE WHEN token IS NULL THEN [] WHEN starts_with(token, '"') THEN ['string']
            WHEN token = 'true' OR token = 'false' THEN ['boolean'] WHEN starts_with(token, '[') THEN ['array']
            WHEN starts_with(token, '{{') THEN ['object'] WHEN number = trunc(number) THEN ['integer', 'number']
            ELSE ['number'] END AS kinds,
       CASE WHEN starts_with(token, '"') THEN ['s:' || text]
            WHEN token = 'true' OR token = 'false' THEN ['b:' || token]
            WHEN number IS NOT NULL THEN [{NUMBER_KEY.format("number")}] ELSE [] END AS keys
FROM texts
"""
_TRAITS = """
WITH told AS (
    SELECT row, rule, token FROM tokens WHERE token IS NOT NULL AND token <> 'null'
    UNION ALL
    SELECT i.row, r.rule, CAST(to_json(i.value) AS VARCHAR) FROM identifiers i JOIN rules r ON r.path = i.kind
    ANTI JOIN tokens t ON t.row = i.row AND t.rule = r.rule AND t.token IS NOT NULL
    WHERE i.kind IN ('email', 'phone'))
SELECT row, rule, CAST(NULL AS INTEGER) AS ordinal, token FROM told
UNION ALL
SELECT e.row, r.rule, NULL, NULL FROM events e CROSS JOIN rules r ANTI JOIN told k ON k.row = e.row AND k.rule = r.rule
WHERE e.type = 'identify' AND r.required
"""
_ELEMENTS = """
WITH lists AS (SELECT row, ordinal, json_extract(token, '$[*]') AS items FROM arrays),
    parts AS (SELECT row, ordinal, CAST(unnest(items) AS VARCHAR) AS doc, unnest(range(len(items))) AS nth FROM lists)
SELECT row, doc, coalesce(ordinal, nth) AS ordinal FROM parts
"""
"""Elements of arrays within elements have the number of the outermost one."""
_TWICE = """
WITH keyed AS (SELECT place, doc, json_keys(doc) AS names FROM told WHERE starts_with(doc, '{')),
members AS (
    SELECT place, unnest(names) AS name, CAST(unnest(json_extract(doc, '$.*')) AS VARCHAR) AS token,
           unnest(range(len(names))) AS number
    FROM keyed WHERE len(list_distinct(names)) < len(names)),
ranked AS (SELECT *, row_number() OVER (PARTITION BY place, name ORDER BY number DESC) AS rank FROM members)
SELECT place, '{' || string_agg(CAST(to_json(name) AS VARCHAR) || ':' || token, ',' ORDER BY number) || '}' AS doc
FROM ranked WHERE rank = 1 GROUP BY place ORDER BY place
"""


def read_values(decoded: Decoded, rules: SourceRules, traits: pa.Table) -> pa.Table:
    """The values of planned fields (columns :data:`VALUES`, ``id`` counts them), and required ones that are missing.

    Args:
        traits: of the events that tell traits ``row`` and ``token``, the JSON object of them.
    """
    parts = [_TOKENS.empty_table()]
    names = decoded.events["event"]
    present = set(pc.unique(names).to_pylist())
    for event, planned in rules.events.items():
        if event in present and planned:
            told = decoded.events.filter(pc.equal(names, event)).select(["row", "properties"])
            parts += _tokens(told, planned)
    if rules.traits:
        parts.append(_trait_tokens(decoded, rules.traits, traits))
    read = scratch(_READ, {"tokens": pa.concat_tables(parts)})
    return read.add_column(0, "id", pa.array(np.arange(read.num_rows))).cast(VALUES)


def _tokens(told: pa.Table, planned: Sequence[Rule]) -> list[pa.Table]:
    own = [rule for rule in planned if rule.array is None]
    found = scratch(
        f"SELECT row, rule, CAST(NULL AS INTEGER) AS ordinal, token FROM ({_members('told', own)}) "
        f"WHERE token IS NOT NULL OR list_contains({_numbers(rule for rule in own if rule.field.required)}, rule)",
        {"told": _last_members(told.rename_columns(["row", "doc"]))},
    ).cast(_TOKENS)
    return [found, *_inside(found, own, planned)]


def _inside(found: pa.Table, holders: Sequence[Rule], planned: Sequence[Rule]) -> Iterator[pa.Table]:
    """The fields of the elements of arrays, of those within them, and so on.

    Args:
        found: tokens of ``holders``, among which the arrays are.
    """
    for holder in holders:
        chain = (*_chain(holder), holder.path)
        inner = [rule for rule in planned if _chain(rule) == chain]
        arrays = found.filter(pc.and_(pc.equal(found["rule"], holder.number), pc.starts_with(found["token"], "[")))
        if inner and arrays.num_rows:
            tokens = _element_tokens(arrays, inner)
            yield tokens
            yield from _inside(tokens, inner, planned)


def _chain(rule: Rule) -> tuple[str, ...]:
    """The arrays in which a field lies, the outermost first."""
    return () if rule.array is None else (rule.array, *rule.within)


def _element_tokens(arrays: pa.Table, inner: Sequence[Rule]) -> pa.Table:
    told = _last_members(scratch(_ELEMENTS, {"arrays": arrays}))
    sql = f"""
    SELECT row, rule, CAST(ordinal AS INTEGER) AS ordinal, token FROM ({_members("told", inner, "ordinal, ")})
    WHERE token IS NOT NULL OR list_contains({_numbers(rule for rule in inner if rule.field.required)}, rule)
    """
    return scratch(sql, {"told": told}).cast(_TOKENS)


def _last_members(told: pa.Table) -> pa.Table:
    """``told`` in which no object ``doc`` has a member twice: the last one counts, as in any reader of JSON."""
    numbered = told.append_column("place", pa.array(np.arange(told.num_rows)))
    fresh = scratch(_TWICE, {"told": numbered})
    if not fresh.num_rows:
        return told
    mask = np.zeros(told.num_rows, np.bool_)
    mask[integers(fresh["place"])] = True
    return with_column(told, "doc", pc.replace_with_mask(joined(told["doc"]), pa.array(mask), joined(fresh["doc"])))


def _members(relation: str, rules: Sequence[Rule], kept: str = "") -> str:
    """SQL text: ``row rule token`` of the fields of ``rules`` in the objects ``doc``."""
    pointers = ", ".join(f"'{_pointer(rule.path)}'" for rule in rules)
    return (
        f"SELECT row, {kept}unnest({_numbers(rules)}) AS rule, "
        f"CAST(unnest(json_extract(coalesce(doc, '{{}}'), [{pointers}])) AS VARCHAR) AS token FROM {relation}"
    )


def _numbers(rules: Iterable[Rule]) -> str:
    return f"CAST([{', '.join(str(rule.number) for rule in rules)}] AS BIGINT[])"


def _pointer(path: str) -> str:
    """A JSON pointer, as the inside of an SQL string."""
    steps = path.replace("~", "~0").replace("/", "~1").split(".")
    return "".join(f"/{step}" for step in steps).replace("'", "''")


def _trait_tokens(decoded: Decoded, planned: Sequence[Rule], traits: pa.Table) -> pa.Table:
    rules = pa.table(
        {
            "rule": pa.array([rule.number for rule in planned], pa.int64()),
            "path": pa.array([rule.path for rule in planned], pa.string()),
            "required": pa.array([rule.field.required for rule in planned], pa.bool_()),
        }
    )
    told = _last_members(traits.rename_columns(["row", "doc"]))
    tables = {
        "tokens": scratch(_members("told", planned), {"told": told}), "rules": rules,
        "identifiers": decoded.identifiers, "events": decoded.events.select(["row", "type"]),
    }  # fmt: skip
    return scratch(_TRAITS, tables).cast(_TOKENS)
