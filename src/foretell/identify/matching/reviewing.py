"""The review: pairs that only people can decide, with what each record says and what each field weighs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from foretell.engine import Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.identify.ledger import keep_apart
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.matching.records import TraitReader
from foretell.identify.matching.sides import Record, people_of, records_of
from foretell.identify.matching.tables import DIFFERENT, OPEN, SAME, WAITING, Pair, State, counts, decide, read_pairs
from foretell.identify.rules import IdentityRules
from foretell.identify.undoing import Joined, merge

_PAIR_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True)
class Question:
    """Are these two one person?"""

    pair: Pair
    one: Record
    other: Record


@dataclass(frozen=True)
class Questions:
    """A page of questions.

    Args:
        total: pairs in this state.
        rows: the likeliest first.
    """

    total: int
    rows: list[Question]


def questions(
    engine: Engine,
    spec: MatchingSpec,
    traits: TraitReader,
    *,
    state: State = WAITING,
    offset: int = 0,
    limit: int = 50,
) -> Questions:
    """Pairs in a state, the likeliest first, with what their records say."""
    found = read_pairs(
        engine.ops,
        f"state = ? AND {OPEN} ORDER BY probability DESC, node_a, node_b LIMIT ? OFFSET ?",
        (state, limit, offset),
    )
    records = records_of(engine, spec, traits, sorted({node for pair in found for node in (pair.node_a, pair.node_b)}))
    rows = [
        Question(pair, records[pair.node_a], records[pair.node_b])
        for pair in found
        if pair.node_a in records and pair.node_b in records
    ]
    return Questions(counts(engine.ops).get(state, 0), rows)


def accept(
    engine: Engine, pair_id: str, rules: IdentityRules, *, now: datetime, note: str | None = None, force: bool = False
) -> Joined:
    """Two records are one person's: join them, with what spoke for it as the evidence.

    Raises:
        UsageError: ``PAIR_UNKNOWN``; see :func:`foretell.identify.merge` for the others.
    """
    pair = _waiting(engine, pair_id)
    sides = people_of(engine, [pair.node_a, pair.node_b])
    told = ", ".join(f"{one.field.replace('_', ' ')} {one.level}" for one in pair.fields[:4] if one.weight > 0)
    said = "; ".join(part for part in (f"same person, said in the review ({told})", note) if part)
    joined = merge(engine, sides[pair.node_a], sides[pair.node_b], rules=rules, now=now, note=said, force=force)
    engine.act("identify", lambda tx, batch: decide(tx, pair, SAME, batch.now), now=now)
    return joined


def reject(engine: Engine, pair_id: str, *, now: datetime, note: str | None = None) -> Pair:
    """Two records are two people's: they are kept apart from now on, whatever an event or a match says.

    Raises:
        UsageError: ``PAIR_UNKNOWN``.
    """
    pair = _waiting(engine, pair_id)

    def work(tx: Tx, batch: Batch) -> None:
        decide(tx, pair, DIFFERENT, batch.now)
        keep_apart(tx, pair.node_a, pair.node_b, batch.now, note or "different people, said in the review")

    engine.act("identify", work, now=now)
    return pair


def _waiting(engine: Engine, pair_id: str) -> Pair:
    named = _PAIR_ID.fullmatch(pair_id)
    found: list[Pair] = []
    if named:
        keys = (int(named[1]), int(named[2]), WAITING)
        found = read_pairs(engine.ops, f"node_a = ? AND node_b = ? AND state = ? AND {OPEN}", keys)
    if not found:
        raise UsageError(
            "PAIR_UNKNOWN",
            f"no pair {pair_id!r} waits for review",
            thing=f"pair {pair_id}",
            next_step="See what waits: foretell profile review list",
        )
    return found[0]
