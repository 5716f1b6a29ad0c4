"""Rows that lie together in leaves, so that nothing in a store says when one of them came.

A row of its own says when it was written to whoever may look beneath a store: by the transaction that wrote it
(``xmin`` of PostgreSQL), by its place in the file. Here many rows are one text, ordered by their keys and written anew
with each that comes. What can be seen of a leaf is when the last of its rows came, and not which one that was. A leaf
that grows too long is cut into two halves of many rows each, by a hash of the keys.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from foretell.engine import Tx
from foretell.ids import seed_of

LONG_CHARACTERS = 262_144
"""A leaf that is longer is cut,"""
LEAST_ROWS = 64
"""where it has so many rows: half of them are still a crowd."""


class Readable(Protocol):
    """The operational store, or an open transaction."""

    def query(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...


@dataclass(frozen=True)
class Leaf:
    """Rows by their keys.

    Args:
        low: the lowest hash of a key that belongs here.
    """

    low: int = 0
    rows: dict[str, Any] = field(default_factory=dict)


def leaf_of(store: Readable, table: str, survey: str, day: int, key: str) -> Leaf:
    """The leaf in which ``key`` lies, or would lie.

    Args:
        table: with the columns ``survey day low rows``; its rows are told by the first three.
    """
    found = store.query(
        f"SELECT low, rows FROM {table} WHERE survey = ? AND day = ? AND low <= ? ORDER BY low DESC LIMIT 1",
        (survey, day, seed_of(key)),
    )
    return Leaf(int(found[0][0]), json.loads(found[0][1])) if found else Leaf()


def put(tx: Tx, table: str, survey: str, day: int, key: str, value: object) -> None:
    """Lay a row into its leaf; one with the same key is replaced."""
    leaf = leaf_of(tx, table, survey, day, key)
    rows = {**leaf.rows, key: value}
    text = _text(rows)
    if len(text) <= LONG_CHARACTERS or len(rows) < LEAST_ROWS:
        _write(tx, table, (survey, day, leaf.low), text)
        return
    keys = sorted(rows, key=seed_of)
    halves = keys[: len(keys) // 2], keys[len(keys) // 2 :]
    for low, half in zip((leaf.low, seed_of(halves[1][0])), halves, strict=True):
        _write(tx, table, (survey, day, low), _text({one: rows[one] for one in half}))


def take_out(tx: Tx, table: str, survey: str, day: int, key: str) -> None:
    """Take a row out of its leaf, where it is there."""
    leaf = leaf_of(tx, table, survey, day, key)
    if key in leaf.rows:
        _write(tx, table, (survey, day, leaf.low), _text({one: row for one, row in leaf.rows.items() if one != key}))


def _write(tx: Tx, table: str, place: tuple[str, int, int], text: str) -> None:
    tx.execute(
        f"INSERT INTO {table} (survey, day, low, rows) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (survey, day, low) DO UPDATE SET rows = excluded.rows",
        (*place, text),
    )


def _text(rows: dict[str, Any]) -> str:
    return json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
