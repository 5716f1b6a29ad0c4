"""Reading the ledger: merges with their evidence, and the tree that those in force make of a profile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from foretell.clock import from_micros
from foretell.identify.forest import Forest, shortest_way
from foretell.identify.ledger import IN_FORCE

_COLUMNS = (
    "merge_id", "loser_key", "winner_key", "merged_at", "reason", "kind_a", "value_a", "kind_b", "value_b",
    "message_id", "note", "node_a", "node_b", "state", "undone_at",
)  # fmt: skip
_SELECT = (
    f"SELECT {', '.join(f'g.{name}' for name in _COLUMNS)}, w.profile_id, l.profile_id FROM merges g "
    "LEFT JOIN nodes w ON w.node_key = g.winner_key LEFT JOIN nodes l ON l.node_key = g.loser_key"
)
OF_PROFILE = "SELECT m.node_key FROM merged m WHERE m.profile_key = ?"


class Readable(Protocol):
    """The operational store, or an open transaction."""

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...


@dataclass(frozen=True)
class Entry:
    """A merge.

    Args:
        merge_id: its number in the ledger.
        winner, loser: public ids of the profile that stayed and of the one that went into it.
        at: when the two became one.
        reason: ``event``, ``alias``, ``matched``, ``hand`` or ``rules``.
        kind_a, value_a, kind_b, value_b: the two identifiers whose edge joined them; None for merges of releases
            that did not keep it.
        message_id: the event that named both, where there is one.
        note: why, in the words of whoever did it by hand.
        node_a, node_b: the nodes of the two identifiers.
        in_force: False where it was undone, at ``undone_at``.
    """

    merge_id: int
    winner: str
    loser: str
    at: datetime
    reason: str
    kind_a: str | None
    value_a: str | None
    kind_b: str | None
    value_b: str | None
    message_id: str | None
    note: str | None
    node_a: int
    node_b: int
    winner_key: int
    loser_key: int
    in_force: bool
    undone_at: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """What people and programs see of it."""
        return {name: value for name, value in asdict(self).items() if name not in _KEYS}


_KEYS = ("node_a", "node_b", "winner_key", "loser_key")


def read_entries(store: Readable, where: str = "1 = 1", params: Sequence[object] = ()) -> list[Entry]:
    """Entries of the ledger.

    Args:
        where: SQL over ``g``, the table ``merges``, and what may follow a condition (order, limit).
    """
    return [_entry(row) for row in store.query(f"{_SELECT} WHERE {where}", params)]


def _entry(row: Sequence[Any]) -> Entry:
    told = dict(zip(_COLUMNS, row, strict=False))
    undone = told["undone_at"]
    return Entry(
        merge_id=int(told["merge_id"]),
        winner=row[-2] or "",
        loser=row[-1] or "",
        at=from_micros(told["merged_at"]),
        in_force=told["state"] == IN_FORCE,
        undone_at=None if undone is None else from_micros(undone),
        **{name: told[name] for name in _COLUMNS[4:13]},
        winner_key=told["winner_key"],
        loser_key=told["loser_key"],
    )


class Tree:
    """The merges in force of a profile, as a tree over its nodes.

    Args:
        root: the node that gives the profile its key.
        nodes: all its nodes.
        entries: its merges in force. One whose sides the earlier ones joined already is no part of the tree.
    """

    def __init__(self, root: int, nodes: Iterable[int], entries: Iterable[Entry]) -> None:
        self.root = root
        self.nodes = {root, *nodes}
        self._beside: dict[int, list[tuple[int, Entry]]] = defaultdict(list)
        forest = Forest()
        for entry in sorted(entries, key=lambda one: one.merge_id):
            for one, other in ((entry.node_a, entry.node_b), (entry.winner_key, entry.loser_key)):
                if {one, other} <= self.nodes and forest.join(one, other) is not None:
                    self._beside[one].append((other, entry))
                    self._beside[other].append((one, entry))
                    break

    def way(self, start: int, end: int) -> list[Entry]:
        """The merges that lie between two nodes, in order; empty where none does."""
        return shortest_way(self._beside, start, end)

    def entries(self) -> list[Entry]:
        """All merges of the tree, the earliest first."""
        every = {entry.merge_id: entry for edges in self._beside.values() for _, entry in edges}
        return [every[number] for number in sorted(every)]

    def without(self, entry: Entry) -> set[int]:
        """The nodes that part from the root's when ``entry`` is taken away; empty where it is no part of the tree."""
        stays, waiting = {self.root}, [self.root]
        for node in waiting:
            for other, edge in self._beside[node]:
                if other not in stays and edge.merge_id != entry.merge_id:
                    stays.add(other)
                    waiting.append(other)
        cut = any(edge.merge_id == entry.merge_id for edges in self._beside.values() for _, edge in edges)
        return self.nodes - stays if cut else set()


def tree_of(store: Readable, profile_key: int) -> Tree:
    """The tree of a profile."""
    nodes = [int(node) for (node,) in store.query(OF_PROFILE, (profile_key,))]
    entries = read_entries(
        store, f"g.state = '{IN_FORCE}' AND (g.node_a = ? OR g.node_a IN ({OF_PROFILE}))", (profile_key, profile_key)
    )
    return Tree(profile_key, nodes, entries)
