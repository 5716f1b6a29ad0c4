"""What the data offer to conditions: events, properties, traits, consents and personas that were seen.

Kinds, examples and bounds are taken from the latest :data:`SAMPLED` events of each name (traits: rows). A text is
given as an example only where two people have it, so that nobody's own address is among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from foretell.clock import utc
from foretell.engine import Analytics, PropertyColumns, scratch
from foretell.money import from_micro
from foretell.profile import name_of

SAMPLED = 400
MOST_EXAMPLES = 8
LONGEST_EXAMPLE = 60
MOST_EVENTS = 300
ValueKind = Literal["text", "number", "boolean", "date"]


@dataclass(frozen=True)
class SeenValue:
    """A property or trait.

    Args:
        kind: of its values.
        examples: texts that came most often.
        low: the least number, where it is one.
        array: it lies within an array: several values an event.
    """

    name: str
    kind: ValueKind
    examples: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    array: bool = False


@dataclass(frozen=True)
class SeenEvent:
    """An event, how often it came, and its properties."""

    name: str
    count: int
    last: datetime
    properties: tuple[SeenValue, ...]


@dataclass(frozen=True)
class Vocabulary:
    """What was seen; events the most frequent first, the rest by name."""

    events: tuple[SeenEvent, ...]
    traits: tuple[SeenValue, ...]
    account_traits: tuple[SeenValue, ...]
    consents: tuple[str, ...]
    personas: tuple[str, ...]


_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|$)"
_SUMMED = f"""
WITH told AS (SELECT holder, name, owner, s, n FROM seen WHERE s IS NOT NULL OR n IS NOT NULL),
valued AS (SELECT holder, name, s, count(DISTINCT owner) AS times FROM told
  WHERE s IS NOT NULL AND length(s) <= {LONGEST_EXAMPLE}
  GROUP BY holder, name, s HAVING count(DISTINCT owner) > 1),
ranked AS (SELECT *, row_number() OVER (PARTITION BY holder, name ORDER BY times DESC, s) AS place FROM valued),
listed AS (SELECT holder, name, list(s ORDER BY place) AS examples FROM ranked WHERE place <= {MOST_EXAMPLES}
  GROUP BY holder, name)
SELECT t.holder, t.name, count(*) AS present, count(t.s) AS texts, min(t.n) AS low, max(t.n) AS high,
  count(*) FILTER (t.s IN ('true', 'false')) AS booleans, count(*) FILTER (regexp_matches(t.s, '{_DATE}')) AS dates,
  any_value(l.examples) AS examples
