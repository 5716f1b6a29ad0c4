"""Lists of issues, and what there is of each document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foretell.care.issues.document import spec_of, title_of
from foretell.clock import from_micros
from foretell.condition import parse, sentence
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError

_NAMES = (
    "issue_id", "issue", "profile_key", "severity", "arm", "state", "detected_at", "ended_at", "case_id",
)  # fmt: skip
_SELECT = (
    f"SELECT {', '.join(f'i.{name}' for name in _NAMES)}, n.profile_id FROM issues i "
    "LEFT JOIN nodes n ON n.node_key = i.profile_key"
)
_PRESSING = "CASE i.severity WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END"


@dataclass(frozen=True)
class Issue:
    """Something that went wrong for a person, once."""

    issue_id: str
    issue: str
    profile_key: int
    severity: str
    arm: str
    state: str
    detected_at: datetime
    ended_at: datetime | None
    case_id: str | None
    profile_id: str


@dataclass(frozen=True)
class IssuePage:
    """A page of issues, the most pressing and then the latest first."""

    total: int
    rows: tuple[Issue, ...]


@dataclass(frozen=True)
class IssueLine:
    """An issue document and what became of what it found.

    Args:
        says: its condition in plain English.
        states: state → how many there ever were.
        median_hours: until they were cleared; None where none was.
    """

    key: str
    title: str
    severity: str
    says: str
    clears: str | None
    answers: str | None
    states: Mapping[str, int]
    median_hours: float | None


def list_issues(
    engine: Engine,
    *,
    state: str | None = "open",
    key: str | None = None,
    severity: str | None = None,
    profile_key: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> IssuePage:
    """Issues that keep all the filters; None leaves one out."""
    wanted = {"state": state, "issue": key, "severity": severity, "profile_key": profile_key}
    kept = {name: value for name, value in wanted.items() if value is not None}
    where = f"WHERE {' AND '.join(f'i.{name} = ?' for name in kept)}" if kept else ""
    ((total,),) = engine.ops.query(f"SELECT count(*) FROM issues i {where}", tuple(kept.values()))
    rows = engine.ops.query(
        f"{_SELECT} {where} ORDER BY CASE WHEN i.state = 'open' THEN {_PRESSING} ELSE 4 END, i.detected_at DESC, "
        "i.issue_id LIMIT ? OFFSET ?",
        (*kept.values(), limit, offset),
    )
    return IssuePage(int(total), tuple(map(_issue, rows)))


def issues_of(engine: Engine, profile_key: int, *, limit: int = 20) -> tuple[Issue, ...]:
    """A person's issues, those that are open first."""
    return list_issues(engine, state=None, profile_key=profile_key, limit=limit).rows


def issue(engine: Engine, issue_id: str) -> Issue:
    """One issue; raises ``UNKNOWN_ISSUE``."""
    rows = engine.ops.query(f"{_SELECT} WHERE i.issue_id = ?", (issue_id,))
    if not rows:
        next_step = "See `foretell issue list`."
        raise UsageError("UNKNOWN_ISSUE", f"there is no issue {issue_id!r}", next_step=next_step)
    return _issue(rows[0])


def overview(engine: Engine, catalog: Catalog) -> list[IssueLine]:
    """Every issue document with what it found so far, by key."""
    counts: dict[str, dict[str, int]] = {}
    for key, state, count in engine.ops.query("SELECT issue, state, count(*) FROM issues GROUP BY issue, state"):
        counts.setdefault(key, {})[state] = int(count)
    hours = engine.analytics.query(
        "SELECT issue, median(epoch_us(ended_at) - epoch_us(detected_at)) AS took FROM log_issues "
        "WHERE state = 'cleared' GROUP BY issue"
    ).to_pylist()
    took = {row["issue"]: round(row["took"] / 3_600_000_000, 1) for row in hours}
    lines = []
    for document in sorted(catalog.all("issue"), key=lambda one: one.key):
        spec = spec_of(document)
        lines.append(
            IssueLine(
                document.key,
                title_of(document),
                spec.severity,
                sentence(parse(spec.detect)),
                None if spec.clears is None else sentence(parse(spec.clears)),
                None if spec.answer is None else spec.answer.case,
                counts.get(document.key, {}),
                took.get(document.key),
            )
        )
    return lines


def _issue(row: tuple[Any, ...]) -> Issue:
    told = dict(zip((*_NAMES, "profile_id"), row, strict=True))
    told["profile_id"] = told["profile_id"] or ""
    told["detected_at"] = from_micros(told["detected_at"])
    told["ended_at"] = None if told["ended_at"] is None else from_micros(told["ended_at"])
    return Issue(**told)
