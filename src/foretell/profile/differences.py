"""What a workspace that was derived anew says differently: counts of both sides, and the people concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from foretell.engine import OWN_SOURCE, Engine, scratch, table_of

_TOTALS = {
    "events": "SELECT count(*) AS n FROM events WHERE source <> $own",
    "people": "SELECT count(*) AS n FROM profiles",
    "identifiers": "SELECT count(*) AS n FROM identifiers",
    "orders": "SELECT count(*) AS n FROM orders",
    "revenue_minor": "SELECT coalesce(sum(amount_minor), 0) AS n FROM orders",
    "order_lines": "SELECT count(*) AS n FROM order_items",
    "products": "SELECT count(*) AS n FROM products",
    "trait_values": "SELECT count(*) AS n FROM log_traits",
    "survey_responses": "SELECT count(*) AS n FROM survey_responses",
}
_EVENTS = "SELECT source || ' · ' || event AS name, count(*) AS n FROM events WHERE source <> $own GROUP BY ALL"
_QUARANTINE = "SELECT source || ' · ' || code, count(*) FROM quarantine WHERE state = 'waiting' GROUP BY source, code"
_LINKS = "SELECT DISTINCT kind || chr(31) || value AS identifier, profile_id FROM identifiers"
_REGROUPED = """
SELECT count(DISTINCT CASE WHEN many THEN owner END) AS n FROM (
    SELECT a.profile_id AS owner, count(DISTINCT b.profile_id) > 1 AS many FROM a JOIN b USING (identifier)
    GROUP BY a.profile_id)
"""


@dataclass(frozen=True)
class Differences:
    """What would change.

    Args:
        totals: what is counted → before, after.
        events, quarantine: ``SOURCE · NAME`` → before, after; those alone that differ.
        properties_new, properties_gone: property paths.
        people_joined: people of after who were several before.
        people_parted: people of before who are several after.
    """

    totals: Mapping[str, tuple[int, int]]
    events: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    quarantine: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    properties_new: tuple[str, ...] = ()
    properties_gone: tuple[str, ...] = ()
    people_joined: int = 0
    people_parted: int = 0

    @property
    def none(self) -> bool:
        """True where both sides say the same."""
        changed = any(before != after for before, after in self.totals.values())
        rest = (self.events, self.quarantine, self.properties_new, self.properties_gone)
        return not (changed or any(rest) or self.people_joined or self.people_parted)


def differences(before: Engine, after: Engine) -> Differences:
    """Hold two states of one workspace side by side."""
    sides = (before, after)
    own = {"own": OWN_SOURCE}
    totals = {}
    for name, sql in _TOTALS.items():
        params = own if "$own" in sql else {}
        counted = [int(side.analytics.query(sql, params).to_pylist()[0]["n"]) for side in sides]
        totals[name] = (counted[0], counted[1])
    events = [
        {str(row["name"]): int(row["n"]) for row in side.analytics.query(_EVENTS, own).to_pylist()} for side in sides
    ]
    aside = [{str(name): int(count) for name, count in side.ops.query(_QUARANTINE)} for side in sides]
    paths = [set(side.log.properties().paths()) for side in sides]
    links = [side.analytics.query(_LINKS) for side in sides]
    return Differences(
        totals,
        _different(*events),
        _different(*aside),
        tuple(sorted(paths[1] - paths[0])),
        tuple(sorted(path for path in paths[0] - paths[1] if _told(before, path))),
        people_joined=_regrouped(links[1], links[0]),
        people_parted=_regrouped(links[0], links[1]),
    )


def _told(engine: Engine, path: str) -> bool:
    """True where some event has a value at ``path``; own events make columns for what they leave out too."""
    found = engine.log.properties().of(path)
    if found is None:
        return False
    table = "event_log" if found.array is None else "event_elements"
    there = [name for name in (found.text, found.number) if name in engine.analytics.columns(table)]
    values = " OR ".join(f"{name} IS NOT NULL" for name in there) or "1 = 0"
    return bool(engine.analytics.query(f"SELECT 1 AS n FROM {table} WHERE {values} LIMIT 1").num_rows)


def _different(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    pairs = {name: (before.get(name, 0), after.get(name, 0)) for name in sorted({*before, *after})}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _regrouped(of: pa.Table, by: pa.Table) -> int:
    """How many people of one side have their identifiers with several people of the other."""
    kinds = {"identifier": pa.string(), "profile_id": pa.string()}
    tables = {"a": of if of.num_rows else table_of(kinds), "b": by if by.num_rows else table_of(kinds)}
    return int(scratch(_REGROUPED, tables)["n"][0].as_py())
