"""By hand: making two people one, and taking a merge back with its consequences shown first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.engine import UNSENT, Batch, Engine, OperationalStore, Tx
from foretell.errors import ForetellError, UsageError
from foretell.identify.entries import OF_PROFILE, Entry, Tree, tree_of
from foretell.identify.joining import join, part, splits_of
from foretell.identify.ledger import HAND, MERGED, keep_apart
from foretell.identify.lookup import Match
from foretell.identify.rules import IdentityRules


@dataclass(frozen=True)
class Side:
    """One of the two people of a split.

    Args:
        profile_id: their public id afterwards.
        identifiers: (kind, value), sorted.
        events: events that are theirs, Foretell's own not counted.
    """

    profile_id: str
    identifiers: list[tuple[str, str]]
    events: int


@dataclass(frozen=True)
class SplitPlan:
    """What a split would do.

    Args:
        entry: the merge that it takes back.
        stays: who keeps the profile.
        leaves: who is a person of their own again.
        splits: which nodes change hands, as the stages take them.
    """

    entry: Entry
    stays: Side
    leaves: Side
    splits: pa.Table


@dataclass(frozen=True)
class Joined:
    """Two people that are one now: public ids, and the number in the ledger."""

    merge_id: int
    profile_id: str
    merged_profile_id: str


def merge(
    engine: Engine,
    one: Match,
    other: Match,
    *,
    rules: IdentityRules,
    now: datetime,
    note: str | None = None,
    force: bool = False,
) -> Joined:
    """Make two people one, whatever kept them apart; the older profile stays.

    A limit guards against gluing by mistake, so it holds here too unless ``force`` says that it is none.

    Raises:
        UsageError: ``PROFILES_ALREADY_ONE``; ``LIMIT_EXCEEDED``.
        ForetellError: ``PROFILE_CHANGED`` where others changed one of them meanwhile.
    """
    if one.profile_key == other.profile_key:
        raise _already_one(one, other)
    winner, loser = sorted((one, other), key=lambda match: match.profile_key)
    row = {
        "loser_key": loser.profile_key, "winner_key": winner.profile_key, "reason": HAND, "note": note,
        "kind_a": winner.kind, "value_a": winner.value, "kind_b": loser.kind, "value_b": loser.value,
        "message_id": None,
    }  # fmt: skip
    number = 0

    def work(tx: Tx, batch: Batch) -> None:
        nonlocal number
        keys = (winner.profile_key, loser.profile_key)
        if any(tx.query("SELECT 1 FROM merged WHERE node_key = ?", (key,)) for key in keys):
            raise _changed(winner)
        if not force:
            _require_limits(tx, keys, rules)
        _lift(tx, *keys)
        join(tx, batch, pa.Table.from_pylist([row], MERGED))
        ((number,),) = tx.query("SELECT value FROM counters WHERE name = 'merge_id'")

    engine.act("identify", work, now=now)
    return Joined(number, winner.profile_id, loser.profile_id)


def plan_split(engine: Engine, match: Match, *, merge_id: int | None = None) -> SplitPlan:
    """What taking back a merge would do; nothing changes.

    Args:
        merge_id: the merge; None: the latest that brought the node of ``match`` into its profile, for the node
            that gives the profile its key the latest of the profile.

    Raises:
        UsageError: ``NEVER_MERGED``; ``MERGE_UNKNOWN`` where the profile has no such merge in force.
    """
    tree = tree_of(engine.ops, match.profile_key)
    entry = _chosen(tree, match, node_of(engine, match), merge_id)
    leaving = tree.without(entry)
    return SplitPlan(
        entry,
        _side(engine, tree.root, tree.nodes - leaving),
        _side(engine, min(leaving), leaving),
        splits_of(sorted(leaving), tree.root),
    )


def split(
    engine: Engine, match: Match, *, now: datetime, merge_id: int | None = None, note: str | None = None
) -> SplitPlan:
    """Take a merge back, and keep both apart from now on; returns what was done.

    What has already left the house stays with the identifier it was addressed to.

    Raises:
        UsageError: see :func:`plan_split`.
        ForetellError: ``PROFILE_CHANGED`` where others changed the profile meanwhile.
    """
    planned = plan_split(engine, match, merge_id=merge_id)

    def work(tx: Tx, batch: Batch) -> None:
        tree = tree_of(tx, match.profile_key)
        leaving = tree.without(planned.entry)
        if not leaving:
            raise _changed(match)
        part(tx, batch, splits_of(sorted(leaving), tree.root), [planned.entry.merge_id], HAND)
        keep_apart(tx, *_across(planned.entry, leaving), batch.now, note)

    engine.act("identify", work, now=now)
    return planned


def node_of(engine: Engine, match: Match) -> int:
    """The node of the identifier, or of the public id, by which somebody was found."""
    rows = engine.ops.query("SELECT node_key FROM identifiers WHERE kind = ? AND value = ?", (match.kind, match.value))
    if rows:
        return int(rows[0][0])
    found = engine.analytics.query("SELECT node_key FROM nodes WHERE profile_id = $id", {"id": match.value})
    return int(found["node_key"][0].as_py())


def _chosen(tree: Tree, match: Match, node: int, merge_id: int | None) -> Entry:
    entries = tree.entries()
    if not entries:
        raise UsageError(
            "NEVER_MERGED",
            f"{match.kind}:{match.value} was never merged with anybody: the profile has been one from its first event",
            thing=f"profile {match.profile_id}",
            next_step=f"See what its identifiers have in common: foretell profile explain {match.kind}:{match.value}",
        )
    if merge_id is None:
        return max(tree.way(tree.root, node) or entries, key=lambda entry: entry.merge_id)
    for entry in entries:
        if entry.merge_id == merge_id:
            return entry
    listed = ", ".join(str(entry.merge_id) for entry in entries)
    raise UsageError(
        "MERGE_UNKNOWN",
        f"the profile has no merge {merge_id} in force",
        thing=f"profile {match.profile_id}",
        next_step=f"Its merges are {listed}; see foretell profile explain {match.kind}:{match.value}",
    )


def _across(entry: Entry, leaving: Collection[int]) -> tuple[int, int]:
    """The two nodes that the merge had joined, one on each side."""
    if (entry.node_a in leaving) != (entry.node_b in leaving):
        return entry.node_a, entry.node_b
    return entry.winner_key, entry.loser_key


def _side(engine: Engine, key: int, nodes: Collection[int]) -> Side:
    marks = ", ".join("?" * len(nodes))
    held = engine.ops.query(
        f"SELECT kind, value FROM identifiers WHERE node_key IN ({marks}) ORDER BY kind, value", tuple(nodes)
    )
    ((profile_id,),) = engine.ops.query("SELECT profile_id FROM nodes WHERE node_key = ?", (key,))
    found = engine.analytics.query(
        "SELECT count(*) AS events FROM event_log e JOIN asked a ON a.node_key = e.node_key "
        f"WHERE coalesce(e.source, '') NOT IN ({UNSENT})",
        tables={"asked": pa.table({"node_key": pa.array(sorted(nodes), pa.int64())})},
    )
    return Side(str(profile_id), [(str(kind), str(value)) for kind, value in held], int(found["events"][0].as_py()))


def _require_limits(store: Tx | OperationalStore, keys: Sequence[int], rules: IdentityRules) -> None:
    rows = store.query(
        "SELECT i.kind, count(*) FROM identifiers i WHERE i.node_key IN (?, ?) "
        f"OR i.node_key IN ({OF_PROFILE}) OR i.node_key IN ({OF_PROFILE}) GROUP BY i.kind ORDER BY i.kind",
        (*keys, *keys),
    )
    over = [(str(kind), int(count)) for kind, count in rows if count > rules.limit(kind)]
    if over:
        told = ", ".join(f"{count} {kind} (limit {rules.limit(kind)})" for kind, count in over)
        raise UsageError(
            "LIMIT_EXCEEDED",
            f"together they would have {told}, which looks like two people",
            next_step="Give --force where they are one all the same.",
        )


def _lift(tx: Tx, one: int, other: int) -> None:
    """Keep two profiles apart no longer."""
    mine = f"SELECT node_key FROM merged WHERE profile_key = {int(one)} UNION SELECT {int(one)}"
    theirs = f"SELECT node_key FROM merged WHERE profile_key = {int(other)} UNION SELECT {int(other)}"
    tx.execute(
        f"DELETE FROM kept_apart WHERE (node_a IN ({mine}) AND node_b IN ({theirs})) "
        f"OR (node_a IN ({theirs}) AND node_b IN ({mine}))"
    )


def _already_one(one: Match, other: Match) -> UsageError:
    return UsageError(
        "PROFILES_ALREADY_ONE",
        f"{one.kind}:{one.value} and {other.kind}:{other.value} are one person already",
        thing=f"profile {one.profile_id}",
        next_step=f"See why: foretell profile explain {one.kind}:{one.value}",
    )


def _changed(match: Match) -> ForetellError:
    return ForetellError(
        "PROFILE_CHANGED",
        "the profile was merged or split meanwhile",
        thing=f"profile {match.profile_id}",
        next_step="Look at it again, then repeat the command.",
        transient=True,
    )