FROM told t LEFT JOIN listed l ON l.holder = t.holder AND l.name = t.name
GROUP BY t.holder, t.name ORDER BY t.holder, present DESC, t.name
"""


def vocabulary(analytics: Analytics, columns: PropertyColumns) -> Vocabulary:
    """Everything that was seen."""
    counted = analytics.query(
        "SELECT e.event, count(*) AS n, max(e.ts) AS last FROM event_log AS e WHERE e.event <> '' "
        f"GROUP BY e.event ORDER BY n DESC, e.event LIMIT {MOST_EVENTS}"
    ).to_pylist()
    values = _properties(analytics, columns)
    return Vocabulary(
        tuple(SeenEvent(r["event"], r["n"], utc(r["last"]), values.get(r["event"], ())) for r in counted),
        _traits(analytics, "log_traits", "profile_key"),
        _traits(analytics, "log_account_traits", "account_id"),
        _consents(analytics),
        _names(analytics, "SELECT DISTINCT persona AS name FROM persona_rows WHERE persona IS NOT NULL"),
    )


def _properties(analytics: Analytics, columns: PropertyColumns) -> dict[str, tuple[SeenValue, ...]]:
    """By event, the most frequent first."""
    latest = (
        "(SELECT r.seq FROM (SELECT l.seq, row_number() OVER (PARTITION BY l.event ORDER BY l.seq DESC) AS place "
        f"FROM event_log AS l WHERE l.event <> '') AS r WHERE r.place <= {SAMPLED})"
    )
    own = {c.text: path for path in columns.paths() if (c := columns.of(path)) is not None and c.array is None}
    inner = {c.text: path for path in columns.paths() if (c := columns.of(path)) is not None and c.array is not None}
    parts = []
    if own:
        sampled = analytics.query(
            f"SELECT e.event AS holder, CAST(e.node_key AS VARCHAR) AS owner, {_listed('e', own)} FROM event_log AS e "
            f"WHERE e.seq IN {latest}"
        )
        parts.append(_long(sampled, own))
    if inner:
        sampled = analytics.query(
            f"SELECT e.event AS holder, CAST(e.node_key AS VARCHAR) AS owner, {_listed('x', inner)} "
            f"FROM event_elements AS x JOIN event_log AS e ON e.seq = x.seq WHERE x.seq IN {latest}"
        )
        parts.append(_long(sampled, inner))
    arrays = set(inner.values())
    found: dict[str, list[SeenValue]] = {}
    for holder, value in _summed(pa.concat_tables(parts), arrays) if parts else ():
        found.setdefault(holder, []).append(value)
    return {holder: tuple(values) for holder, values in found.items()}


def _listed(alias: str, names: Iterable[str]) -> str:
    return ", ".join(f"{alias}.{text}, {alias}.{text[:-1]}n" for text in names)


def _long(wide: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """A row a value: ``holder name owner s n``."""
    parts = [
        pa.table({"holder": wide["holder"], "name": pa.repeat(path, wide.num_rows), "owner": wide["owner"],
                  "s": wide[text], "n": wide[f"{text[:-1]}n"]})
        for text, path in names.items()
        if wide[text].null_count + wide[f"{text[:-1]}n"].null_count < 2 * wide.num_rows
    ]  # fmt: skip
    return pa.concat_tables(parts) if parts else _NOTHING


_NOTHING = pa.table(
    {
        "holder": pa.array([], pa.string()), "name": pa.array([], pa.string()), "owner": pa.array([], pa.string()),
        "s": pa.array([], pa.string()), "n": pa.array([], pa.int64()),
    }
)  # fmt: skip


def _traits(analytics: Analytics, relation: str, owner: str) -> tuple[SeenValue, ...]:
    seen = analytics.query(
        f"SELECT '' AS holder, r.trait AS name, CAST(r.{owner} AS VARCHAR) AS owner, r.s, r.n "
        f"FROM (SELECT t.trait, t.{owner}, t.s, t.n, row_number() OVER "
        f"(PARTITION BY t.trait ORDER BY t.seq DESC) AS place FROM {relation} AS t WHERE t.{owner} IS NOT NULL) AS r "
        f"WHERE r.place <= {SAMPLED}"
    )
    return tuple(sorted((value for _, value in _summed(seen, set())), key=lambda value: value.name))


def _summed(seen: pa.Table, arrays: set[str]) -> Iterable[tuple[str, SeenValue]]:
    for row in scratch(_SUMMED, {"seen": seen}).to_pylist():
        kind = _kind(row)
        number = kind == "number"
        yield (
            row["holder"],
            SeenValue(
                row["name"],
                kind,
                () if number or kind == "date" else tuple(row["examples"] or ()),
                from_micro(row["low"]) if number else None,
                from_micro(row["high"]) if number else None,
                row["name"] in arrays,
            ),
        )


def _kind(row: Mapping[str, Any]) -> ValueKind:
    if row["texts"] == 0:
        return "number"
    if row["booleans"] == row["texts"]:
        return "boolean"
    return "date" if row["dates"] == row["texts"] else "text"


def _consents(analytics: Analytics) -> tuple[str, ...]:
    rows = analytics.query(
        "SELECT DISTINCT channel, CASE WHEN purpose = '*' THEN 'marketing' ELSE purpose END AS purpose "
        "FROM consent_rows"
    )
    return tuple(sorted({name_of(row["channel"], row["purpose"]) for row in rows.to_pylist()}))


def _names(analytics: Analytics, query: str) -> tuple[str, ...]:
    return tuple(sorted(analytics.query(query)["name"].to_pylist()))
