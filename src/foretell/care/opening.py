"""Opening cases, many at once, inside somebody's recorded batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from foretell.care.assigning import given
from foretell.care.hours import Calendar, calendar_of
from foretell.care.model import US
from foretell.care.rule_document import CaseRuleSpec, rules_of
from foretell.care.storing import HISTORY, ask_about, insert, publish, tell_opened, want
from foretell.clock import Duration
from foretell.definitions import Catalog
from foretell.engine import Batch, Tx, python_rows, scratch, table_of, with_column

_OPTIONAL = {
    **dict.fromkeys(("rule", "team", "due", "due_in", "message_id", "survey", "response_id", "words"), "VARCHAR"),
    "score": "DOUBLE",
}
_RULES = {
    "rule": pa.string(), "rule_title": pa.string(), "rule_team": pa.string(), "assign": pa.string(),
    "rule_priority": pa.string(), "rule_due": pa.string(), "rule_due_in": pa.string(), "one_open": pa.bool_(),
}  # fmt: skip
_TYPED = """
WITH told AS (
  SELECT case_id, CAST(profile_key AS BIGINT) AS profile_key, CAST(node_key AS BIGINT) AS node_key,
    CAST(title AS VARCHAR) AS title, coalesce(reason, '') AS reason, CAST(priority AS VARCHAR) AS priority,
    CAST(owner AS VARCHAR) AS owner, CAST(opened_at AS TIMESTAMP) AS opened_at, CAST(due_at AS TIMESTAMP) AS due_at,
    CAST(journey AS VARCHAR) AS journey, CAST(run AS VARCHAR) AS run, CAST(step AS VARCHAR) AS step,
    {optional}, row_number() OVER (PARTITION BY case_id) AS place FROM r
)
SELECT t.case_id, t.profile_key, t.node_key,
  coalesce(t.title, k.rule_title, upper(left(replace(t.rule, '_', ' '), 1)) || substr(replace(t.rule, '_', ' '), 2),
    t.reason) AS title,
  t.reason, coalesce(t.priority, k.rule_priority, 'normal') AS asked_priority,
  CASE WHEN o.team IS NULL THEN t.owner END AS owner, coalesce(t.team, o.team, k.rule_team) AS team,
  epoch_us(t.opened_at) AS opened_at, epoch_us(t.due_at) AS due_at, t.journey, t.run, t.step, t.rule, t.message_id,
  t.survey, t.response_id, t.score, t.words, coalesce(t.due, k.rule_due) AS due,
  coalesce(t.due_in, k.rule_due_in, 'working_hours') AS due_in,
  coalesce(k.assign, 'nobody') AS assign, coalesce(k.one_open, false) AS one_open
