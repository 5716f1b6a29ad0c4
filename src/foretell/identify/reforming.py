"""Applying changed rules to the people that there are: one recorded batch, all of it or nothing.

Which rules the stored people follow is kept as a fingerprint; work that a crash undid is done by the next
``apply``, since the fingerprint still is the old one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import micros
from foretell.engine import Batch, Engine, Tx, integers, reached
from foretell.identify.entries import Readable
from foretell.identify.forest import Forest, joining_edges
from foretell.identify.joining import SPLITS, part
from foretell.identify.ledger import MERGED, RULES, filled, record_merges
from foretell.identify.preview import taken_back
from foretell.identify.regrouping import Grouping, regroup
from foretell.identify.rules import IdentityRules

Ints = npt.NDArray[np.int64]
FOLLOWED_DDL = "CREATE TABLE rules_followed (one BIGINT PRIMARY KEY, fingerprint TEXT NOT NULL, since BIGINT NOT NULL);"


@dataclass(frozen=True)
class Reformed:
    """What applying changed rules did.

    Args:
        merges, splits: profiles that went into another, and that are people of their own again.
    """

    merges: int
    splits: int


def follows(store: Readable, rules: IdentityRules) -> bool:
    """Whether the stored people follow ``rules`` already; without a word on it they follow the usual ones."""
    found = store.query("SELECT fingerprint FROM rules_followed WHERE one = 1")
    return fingerprint(rules) == (found[0][0] if found else fingerprint(IdentityRules()))


def fingerprint(rules: IdentityRules) -> str:
    """The same for rules that say the same."""
    told = repr((rules.types, sorted(rules.blocked), rules.patterns))
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def reform(engine: Engine, rules: IdentityRules, *, now: datetime) -> Reformed:
    """Let the stored people follow ``rules``; what was joined or parted by hand, or by a match, stays so."""
    done = Reformed(0, 0)

    def work(tx: Tx, batch: Batch) -> None:
        nonlocal done
        found = regroup(engine, tx, rules)
        done = _reform(tx, batch, found)
        tx.execute(
            "INSERT INTO rules_followed VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET "
            "fingerprint = excluded.fingerprint, since = excluded.since",
            (fingerprint(rules), micros(now)),
        )
        reached("rules.before_commit")

    engine.act("identify", work, now=now)
    return done


def _reform(tx: Tx, batch: Batch, found: Grouping) -> Reformed:
    leaving = found.leaving
    columns = (found.nodes[leaving], found.parts[leaving], found.before[leaving])
    splits = pa.table(list(columns), schema=SPLITS)
    gone = taken_back(found)
    part(tx, batch, splits, gone.tolist(), RULES)
    merges, again = _evidence(found, gone)
    record_merges(tx, batch, merges)
    record_merges(tx, batch, again, told=True)
    if merges.num_rows:
        moved = found.parts != found.after
        batch.emit("merged", pa.table({"node_key": found.nodes[moved], "profile_key": found.after[moved]}))
        batch.merges.append(merges.select(["loser_key", "winner_key"]))
    return Reformed(merges.num_rows, len(np.unique(splits["profile_key"].to_numpy())))


def _evidence(found: Grouping, gone: Ints) -> tuple[pa.Table, pa.Table]:
    """What the ledger learns, columns of ``MERGED``: the edges that join parts, and those that hold a part together
    whose earlier evidence is gone."""
    kept = ~np.isin(integers(found.in_force["merge_id"]), gone)
    whole = Forest()
    for one, other in zip(
        *(integers(found.in_force[side])[kept].tolist() for side in ("node_a", "node_b")), strict=True
    ):
        whole.join(one, other)
    star, end = found.sides
    edges = integers(found.resolution.merges["edge"])
    edges = edges[[whole.join(int(star[edge]), int(end[edge])) is not None for edge in edges]]
    sides = zip(found.part_of(star[edges]).tolist(), found.part_of(end[edges]).tolist(), strict=True)
    place, loser, winner = np.array(joining_edges(sides), dtype=np.int64).reshape(-1, 3).T
    rest = np.delete(edges, place)
    again = np.maximum(star[rest], end[rest]), np.minimum(star[rest], end[rest])
    return _entries(found, edges[place], loser, winner), _entries(found, rest, *again)


def _entries(found: Grouping, edges: Ints, losers: Ints, winners: Ints) -> pa.Table:
    named = found.batch.edges.take(pa.array(edges))
    rows = {"loser_key": losers, "winner_key": winners, "reason": pa.repeat(RULES, len(edges))}
    for side, column in (("a", "star"), ("b", "id")):
        ids = found.batch.ids.take(named[column])
        rows |= {f"kind_{side}": ids["kind"], f"value_{side}": ids["value"]}
    return filled(pa.table(rows), MERGED)
