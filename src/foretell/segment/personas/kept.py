"""The record of builds: what was found, by which measure, and the card of each persona."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from foretell.clock import from_micros, micros
from foretell.engine import OperationalStore, Tx
from foretell.errors import UsageError

State = Literal["built", "too_few", "unstable"]


@dataclass(frozen=True)
class Build:
    """One look for personas.

    Args:
        number: consecutive, from 1; 0 where nobody has looked yet.
        state: ``built``; ``too_few``: fewer than ``needed`` people have the history; ``unstable``: no number of kinds
            holds in bootstrap samples. In the latter two the personas of before stay as they are.
        people: of the population who may be profiled; ``with_history``: known for long enough.
        left_out: of the population, by reason (``objected``, ``restricted`` …).
        behaviours: each with key, title, and why it was not used (None: it was).
        candidates: each number of kinds: kinds, silhouette, worst_jaccard, smallest_share, stable.
        fidelity: share of people whom the rules put where they belong; leaves: parts of the rules.
        appeared, vanished: keys of personas that are new, and that found no successor.
    """

    number: int
    state: State
    as_of: datetime
    built_at: datetime
    by: str
    people: int
    with_history: int
    needed: int
    history: str
    window: str
    left_out: Mapping[str, int] = field(default_factory=dict)
    behaviours: Sequence[Mapping[str, Any]] = ()
    candidates: Sequence[Mapping[str, Any]] = ()
    fidelity: float | None = None
    leaves: int = 0
    appeared: Sequence[str] = ()
    vanished: Sequence[str] = ()

    @property
    def says(self) -> str:
        """What came of it, in a sentence."""
        if self.state == "too_few":
            return (
                f"Too few data: {self.with_history:,} of the {self.needed:,} people that are needed are known for "
                f"{self.history} or longer."
            )
        if self.state == "unstable":
            return "No stable personas: whatever the number of kinds, bootstrap samples give others."
        return f"{self.kinds} personas among {self.with_history:,} people."

    @property
    def kinds(self) -> int:
        """How many personas there are."""
        return next((int(one["kinds"]) for one in self.candidates if one.get("chosen")), 0)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        told = {name: getattr(self, name) for name in _KEPT}
        return {
            "build": self.number, "state": self.state, "as_of": self.as_of.isoformat(),
            "built_at": self.built_at.isoformat(), "by": self.by, "says": self.says, "kinds": self.kinds, **told,
        }  # fmt: skip


_KEPT = (
    "people", "with_history", "needed", "history", "window", "left_out", "behaviours", "candidates", "fidelity",
    "leaves", "appeared", "vanished",
)  # fmt: skip


@dataclass(frozen=True)
class Persona:
    """A persona: its name now and its card of the build that last found it.

    Args:
        named_by: who gave it the title; None: it follows its behaviour.
        born: number of the build that found it first; last_build: that found it last.
        vanished: number of the build that no longer found it; None: it is there.
        card: people, share, stability, differences, rule, precision, recall and portrait, as plain JSON values.
    """

    key: str
    title: str
    named_by: str | None
    born: int
    last_build: int
    vanished: int | None
    card: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "persona": self.key, "title": self.title, "named_by": self.named_by, "born": self.born,
            "last_build": self.last_build, "vanished": self.vanished, **self.card,
        }  # fmt: skip


def last_build(store: OperationalStore | Tx, *, state: State | None = None) -> Build | None:
    """The latest look for personas, of one state where it is given."""
    where, values = ("WHERE state = ?", (state,)) if state else ("", ())
    rows = store.query(
        f"SELECT build, as_of, built_at, made_by, state, report FROM persona_builds {where} "
        "ORDER BY build DESC LIMIT 1",
        values,
    )
    return _build(rows[0]) if rows else None


def builds(store: OperationalStore, *, limit: int = 20) -> list[Build]:
    """The latest looks, the newest first."""
    rows = store.query(
        "SELECT build, as_of, built_at, made_by, state, report FROM persona_builds ORDER BY build DESC LIMIT ?",
        (limit,),
    )
    return [_build(row) for row in rows]


def _build(row: Sequence[Any]) -> Build:
    number, as_of, built_at, by, state, report = row
    return Build(int(number), state, from_micros(as_of), from_micros(built_at), by, **json.loads(report))


def put_build(tx: Tx, build: Build) -> None:
    """Keep a build."""
    report = json.dumps({name: getattr(build, name) for name in _KEPT}, allow_nan=False)
    tx.execute(
        "INSERT INTO persona_builds (build, as_of, built_at, made_by, state, report) VALUES (?, ?, ?, ?, ?, ?)",
        (build.number, micros(build.as_of), micros(build.built_at), build.by, build.state, report),
    )


def put_persona(tx: Tx, persona: Persona, place: int) -> None:
    """Keep what a build found of a persona."""
    tx.execute(
        "INSERT INTO personas (persona, title, named_by, born, last_build, vanished) VALUES (?, ?, ?, ?, ?, NULL) "
        "ON CONFLICT (persona) DO UPDATE SET title = excluded.title, last_build = excluded.last_build, vanished = NULL",
        (persona.key, persona.title, persona.named_by, persona.born, persona.last_build),
    )
    tx.execute(
        "INSERT INTO persona_cards (build, persona, place, card) VALUES (?, ?, ?, ?)",
        (persona.last_build, persona.key, place, json.dumps(persona.card, allow_nan=False)),
    )


def put_vanished(tx: Tx, keys: Sequence[str], build: int) -> None:
    """Keep that personas found no successor in a build."""
    tx.executemany("UPDATE personas SET vanished = ? WHERE persona = ?", [(build, key) for key in keys])


def taken_keys(store: OperationalStore | Tx) -> set[str]:
    """Keys that any persona ever had."""
    return {str(key) for (key,) in store.query("SELECT persona FROM personas")}


def personas(store: OperationalStore, *, vanished: bool = False) -> list[Persona]:
    """The personas that there are, the largest first; with ``vanished`` also those that are no longer found."""
    also = "" if vanished else "WHERE p.vanished IS NULL"
    rows = store.query(f"{_SELECT} {also} ORDER BY CASE WHEN p.vanished IS NULL THEN 0 ELSE 1 END, c.place, p.persona")
    return [_persona(row) for row in rows]


def persona(store: OperationalStore, key: str) -> Persona:
    """One persona; raises ``UNKNOWN_PERSONA``."""
    rows = store.query(f"{_SELECT} WHERE p.persona = ?", (key,))
    if not rows:
        known = ", ".join(sorted(taken_keys(store)))
        step = f"There are {known}." if known else "Find them first: foretell persona build."
        raise UsageError("UNKNOWN_PERSONA", f"there is no persona {key!r}", next_step=step)
    return _persona(rows[0])


def history_of(store: OperationalStore, key: str) -> list[tuple[datetime, int, float]]:
    """How a persona's size went: instant, people and share of each build that found it, the oldest first; of several as
    of one instant the last."""
    rows = store.query(
        "SELECT b.as_of, c.card FROM persona_cards c JOIN persona_builds b ON b.build = c.build WHERE c.persona = ? "
        "ORDER BY c.build",
        (key,),
    )
    cards = {from_micros(as_of): json.loads(card) for as_of, card in rows}
    return [(as_of, int(card["people"]), float(card["share"])) for as_of, card in sorted(cards.items())]


def rename(store: OperationalStore, key: str, title: str, *, by: str) -> Persona:
    """Give a persona a title of one's own, which it keeps over builds."""
    text = " ".join(title.split())
    if not text or len(text) > 80:
        raise UsageError("BAD_TITLE", "a title has 1 to 80 characters", thing=f"persona {key}")
    persona(store, key)
    with store.write() as tx:
        tx.execute("UPDATE personas SET title = ?, named_by = ? WHERE persona = ?", (text, by, key))
    return persona(store, key)


def _persona(row: Sequence[Any]) -> Persona:
    key, title, named_by, born, last, gone, card = row
    return Persona(key, title, named_by, int(born), int(last), None if gone is None else int(gone), json.loads(card))


_SELECT = (
    "SELECT p.persona, p.title, p.named_by, p.born, p.last_build, p.vanished, c.card FROM personas p "
    "JOIN persona_cards c ON c.persona = p.persona AND c.build = p.last_build"
)
