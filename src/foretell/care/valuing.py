"""What is at risk with the people of open cases, and how pressing that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.care.model import US
from foretell.care.rule_document import USUAL_BANDS, CaseRuleSpec, rules_of
from foretell.care.storing import ask_about, publish, remember, want
from foretell.clock import Duration, micros
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx, python_rows, scratch, table_of
from foretell.money import minor_digits
from foretell.predict import latest_scores

AGAIN_AFTER = timedelta(hours=1)
"""So often the money at risk of open cases is looked up again."""
_DUE = "state <> 'closed' AND (valued_at IS NULL OR valued_at <= ?)"
_OPEN = {
    "case_id": pa.string(), "profile_key": pa.int64(), "rule": pa.string(), "priority": pa.string(),
    "priority_by": pa.string(), "value_minor": pa.int64(),
}  # fmt: skip
_VALUED = """
WITH worth AS (
  SELECT profile_key, score FROM s WHERE prediction = $worth AND horizon = $worth_horizon
), leaving AS (
  SELECT profile_key, score FROM s WHERE prediction = $leaving AND horizon = $leaving_horizon
)
SELECT c.*, CAST(round(greatest(w.score, 0) * l.score * $minor) AS BIGINT) AS value
FROM c LEFT JOIN worth w ON w.profile_key = c.profile_key LEFT JOIN leaving l ON l.profile_key = c.profile_key
ORDER BY c.case_id"""
_CHANGED = """
SELECT case_id, priority, wanted, value FROM v
WHERE value IS DISTINCT FROM value_minor OR (priority_by = 'value' AND priority <> wanted) ORDER BY case_id"""


def refresh_values(engine: Engine, catalog: Catalog, *, now: datetime) -> int:
    """Look up what is at risk with the people of open cases that were not looked at for an hour; returns how many
    cases changed. A priority that goes by value follows; one that somebody set stays."""
    before = micros(now - AGAIN_AFTER)
    people = engine.ops.query(f"SELECT DISTINCT profile_key FROM cases WHERE {_DUE}", (before,))
    if not people:
        return 0
    scores = latest_scores(engine.analytics, as_of=now, people=[key for (key,) in people])
    changed: list[str] = []

    def work(tx: Tx, batch: Batch) -> None:
        rows = tx.query(f"SELECT {', '.join(_OPEN)} FROM cases WHERE {_DUE}", (before,))
        tx.execute(f"UPDATE cases SET valued_at = ? WHERE {_DUE}", (micros(now), before))
        found = scratch(_CHANGED, {"v": _valued(table_of(_OPEN, rows), scores, catalog)})
        changed.extend(found["case_id"].to_pylist())
        if not changed:
            return
        _update(tx, found)
        ask_about(tx, found["case_id"])
        publish(tx, batch, catalog)
        moved = found.filter(pc.not_equal(found["priority"], found["wanted"]))
        told = [(row["case_id"], ("priority", row["priority"], row["wanted"])) for row in moved.to_pylist()]
        remember(tx, told, by=US, at=now)
        ask_about(tx, moved["case_id"])
        want(tx, catalog, now)

    engine.act("care", work, now=now)
    return len(changed)


def _update(tx: Tx, found: pa.Table) -> None:
    """A case whose priority moves is another version; what is at risk alone is no change that anybody made."""
    tx.executemany(
        "UPDATE cases SET value_minor = ?, version = version + CASE WHEN priority = ? THEN 0 ELSE 1 END, priority = ? "
        "WHERE case_id = ?",
        python_rows(found.select(["value", "wanted", "wanted", "case_id"])),
    )


def _valued(cases: pa.Table, scores: pa.Table, catalog: Catalog) -> pa.Table:
    """``cases`` with ``value`` (minor units, null where it is unknown) and the priority ``wanted``."""
    risk = catalog.settings.care.at_risk
    digits = minor_digits(catalog.settings.currency)
    asked = {
        "worth": risk.worth,
        "worth_horizon": _horizon(scores, risk.worth, None),
        "leaving": risk.leaving,
        "leaving_horizon": _horizon(scores, risk.leaving, Duration.parse(risk.horizon).days),
        "minor": float(10**digits),
    }
    found = scratch(_VALUED, {"c": cases, "s": scores}, asked)
    return found.append_column("wanted", _wanted(found, rules_of(catalog), digits))


def _wanted(cases: pa.Table, rules: Mapping[str, CaseRuleSpec], digits: int) -> pa.Array:
    values = cases["value"].to_numpy().astype(np.float64)
    kinds = np.array(cases["rule"].to_pylist(), dtype=object)
    by_value = np.array(cases["priority_by"].to_pylist(), dtype=object) == "value"
    wanted = np.array(cases["priority"].to_pylist(), dtype=object)
    for kind in {*kinds.tolist()}:
        place = by_value & (kinds == kind)
        rule = rules.get(kind) if kind is not None else None
        wanted[place] = priorities(values[place], rule, digits)
    return pa.array(wanted.tolist(), pa.string())


def priorities(values: npt.NDArray[np.float64], rule: CaseRuleSpec | None, digits: int) -> npt.NDArray[np.object_]:
    """How pressing so much money at risk is (minor units, NaN where it is unknown: normal)."""
    bands = USUAL_BANDS if rule is None else rule.bands
    least = [
        float("inf") if one is None else round(one * 10**digits) for one in (bands.urgent, bands.high, bands.normal)
    ]
    tests = [np.isnan(values), *(values >= one for one in least)]
    names = np.array(["normal", "urgent", "high", "normal", "low"], dtype=object)
    chosen = np.select(tests, list(range(4)), default=4)
    result: npt.NDArray[np.object_] = names[chosen]
    return result


def priority_by_value(value_minor: int | None, rule: CaseRuleSpec | None, digits: int) -> str:
    """The same of one amount."""
    return str(priorities(np.array([np.nan if value_minor is None else value_minor], np.float64), rule, digits)[0])


def _horizon(scores: pa.Table, prediction: str, near_days: float | None) -> str:
    """The horizon of a prediction that counts: the one nearest to ``near_days``, else the longest; of none empty."""
    rows = scratch("SELECT DISTINCT horizon FROM s WHERE prediction = $p ORDER BY 1", {"s": scores}, {"p": prediction})
    told: list[str] = rows["horizon"].to_pylist()
    if near_days is None:
        return max(told, key=lambda one: Duration.parse(one).days, default="")
    return min(told, key=lambda one: abs(Duration.parse(one).days - near_days), default="")
