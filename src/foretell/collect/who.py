"""Whom a message speaks of: identifiers, as the Segment specification places them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.envelope import plain_id
from foretell.collect.standards import StandardContext
from foretell.collect.standards.tables.usual_addresses import usual
from foretell.collect.values import joined, text_of
from foretell.engine import IDENTIFIERS, scratch

PRIORITIES = {"user_id": 0, "email": 1, "phone": 2, "anonymous_id": 9}
EXTERNAL_PRIORITY = 3
"""Of every other kind. A lower number is a stronger identifier."""

_PRIORITY = (
    "CASE kind "
    + " ".join(f"WHEN '{kind}' THEN {rank}" for kind, rank in PRIORITIES.items())
    + f" ELSE {EXTERNAL_PRIORITY} END"
)
_CONTEXT = f"""
WITH contexts AS (
    SELECT row, json_extract(context, ['/traits/email', '/traits/phone', '/externalIds']) AS found FROM told
    WHERE contains(context, '"traits"') OR contains(context, '"externalIds"')),
listed AS (
    SELECT row, unnest(json_extract(found[3], '$[*]')) AS item FROM contexts
    WHERE starts_with(CAST(found[3] AS VARCHAR), '[')),
named AS (
    SELECT row, CAST(json_extract(item, '/type') AS VARCHAR) AS kind, CAST(json_extract(item, '/id') AS VARCHAR) AS id
    FROM listed WHERE coalesce(json_extract_string(item, '/collection'), 'users') = 'users')
SELECT row, 'email' AS kind, {text_of("CAST(found[1] AS VARCHAR)")} AS value FROM contexts
UNION ALL SELECT row, 'phone', {text_of("CAST(found[2] AS VARCHAR)")} FROM contexts
UNION ALL SELECT row, trim({text_of("kind")}), {text_of("id")} FROM named
"""
_FROM_TRAITS = """
SELECT row, trait AS kind, coalesce(s, CAST(n // 1000000 AS VARCHAR)) AS value FROM traits
WHERE trait IN ('email', 'phone')
"""
_ALIAS = f"""
SELECT row, 'anonymous_id' AS kind, {text_of("previous_id")} AS value FROM told
WHERE type = 'alias' AND previous_id IS NOT NULL
"""
_TIDY = f"""
WITH plain AS (SELECT row, kind, {plain_id("value")} AS value FROM found)
SELECT DISTINCT row, kind, CASE WHEN kind = 'email' THEN lower(value) ELSE value END AS value,
       CAST({_PRIORITY} AS INTEGER) AS priority
FROM plain WHERE value IS NOT NULL AND kind <> ''
ORDER BY row, priority, kind, value
"""

_ONCE = "SELECT DISTINCT row, kind, value, priority FROM told ORDER BY row, priority, kind, value"


def spoken_of(told: pa.Table, traits: pa.Table, *, in_context: bool = True) -> pa.Table:
    """The identifiers of messages.

    Args:
        told: ``row type context user_id anonymous_id`` and the JSON token ``previous_id``.
        traits: trait values of identify calls (columns of ``TRAITS``).
        in_context: False where no context holds traits or external ids; they are then not looked for.

    Returns:
        Columns of ``IDENTIFIERS``, each identifier once a row.
    """
    outer = [_outer(told, kind) for kind in ("user_id", "anonymous_id")]
    found = [scratch(_FROM_TRAITS, {"traits": traits})]
    if in_context:
        found.append(scratch(_CONTEXT, {"told": told}))
    if pc.any(pc.equal(told["type"], "alias")).as_py():
        found.append(scratch(_ALIAS, {"told": told}))
    others = tidied(pa.concat_tables(found))
    if not others.num_rows:
        return pa.concat_tables(outer)
    plain = pc.is_in(others["kind"], pa.array(["email", "phone"]))
    named = others.filter(pc.invert(plain))
    if named.num_rows:
        tables = {"named": named, "u": outer[0], "a": outer[1]}
        named = scratch(
            "SELECT * FROM named ANTI JOIN (FROM u UNION ALL FROM a) USING (row, kind, value)", tables
        ).cast(IDENTIFIERS)
    return pa.concat_tables([*outer, others.filter(plain), named])


def _outer(told: pa.Table, kind: str) -> pa.Table:
    part = told.select(["row", kind])
    if part[kind].null_count:
        part = part.filter(pc.is_valid(part[kind]))
    height = part.num_rows
    kinds = pa.repeat(pa.scalar(kind, pa.string()), height)
    ranks = pa.repeat(pa.scalar(PRIORITIES[kind], pa.int32()), height)
    return pa.table([part["row"], kinds, part[kind], ranks], schema=IDENTIFIERS)


def tidied(found: pa.Table) -> pa.Table:
    """``row kind value`` as identifiers: trimmed, e-mail in normal form, empty ones gone, each once."""
    tidy = scratch(_TIDY, {"found": found}).cast(IDENTIFIERS)
    mails = pc.equal(tidy["kind"], "email")
    if pc.all(usual(tidy["value"].filter(mails)), min_count=0).as_py():
        return tidy
    values = joined(tidy["value"])
    normal = pc.coalesce(_normal_mails(pc.if_else(joined(mails), values, None)), values)
    return scratch(_ONCE, {"told": tidy.set_column(2, "value", normal)}).cast(IDENTIFIERS)


def email_identifier(text: str) -> str:
    """The value by which an e-mail address is known; what is no address keeps its letters, in lower case."""
    small = text.strip().lower()
    if "@" not in small or usual(pa.array([small]))[0].as_py():
        return small
    return _normal_mails(pa.array([small]))[0].as_py() or small


def _normal_mails(values: pa.Array) -> pa.Array:
    # Its library takes longer to load than a command to start; hardly any address needs it.
    from foretell.collect.standards.email import STANDARD

    return STANDARD.apply(values, StandardContext()).text
