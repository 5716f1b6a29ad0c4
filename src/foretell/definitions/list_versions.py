"""Reference lists in force: which content holds from which instant on.

The operational store says which versions there are, the analytics store holds their values, for conditions to join.
A version that is taken out is followed by one without values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from foretell.clock import from_micros, micros, naive_utc
from foretell.definitions.lists import FOLDER, VALUES, ReferenceList, read_list, values_of
from foretell.definitions.problem import raise_errors
from foretell.definitions.revisions import Readable
from foretell.engine import TIMESTAMP, AnalyticsTable, Batch, Engine, Tx

ROOM = "definitions"

MIGRATION = """
    CREATE TABLE reference_lists (
        list_key TEXT NOT NULL,
        version BIGINT NOT NULL,
        fingerprint TEXT NOT NULL,
        file TEXT NOT NULL,
        listed BIGINT NOT NULL,
        valid_from BIGINT NOT NULL,
        removed BIGINT NOT NULL,
        PRIMARY KEY (list_key, version)
    )
    """
"""Versions are only ever added; ``listed`` is the number of lines, ``valid_from`` microseconds since 1970 UTC."""

TABLE = AnalyticsTable(
    "list_values",
    {
        "list_key": "VARCHAR",
        "valid_from": "TIMESTAMP",
        "place": "INTEGER",
        "field": "VARCHAR",
        "s": "VARCHAR",
        "n": "BIGINT",
    },
    order=("list_key", "valid_from", "place", "s"),
)
"""A row a version, column and value: the column's place (0 is the first) and name, the text, and in micro units the
number that it writes. Each version has a row without a text for each column."""


@dataclass(frozen=True)
class ListVersion:
    """The newest version of a list."""

    key: str
    version: int
    fingerprint: str
    file: str
    rows: int
    valid_from: datetime
    removed: bool


@dataclass(frozen=True)
class ListChange:
    """What happens to one list.

    Args:
        rows: lines of the new content, or of what is taken out.
        rows_before: lines that hold now.
    """

    action: Literal["added", "changed", "removed"]
    key: str
    file: str
    rows: int
    rows_before: int

    @property
    def name(self) -> str:
        """As messages call it: ``list hiking_zips``."""
        return f"list {self.key}"

    def as_dict(self) -> dict[str, object]:
        """For programs (``--json``)."""
        return {"action": self.action, "list": self.key, "where": self.file, "rows": self.rows}


def versions(store: Readable) -> dict[str, ListVersion]:
    """The newest version of every list that there ever was, by key."""
    rows = store.query(
        "SELECT r.list_key, r.version, r.fingerprint, r.file, r.listed, r.valid_from, r.removed FROM reference_lists r "
        "WHERE r.version = (SELECT max(l.version) FROM reference_lists l WHERE l.list_key = r.list_key)"
    )
    return {
        key: ListVersion(key, version, mark, file, listed, from_micros(since), bool(removed))
        for key, version, mark, file, listed, since, removed in rows
    }


def list_changes(lists: Mapping[str, ReferenceList], store: Readable) -> list[ListChange]:
    """What the lists of the files would change of what is in force, by key."""
    held = {key: one for key, one in versions(store).items() if not one.removed}
    found = []
    for key in sorted(lists.keys() | held.keys()):
        new, old = lists.get(key), held.get(key)
        if new is None and old is not None:
            found.append(ListChange("removed", key, old.file, old.rows, old.rows))
        elif new is not None and old is None:
            found.append(ListChange("added", key, new.file, new.rows, 0))
        elif new is not None and old is not None and new.fingerprint != old.fingerprint:
            found.append(ListChange("changed", key, new.file, new.rows, old.rows))
    return found


def apply_lists(engine: Engine, root: Path, lists: Mapping[str, ReferenceList], *, now: datetime) -> list[ListChange]:
    """Let the lists of the files hold from ``now`` on; returns what changed, nothing the second time.

    Raises:
        DefinitionErrors: where a file can no longer be read.
    """
    made = list_changes(lists, engine.ops)
    if not made:
        return []
    read = {change.key: _read(root, change) for change in made if change.action != "removed"}

    def work(tx: Tx, batch: Batch) -> None:
        held = versions(tx)
        for change in made:
            listed, values = read.get(change.key, (None, None))
            number = held[change.key].version + 1 if change.key in held else 1
            mark = listed.fingerprint if listed is not None else ""
            tx.execute(
                "INSERT INTO reference_lists (list_key, version, fingerprint, file, listed, valid_from, removed) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (change.key, number, mark, change.file, change.rows, micros(now), int(listed is None)),
            )
            batch.emit("list_values", _stamped(change.key, _NOTHING if values is None else values, now))

    engine.act(ROOM, work, now=now)
    return made


_NOTHING = pa.table({"place": [0], "field": [""], "s": [None], "n": [None]}, schema=VALUES)


def _read(root: Path, change: ListChange) -> tuple[ReferenceList, pa.Table]:
    found = read_list(root, root / FOLDER / f"{change.key}.csv")
    raise_errors(found.problems)
    assert found.list is not None
    assert found.cells is not None
    return found.list, values_of(found.cells)


def _stamped(key: str, values: pa.Table, now: datetime) -> pa.Table:
    size = values.num_rows
    since = pa.repeat(pa.scalar(naive_utc(now), TIMESTAMP), size)
    return values.add_column(0, "valid_from", since).add_column(0, "list_key", pa.repeat(key, size))
