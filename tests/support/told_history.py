"""What a workspace has stored, as the plain dictionaries of the naive evaluator of conditions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from foretell.clock import utc
from foretell.engine import Engine
from tests.properties.naive import History

Row = dict[str, Any]


def told_history(engine: Engine) -> History:
    """Events with their properties, traits, consents, scores, personas, accounts and who is who."""
    analytics = engine.analytics
    events = _rows(engine, "SELECT seq, node_key AS node, event, message_id, ts, known_at FROM event_log "
                   "WHERE node_key IS NOT NULL AND node_key > 0")  # fmt: skip
    by_seq: dict[int, Row] = {row["seq"]: {} for row in events}
    _read_properties(engine, by_seq)
    return History(
        events=[{**row, "known": True, "properties": by_seq[row["seq"]]} for row in events],
        traits=[
            {**row, "value": _value(row)}
            for row in _rows(engine, "SELECT seq, node_key AS node, ts, known_at, trait, source, s, n "
                             "FROM trait_values")
        ],
        scores=_rows(engine, "SELECT prediction, horizon, node_key AS node, as_of, score FROM score_rows"),
        consents=_rows(engine, "SELECT seq, node_key AS node, ts, known_at, channel, purpose, state FROM consent_rows"),
        owners={row["node"]: row["owner"] for row in _rows(engine, "SELECT node_key AS node, profile_key AS owner "
                                                           "FROM merged WHERE node_key <> profile_key")},
        personas=_rows(engine, "SELECT node_key AS node, persona, as_of, known_at FROM persona_rows"),
        members=_rows(engine, "SELECT node_key AS node, account_id AS account, ts, known_at, seq, ended "
                      "FROM account_member_rows"),
        sightings=_rows(engine, "SELECT node_key AS node, ts, known_at, known FROM sightings"),
        profile_ids={row["node_key"]: row["profile_id"] for row in analytics.query(
            "SELECT node_key, profile_id FROM nodes").to_pylist()},
    )  # fmt: skip


def _rows(engine: Engine, query: str) -> list[Row]:
    rows = engine.analytics.query(query).to_pylist()
    return [{key: utc(value) if isinstance(value, datetime) else value for key, value in row.items()} for row in rows]


def _read_properties(engine: Engine, by_seq: dict[int, Row]) -> None:
    columns = engine.ops.query("SELECT number, array_path, path FROM property_columns")
    elements: dict[tuple[int, str, int], Row] = {}
    for number, array, path in columns:
        pair = f"p{number}s AS s, p{number}n AS n"
        told = f"(p{number}s IS NOT NULL OR p{number}n IS NOT NULL)"
        if array is None:
            for row in engine.analytics.query(f"SELECT seq, {pair} FROM event_log WHERE {told}").to_pylist():
                if row["seq"] in by_seq:
                    _put(by_seq[row["seq"]], path, _value(row))
        else:
            query = f'SELECT seq, ordinal, {pair} FROM event_elements WHERE "array" = $array AND {told}'
            for row in engine.analytics.query(query, {"array": array}).to_pylist():
                _put(elements.setdefault((row["seq"], array, row["ordinal"]), {}), path, _value(row))
    for (seq, array, _), element in sorted(elements.items(), key=lambda item: item[0]):
        if seq in by_seq:
            by_seq[seq].setdefault(array, []).append(element)


def _value(row: Row) -> Any:
    """Texts as they were written, numbers from micro units."""
    if row["s"] is not None or row["n"] is None:
        return row["s"]
    return Decimal(row["n"]) / 1_000_000


def _put(properties: Row, path: str, value: Any) -> None:
    here, *steps = properties, *path.split(".")
    for step in steps[:-1]:
        here = here.setdefault(step, {})
    if isinstance(here, dict):
        here[steps[-1]] = value
