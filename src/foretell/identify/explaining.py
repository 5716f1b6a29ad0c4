"""Why somebody is one person: identifiers, merges with their evidence, and what was kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import from_micros
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify.edges import Identifier, Link, links_of, way
from foretell.identify.entries import Entry, Readable, read_entries, tree_of
from foretell.identify.ledger import IN_FORCE
from foretell.identify.lookup import Match, find


@dataclass(frozen=True)
class Held:
    """An identifier of a person.

    Args:
        node: public id of the profile that it came with; the person's own where no merge brought it.
        merge_id: the merge that brought it to the oldest of the person's profiles last; None where none did.
    """

    kind: str
    value: str
    node: str
    merge_id: int | None


@dataclass(frozen=True)
class Apart:
    """Somebody with whom the person is not made one again.

    Args:
        profile_id: the other, as of now.
        known_by: an identifier of the other, ``kind:value``.
        note: why, in the words of whoever split them.
    """

    profile_id: str
    known_by: str
    since: datetime
    note: str | None


@dataclass(frozen=True)
class Denial:
    """A join that was denied.

    Args:
        rule: what denied it, see :data:`~foretell.identify.ledger.DENIED`.
        times: how often.
        message_id: the last event that named both.
    """

    rule: str
    kind_a: str
    value_a: str
    kind_b: str
    value_b: str
    times: int
    first_at: datetime
    last_at: datetime
    message_id: str


@dataclass(frozen=True)
class Explanation:
    """Why somebody is one person.

    Args:
        identifiers: all of them, by kind and value.
        merges: in force, the earliest first.
        undone: merges that were taken back, the earliest first.
        links: which identifiers were named together, each pair with its first event.
    """

    profile_id: str
    identifiers: list[Held]
    merges: list[Entry]
    undone: list[Entry]
    links: list[Link]
    apart: list[Apart]
    denied: list[Denial]

    def way(self, start: Identifier, end: Identifier) -> list[Link]:
        """The fewest links between two of the identifiers."""
        return way(self.links, start, end)


def connection(engine: Engine, why: Explanation, match: Match, identifier: str) -> list[Link]:
    """The fewest links from the identifier by which somebody was found to another of theirs, ``kind:value``.

    Raises:
        UsageError: ``NOT_THEIRS`` where the other is somebody else's; ``NO_LINKS`` where both were joined by hand,
            or before links were kept.
    """
    other = find(engine, identifier)
    if other.profile_key != match.profile_key:
        raise UsageError(
            "NOT_THEIRS",
            f"{identifier} is another person",
            thing=f"profile {other.profile_id}",
            next_step=f"See who that is: foretell profile show {identifier}",
        )
    start, end = ((one.kind, one.value) for one in (match, other))
    found = why.way(start, end)
    if not found and start != end:
        raise UsageError(
            "NO_LINKS",
            f"no chain of events leads from {':'.join(start)} to {':'.join(end)}",
            next_step="They were joined by hand, as a match or by an older release: see the merges without --to.",
        )
    return found


_HELD = (
    "SELECT i.kind, i.value, i.node_key, n.profile_id FROM identifiers i JOIN nodes n ON n.node_key = i.node_key "
    "WHERE i.node_key IN ({marks}) ORDER BY i.kind, i.value"
)
_DENIED = "d.rule, d.kind_a, d.value_a, d.kind_b, d.value_b, d.times, d.first_at, d.last_at, d.message_id"


def explain(engine: Engine, match: Match) -> Explanation:
    """Why the person found by :func:`~foretell.identify.find` is one."""
    tree = tree_of(engine.ops, match.profile_key)
    nodes = sorted(tree.nodes)
    marks = ", ".join("?" * len(nodes))
    rows = engine.ops.query(_HELD.format(marks=marks), tuple(nodes))
    brought = {node: [entry.merge_id for entry in tree.way(tree.root, node)] for node in nodes}
    undone = f"g.state <> '{IN_FORCE}' AND (g.node_a IN ({marks}) OR g.node_b IN ({marks})) ORDER BY g.merge_id"
    return Explanation(
        match.profile_id,
        [Held(str(k), str(v), str(own), max(brought[node], default=None)) for k, v, node, own in rows],
        tree.entries(),
        read_entries(engine.ops, undone, (*nodes, *nodes)),
        links_of(engine, nodes, [(str(kind), str(value)) for kind, value, _, _ in rows]),
        _apart(engine.ops, nodes, marks),
        _denied_to(engine.ops, match.profile_key, nodes, marks),
    )


def denial(row: Sequence[object]) -> Denial:
    """A row of the table ``denied``."""
    rule, kind_a, value_a, kind_b, value_b, times, first, last, message = row
    return Denial(
        str(rule), str(kind_a), str(value_a), str(kind_b), str(value_b), int(str(times)),
        from_micros(int(str(first))), from_micros(int(str(last))), str(message),
    )  # fmt: skip


def _apart(store: Readable, nodes: Sequence[int], marks: str) -> list[Apart]:
    rows = store.query(
        "SELECT o.other, k.profile_id, min(i.kind || ':' || i.value), min(o.since), min(o.note) FROM ("
        f"SELECT node_b AS other, since, note FROM kept_apart WHERE node_a IN ({marks}) UNION ALL "
        f"SELECT node_a, since, note FROM kept_apart WHERE node_b IN ({marks})) o "
        "LEFT JOIN merged m ON m.node_key = o.other JOIN nodes k ON k.node_key = coalesce(m.profile_key, o.other) "
        "LEFT JOIN identifiers i ON i.node_key = o.other GROUP BY o.other, k.profile_id ORDER BY 4, 1",
        (*nodes, *nodes),
    )
    return [Apart(str(profile), known or "", from_micros(since), note) for _, profile, known, since, note in rows]


def _denied_to(store: Readable, profile_key: int, nodes: Sequence[int], marks: str) -> list[Denial]:
    """Joins that were denied and are so still: the other identifier is somebody else's."""
    sides = [
        f"SELECT {_DENIED} FROM identifiers i JOIN denied d ON d.kind_{mine} = i.kind AND d.value_{mine} = i.value "
        f"JOIN identifiers o ON o.kind = d.kind_{other} AND o.value = d.value_{other} "
        "LEFT JOIN merged m ON m.node_key = o.node_key "
        f"WHERE i.node_key IN ({marks}) AND coalesce(m.profile_key, o.node_key) <> ?"
        for mine, other in (("a", "b"), ("b", "a"))
    ]
    rows = store.query(f"{' UNION '.join(sides)} ORDER BY 8 DESC, 1, 3, 5", (*nodes, profile_key, *nodes, profile_key))
    return [denial(row) for row in rows]
