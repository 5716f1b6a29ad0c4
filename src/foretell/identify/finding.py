"""Finding many people at once by their identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from foretell.engine import Engine
from foretell.identify.entries import Readable
from foretell.identify.lookup import Match, normal

_PAIRS_A_QUERY = 500


def find_all(engine: Engine, identifiers: Sequence[str]) -> list[Match | None]:
    """Who is known by each of ``identifiers``, in their order; None where nobody is.

    Args:
        identifiers: each ``type:value``, or a public id (``p_…``).
    """
    found: list[Match | None] = [None] * len(identifiers)
    pairs = [(place, kind, normal(kind, value)) for place, kind, value in _pairs(identifiers)]
    for start in range(0, len(pairs), _PAIRS_A_QUERY):
        part = pairs[start : start + _PAIRS_A_QUERY]
        asked = ", ".join(["(?, ?, ?)"] * len(part))
        values = [value for pair in part for value in pair]
        for place, key, public, kind, value in engine.ops.query(_OF_PAIRS.format(asked=asked), values):
            found[int(place)] = Match(int(key), str(public), str(kind), str(value))
    for place, match in _of_public_ids(engine, identifiers).items():
        found[place] = found[place] or match
    return found


def known_by(store: Readable, profile_keys: Sequence[int]) -> dict[int, tuple[str, str]]:
    """The identifier by which each of a few people is best spoken of: kind and value."""
    found: dict[int, tuple[str, str]] = {}
    for key in profile_keys:
        rows = store.query(
            "SELECT kind, value FROM identifiers WHERE node_key = ? OR node_key IN "
            "(SELECT node_key FROM merged WHERE profile_key = ?) ORDER BY CASE kind WHEN 'user_id' THEN 0 "
            "WHEN 'email' THEN 1 WHEN 'anonymous_id' THEN 3 ELSE 2 END, kind, value LIMIT 1",
            (key, key),
        )
        for kind, value in rows:
            found[key] = str(kind), str(value)
    return found


def _pairs(identifiers: Sequence[str]) -> list[tuple[int, str, str]]:
    parted = [(place, *text.partition(":")) for place, text in enumerate(identifiers)]
    return [(place, kind, value) for place, kind, colon, value in parted if colon]


def _of_public_ids(engine: Engine, identifiers: Sequence[str]) -> dict[int, Match]:
    """By public ids; one that was merged away leads to the profile it went into."""
    ids = {place: text for place, text in enumerate(identifiers) if text.startswith("p_")}
    if not ids:
        return {}
    asked: dict[str, Any] = {"place": pa.array(ids, pa.int64()), "profile_id": pa.array(ids.values(), pa.string())}
    rows = engine.analytics.query(_OF_IDS, tables={"asked": pa.table(asked)}).to_pylist()
    return {row["place"]: Match(row["node_key"], row["profile_id"], "profile_id", ids[row["place"]]) for row in rows}


_OF_PAIRS = (
    "WITH asked (place, kind, value) AS (VALUES {asked}) "
    "SELECT a.place, n.node_key, n.profile_id, i.kind, i.value FROM asked a "
    "JOIN identifiers i ON i.kind = a.kind AND i.value = a.value LEFT JOIN merged m ON m.node_key = i.node_key "
    "JOIN nodes n ON n.node_key = coalesce(m.profile_key, i.node_key)"
)
_OF_IDS = (
    "SELECT DISTINCT a.place, w.node_key, w.profile_id FROM asked a JOIN nodes n ON n.profile_id = a.profile_id "
    "LEFT JOIN merged m ON m.node_key = n.node_key JOIN nodes w ON w.node_key = coalesce(m.profile_key, n.node_key)"
)
