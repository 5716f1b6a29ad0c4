"""What people met in a window: by touchpoint how many, how often, and who of them still has something open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from foretell.clock import naive_utc
from foretell.condition import Did, Reader, hits_sql, parse
from foretell.engine import Analytics
from foretell.measure.maps.document import MapSpec, Touchpoint
from foretell.measure.maps.model import Span
from foretell.measure.maps.standing import Standing

CASES = (
    "SELECT c.profile_key, 'cases' AS what FROM log_cases AS c "
    "WHERE c.opened_at <= $until AND (c.closed_at IS NULL OR c.closed_at > $until)"
)
ISSUES = (
    "SELECT i.profile_key, 'issues' AS what FROM log_issues AS i "
    "WHERE i.detected_at <= $until AND (i.ended_at IS NULL OR i.ended_at > $until)"
)
OPEN = f"{CASES} UNION ALL {ISSUES}"
"""SQL: a row for each case and each issue that is open at ``$until``."""


@dataclass(frozen=True)
class Touched:
    """A touchpoint in a window.

    Args:
        people: who met it; ``volume``: how often.
        cases, issues: that those people have open at the window's end.
    """

    people: int = 0
    volume: int = 0
    cases: int = 0
    issues: int = 0


def touched(
    analytics: Analytics, reader: Reader, spec: MapSpec, span: Span, people: str, *, opened: bool
) -> dict[str, Touched]:
    """Every touchpoint by key.

    Args:
        people: SQL of the people who count.
        opened: whether cases and issues are counted.
    """
    parts = list(_parts(reader, spec, span))
    if not parts:
        return {}
    bounds = {"since": naive_utc(span.since), "until": naive_utc(span.until)}
    met = (
        f"SELECT m.touchpoint, m.profile_key, count(*) AS volume FROM ({' UNION ALL '.join(parts)}) AS m "
        f"WHERE EXISTS (SELECT 1 FROM ({people}) AS u WHERE u.profile_key = m.profile_key) "
        "GROUP BY m.touchpoint, m.profile_key"
    )
    rows = analytics.query(
        f"SELECT p.touchpoint, count(*) AS people, CAST(sum(p.volume) AS BIGINT) AS volume FROM ({met}) AS p "
        "GROUP BY p.touchpoint", bounds,
    )  # fmt: skip
    found = {row["touchpoint"]: [row["people"], row["volume"], 0, 0] for row in rows.to_pylist()}
    if opened and _some(analytics, OPEN, {"until": bounds["until"]}):
        told = analytics.query(
            f"SELECT p.touchpoint, o.what, count(*) AS n FROM ({met}) AS p JOIN ({OPEN}) AS o "
            "ON o.profile_key = p.profile_key GROUP BY p.touchpoint, o.what", bounds,
        )  # fmt: skip
        for row in told.to_pylist():
            found[row["touchpoint"]][2 if row["what"] == "cases" else 3] = row["n"]
    return {key: Touched(*(int(value) for value in values)) for key, values in found.items()}


def open_by_stage(analytics: Analytics, found: Standing) -> dict[int, Touched]:
    """The open cases and issues of the people who are no further than a stage, by the stage's place."""
    if not _some(analytics, OPEN, {"until": naive_utc(found.span.until)}):
        return {}
    rows = analytics.query(
        f"SELECT t.stage, o.what, count(*) AS n FROM ({found.told}) AS t JOIN ({OPEN}) AS o "
        "ON o.profile_key = t.profile_key WHERE t.furthest = 1 GROUP BY t.stage, o.what",
        {"until": naive_utc(found.span.until)},
        found.tables,
    )
    told: dict[int, dict[str, int]] = {}
    for row in rows.to_pylist():
        told.setdefault(int(row["stage"]), {})[row["what"]] = int(row["n"])
    return {stage: Touched(cases=one.get("cases", 0), issues=one.get("issues", 0)) for stage, one in told.items()}


def _some(analytics: Analytics, sql: str, params: Mapping[str, object]) -> bool:
    """Whether there is any row, so that nobody is placed in vain."""
    return bool(analytics.query(f"SELECT 1 AS one FROM ({sql}) AS s LIMIT 1", params).num_rows)


def _parts(reader: Reader, spec: MapSpec, span: Span) -> Iterator[str]:
    """SQL of the events of each touchpoint: ``touchpoint`` and ``profile_key``."""
    scope = reader.scope(span.until)
    for stage in spec.stages:
        for one in stage.touchpoints:
            yield (
                f"SELECT '{one.key}' AS touchpoint, e.profile_key FROM log_events AS e "
                f"WHERE {hits_sql(_tree(one).selection, scope)} AND e.ts > $since AND e.ts <= $until"
            )


def _tree(one: Touchpoint) -> Did:
    tree = parse(one.condition)
    assert isinstance(tree, Did)
    return tree
