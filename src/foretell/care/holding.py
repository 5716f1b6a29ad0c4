"""Too many cases at once: what a rule would open beyond its number a day is held back until somebody decides.

An import of old answers, or a survey to everybody, would else bury the team. Of what is held back only the ids of the
cases are kept; the events lie in the log, and are read again when it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.care.answers import cases_of, found_sql, shaped
from foretell.care.opening import open_cases
from foretell.care.openings import Opening, ways
from foretell.care.restrictions import allowed
from foretell.care.rule_document import rules_of, spec_of
from foretell.clock import from_micros, micros, naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, OperationalStore, Tx, python_rows

_DAY = (
    "INSERT INTO case_rule_days (rule, day, opened) VALUES (?, ?, ?) ON CONFLICT (rule) DO UPDATE SET "
    "opened = CASE WHEN case_rule_days.day = excluded.day THEN case_rule_days.opened + excluded.opened "
    "ELSE excluded.opened END, day = excluded.day"
)
_HOLD = (
    "INSERT INTO case_rule_held (case_id, rule, opening, state, happened_at, held_at) VALUES (?, ?, ?, 'held', ?, ?) "
    "ON CONFLICT (case_id) DO NOTHING"
)


def room(store: Tx | OperationalStore, catalog: Catalog, rule: str, now: datetime) -> int:
    """How many more cases a rule may open by itself on the day of ``now``, in the workspace's time zone."""
    rows = store.query("SELECT opened FROM case_rule_days WHERE rule = ? AND day = ?", (rule, _day(catalog, now)))
    return max(rules_of(catalog)[rule].most_a_day - (int(rows[0][0]) if rows else 0), 0)


def note_opened(tx: Tx, catalog: Catalog, rule: str, opened: int, now: datetime) -> None:
    """Count what a rule has opened by itself."""
    if opened:
        tx.execute(_DAY, (rule, _day(catalog, now), opened))


def hold(tx: Tx, opening: Opening, rows: pa.Table, now: datetime) -> None:
    """Remember cases that are not opened: ``case_id opened_at`` (microseconds)."""
    told = [(case_id, opening.rule, opening.name, at, micros(now)) for case_id, at in python_rows(rows)]
    tx.executemany(_HOLD, told)


def held_back(engine: Engine) -> Mapping[str, int]:
    """By rule how many cases are held back."""
    return dict(engine.ops.query(
        "SELECT rule, count(*) FROM case_rule_held WHERE state = 'held' GROUP BY rule ORDER BY rule"
    ))  # fmt: skip


def leave_held(engine: Engine, catalog: Catalog, rule: str) -> int:
    """Open none of what a rule held back; returns how many that are. Raises ``UNKNOWN_DEFINITION``."""
    catalog.get("case_rule", rule)
    with engine.ops.write() as tx:
        return tx.execute("UPDATE case_rule_held SET state = 'left' WHERE rule = ? AND state = 'held'", (rule,))


def open_held(engine: Engine, catalog: Catalog, reader: Reader, rule: str, *, now: datetime) -> int:
    """Open what a rule held back, all of it; returns how many cases there are more.

    What a person is barred from since, or what the rule as it stands now would not open, is not opened; nor is it held
    back any more.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``.
    """
    spec = spec_of(catalog.get("case_rule", rule))
    span = engine.ops.query(
        "SELECT min(happened_at), max(happened_at) FROM case_rule_held WHERE rule = ? AND state = 'held'", (rule,)
    )[0]
    if span[0] is None:
        return 0
    found = [_cases(engine, reader, one, span, now) for one in ways(spec.opens, rule) if one.spec.condition is None]
    opened = 0

    def work(tx: Tx, batch: Batch) -> None:
        nonlocal opened
        told = tx.query("SELECT case_id FROM case_rule_held WHERE rule = ? AND state = 'held'", (rule,))
        tx.execute("DELETE FROM case_rule_held WHERE rule = ? AND state = 'held'", (rule,))
        held = pa.array([case_id for (case_id,) in told], pa.string())
        for rows in found:
            theirs = rows.filter(pc.is_in(rows["case_id"], held))
            theirs = allowed(tx, theirs, now)
            opened += open_cases(tx, batch, theirs, catalog) if theirs.num_rows else 0

    engine.act("care", work, now=now)
    return opened


def _cases(engine: Engine, reader: Reader, opening: Opening, span: tuple[int, int], now: datetime) -> pa.Table:
    sql = f"{found_sql(opening.selection, reader.scope(now))} AND e.ts >= $first AND e.ts <= $last"
    told = {"first": naive_utc(from_micros(span[0])), "last": naive_utc(from_micros(span[1]))}
    return cases_of(opening, shaped(engine.analytics.query(sql, told)))


def _day(catalog: Catalog, now: datetime) -> str:
    return f"{now.astimezone(catalog.settings.zone_info):%Y-%m-%d}"
