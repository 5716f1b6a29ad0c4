"""Values written alike, so that they can be compared: the query that lays them out, a column a field."""

from __future__ import annotations

from collections.abc import Sequence

from foretell.identify.matching.document import Compare
from foretell.identify.matching.fields import FULL_NAME, Field

PRINT = "fingerprint"
"""Column that changes when a value of the record does."""
_BASE = "nullif(trim(lower(strip_accents(value))), '')"
_WRITTEN: dict[Compare, str] = {
    "name": rf"regexp_replace({_BASE}, '[^\p{{L}}]+', '', 'g')",
    "text": rf"trim(regexp_replace({_BASE}, '[^\p{{L}}\p{{N}}]+', ' ', 'g'))",
    "email": _BASE,
    "phone": "ltrim(regexp_replace(value, '[^0-9]', '', 'g'), '0')",
    "date": "regexp_replace(CASE WHEN regexp_matches(value, '^\\d{4}-\\d\\d-\\d\\d') THEN left(value, 10) "
    "ELSE value END, '[^0-9]', '', 'g')",
    "code": rf"regexp_replace({_BASE}, '[^\p{{L}}\p{{N}}]', '', 'g')",
    "number": "CAST(TRY_CAST(value AS DOUBLE) AS VARCHAR)",
    "exact": _BASE,
}


def laid_out(fields: Sequence[Field]) -> str:
    """The query that lays ``values_told`` out, a column a field."""
    compared = [field for field in fields if field.name != FULL_NAME]
    written = " ".join(f"WHEN '{field.name}' THEN {_WRITTEN[field.compare]}" for field in compared)
    columns = {field.name: f"max(value) FILTER (WHERE field = '{field.name}')" for field in compared}
    full = "max(value) FILTER (WHERE field = 'full_name')"
    letters = r"regexp_replace({}, '[^\p{{L}}]+', '', 'g')"
    if len(compared) < len(fields):
        first, last = (letters.format(f"split_part({full}, ' ', {place})") for place in (1, -1))
        columns["given_name"] = f"coalesce({columns['given_name']}, nullif({first}, ''))"
        columns["family_name"] = (
            f"coalesce({columns['family_name']}, CASE WHEN contains({full}, ' ') THEN nullif({last}, '') END)"
        )
    selected = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    names = [f'"{name}"' for name in columns]
    printed = ", ".join(f"coalesce({name}, '')" for name in names)
    some = " OR ".join(f"{name} IS NOT NULL" for name in names)
    return f"""
WITH told AS (SELECT v.node_key, v.field, v.place, v.value FROM values_told v
        ANTI JOIN bad b ON b.value = lower(trim(v.value))),
     best AS (SELECT node_key, field, arg_min(value, place) AS value FROM told GROUP BY node_key, field),
     alike AS (SELECT node_key, field, nullif(CASE field {written} ELSE trim(regexp_replace({_BASE}, '\\s+', ' ', 'g'))
        END, '') AS value FROM best),
     laid AS (SELECT node_key, {selected} FROM alike GROUP BY node_key)
SELECT node_key, {", ".join(names)}, md5(concat_ws(chr(31), {printed})) AS {PRINT} FROM laid
WHERE {some} ORDER BY node_key"""
