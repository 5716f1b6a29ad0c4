"""What is kept of a response that somebody may go on with: what was told of it, and what is provisional."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from foretell.engine import Tx
from foretell.listen.surveys.leaves import Readable
from foretell.listen.surveys.question_types import Value


@dataclass(frozen=True)
class Standing:
    """What is kept of a response before an answer; the empty one where there is none.

    Args:
        part: number of the last part that was told; 0 where none was.
        told: everything it says, by path.
        is_held: its last part is provisional: nobody is told of it yet.
    """

    part: int = 0
    told: Mapping[str, Value] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    complete: bool = False
    profile_key: int = 0
    node_key: int = 0
    answered_at: int | None = None
    is_held: bool = False

    @property
    def is_begun(self) -> bool:
        """Somebody has answered something."""
        return self.part > 0 or self.is_held

    def says_as(self, other: Standing) -> bool:
        """Whether it says what ``other`` says."""
        return as_json(self.told) == as_json(other.told) and self.complete == other.complete and self.seen == other.seen


@dataclass(frozen=True)
class ResponseKey:
    """By what a response is known: two surveys may give the same id."""

    survey: str
    response_id: str


def given(store: Readable, key: ResponseKey) -> Standing:
    """What was told of a response."""
    found = store.query(
        "SELECT part, told, seen, complete, profile_key, node_key, answered_at FROM survey_given "
        "WHERE survey = ? AND response_id = ?",
        (key.survey, key.response_id),
    )
    if not found:
        return Standing()
    part, told, seen, complete, profile, node, at = found[0]
    return Standing(int(part), json.loads(told), tuple(json.loads(seen)), bool(complete), profile, node, at)


def latest(store: Readable, key: ResponseKey) -> Standing:
    """What somebody said last, whether it was told or is provisional."""
    before = given(store, key)
    found = store.query(
        "SELECT told, seen, complete, profile_key, node_key, held_at FROM survey_held "
        "WHERE survey = ? AND response_id = ?",
        (key.survey, key.response_id),
    )
    if not found:
        return before
    told, seen, complete, profile, node, at = found[0]
    return Standing(
        before.part, json.loads(told), tuple(json.loads(seen)), bool(complete), profile, node,
        before.answered_at or at, is_held=True,
    )  # fmt: skip


def write_given(tx: Tx, key: ResponseKey, after: Standing, about: Mapping[str, object], at: int) -> None:
    """Keep what is told of a response at ``at`` (µs)."""
    tx.execute(
        "INSERT INTO survey_given (survey, response_id, profile_key, node_key, part, told, seen, about, complete, "
        "answered_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (survey, response_id) DO UPDATE SET part = excluded.part, told = excluded.told, "
        "seen = excluded.seen, complete = excluded.complete, changed_at = excluded.changed_at",
        (
            key.survey, key.response_id, after.profile_key, after.node_key, after.part, as_json(after.told),
            as_json(list(after.seen)), as_json(about), int(after.complete), after.answered_at or at, at,
        ),
    )  # fmt: skip


def as_json(value: object) -> str:
    """A value as it is kept."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
