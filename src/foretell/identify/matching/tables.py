"""What matching keeps: models, pairs with their evidence and what was decided, and which records were compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from foretell.clock import from_micros, micros
from foretell.engine import AnalyticsTable, OperationalStore, Tx, python_rows
from foretell.identify.ledger import kept_apart_pairs

State = Literal["waiting", "joined", "same", "different"]
WAITING: State = "waiting"
JOINED: State = "joined"
SAME: State = "same"
DIFFERENT: State = "different"
MOST_WAITING = 1_000
"""Of more, the likeliest wait for people."""

MATCHING_DDL = """
INSERT INTO counters VALUES ('matched_at', 0);
CREATE TABLE match_models (
    model BIGINT PRIMARY KEY, trained_at BIGINT NOT NULL, spec_print TEXT NOT NULL, content TEXT NOT NULL)
    /*clustered*/;
CREATE TABLE match_pairs (
    node_a BIGINT, node_b BIGINT, probability DOUBLE PRECISION NOT NULL, weight DOUBLE PRECISION NOT NULL,
    fields TEXT NOT NULL, held_back TEXT, state TEXT NOT NULL, model BIGINT NOT NULL, found_at BIGINT NOT NULL,
    decided_at BIGINT, PRIMARY KEY (node_a, node_b)) /*clustered*/;
CREATE INDEX match_pairs_by_node_b ON match_pairs (node_b);
CREATE INDEX match_pairs_by_state ON match_pairs (state, probability);
"""
"""``state``: waiting for people, joined by itself, or what people said: same or different. The smaller node comes
first. ``held_back`` says why a likely pair was not joined by itself."""
RECORD_ROWS = AnalyticsTable(
    "match_records",
    {"node_key": "BIGINT", "fingerprint": "VARCHAR"},
    "node_key",
    ("node_key",),
    derived="log_match_records",
)
"""What each record said when it was last compared."""


@dataclass(frozen=True)
class FieldWeight:
    """What a field says of a pair: how alike its values are, and the weight of that in bits."""

    field: str
    level: str
    weight: float


@dataclass(frozen=True)
class Pair:
    """Two records that are, or may be, one person's.

    Args:
        probability: that they are.
        weight: of the evidence in bits, how rare such pairs are left out.
        fields: those that weigh most first.
        held_back: why a likely pair was not joined by itself: ``limit:KIND``, ``chain``; None: it is not likely enough.
        model: number of the model that found it.
    """

    node_a: int
    node_b: int
    probability: float
    weight: float
    fields: tuple[FieldWeight, ...]
    held_back: str | None
    state: State
    model: int
    found_at: datetime
    decided_at: datetime | None

    @property
    def pair_id(self) -> str:
        """By what people name it."""
        return f"{self.node_a}-{self.node_b}"


_COLUMNS = "node_a, node_b, probability, weight, fields, held_back, state, model, found_at, decided_at"
_OWNER = "coalesce((SELECT m.profile_key FROM merged m WHERE m.node_key = {node}), {node})"
_ONE = f"{_OWNER.format(node='node_a')} = {_OWNER.format(node='node_b')}"
OPEN = f"NOT (state = 'waiting' AND {_ONE})"
"""SQL: not a question that an event or a hand has answered since: its two records are one person's."""


def read_pairs(store: OperationalStore | Tx, where: str, params: Sequence[object] = ()) -> list[Pair]:
    """Pairs for which ``where`` holds, which may go on with order and limit."""
    return [_pair(row) for row in store.query(f"SELECT {_COLUMNS} FROM match_pairs WHERE {where}", params)]


def _pair(row: Sequence[Any]) -> Pair:
    fields = tuple(FieldWeight(one["field"], one["level"], one["weight"]) for one in json.loads(row[4]))
    decided = None if row[9] is None else from_micros(row[9])
    one, other, probability, weight, _, held_back, state, model, found_at, _ = row
    return Pair(one, other, probability, weight, fields, held_back, state, model, from_micros(found_at), decided)


def counts(store: OperationalStore | Tx) -> dict[str, int]:
    """Number of pairs by state."""
    rows = store.query(f"SELECT state, count(*) FROM match_pairs WHERE {OPEN} GROUP BY state")
    return {str(state): int(n) for state, n in rows}


def enter_pairs(tx: Tx, pairs: pa.Table, state: State, model: int, at: datetime) -> None:
    """Keep pairs; one that waits is told anew, one that is decided stays as it is.

    Args:
        pairs: ``node_a node_b probability weight fields held_back``.
    """
    decided = "NULL" if state == WAITING else str(micros(at))
    columns = ["node_a", "node_b", "probability", "weight", "fields", "held_back"]
    tx.executemany(
        f"INSERT INTO match_pairs VALUES (?, ?, ?, ?, ?, ?, '{state}', {int(model)}, {micros(at)}, {decided}) "
        "ON CONFLICT (node_a, node_b) DO UPDATE SET probability = excluded.probability, weight = excluded.weight, "
        "fields = excluded.fields, held_back = excluded.held_back, state = excluded.state, model = excluded.model, "
        "decided_at = excluded.decided_at WHERE match_pairs.state = 'waiting'",
        python_rows(pairs.select(columns)),
    )


def tidy_queue(tx: Tx) -> None:
    """Let nobody be asked what has been answered otherwise, nor more than :data:`MOST_WAITING` questions."""
    tx.execute(f"DELETE FROM match_pairs WHERE state = 'waiting' AND {_ONE}")
    apart = kept_apart_pairs(tx)
    if apart.num_rows:
        tx.put("pairs_apart", apart)
        owners = ", ".join(_OWNER.format(node=node) for node in ("node_a", "node_b"))
        tx.execute(
            f"DELETE FROM match_pairs WHERE state = 'waiting' AND ({owners}) IN (SELECT profile_a, profile_b "
            "FROM pairs_apart UNION ALL SELECT profile_b, profile_a FROM pairs_apart)"
        )
    # By the whole order: thousands may be equally likely.
    tx.execute(
        "DELETE FROM match_pairs WHERE state = 'waiting' AND (node_a, node_b) NOT IN (SELECT node_a, node_b "
        f"FROM match_pairs WHERE state = 'waiting' ORDER BY probability DESC, node_a, node_b LIMIT {MOST_WAITING})"
    )


def decide(tx: Tx, pair: Pair, state: State, at: datetime) -> None:
    """Keep what people said of a pair."""
    tx.execute(
        "UPDATE match_pairs SET state = ?, decided_at = ? WHERE node_a = ? AND node_b = ?",
        (state, micros(at), pair.node_a, pair.node_b),
    )


def forget_pairs(tx: Tx, nodes: str) -> None:
    """Forget the pairs of nodes.

    Args:
        nodes: a query of their keys.
    """
    tx.execute(f"DELETE FROM match_pairs WHERE node_a IN ({nodes}) OR node_b IN ({nodes})")
