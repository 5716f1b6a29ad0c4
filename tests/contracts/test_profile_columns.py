"""Every table that names a person follows merges and can forget.

The rule, table by table:

- an **operational** table with a column that holds a node or a profile: the stage of the room that
  creates it overrides both ``rekey`` and ``erase``;
- an **analytics** table with such a column: its rows keep the node they came with, so it declares the
  column and a derived view, through which it follows the map ``merged``. The registry of nodes itself
  has one row a node and needs no view; the map is what the views read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from foretell import app, identify
from foretell.clock import SystemClock
from foretell.definitions import WorkspaceSettings
from foretell.engine import PARTS as ENGINE_PARTS
from foretell.engine import AnalyticsTable, EngineSettings, RoomParts, Stage, open_engine

NAMES_A_PERSON = {"node_key", "profile_key", "loser_key", "winner_key", "address_node", "node_a", "node_b"}
ITSELF_THE_MAP = {"nodes", "merged"}
"""Analytics tables of ``identify`` that say what the derived views read."""
_CREATES = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.IGNORECASE)

Columns = Mapping[str, set[str]]


def breaches(parts: Sequence[RoomParts], stages: Sequence[Stage], columns: Columns) -> list[str]:
    """What breaks the rule, each with room and table.

    Args:
        columns: the columns of every operational table that exists.
    """
    rooms = {table: part.room for part in parts for script in part.migrations for table in _CREATES.findall(script)}
    hooks = {stage.room: type(stage) for stage in stages}
    found = []
    for table in sorted(name for name, has in columns.items() if has & NAMES_A_PERSON):
        room = rooms.get(table)
        if room is None:
            found.append(f"table {table} names people and no room's migration creates it")
            continue
        lacking = [hook for hook in ("rekey", "erase") if not overrides(hooks.get(room), hook)]
        if lacking:
            found.append(f"room {room}, table {table}: its stage has no {' and no '.join(lacking)}")
    for part in parts:
        found += [f"room {part.room}, {fault}" for table in part.tables for fault in faults_of(table)]
    return found


def overrides(stage: type[Stage] | None, hook: str) -> bool:
    """Whether a room has a stage that does something of its own at ``hook``."""
    return stage is not None and getattr(stage, hook) is not getattr(Stage, hook)


def faults_of(table: AnalyticsTable) -> list[str]:
    named = set(table.columns) & NAMES_A_PERSON
    if not named or table.name in ITSELF_THE_MAP:
        return []
    if named != {table.profile_column}:
        return [f"analytics table {table.name}: {', '.join(sorted(named))} is not its declared profile column"]
    if not table.derived:
        return [f"analytics table {table.name}: it has no derived view and so does not follow merges"]
    return []


def schema(data: Path, parts: Sequence[RoomParts], stages: Sequence[Stage]) -> dict[str, set[str]]:
    """Columns of every operational table of a freshly opened workspace."""
    with open_engine(EngineSettings(data), parts, stages, {}, SystemClock()) as engine:
        tables = engine.ops.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {
            name: {column for (column,) in engine.ops.query("SELECT name FROM pragma_table_info(?)", (name,))}
            for (name,) in tables
        }


def test_every_table_that_names_people_follows_merges_and_forgets(tmp_path: Path) -> None:
    stages = app.stages(WorkspaceSettings())
    columns = schema(tmp_path, app.ROOMS, stages)
    assert {"node_seen", "node_traits", "identifiers"} <= {
        name for name, has in columns.items() if has & NAMES_A_PERSON
    }
    assert breaches([ENGINE_PARTS, *app.ROOMS], stages, columns) == []


def test_a_rebuild_knows_every_table(tmp_path: Path) -> None:
    """Each operational table that names people is derived again, or its columns are declared; no room does both."""
    parts = [ENGINE_PARTS, *app.ROOMS]
    columns = schema(tmp_path, app.ROOMS, [])
    derived = {table for part in parts for table in part.rebuilt}
    assert derived <= set(columns)
    kept = {name: set(has) for part in parts for name, has in part.people.items()}
    named = {name: has & NAMES_A_PERSON for name, has in columns.items() if has & NAMES_A_PERSON}
    assert kept == {name: has for name, has in named.items() if name not in derived}
    assert [part.room for part in parts if part.rebuilt and part.people] == []


def test_every_derived_view_answers_with_todays_owner(tmp_path: Path) -> None:
    declared = [table for part in [ENGINE_PARTS, *app.ROOMS] for table in part.tables if table.derived]
    assert len(declared) >= 6
    with open_engine(EngineSettings(tmp_path), app.ROOMS, [], {}, SystemClock()) as engine:
        for table in declared:
            assert "profile_key" in engine.analytics.columns(str(table.derived)), table.name


class Forgetful(Stage):
    room = "fake"

    def rekey(self, tx: object, merges: object) -> None:
        """Own."""


class Whole(Forgetful):
    def erase(self, tx: object, profiles: object) -> None:
        """Own."""


def test_the_rule_catches_what_it_is_for(tmp_path: Path) -> None:
    made = RoomParts("fake", ("CREATE TABLE notes (profile_key BIGINT, note TEXT)",))
    columns = {"notes": schema(tmp_path, [identify.PARTS, made], [])["notes"]}
    assert columns["notes"] == {"profile_key", "note"}
    assert breaches([made], [], columns) == ["room fake, table notes: its stage has no rekey and no erase"]
    assert breaches([made], [Forgetful()], columns) == ["room fake, table notes: its stage has no erase"]
    assert breaches([made], [Whole()], columns) == []
    assert breaches([], [Whole()], columns) == ["table notes names people and no room's migration creates it"]


def test_the_rule_catches_analytics_tables_too() -> None:
    plain = AnalyticsTable("a", {"node_key": "BIGINT"}, "node_key")
    silent = AnalyticsTable("b", {"node_key": "BIGINT"}, derived="log_b")
    fixed = AnalyticsTable("c", {"profile_key": "BIGINT", "node_key": "BIGINT"}, "node_key", derived="log_c")
    right = AnalyticsTable("d", {"node_key": "BIGINT"}, "node_key", derived="log_d")
    found = breaches([RoomParts("fake", tables=(plain, silent, fixed, right))], [], {})
    assert found == [
        "room fake, analytics table a: it has no derived view and so does not follow merges",
        "room fake, analytics table b: node_key is not its declared profile column",
        "room fake, analytics table c: node_key, profile_key is not its declared profile column",
    ]
