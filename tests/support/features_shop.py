"""A workspace whose source tells history that is known when it happened: for features worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import collect, definitions
from foretell.app import Workspace, open_workspace
from foretell.clock import FixedClock
from foretell.engine import Engine
from foretell.predict.features import Matrix

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
NOW = AS_OF + timedelta(days=100)
Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Shop:
    """An opened workspace whose source tells history that is known when it happened."""

    workspace: Workspace

    @property
    def engine(self) -> Engine:
        return self.workspace.engine

    def query(self, sql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.engine.analytics.query(sql).to_pylist()
        return found


@contextmanager
def opened(root: Path, **documents: str) -> Iterator[Shop]:
    """The shop in a new workspace.

    Args:
        documents: file below ``root`` without its ending, ``__`` for a folder → YAML.
    """
    definitions.init(root)
    source = "kind: source\nkey: web\nspec: {format: jsonl, history: true, lag: 0s}\n"
    (root / "sources" / "web.yaml").write_text(source)
    for name, text in documents.items():
        path = root / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    with open_workspace(root, clock=FixedClock(NOW)) as workspace:
        yield Shop(workspace)


def did(person: str, days_ago: float, event: str, **properties: Any) -> dict[str, Any]:
    at = AS_OF - timedelta(days=days_ago)
    return {
        "type": "track", "messageId": f"{person}-{event}-{days_ago}", "userId": person, "event": event,
        "timestamp": at.isoformat(), "properties": properties,
    }  # fmt: skip


def told(person: str, days_ago: float, **traits: Any) -> dict[str, Any]:
    at = AS_OF - timedelta(days=days_ago)
    return {
        "type": "identify", "messageId": f"{person}-told-{days_ago}", "userId": person, "timestamp": at.isoformat(),
        "traits": traits,
    }  # fmt: skip


def load(it: Shop, name: str, lines: Lines) -> None:
    path = it.workspace.root / f"{name}.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    collect.import_files(it.engine, it.workspace.catalog, [path], "web", now=NOW)


def everybody(it: Shop) -> pa.Table:
    return it.engine.analytics.query("SELECT DISTINCT profile_key FROM log_sightings ORDER BY profile_key")


def person(it: Shop, user: str) -> int:
    rows = it.query(f"SELECT i.profile_key FROM log_identifiers i WHERE i.kind = 'user_id' AND i.value = '{user}'")
    return int(rows[0]["profile_key"])


def values(matrix: Matrix, key: int) -> dict[str, float]:
    row = matrix.values[matrix.people.tolist().index(key)]
    return {feature.name: float(value) for feature, value in zip(matrix.features, row, strict=True)}
