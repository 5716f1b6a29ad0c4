"""Root causes: how many cases each has, and what to suggest for one."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import care
from foretell.clock import naive_utc
from foretell.definitions import Catalog
from foretell.engine import Engine, scratch
from foretell.listen.loop.improving import improvements
from foretell.listen.loop.model import Cause, Causes, Improvement
from foretell.listen.loop.months import with_month
from foretell.listen.loop.said import themes_of
from foretell.stats import median_time

MOST_SUGGESTED = 8
_CASES = (
    "SELECT c.case_id, c.root_cause, c.state, c.opened_at, c.closed_at, c.value_at_risk FROM cases c "
    "WHERE c.opened_at > $since AND c.opened_at <= $now AND (c.root_cause IS NOT NULL OR c.state = 'closed')"
)
_TIMED = """
SELECT c.*, date_diff('microsecond', opened_at, coalesce(closed_at, $now)) / 3.6e9 AS hours FROM c"""
_USED = (
    "SELECT c.root_cause, count(*) AS n FROM cases c WHERE c.root_cause IS NOT NULL AND c.rule = $rule "
    "GROUP BY c.root_cause ORDER BY n DESC, c.root_cause LIMIT 20"
)


def causes(engine: Engine, catalog: Catalog, *, since: datetime, now: datetime) -> Causes:
    """Every root cause of cases that were opened in a span, whatever they are about; improvements with them."""
    asked = {"since": naive_utc(since), "now": naive_utc(now)}
    rows = scratch(_TIMED, {"c": engine.analytics.query(_CASES, asked)}, {"now": naive_utc(now)})
    rows = with_month(rows, "opened_at", catalog.settings.zone_info)
    known = improvements(engine)
    named = rows.filter(pc.is_valid(rows["root_cause"]))
    found = [_cause(named, str(cause), known) for cause in sorted(set(named["root_cause"].to_pylist()))]
    found.sort(key=lambda one: (-one.cases, one.root_cause))
    return Causes(tuple(found), rows.num_rows - named.num_rows, known)


def _cause(named: pa.Table, cause: str, known: list[Improvement]) -> Cause:
    mine = scratch("SELECT * FROM n WHERE root_cause = $cause", {"n": named}, {"cause": cause})
    closed = np.array([one == "closed" for one in mine["state"].to_pylist()], dtype=bool)
    months = scratch("SELECT month || '-01' AS month, count(*) AS n FROM m GROUP BY month ORDER BY month", {"m": mine})
    at_risk = scratch("SELECT coalesce(sum(value_at_risk), 0) AS v FROM m WHERE state <> 'closed'", {"m": mine})
    return Cause(
        cause,
        mine.num_rows,
        int((~closed).sum()),
        mine.num_rows / named.num_rows,
        median_time(mine["hours"].to_numpy(), closed),
        float(at_risk["v"][0].as_py()),
        dict(zip(months["month"].to_pylist(), months["n"].to_pylist(), strict=True)),
        tuple(one.improvement_id for one in known if cause in one.root_causes and one.dropped_at is None),
    )


def suggested(engine: Engine, catalog: Catalog, case: care.Case) -> list[str]:
    """Root causes to choose from for a case: of its rule those that its answer speaks of first; where the rule names
    none, what cases of its kind had, and the themes of the answer."""
    themes = [one.theme for one in themes_of(engine, case.survey, case.response_id) if one.theme is not None]
    rule = care.rule_of(catalog, case.rule)
    if rule is not None and rule.root_causes:
        spoken = [cause for cause in rule.root_causes if cause.casefold() in {one.casefold() for one in themes}]
        return list(dict.fromkeys([*spoken, *rule.root_causes]))
    used = [] if case.rule is None else engine.analytics.query(_USED, {"rule": case.rule})["root_cause"].to_pylist()
    return list(dict.fromkeys([*themes, *used]))[:MOST_SUGGESTED]
