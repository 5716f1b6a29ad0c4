"""How far sessions are put together; whoever writes them sees whether somebody else did in between."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.engine import OperationalStore, Tx

NEVER = 2**62


@dataclass(frozen=True)
class Progress:
    """How far it is.

    Args:
        seq: last event that was looked at.
        version: how often sessions were written.
        due_at: when the next session that goes on is over (micros), :data:`NEVER` where none does.
        anew_until: up to this event the log stood already when sessions were first put together: what it tells of
            them was told before.
    """

    seq: int
    version: int
    due_at: int
    anew_until: int


def read_progress(store: OperationalStore | Tx) -> Progress:
    """How far it is now."""
    found = store.query("SELECT seq, version, due_at, anew_until FROM sessions_progress")
    return Progress(*found[0]) if found else Progress(0, 0, 0, 0)


def advance(tx: Tx, known: Progress, *, seq: int, due_at: int) -> bool:
    """Note what was done; False, and nothing is noted, where it is no longer as ``known``."""
    changed = tx.execute(
        "INSERT INTO sessions_progress (one, seq, version, due_at, anew_until) VALUES (1, ?, ?, ?, ?) "
        "ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, version = excluded.version, due_at = excluded.due_at "
        "WHERE sessions_progress.version = ?",
        (seq, known.version + 1, due_at, known.anew_until, known.version),
    )
    return changed == 1
