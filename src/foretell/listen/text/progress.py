"""How far texts are judged; whoever writes them sees whether somebody else did in between."""

from __future__ import annotations

from dataclasses import dataclass, replace

from foretell.engine import OperationalStore, Tx


@dataclass(frozen=True)
class Progress:
    """How far it is.

    Args:
        seq: last event that was looked at.
        version: how often something was written.
        themes_at: when themes were looked for last (micros); 0: never.
        themes_texts: among how many texts.
    """

    seq: int = 0
    version: int = 0
    themes_at: int = 0
    themes_texts: int = 0

    def until(self, seq: int) -> Progress:
        """The same, looked at up to another event."""
        return replace(self, seq=seq)


def read_progress(store: OperationalStore | Tx) -> Progress:
    """How far it is now."""
    found = store.query("SELECT seq, version, themes_at, themes_texts FROM text_progress")
    return Progress(*map(int, found[0])) if found else Progress()


def advance(tx: Tx, known: Progress, then: Progress) -> bool:
    """Note ``then``; False, and nothing is noted, where it is no longer as ``known``."""
    changed = tx.execute(
        "INSERT INTO text_progress (one, seq, version, themes_at, themes_texts) VALUES (1, ?, ?, ?, ?) "
        "ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, version = excluded.version, "
        "themes_at = excluded.themes_at, themes_texts = excluded.themes_texts WHERE text_progress.version = ?",
        (then.seq, known.version + 1, then.themes_at, then.themes_texts, known.version),
    )
    return changed == 1
