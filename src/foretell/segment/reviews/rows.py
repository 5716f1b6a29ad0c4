"""What was decided about a segment: one row a review, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from foretell.clock import from_micros, micros
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.segment.document import condition_of, spec_of
from foretell.segment.everybody import everybody
from foretell.segment.meaning import meaning_of

Decision = Literal["keep", "tighten", "retire"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
_COLUMNS = "segment, number, at, made_by, decision, note, next_review, people, could_be, meaning"


@dataclass(frozen=True)
class Review:
    """One look at a segment.

    Args:
        number: from 1, in the order they were made.
        next_review: when to look again, where it was said.
        people: how many were in it then.
        could_be: how many could have been (its universe).
        meaning: hash of what it meant then, see :func:`foretell.segment.meaning_of`.
    """

    segment: str
    number: int
    at: datetime
    by: str
    decision: Decision
    note: str
    next_review: date | None
    people: int
    could_be: int
    meaning: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        return {**vars(self)}


def record_review(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    key: str,
    *,
    by: str,
    decision: str,
    now: datetime,
    note: str = "",
    next_review: date | None = None,
) -> Review:
    """Note that somebody looked at segment ``key`` and what they decided; the segment itself does not change.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``; ``BAD_DECISION``; ``BAD_DATE`` where ``next_review`` is not later
            than today.
    """
    document = catalog.get("segment", key)
    if decision not in DECISIONS:
        allowed = ", ".join(DECISIONS)
        raise UsageError("BAD_DECISION", f"{decision!r} is no decision", next_step=f"Say one of: {allowed}.")
    today = now.astimezone(catalog.settings.zone_info).date()
    if next_review is not None and next_review <= today:
        raise UsageError(
            "BAD_DATE",
            f"the next review, {next_review}, is not later than today, {today}",
            next_step="Name a later day, or leave it out.",
        )
    people = reader.count(condition_of(document), as_of=now, of=spec_of(document).of)
    could_be = everybody(reader, of=spec_of(document).of, as_of=now).num_rows
    row = (micros(now), by, decision, note, next_review and next_review.isoformat(), people, could_be)
    with engine.ops.write() as tx:
        number = 1 + tx.query("SELECT coalesce(max(number), 0) FROM segment_reviews WHERE segment = ?", (key,))[0][0]
        values = (key, number, *row, meaning_of(catalog, key))
        tx.execute(f"INSERT INTO segment_reviews ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    return _review(values)


def review_history(engine: Engine, key: str) -> list[Review]:
    """All reviews of segment ``key``, the latest first; also of a segment that is no more."""
    rows = engine.ops.query(f"SELECT {_COLUMNS} FROM segment_reviews WHERE segment = ? ORDER BY number DESC", (key,))
    return [_review(row) for row in rows]


def last_reviews(engine: Engine) -> Mapping[str, Review]:
    """Segment → its latest review."""
    rows = engine.ops.query(f"SELECT {_COLUMNS} FROM segment_reviews ORDER BY segment, number")
    return {row[0]: _review(row) for row in rows}


def _review(row: tuple[Any, ...]) -> Review:
    segment, number, at, by, decision, note, next_review, people, could_be, meaning = row
    day = None if next_review is None else date.fromisoformat(next_review)
    return Review(segment, number, from_micros(at), by, decision, note, day, people, could_be, meaning)
