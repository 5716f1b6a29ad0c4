"""A store in a schema of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.engine import PostgresPlace
from foretell.engine.postgres import PostgresOps
from tests.support.pairs import schemas


@pytest.fixture
def place(tmp_path: Path) -> Iterator[PostgresPlace]:
    with schemas() as made:
        yield made.place(tmp_path)


@pytest.fixture
def ops(place: PostgresPlace) -> Iterator[PostgresOps]:
    store = PostgresOps(place)
    with store.write() as tx:
        tx.execute("CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT)")
    yield store
    store.close()
