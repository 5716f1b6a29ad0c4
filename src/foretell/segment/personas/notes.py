"""What people of the team note of a persona: findings of interviews, motivations, triggers, habits.

Nothing is overwritten: a change is a further version, and who made it when is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from foretell.clock import from_micros, micros
from foretell.engine import Engine, OperationalStore, Tx
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.segment.personas import kept

NoteKind = Literal["note", "motivation", "trigger", "habit", "pain", "quote"]
KINDS: tuple[NoteKind, ...] = ("note", "motivation", "trigger", "habit", "pain", "quote")
_LONGEST = 10_000


@dataclass(frozen=True)
class Version:
    """A note as it stood from an instant on."""

    kind: str
    text: str
    by: str
    at: datetime
    removed: bool


@dataclass(frozen=True)
class Note:
    """A note.

    Args:
        profile_id: whose interview it comes from; None: it is about the persona.
        history: its versions, the oldest first; the last one counts.
    """

    note_id: str
    persona: str
    profile_id: str | None
    kind: str
    text: str
    by: str
    at: datetime
    history: tuple[Version, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        versions = [{**vars(one), "at": one.at.isoformat()} for one in self.history]
        return {**vars(self), "at": self.at.isoformat(), "history": versions}


def add_note(
    engine: Engine, persona: str, text: str, *, kind: str = "note", profile_key: int | None, by: str, now: datetime
) -> Note:
    """Note something of a persona.

    Args:
        profile_key: the person it comes from; None: of the persona alone.

    Raises:
        UsageError: ``UNKNOWN_PERSONA``, ``BAD_NOTE``.
    """
    kept.persona(engine.ops, persona)
    words = _words(text, kind)
    with engine.ops.write() as tx:
        (count,) = tx.query("SELECT count(DISTINCT note_id) FROM persona_notes")[0]
        note_id = stable_id("note", persona, str(micros(now)), str(count), words)
        _put(tx, (note_id, 1, persona, profile_key, profile_key, kind, words, by, micros(now), 0))
    return note(engine.ops, note_id)


def change_note(
    engine: Engine,
    note_id: str,
    *,
    by: str,
    now: datetime,
    text: str | None = None,
    kind: str | None = None,
    removed: bool = False,
) -> Note:
    """Write a note anew, or take it away; what is None stays. The versions before are kept.

    Raises:
        UsageError: ``UNKNOWN_NOTE``, ``BAD_NOTE``.
    """
    note(engine.ops, note_id)
    with engine.ops.write() as tx:
        persona, node, profile, old_kind, old_text, number = tx.query(
            "SELECT persona, node_key, profile_key, kind, text, number FROM persona_notes WHERE note_id = ? "
            "ORDER BY number DESC LIMIT 1",
            (note_id,),
        )[0]
        words = _words(old_text if text is None else text, kind or old_kind)
        row = (note_id, number + 1, persona, node, profile, kind or old_kind, words, by, micros(now), int(removed))
        _put(tx, row)
    return note(engine.ops, note_id)


def note(store: OperationalStore, note_id: str) -> Note:
    """One note with its history; raises ``UNKNOWN_NOTE``."""
    found = _notes(store, "v.note_id = ?", (note_id,))
    if not found:
        raise UsageError("UNKNOWN_NOTE", f"there is no note {note_id!r}", next_step="See `foretell persona show KEY`.")
    return found[0]


def notes_of(store: OperationalStore, persona: str, *, removed: bool = False) -> list[Note]:
    """The notes of a persona, the latest first; with ``removed`` also those that were taken away."""
    found = _notes(store, "v.persona = ?", (persona,))
    return [one for one in found if removed or not one.history[-1].removed]


def notes_from(store: OperationalStore, profile_key: int) -> list[Note]:
    """What was noted with a person, also what was taken away: for a copy of all that is known of them."""
    return _notes(store, "v.profile_key = ?", (profile_key,))


def _notes(store: OperationalStore, where: str, values: Sequence[object]) -> list[Note]:
    rows = store.query(
        "SELECT v.note_id, v.persona, n.profile_id, v.kind, v.text, v.made_by, v.made_at, v.removed "
        f"FROM persona_notes v LEFT JOIN nodes n ON n.node_key = v.profile_key WHERE {where} "
        "ORDER BY v.note_id, v.number",
        values,
    )
    together: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        together.setdefault(str(row[0]), []).append(row)
    found = [_note(versions) for versions in together.values()]
    return sorted(found, key=lambda one: (one.history[0].at, one.note_id), reverse=True)


def _note(rows: Sequence[tuple[Any, ...]]) -> Note:
    history = tuple(Version(kind, text, by, from_micros(at), bool(gone)) for *_, kind, text, by, at, gone in rows)
    last = history[-1]
    note_id, persona, profile_id = rows[-1][:3]
    return Note(note_id, persona, profile_id, last.kind, last.text, last.by, last.at, history)


def _words(text: str, kind: str) -> str:
    words = text.strip()
    if not words or len(words) > _LONGEST:
        raise UsageError("BAD_NOTE", f"a note has 1 to {_LONGEST:,} characters")
    if kind not in KINDS:
        raise UsageError("BAD_NOTE", f"{kind!r} is no kind of note", next_step=f"One of: {', '.join(KINDS)}.")
    return words


def _put(tx: Tx, row: Sequence[object]) -> None:
    tx.execute(
        "INSERT INTO persona_notes (note_id, number, persona, node_key, profile_key, kind, text, made_by, made_at, "
        "removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