FROM told t LEFT JOIN k ON k.rule = t.rule LEFT JOIN teams o ON o.team = t.owner WHERE t.place = 1"""

_UNKNOWN = "SELECT t.* FROM t ANTI JOIN known USING (case_id)"
_REPEATED = """
WITH placed AS (
  SELECT f.case_id, f.reason, f.journey, f.opened_at, f.survey, f.response_id, h.kept_id,
    row_number() OVER first_first AS place, first_value(f.case_id) OVER first_first AS first_id
  FROM f LEFT JOIN held h ON h.profile_key = f.profile_key AND h.rule = f.rule WHERE f.one_open
  WINDOW first_first AS (PARTITION BY f.profile_key, f.rule ORDER BY f.opened_at, f.case_id)
)
SELECT case_id, coalesce(kept_id, first_id) AS kept_id, survey, response_id, opened_at, coalesce(journey, reason) AS why
FROM placed WHERE kept_id IS NOT NULL OR place > 1 ORDER BY opened_at, case_id"""
_CUT = """
WITH placed AS (
  SELECT f.*, h.kept_id, CASE WHEN f.one_open THEN row_number() OVER (
    PARTITION BY f.profile_key, f.rule, f.one_open ORDER BY f.opened_at, f.case_id) ELSE 1 END AS place
  FROM f LEFT JOIN held h ON h.profile_key = f.profile_key AND h.rule = f.rule AND f.one_open
), ranked AS (
  SELECT p.*, sum(CASE WHEN kept_id IS NULL AND place = 1 THEN 1 ELSE 0 END) OVER (
    ORDER BY opened_at, case_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS made FROM placed p
), numbered AS (
  SELECT r.*, CASE WHEN one_open THEN first_value(made) OVER (
    PARTITION BY profile_key, rule, one_open ORDER BY opened_at, case_id) ELSE made END AS number FROM ranked r
)
SELECT case_id, opened_at FROM numbered WHERE kept_id IS NULL AND number > $most ORDER BY opened_at, case_id"""
"""What is beyond the number of new cases; whoever may have one alone makes one with all of theirs."""
_REPEATS = ["case_id", "kept_id", "survey", "response_id"]
_HELD = {"profile_key": pa.int64(), "rule": pa.string(), "kept_id": pa.string()}
_KNOWN = {"case_id": pa.string()}

_KINDS = """
SELECT f.*, CASE WHEN due_at IS NULL AND due IS NOT NULL THEN dense_rank() OVER (ORDER BY due, due_in, team) ELSE 0 END
  AS kind FROM f"""

_NEW = """
SELECT f.case_id, f.profile_key, f.title, f.reason, 'open' AS state,
  CASE f.asked_priority WHEN 'by_value' THEN 'normal' ELSE f.asked_priority END AS priority,
  coalesce(f.owner, g.given) AS owner, f.opened_at, f.due_at, f.journey, f.run, f.step, 1 AS version, f.node_key,
  f.rule, f.team, CASE f.asked_priority WHEN 'by_value' THEN 'value' ELSE 'given' END AS priority_by,
  f.message_id, f.survey, f.response_id, f.score, f.words
FROM f LEFT JOIN g ON g.case_id = f.case_id ORDER BY f.case_id"""


def open_cases(tx: Tx, batch: Batch, rows: pa.Table, catalog: Catalog | None = None, *, by: str = US) -> int:
    """Open cases; a ``case_id`` that exists, or is held back, is passed over, so that doing it again changes nothing.

    Args:
        rows: ``case_id profile_key node_key title reason priority owner opened_at due_at journey run
            step`` (instants as timestamp[us], UTC; title, priority, owner, due_at, journey, run and step may be
            null), and where they are known: ``rule`` (its case rule, which says what else is null), ``team``, ``due``
            (a duration, where there is no due_at), ``due_in`` (``working_hours`` of its team, or ``hours``),
            ``message_id``, ``survey``, ``response_id``, ``score``, ``words``. A priority may be
            ``by_value``; an owner may be the key of a team.
        catalog: knows rules and teams.
        by: who opens them.

    Returns: how many are new. Tells ``Case Opened`` for each. What is not opened since its person has a case by a rule
    that allows one is noted in the history of that case.
    """
    return open_some(tx, batch, rows, catalog, by=by)[0]


def open_some(
    tx: Tx, batch: Batch, rows: pa.Table, catalog: Catalog | None = None, *, by: str = US, most: int | None = None
) -> tuple[int, pa.Table]:
    """Open cases as :func:`open_cases` does, the first ``most`` of them; returns how many are new, and the others:
    ``case_id opened_at`` (microseconds)."""
    fresh = _unknown(tx, _typed(rows, rules_of(catalog), catalog))
    held = _held(tx, fresh)
    fresh, more = _within(fresh, held, most)
    fresh = _without_repeats(tx, fresh, held)
    if not fresh.num_rows:
        return 0, more
    if catalog is not None:
        fresh = _with_due(fresh, catalog)
    turns = given(tx, catalog, fresh) if catalog is not None else pa.table({"case_id": [""], "given": [""]})
    new = scratch(_NEW, {"f": fresh, "g": turns})
    insert(tx, new)
    _remember(tx, new, turns, by)
    ask_about(tx, new["case_id"])
    want(tx, catalog, batch.now)
    publish(tx, batch, catalog)
    tell_opened(batch, new)
    return int(new.num_rows), more


def kept_cases(tx: Tx, case_ids: Sequence[str]) -> Mapping[str, str]:
    """Of cases that were not opened since their person has one: whose place that one takes."""
    ask_about(tx, case_ids)
    found = tx.query("SELECT r.case_id, r.kept_id FROM asked_cases o JOIN case_repeats r ON r.case_id = o.case_id")
    return dict(found)


def _typed(rows: pa.Table, rules: Mapping[str, CaseRuleSpec], catalog: Catalog | None) -> pa.Table:
    """The first of equal ids, with what the rules say."""
    optional = ", ".join(
        f"CAST({name if name in rows.column_names else 'NULL'} AS {kind}) AS {name}" for name, kind in _OPTIONAL.items()
    )
    known = [
        (key, one.title, one.team, one.assign, one.priority, one.due, one.due_in, one.one_open)
        for key, one in rules.items()
    ]
    teams = [] if catalog is None else list(catalog.settings.care.teams)
    tables = {"r": rows, "k": table_of(_RULES, known), "teams": pa.table({"team": pa.array(teams, pa.string())})}
    return scratch(_TYPED.format(optional=optional), tables)


def _unknown(tx: Tx, typed: pa.Table) -> pa.Table:
    ask_about(tx, typed["case_id"])
    found = tx.query(
        "SELECT c.case_id FROM asked_cases o JOIN cases c ON c.case_id = o.case_id UNION "
        "SELECT r.case_id FROM asked_cases o JOIN case_repeats r ON r.case_id = o.case_id UNION "
        "SELECT h.case_id FROM asked_cases o JOIN case_rule_held h ON h.case_id = o.case_id"
    )
    return scratch(_UNKNOWN, {"t": typed, "known": table_of(_KNOWN, found)})


def _held(tx: Tx, fresh: pa.Table) -> pa.Table:
    """The open cases of people who may have one by a rule: columns of :data:`_HELD`."""
    single = fresh.filter(fresh["one_open"])
    if not single.num_rows:
        return table_of(_HELD, [])
    tx.put("opening_people", scratch("SELECT DISTINCT profile_key, rule FROM s", {"s": single}))
    held = tx.query(
        "SELECT c.profile_key, c.rule, min(c.case_id) FROM opening_people o JOIN cases c "
        "ON c.profile_key = o.profile_key AND c.rule = o.rule AND c.state <> 'closed' GROUP BY c.profile_key, c.rule"
    )
    return table_of(_HELD, held)


def _within(fresh: pa.Table, held: pa.Table, most: int | None) -> tuple[pa.Table, pa.Table]:
    """What is opened, or noted, with at most so many new cases, the first in time; and the others."""
    shown = ["case_id", "opened_at"]
    if most is None or fresh.num_rows <= most:
        return fresh, fresh.slice(0, 0).select(shown)
    cut = scratch(_CUT, {"f": fresh, "held": held}, {"most": most})
    return scratch(_UNKNOWN, {"t": fresh, "known": cut.select(["case_id"])}), cut.select(shown)


def _without_repeats(tx: Tx, fresh: pa.Table, held: pa.Table) -> pa.Table:
    """Those that are opened; the others are noted where their person's case is."""
    single = fresh.filter(fresh["one_open"])
    if not single.num_rows:
        return fresh
    repeated = scratch(_REPEATED, {"f": single, "held": held})
    if not repeated.num_rows:
        return fresh
    tx.executemany(
        f"INSERT INTO case_repeats ({', '.join(_REPEATS)}) VALUES (?, ?, ?, ?)", python_rows(repeated.select(_REPEATS))
    )
    kept = scratch("SELECT DISTINCT kept_id FROM r", {"r": repeated})
    ask_about(tx, kept["kept_id"])
    last = table_of(
        {"kept_id": pa.string(), "last": pa.int64()},
        tx.query("SELECT h.case_id, max(h.number) FROM asked_cases a JOIN case_history h ON h.case_id = a.case_id "
                 "GROUP BY h.case_id"),
    )  # fmt: skip
    noted = scratch(
        "SELECT r.kept_id, coalesce(l.last, 2) + row_number() OVER (PARTITION BY r.kept_id ORDER BY r.opened_at, "
        "r.case_id), r.opened_at, $us, 'again', NULL, r.why, NULL FROM r LEFT JOIN l ON l.kept_id = r.kept_id",
        {"r": repeated, "l": last},
        {"us": US},
    )
    tx.executemany(HISTORY, python_rows(noted))
    return scratch(_UNKNOWN, {"t": fresh, "known": repeated.select(["case_id"])})


def _with_due(fresh: pa.Table, catalog: Catalog) -> pa.Table:
    """With the due times that durations mean."""
    asked = scratch(_KINDS, {"f": fresh})
    due = asked["due_at"].fill_null(0).to_numpy().astype(np.int64, copy=True)
    kinds, opened = asked["kind"].to_numpy(), asked["opened_at"].to_numpy()
    for row in scratch("SELECT DISTINCT kind, due, due_in, team FROM a WHERE kind > 0", {"a": asked}).to_pylist():
        place = kinds == row["kind"]
        due[place] = due_calendar(catalog, row["team"], row["due_in"]).after(opened[place], Duration.parse(row["due"]))
    without = np.logical_and(asked["due_at"].is_null().to_numpy(), kinds == 0)
    return with_column(asked, "due_at", pa.array(due, pa.int64(), mask=without))


def due_calendar(catalog: Catalog, team: str | None, due_in: str) -> Calendar:
    """The calendar in which a due time is counted."""
    found = calendar_of(catalog, team)
    return found if due_in == "working_hours" else Calendar(found.zone, ((),) * 7)


def _remember(tx: Tx, new: pa.Table, turns: pa.Table, by: str) -> None:
    opened = scratch("SELECT case_id, 1, opened_at, $by, 'opened', NULL, priority, NULL FROM n", {"n": new}, {"by": by})
    given_to = scratch(
        "SELECT n.case_id, 2, n.opened_at, $us, 'owner', NULL, g.given, NULL FROM n JOIN g ON g.case_id = n.case_id",
        {"n": new, "g": turns},
        {"us": US},
    )
    tx.executemany(HISTORY, python_rows(opened))
    tx.executemany(HISTORY, python_rows(given_to))
