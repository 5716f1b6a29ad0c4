"""Applying changed rules to the people that there are: one recorded batch, all of it or nothing.

Which rules the stored people follow is kept as a fingerprint; work that a crash undid is done by the next
``apply``, since the fingerprint still is the old one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import micros
from foretell.engine import Batch, Engine, Tx, integers, reached
from foretell.identify.entries import Readable
from foretell.identify.forest import Forest, joining_edges
from foretell.identify.joining import SPLITS, part
from foretell.identify.ledger import MERGED, RULES, record_merges
from foretell.identify.preview import sides_of, taken_back
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
    record_merges(tx, batch, pa.Table.from_pylist(merges, MERGED))
    record_merges(tx, batch, pa.Table.from_pylist(again, MERGED), told=True)
    if merges:
        moved = found.parts != found.after
        batch.emit("merged", pa.table({"node_key": found.nodes[moved], "profile_key": found.after[moved]}))
        batch.merges.append(pa.Table.from_pylist(merges, MERGED).select(["loser_key", "winner_key"]))
    return Reformed(len(merges), len(np.unique(splits["profile_key"].to_numpy())))


def _evidence(found: Grouping, gone: Ints) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the ledger learns: the edges that join parts, and those that hold a part together whose earlier
    evidence is gone."""
    kept = ~np.isin(integers(found.in_force["merge_id"]), gone)
    whole = Forest()
    for one, other in zip(
        *(integers(found.in_force[side])[kept].tolist() for side in ("node_a", "node_b")), strict=True
    ):
        whole.join(one, other)
    star, end = sides_of(found)
    edges = integers(found.resolution.merges["edge"])
    edges = edges[[whole.join(int(star[edge]), int(end[edge])) is not None for edge in edges]]
    sides = zip(found.part_of(star[edges]).tolist(), found.part_of(end[edges]).tolist(), strict=True)
    joined = joining_edges(sides)
    merges = [_row(found, int(edges[place]), loser, winner) for place, loser, winner in joined]
    rest = np.setdiff1d(np.arange(len(edges)), [place for place, _, _ in joined])
    keys = [(int(edges[place]), int(star[edges[place]]), int(end[edges[place]])) for place in rest.tolist()]
    again = [_row(found, edge, max(one, other), min(one, other)) for edge, one, other in keys]
    return merges, again


def _row(found: Grouping, edge: int, loser: int, winner: int) -> dict[str, Any]:
    ids, edges = found.batch.ids, found.batch.edges
    star, end = edges["star"][edge].as_py(), edges["id"][edge].as_py()
    return {
        "loser_key": loser,
        "winner_key": winner,
        "reason": RULES,
        "kind_a": ids["kind"][star].as_py(),
        "value_a": ids["value"][star].as_py(),
        "kind_b": ids["kind"][end].as_py(),
        "value_b": ids["value"][end].as_py(),
    }
