"""Few events as frames, and a workspace's stores with the rooms that need no documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import identify, profile
from foretell.clock import Clock, FixedClock
from foretell.engine import (
    EVENTS,
    IDENTIFIERS,
    PROBLEMS,
    TRAITS,
    Decoded,
    Engine,
    EngineSettings,
    Frame,
    Mode,
    open_engine,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRIORITY = {"user_id": 0, "email": 1, "phone": 2, "anonymous_id": 9}


def event(name: str, message_id: str, at_hours: float = 0, **more: Any) -> dict[str, Any]:
    """An event; ``more`` may hold ``ids`` (kind → value), ``traits``, ``properties`` and ``source``."""
    return {"event": name, "id": message_id, "at": at_hours, **more}


def frame(events: Sequence[Mapping[str, Any]]) -> Frame:
    """A frame of events."""
    return Frame("small", {"source": "test"}, json.dumps(list(events)).encode())


def decode(arrived: Frame) -> Decoded:
    """Read :func:`frame`."""
    rows, links, traits, problems = [], [], [], []
    properties: list[dict[str, object]] = []
    for row, item in enumerate(json.loads(arrived.body)):
        at = (NOW + timedelta(hours=item["at"])).replace(tzinfo=None)
        known = (NOW + timedelta(hours=item.get("known", item["at"]))).replace(tzinfo=None)
        told = item.get("properties", {})
        rows.append(
            (row, row + 1, item["id"], item.get("type", "track"), item["event"], at, known, known,
             item.get("source", "test"), json.dumps(told), "{}")
        )  # fmt: skip
        links += [(row, kind, value, PRIORITY.get(kind, 3)) for kind, value in item.get("ids", {}).items()]
        traits += [(row, name, *_split(value)) for name, value in item.get("traits", {}).items()]
        properties.append({"row": row} | {f"{side}:{name}": part for name, value in told.items()
                                          for side, part in zip("sn", _split(value), strict=True)})  # fmt: skip
        if item.get("broken"):
            problems.append((row + 1, "BROKEN", "told to be broken", json.dumps(item)))
    return Decoded(
        table(EVENTS, rows),
        table(IDENTIFIERS, links),
        properties=_wide(properties),
        traits=table(TRAITS, traits),
        problems=table(PROBLEMS, problems),
    )


def _split(value: Any) -> tuple[str | None, int | None]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return None, round(value * 1_000_000)
    return (None if value is None else str(value)), None


def _wide(rows: list[dict[str, object]]) -> pa.Table:
    names = sorted({name for row in rows for name in row} - {"row"})
    columns = {"row": pa.array([row["row"] for row in rows], pa.int64())}
    for name in names:
        columns[name] = pa.array([row.get(name) for row in rows], pa.string() if name[0] == "s" else pa.int64())
    return pa.table(columns)


def table(schema: pa.Schema, rows: Sequence[Sequence[object]]) -> pa.Table:
    """A table of ``schema`` from Python rows."""
    if not rows:
        return schema.empty_table()
    columns = [pa.array(values, kind.type) for values, kind in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.table(columns, schema=schema)


def open_small(data: Path, mode: Mode = "write", clock: Clock | None = None) -> Engine:
    """Stores under ``data`` with the rooms identify and profile."""
    return open_engine(
        EngineSettings(data),
        [identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS],
        [identify.IdentifyStage(), profile.ProfileStage()],
        {"small": decode},
        clock or FixedClock(NOW),
        mode,
    )
