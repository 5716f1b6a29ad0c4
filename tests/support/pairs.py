"""Pairs of stores for tests: a real PostgreSQL of the run, a schema a workspace, gone with the test that asked.

A pair is named like the stores it is made of. The contract suite runs on every pair; any other test that opens a
workspace runs on one of them with ``FORETELL_TEST_PAIR=postgresql+duckdb pytest …``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
from psycopg import sql

from foretell import definitions
from foretell.engine import EngineSettings, OperationalStore, PostgresPlace
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.postgres import PostgresOps
from foretell.engine.postgres.shadow import BEFORE, SHADOW
from foretell.testing.postgres import PostgresServer, postgres_server
from tests.support import spark_run

PAIRS = ("sqlite+duckdb", "postgresql+duckdb", "postgresql+spark")
EMBEDDED = PAIRS[0]
VARIABLE = "FORETELL_TEST_PAIR"
"""Names the pair on which all tests of a run open their workspaces."""
PAIR_OF_RUN = os.environ.get(VARIABLE, EMBEDDED)
assert PAIR_OF_RUN in PAIRS, f"{VARIABLE} is one of {', '.join(PAIRS)}"
_OPENING = import_module("foretell.engine.opening")
_DOORS = {name: getattr(_OPENING, name) for name in ("_open_writing", "_open_reading", "_unfinished")}
_PLACES = definitions.engine_settings
_RUN = ExitStack()


@cache
def server_of_run() -> PostgresServer:
    """The server that this process's tests share, started by the first that needs it."""
    return _RUN.enter_context(postgres_server())


def end_run() -> None:
    """Stop what was started for the run."""
    _RUN.close()
    server_of_run.cache_clear()


@dataclass
class Schemas:
    """The schemas that a test has, one a data folder."""

    made: set[str] = field(default_factory=set)

    def place(self, folder: Path) -> PostgresPlace:
        """The place of the workspace whose data folder is ``folder``."""
        name = "w_" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]
        self.made.add(name)
        return PostgresPlace(server_of_run().url, name)

    def drop(self) -> None:
        """Remove them with all that they hold."""
        if not self.made:
            return
        with psycopg.connect(server_of_run().url, autocommit=True) as connection:
            for name in sorted(f"{made}{end}" for made in self.made for end in ("", SHADOW, BEFORE)):
                connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
        self.made.clear()


@contextmanager
def schemas() -> Iterator[Schemas]:
    """The schemas of one test."""
    made = Schemas()
    try:
        yield made
    finally:
        made.drop()


@dataclass(frozen=True)
class Pair:
    """How to open a pair of stores, as often as wanted, on the same data.

    Args:
        name: one of :data:`PAIRS`.
        schemas: of the test that has the pair.
    """

    name: str
    schemas: Schemas

    def settings(self, folder: Path) -> EngineSettings:
        """Where a workspace with its data in ``folder`` stands."""
        settings = EngineSettings(folder, memory_mb=256)
        if self.name == EMBEDDED:
            return settings
        lake = spark_run.lake_in(folder) if self.name.endswith("+spark") else None
        return replace(settings, postgres=self.schemas.place(folder), lake=lake)

    def ops(self, folder: Path) -> OperationalStore:
        """The operational store alone, without any table."""
        place = self.settings(folder).postgres
        return EmbeddedOps(folder / "operations.sqlite") if place is None else PostgresOps(place)


@contextmanager
def open_pair(name: str) -> Iterator[Pair]:
    """The pair ``name`` for one test; what it made is gone afterwards."""
    with schemas() as made:
        yield Pair(name, made)


def store_of_run(folder: Path) -> OperationalStore:
    """An operational store of the pair that the run is for."""
    return Pair(PAIR_OF_RUN, Schemas()).ops(folder)


@contextmanager
def everywhere(name: str) -> Iterator[None]:
    """Within, every workspace that names no other store lies in the pair ``name``, whatever holds around it; it goes
    with the server."""
    embedded = name == EMBEDDED
    if embedded and _OPENING._open_reading is _DOORS["_open_reading"]:
        yield
        return
    pair = Pair(name, Schemas())

    def places(root: Path, settings: definitions.WorkspaceSettings) -> EngineSettings:
        where = _PLACES(root, settings)
        mine = pair.settings(where.data)
        return replace(where, postgres=where.postgres or mine.postgres, lake=where.lake or mine.lake)

    with ExitStack() as patched:
        patched.enter_context(mock.patch.object(definitions, "engine_settings", _PLACES if embedded else places))
        for door, known in _DOORS.items():
            patched.enter_context(mock.patch.object(_OPENING, door, known if embedded else _on(pair, known)))
        yield


def _on(pair: Pair, door: Callable[..., Any]) -> Callable[..., Any]:
    def opened(settings: EngineSettings, *others: Sequence[object]) -> Any:
        mine = pair.settings(settings.data)
        place = settings.postgres or mine.postgres
        assert place is not None
        _follow_copies(place, settings.data)
        return door(replace(settings, postgres=place, lake=settings.lake or mine.lake), *others)

    return opened


def _follow_copies(place: PostgresPlace, folder: Path) -> None:
    """Where ``folder`` is a copy of another data folder, copy that one's schema."""
    mark = folder / "schema-of-tests"
    before = mark.read_text() if mark.exists() else place.schema
    if folder.exists():
        mark.write_text(place.schema)
    if before == place.schema:
        return
    with psycopg.connect(place.url) as connection:
        old, new = sql.Identifier(before), sql.Identifier(place.schema)
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(new))
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(new))
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (before,)).fetchall()
        for (name,) in found:
            table = sql.Identifier(name)
            connection.execute(sql.SQL("CREATE TABLE {}.{} (LIKE {}.{} INCLUDING ALL)").format(new, table, old, table))
            connection.execute(sql.SQL("INSERT INTO {}.{} SELECT * FROM {}.{}").format(new, table, old, table))
