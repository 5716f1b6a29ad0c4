"""Who takes the stream of ``bench identity`` in: ours, a dictionary in memory, rows of the same store one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from foretell import identify
from foretell.bench.identity_stream import NOW, Stream
from foretell.clock import FixedClock
from foretell.engine import Batch, Decoded, Engine, EngineSettings, PostgresPlace, Tx, integers, open_engine
from foretell.identify import IdentityRules

Ints = npt.NDArray[np.int64]
Names = list[tuple[str, str]]


def opened(folder: Path, postgres: PostgresPlace | None = None) -> Engine:
    """The engine in a folder, with the tables of identity alone.

    Args:
        postgres: where the operational store lies instead.
    """
    stage = identify.IdentifyStage()
    return open_engine(EngineSettings(folder, postgres=postgres), [identify.PARTS], [stage], {}, FixedClock(NOW))


@contextmanager
def empty_store() -> Iterator[Engine]:
    """An engine that holds nothing."""
    with TemporaryDirectory(prefix="foretell-bench-") as folder, opened(Path(folder)) as engine:
        yield engine


class SetWise:
    """Ours: the stage as it runs on every batch, each in one durable transaction, merges followed. What goes to the
    analytics store is worked out and let go.

    Args:
        after: events that the store has taken already.
    """

    def __init__(self, engine: Engine, *, after: int = 0) -> None:
        self._ops = engine.ops
        self._stage = identify.IdentifyStage()
        self._taken = after
        self._number = 0
        self._nodes: list[Ints] = []

    def take(self, part: Stream) -> None:
        """Take a batch in."""
        events = part.events(self._taken)
        self._number += 1
        decoded = Decoded(events.drop_columns(["seq"]), part.identifiers())
        with self._ops.write() as tx:
            batch = Batch(self._number, NOW, {}, decoded, events)
            self._stage.apply(tx, batch)
            for merges in batch.merges:
                self._stage.rekey(tx, merges)
        self._taken += len(part)
        self._nodes.append(integers(batch.events["node_key"]))

    def owners(self) -> list[int]:
        """Whose each event is."""
        merged = dict(self._ops.query("SELECT node_key, profile_key FROM merged"))
        return [merged.get(node, node) for node in np.concatenate(self._nodes).tolist()]


class InMemory:
    """A union-find over a dictionary, event by event, with the same limits, blocked values and public ids; nothing
    lasts, and nothing tells how two became one."""

    def __init__(self, rules: IdentityRules) -> None:
        self._rules = rules
        self._place: dict[tuple[str, str], int] = {}
        self._parent: list[int] = []
        self._counts: list[dict[str, int]] = []
        self._names: list[str] = []
        self._stars: list[int] = []

    def take(self, part: Stream) -> None:
        """Take events in."""
        for names in part.rows():
            self._take(names)

    def _take(self, names: Names) -> None:
        star = -1
        for name in names:
            if name[1].strip().lower() in self._rules.blocked:
                continue
            place = self._place.get(name)
            if place is None:
                place = self._place[name] = len(self._parent)
                self._parent.append(place)
                self._counts.append({name[0]: 1})
                self._names.append(_profile_id(*name) if star < 0 else "")
            if star < 0:
                star = place
            else:
                self._join(star, place)
        self._stars.append(star)

    def owners(self) -> list[int]:
        """Whose each event is."""
        return [self._root(star) if star >= 0 else -1 for star in self._stars]

    def _root(self, place: int) -> int:
        parent = self._parent
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def _join(self, one: int, other: int) -> None:
        one, other = self._root(one), self._root(other)
        if one == other:
            return
        mine, theirs = self._counts[one], self._counts[other]
        for kind, number in theirs.items():
            if number + mine.get(kind, 0) > self._rules.limit(kind):
                return
        for kind, number in theirs.items():
            mine[kind] = mine.get(kind, 0) + number
        self._parent[other] = one


class RowByRow:
    """Each event in a durable transaction of its own: looked up, joined and entered row by row."""

    def __init__(self, engine: Engine, rules: IdentityRules) -> None:
        self._ops, self._rules = engine.ops, rules
        self._nodes: list[int] = []

    def take(self, part: Stream) -> None:
        """Take events in."""
        for names in part.rows():
            self._take(names)

    def _take(self, names: Names) -> None:
        with self._ops.write() as tx:
            star = 0
            for kind, value in names:
                if value.strip().lower() in self._rules.blocked:
                    continue
                profile = self._profile(tx, kind, value)
                star = self._join(tx, star, profile) if star else profile
            self._nodes.append(star)

    def owners(self) -> list[int]:
        """Whose each event is."""
        merged = dict(self._ops.query("SELECT node_key, profile_key FROM merged"))
        return [merged.get(node, node) for node in self._nodes]

    @staticmethod
    def _profile(tx: Tx, kind: str, value: str) -> int:
        found = tx.query(
            "SELECT coalesce(m.profile_key, i.node_key) FROM identifiers i LEFT JOIN merged m "
            "ON m.node_key = i.node_key WHERE i.kind = ? AND i.value = ?",
            (kind, value),
        )
        if found:
            return int(found[0][0])
        tx.execute("UPDATE counters SET value = value + 1 WHERE name = 'profile_key'")
        ((key,),) = tx.query("SELECT value FROM counters WHERE name = 'profile_key'")
        tx.execute("INSERT INTO nodes VALUES (?, ?)", (key, _profile_id(kind, value)))
        tx.execute("INSERT INTO identifiers VALUES (?, ?, ?)", (kind, value, key))
        return int(key)

    def _join(self, tx: Tx, one: int, other: int) -> int:
        if one == other:
            return one
        counts = tx.query(
            "SELECT i.kind, count(*) FROM identifiers i LEFT JOIN merged m ON m.node_key = i.node_key "
            "WHERE i.node_key IN (?, ?) OR i.node_key IN (SELECT node_key FROM merged WHERE profile_key IN (?, ?)) "
            "GROUP BY i.kind",
            (one, other, one, other),
        )
        if any(number > self._rules.limit(kind) for kind, number in counts):
            return one
        winner, loser = min(one, other), max(one, other)
        tx.execute("UPDATE merged SET profile_key = ? WHERE profile_key = ?", (winner, loser))
        tx.execute("INSERT INTO merged VALUES (?, ?)", (loser, winner))
        return winner


def _profile_id(kind: str, value: str) -> str:
    return "p_" + hashlib.md5(f"{kind}\x1f{value}".encode(), usedforsecurity=False).hexdigest()[:20]


def checksum(owners: list[int]) -> str:
    """One for all that part the events among people in the same way, whatever they call them; nobody's apart."""
    first: dict[int, int] = {}
    parted = [first.setdefault(owner, place) for place, owner in enumerate(max(owner, 0) for owner in owners)]
    return hashlib.md5(np.array(parted, dtype=np.int64).tobytes(), usedforsecurity=False).hexdigest()
