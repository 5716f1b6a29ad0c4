"""A plain history put into a real analytics store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell.clock import Duration, FixedClock, naive_utc
from foretell.condition import Condition
from foretell.definitions import PARTS as DEFINITIONS
from foretell.engine import AnalyticsTable, Engine, EngineSettings, RoomParts, open_engine
from foretell.identify import PARTS as IDENTIFY
from foretell.money import to_micro
from foretell.profile import PARTS as PROFILE
from foretell.profile import USUAL_SURVIVORSHIP, Survivorship
from tests.properties.naive import Asked, History

SCORES = RoomParts(
    "predict",
    tables=(
        AnalyticsTable(
            "score_rows",
            {
                "prediction": "VARCHAR", "horizon": "VARCHAR", "node_key": "BIGINT", "as_of": "TIMESTAMP",
                "score": "DOUBLE", "low": "DOUBLE", "high": "DOUBLE", "model": "VARCHAR", "reasons": "VARCHAR",
            },
            "node_key",
        ),
    ),
)  # fmt: skip
PERSONAS = RoomParts(
    "segment",
    tables=(
        AnalyticsTable(
            "persona_rows",
            {"node_key": "BIGINT", "persona": "VARCHAR", "as_of": "TIMESTAMP", "known_at": "TIMESTAMP"},
            "node_key",
        ),
    ),
)


class Known:
    """Segments and predictions that conditions refer to."""

    def __init__(
        self,
        segments: Mapping[str, tuple[Condition, str]],
        predictions: Mapping[str, tuple[tuple[str, ...], Duration | None]],
        rules: Survivorship = USUAL_SURVIVORSHIP,
    ) -> None:
        self.segments, self.predictions, self.rules = segments, predictions, rules

    def segment(self, key: str) -> tuple[Any, Any]:
        return self.segments[key]

    def prediction(self, key: str, horizon: str | None) -> tuple[str, Duration | None]:
        horizons, max_age = self.predictions[key]
        return horizon or horizons[0], max_age

    def consent(self, channel: str, purpose: str) -> Duration | None:
        return None

    def survivorship(self) -> Survivorship:
        return self.rules


@contextmanager
def stored(history: History, folder: Path) -> Iterator[Engine]:
    """An engine whose analytics store holds ``history``."""
    clock = FixedClock(datetime(2030, 1, 1, tzinfo=UTC))
    parts = [DEFINITIONS, IDENTIFY, PROFILE, SCORES, PERSONAS]
    with open_engine(EngineSettings(folder), parts, [], {}, clock) as engine:
        fill(engine, history)
        yield engine


def fill(engine: Engine, history: History) -> None:
    """Put ``history`` into an engine that is still empty."""
    numbers: dict[tuple[str | None, str], int] = {}
    events = [_event(row, numbers) for row in history.events]
    elements = [row for event in history.events for row in _elements(event, numbers)]
    traits = [
        {
            "seq": row["seq"], "node_key": row["node"], "ts": naive_utc(row["ts"]),
            "known_at": naive_utc(row["known_at"]), "trait": row["trait"],
            "source": row.get("source"), **_pair(row["value"], "s", "n"),
        }
        for row in history.traits
    ]  # fmt: skip
    sightings = [
        {
            "node_key": row["node"], "ts": naive_utc(row["ts"]), "known_at": naive_utc(row["known_at"]),
            "known": row["known"],
        }
        for row in history.events
    ]  # fmt: skip
    merged = [{"node_key": node, "profile_key": owner} for node, owner in history.owners.items()]
    keys = {row["node"] for row in history.events} | set(history.owners.values())
    nodes = [{"node_key": n, "profile_id": f"p_{n}"} for n in sorted(keys)]
    scores = [
        {
            "prediction": row["prediction"], "horizon": row["horizon"], "node_key": row["node"],
            "as_of": naive_utc(row["as_of"]), "score": row["score"],
        }
        for row in history.scores
    ]  # fmt: skip
    consents = [
        {
            "seq": row["seq"], "node_key": row["node"], "ts": naive_utc(row["ts"]),
            "known_at": naive_utc(row["known_at"]), **{name: row[name] for name in ("channel", "purpose", "state")},
        }
        for row in history.consents
    ]  # fmt: skip
    personas = [
        {
            "node_key": row["node"], "persona": row["persona"],
            "as_of": naive_utc(row["as_of"]), "known_at": naive_utc(row["known_at"]),
        }
        for row in history.personas
    ]  # fmt: skip
    members = [
        {
            "seq": row["seq"], "node_key": row["node"], "ts": naive_utc(row["ts"]),
            "known_at": naive_utc(row["known_at"]), "account_id": row["account"], "kind": "account",
            "ended": row["ended"],
        }
        for row in history.members
    ]  # fmt: skip
    account_traits = [
        {
            "seq": row["seq"], "node_key": row["node"], "ts": naive_utc(row["ts"]),
            "known_at": naive_utc(row["known_at"]), "account_id": row["account"], "trait": row["trait"],
            **_pair(row["value"], "s", "n"),
        }
        for row in history.account_traits
    ]  # fmt: skip
    with engine.ops.write() as tx:
        rows = [(number, array, path) for (array, path), number in numbers.items()]
        tx.executemany("INSERT INTO property_columns (number, array_path, path) VALUES (?, ?, ?)", rows)
    tables = {
        "event_log": events, "event_elements": elements, "trait_values": traits, "sightings": sightings,
        "merged": merged, "nodes": nodes, "score_rows": scores, "consent_rows": consents,
        "account_member_rows": members, "account_trait_rows": account_traits,
        "persona_rows": personas, "list_values": list(_listed(history)),
    }  # fmt: skip
    engine.analytics.apply(1, {name: _table(rows) for name, rows in tables.items() if rows})


def _listed(history: History) -> Iterator[dict[str, Any]]:
    for key, versions in history.lists.items():
        for valid_from, texts in versions:
            for text in sorted(texts):
                yield {
                    "list_key": key, "valid_from": naive_utc(valid_from), "place": 0, "field": "value",
                    "s": text, "n": _pair(text, "s", "n")["n"] if text.lstrip("-")[:1] != "0" else None,
                }  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    columns = {name: None for row in rows for name in row}
    return pa.table({name: pa.array([row.get(name) for row in rows], _type(name, rows)) for name in columns})


def _type(name: str, rows: list[dict[str, Any]]) -> pa.DataType:
    sample = next((row[name] for row in rows if row.get(name) is not None), None)
    if isinstance(sample, datetime):
        return pa.timestamp("us")
    if isinstance(sample, bool):
        return pa.bool_()
    if isinstance(sample, int) or re.fullmatch(r"n|p\d+n", name):
        return pa.int32() if name in ("ordinal", "place") else pa.int64()
    return pa.float64() if isinstance(sample, float) else pa.string()


def _event(row: dict[str, Any], numbers: dict[tuple[str | None, str], int]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "seq": row["seq"], "batch": 1, "ts": naive_utc(row["ts"]), "known_at": naive_utc(row["known_at"]),
        "received_at": naive_utc(row["known_at"]), "event": row["event"], "type": "track",
        "node_key": row["node"], "message_id": row["message_id"],
    }  # fmt: skip
    for path, value in _flat(row["properties"]):
        number = numbers.setdefault((None, path), len(numbers) + 1)
        found.update(_pair(value, f"p{number}s", f"p{number}n"))
    return found


def _elements(row: dict[str, Any], numbers: dict[tuple[str | None, str], int]) -> Iterator[dict[str, Any]]:
    for array, elements in row["properties"].items():
        if not isinstance(elements, list):
            continue
        for ordinal, element in enumerate(elements):
            found: dict[str, Any] = {"seq": row["seq"], "array": array, "ordinal": ordinal}
            for path, value in _flat(element):
                number = numbers.setdefault((array, path), len(numbers) + 1)
                found.update(_pair(value, f"p{number}s", f"p{number}n"))
            yield found


def _flat(value: Any, head: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{head}{key}.")
        elif inner is not None and not isinstance(inner, list):
            yield f"{head}{key}", inner


def _pair(value: Any, text: str, number: str) -> dict[str, Any]:
    """The value rule of the event log: texts, numbers in micro units, numeric texts as both."""
    if value is None:
        return {text: None, number: None}
    if isinstance(value, bool):
        return {text: str(value).lower(), number: None}
    if not isinstance(value, str):
        return {text: None, number: to_micro(value)}
    whole, _, part = value.removeprefix("-").partition(".")
    numeric = (
        value.isascii()
        and whole.isdigit()
        and len(whole) <= 12
        and ("." not in value or (part.isdigit() and len(part) <= 6))
    )
    return {text: value, number: to_micro(value) if numeric else None}


def asked_people(people: Mapping[int, Asked]) -> pa.Table:
    """The people asked about, as the reader takes them."""
    return pa.table(
        {
            "profile_key": pa.array(list(people), pa.int64()),
            "since": pa.array([a.since and naive_utc(a.since) for a in people.values()], pa.timestamp("us")),
            "run": pa.array([a.run for a in people.values()], pa.string()),
            "entry_message_id": pa.array([a.entry for a in people.values()], pa.string()),
        }
    )


def asked_context(people: Mapping[int, Asked]) -> pa.Table:
    """What is known at the moment of a decision, as the reader takes it."""
    rows = [
        {"profile_key": key, "name": name, **_pair(value, "s", "n")}
        for key, asked in people.items()
        for name, value in asked.context.items()
    ]
    kinds = [("profile_key", pa.int64()), ("name", pa.string()), ("s", pa.string()), ("n", pa.int64())]
    return pa.Table.from_pylist(rows, pa.schema(kinds))
