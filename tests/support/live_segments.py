"""A workspace's stores with segments that are kept fresh, and what a full recomputation says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import identify, profile, segment
from foretell.clock import SteppedClock
from foretell.condition import Reader
from foretell.definitions import Catalog, load
from foretell.engine import (
    LEAST_KEY,
    Engine,
    EngineSettings,
    KeptProperties,
    anonymised,
    forget,
    open_engine,
    put_anonymous,
    undisturbed,
)
from tests.support import small_events

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Shop:
    """An opened store, its segment documents, and the clock."""

    root: Path
    zone: str = "Europe/London"
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(START))

    def __post_init__(self) -> None:
        (self.root / "segments").mkdir(parents=True, exist_ok=True)
        (self.root / "foretell.yaml").write_text(f"zone: {self.zone}\n")
        self.data = self.root / "data"
        self.data.mkdir(exist_ok=True)
        self.open()
        self.define({})

    def open(self) -> None:
        """Open the stores."""
        self.engine: Engine = open_engine(
            EngineSettings(self.data),
            [identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS, segment.live.LIVE_PARTS],
            [identify.IdentifyStage(), profile.ProfileStage(), segment.live.LiveStage(self.data)],
            {"small": small_events.decode},
            self.clock,
        )

    def reopen(self) -> None:
        """Close the stores and open them again, as a restart does."""
        self.engine.close()
        self.open()
        self.define(self.segments)

    def define(self, segments: Mapping[str, Mapping[str, Any]]) -> None:
        """Let these be the segments: key → spec."""
        self.segments = dict(segments)
        documents = [{"kind": "segment", "key": key, "spec": dict(spec)} for key, spec in segments.items()]
        (self.root / "segments" / "all.yaml").write_text("\n---\n".join(map(json.dumps, documents)))
        catalog, problems = load(self.root, [segment.KIND])
        assert [problem for problem in problems if problem.severity == "error"] == []
        self.catalog: Catalog = catalog
        self.reader = Reader(self.engine, catalog)

    def happen(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Take events in, see :func:`tests.support.small_events.event`; their hours count from 2026."""
        self.engine.spool_append([small_events.frame(list(events))])
        self.engine.apply_pending()

    def erase(self, identifier: str) -> None:
        """Forget somebody, as the room that does so does it: the store is written anew, and every room forgets."""
        engine = self.engine
        with undisturbed(engine):
            key = identify.find(engine, identifier).profile_key
            others = engine.ops.query("SELECT node_key FROM merged WHERE profile_key = ?", (key,))
            nodes = [key, *(node for (node,) in others)]
            people = pa.table({"node_key": nodes, "random_key": [LEAST_KEY + node for node in nodes]})
            nothing: frozenset[str] = frozenset()
            kept = KeptProperties(nothing, nothing, nothing, (), nothing)
            put_anonymous(engine, anonymised(engine, people, pa.array([], pa.string()), kept, self.zone))
            forget(engine, pa.table({"profile_key": pa.array([key], pa.int64())}), [], lambda *_: None)

    def look(self, now: datetime) -> segment.live.Refreshed:
        """Refresh all segments."""
        self.clock.instant = now
        return segment.live.refresh(self.engine, self.catalog, self.reader, now=now)

    def kept(self, key: str) -> set[int]:
        """Who is in a segment by what is kept."""
        return set(segment.live.current(self.engine, key)["profile_key"].to_pylist())

    def recomputed(self, key: str, now: datetime) -> set[int]:
        """Who is in a segment by its condition."""
        document = self.catalog.get("segment", key)
        tree, of = segment.condition_of(document), segment.spec_of(document).of
        return set(self.reader.members(tree, as_of=now, of=of)["profile_key"].to_pylist())

    def kept_by_key(self) -> dict[str, set[int]]:
        """Who is in each segment by what is kept."""
        rows = self.rows(
            "SELECT segment, node_key FROM segment_changes GROUP BY segment, node_key "
            "HAVING sum(CASE WHEN entered THEN 1 ELSE -1 END) > 0"
        )
        return {key: {node for segment, node in rows if segment == key} for key in self.segments}

    def recomputed_by_key(self, now: datetime) -> dict[str, set[int]]:
        """Who is in each segment by its condition."""
        parts = []
        for key in self.segments:
            document = self.catalog.get("segment", key)
            of = segment.spec_of(document).of
            query = self.reader.sql(segment.condition_of(document), as_of=now, of=of)
            parts.append(f"SELECT '{key}' AS segment, q.profile_key FROM ({query}) AS q")
        rows = self.rows(" UNION ALL ".join(parts))
        return {key: {node for segment, node in rows if segment == key} for key in self.segments}

    def freshness(self) -> dict[str, Any]:
        """How each segment is kept fresh."""
        return dict(segment.live.freshness(self.catalog))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query of the analytics store answers."""
        return [tuple(row.values()) for row in self.engine.analytics.query(sql).to_pylist()]
