"""How the outbox stands: what a few looks into its index of waiting messages tell, however long the ledger is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foretell.clock import from_micros, micros
from foretell.engine import Engine

MOST_COUNTED = 100_000
"""Counting stops here: who waits for longer numbers asks the view ``messages``."""
COUNTED = (
    f"SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = ? AND next_at <= ? LIMIT {MOST_COUNTED}) AS waiting"
)
LATER = f"SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = ? AND next_at > ? LIMIT {MOST_COUNTED}) AS waiting"
OLDEST = "SELECT next_at FROM messages WHERE state = ? AND next_at <= ? ORDER BY next_at LIMIT 1"


@dataclass(frozen=True)
class OutboxStanding:
    """Messages that wait, each number at most :data:`MOST_COUNTED`.

    Args:
        due: their instant has come.
        later: it has not.
        claimed: are with their channel, or were when a process died.
        oldest_due: since when the first of ``due`` waits.
    """

    due: int
    later: int
    claimed: int
    oldest_due: datetime | None


@dataclass(frozen=True)
class OpenQuestions:
    """Messages that somebody has to look at, each number at most :data:`MOST_COUNTED`.

    Args:
        in_doubt: nobody knows whether they went out.
        given_up: every try failed, or they were refused.
    """

    in_doubt: int
    given_up: int


def open_questions(engine: Engine) -> OpenQuestions:
    """How many messages wait for somebody to decide; two looks into indexes that hold nothing else."""
    counted = "SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = '{state}' LIMIT {most}) AS open"
    states = ("uncertain", "failed")
    found = [engine.ops.look_up(counted.format(state=state, most=MOST_COUNTED))[0][0] for state in states]
    return OpenQuestions(*map(int, found))


def outbox_standing(engine: Engine, now: datetime) -> OutboxStanding:
    """How the outbox stands at ``now``."""
    at = micros(now)

    def count(sql: str, state: str) -> int:
        return int(engine.ops.look_up(sql, (state, at))[0][0])

    oldest = engine.ops.look_up(OLDEST, ("queued", at))
    since = from_micros(oldest[0][0]) if oldest else None
    claimed = count(COUNTED, "claimed") + count(LATER, "claimed")
    return OutboxStanding(count(COUNTED, "queued"), count(LATER, "queued"), claimed, since)
