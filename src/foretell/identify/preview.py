"""What changed identity rules would make of the stored people, shown before they are applied."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import utc
from foretell.engine import Engine, integers
from foretell.identify.entries import Entry, read_entries
from foretell.identify.regrouping import Grouping, regroup
from foretell.identify.rules import IdentityRules

Ints = npt.NDArray[np.int64]
EXAMPLES = 10
LARGEST = 5


@dataclass(frozen=True)
class WouldJoin:
    """Two profiles that would be one, and the two identifiers that join them.

    Args:
        message_id, event, at: the first event that named both.
    """

    winner: str
    loser: str
    one: str
    other: str
    message_id: str
    event: str
    at: datetime


@dataclass(frozen=True)
class WouldPart:
    """A merge that would be taken back.

    Args:
        because: the rule that denies it: ``limit:KIND``, ``merges:KIND``, ``shared:KIND``, ``blocked:KIND`` or
            ``kept_apart``; ``another way`` where what led to it is denied elsewhere.
    """

    merge: Entry
    because: str


@dataclass(frozen=True)
class LargeProfile:
    """A profile with many identifiers under the new rules, and how many it has now."""

    profile_id: str
    identifiers: int
    identifiers_now: int


@dataclass(frozen=True)
class Preview:
    """What changed rules would do.

    Args:
        people, people_now: profiles, then and now.
        merges, splits: profiles that would go into another, and that would be people of their own again.
        joins, parts: examples, the earliest first.
        largest: the biggest profiles then.
        changed: nodes that would be somebody else's.
    """

    people: int
    people_now: int
    merges: int
    splits: int
    joins: list[WouldJoin]
    parts: list[WouldPart]
    largest: list[LargeProfile]
    changed: Ints

    def as_dict(self) -> dict[str, Any]:
        """What people and programs see of it."""
        return {
            "people": self.people,
            "people_now": self.people_now,
            "merges": self.merges,
            "splits": self.splits,
            "joins": [asdict(one) for one in self.joins],
            "parts": [{"because": one.because, "merge": one.merge.as_dict()} for one in self.parts],
            "largest": [asdict(one) for one in self.largest],
        }

    @property
    def changes_nothing(self) -> bool:
        """True where everybody stays who they are."""
        return not len(self.changed)


def preview(engine: Engine, rules: IdentityRules) -> Preview:
    """What ``rules`` would make of the people that there are; nothing changes."""
    found = regroup(engine, engine.ops, rules)
    gone, left = found.parts[found.parts != found.after], found.parts[found.leaving]
    return Preview(
        people=len(np.unique(found.after)),
        people_now=len(np.unique(found.before)),
        merges=len(np.unique(gone)),
        splits=len(np.unique(left)),
        joins=_joins(engine, found),
        parts=_parted(engine, found, rules),
        largest=_largest(engine, found),
        changed=found.changed,
    )


def _joins(engine: Engine, found: Grouping) -> list[WouldJoin]:
    one, other = found.sides
    edges = integers(found.resolution.merges["edge"])
    first, second = found.part_of(one[edges]), found.part_of(other[edges])
    edges = edges[first != second][:EXAMPLES]
    if not len(edges):
        return []
    seqs = found.seqs[integers(found.batch.edges["row"])[edges]]
    told = engine.analytics.query(
        "SELECT e.seq, e.message_id, e.event, e.ts FROM event_log e JOIN asked a ON a.seq = e.seq",
        tables={"asked": pa.table({"seq": np.unique(seqs)})},
    )
    events = {row["seq"]: row for row in told.to_pylist()}
    first, second = found.part_of(one[edges]), found.part_of(other[edges])
    names = _profile_ids(engine, np.concatenate([first, second]))
    stars, others = (_words(found, found.batch.edges[end].take(pa.array(edges))) for end in ("star", "id"))
    return [
        WouldJoin(
            names[int(min(mine, theirs))], names[int(max(mine, theirs))], star, end,
            events[seq]["message_id"], events[seq]["event"], utc(events[seq]["ts"]),
        )
        for mine, theirs, star, end, seq in zip(first, second, stars, others, seqs.tolist(), strict=True)
        if seq in events
    ]  # fmt: skip


def _words(found: Grouping, ids: pa.ChunkedArray) -> list[str]:
    """Identifiers as people write them."""
    named = found.batch.ids.select(["kind", "value"]).take(ids).to_pydict()
    return [f"{kind}:{value}" for kind, value in zip(*named.values(), strict=True)]


def taken_back(found: Grouping) -> Ints:
    """Numbers of the merges in force whose two sides would be two people."""
    one, other = (found.after_of(integers(found.in_force[side])) for side in ("node_a", "node_b"))
    numbers: Ints = integers(found.in_force["merge_id"])[one != other]
    return numbers


def _parted(engine: Engine, found: Grouping, rules: IdentityRules) -> list[WouldPart]:
    numbers = taken_back(found)[:EXAMPLES].tolist()
    if not numbers:
        return []
    marks = ", ".join("?" * len(numbers))
    entries = read_entries(engine.ops, f"g.merge_id IN ({marks}) ORDER BY g.merge_id", numbers)
    edges = found.batch.edges.take(found.resolution.denials["edge"])
    ids = found.batch.ids
    pairs = zip(*(ids[name].take(edges[end]).to_pylist() for end in ("star", "id") for name in ("kind", "value")),
                strict=True)  # fmt: skip
    denied: dict[frozenset[Any], str] = {}
    for (kind_a, value_a, kind_b, value_b), rule in zip(
        pairs, found.resolution.denials["rule"].to_pylist(), strict=True
    ):
        denied[frozenset([(kind_a, value_a), (kind_b, value_b)])] = rule
    return [WouldPart(entry, _because(entry, denied, rules)) for entry in entries]


def _because(entry: Entry, denied: dict[frozenset[Any], str], rules: IdentityRules) -> str:
    sides = [(entry.kind_a or "", entry.value_a or ""), (entry.kind_b or "", entry.value_b or "")]
    rule = denied.get(frozenset(sides))
    if rule is not None:
        return rule
    barred = rules.bars(pa.chunked_array([[value for _, value in sides]])).tolist()
    for (kind, _), bad in zip(sides, barred, strict=True):
        if bad:
            return f"blocked:{kind}"
    for kind, _ in sides:
        if rules.type_of(kind).shared_after:
            return f"shared:{kind}"
    return "another way"


def _largest(engine: Engine, found: Grouping) -> list[LargeProfile]:
    homes = integers(found.links["node_key"])
    then, number = np.unique(found.after_of(homes), return_counts=True)
    place = np.lexsort((then, -number))[:LARGEST]
    now, number_now = np.unique(found.before[np.searchsorted(found.nodes, homes)], return_counts=True)
    names = _profile_ids(engine, then[place])
    had = dict(zip(now.tolist(), number_now.tolist(), strict=True))
    return [LargeProfile(names[int(then[one])], int(number[one]), had.get(int(then[one]), 0)) for one in place]


def _profile_ids(engine: Engine, keys: Ints) -> dict[int, str]:
    found = engine.analytics.query(
        "SELECT n.node_key, n.profile_id FROM nodes n JOIN asked a ON a.node_key = n.node_key",
        tables={"asked": pa.table({"node_key": np.unique(keys)})},
    )
    return dict(zip(found["node_key"].to_pylist(), found["profile_id"].to_pylist(), strict=True))


__all__ = ["Preview", "preview", "taken_back"]
