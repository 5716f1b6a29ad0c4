"""Looking for cases that rules open: by a condition, and by events that have come to pass since the last look.

Events open their cases as they arrive; a look makes up for those that were dated ahead, as when history is played
through. Doing it again at the same instant changes nothing.
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.care.answers import found_sql, shaped
from foretell.care.at_once import ALL_ANSWERS, add_words, allowed, open_answered
from foretell.care.opening import open_cases
from foretell.care.openings import Opening, ways
from foretell.care.rule_document import rules_of
from foretell.clock import Duration, from_micros, micros, naive_utc
from foretell.condition import Reader, Selection
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Batch, Engine, Tx
from foretell.ids import stable_id

_LOOKS = "SELECT batch, looked_at, since FROM case_rule_looks WHERE opening = ?"
_LOOKED = (
    "INSERT INTO case_rule_looks (opening, batch, looked_at, since) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (opening) DO UPDATE SET batch = excluded.batch, looked_at = excluded.looked_at"
)
_LATELY = (
    "SELECT DISTINCT c.profile_key FROM case_people p JOIN cases c ON c.profile_key = p.profile_key "
    "WHERE c.rule = ? AND (c.state <> 'closed' OR c.opened_at > ?)"
)


def open_by_rules(engine: Engine, catalog: Catalog, reader: Reader, *, now: datetime) -> int:
    """Open the cases that rules open as of ``now``; returns how many."""
    opened = 0
    for rule, spec in sorted(rules_of(catalog).items()):
        for opening in ways(spec.opens, rule):
            look = _by_condition if opening.spec.condition is not None else _by_event
            opened += look(engine, catalog, reader, opening, now)
    return opened


def _by_event(engine: Engine, catalog: Catalog, reader: Reader, opening: Opening, now: datetime) -> int:
    seen = engine.analytics.last_batch()
    rows = engine.ops.query(_LOOKS, (opening.name,))
    batch, looked_at, since = rows[0] if rows else (seen, micros(now), micros(now))
    opened = 0
    if rows and (seen > batch or micros(now) > looked_at):
        span = (int(batch), from_micros(looked_at), from_micros(since))
        answers = _happened(engine, reader, opening, opening.selection, now, *span)
        if answers.num_rows:
            said = _happened(engine, reader, opening, ALL_ANSWERS, now, *span)

            def work(tx: Tx, inside: Batch) -> None:
                nonlocal opened
                opened = open_answered(tx, inside, catalog, opening, answers)
                add_words(tx, inside, catalog, said, [opening.rule])

            engine.act("care", work, now=now)
    with engine.ops.write() as tx:
        tx.execute(_LOOKED, (opening.name, seen, micros(now), since))
    return opened


def _happened(
    engine: Engine,
    reader: Reader,
    opening: Opening,
    selection: Selection,
    now: datetime,
    batch: int,
    looked: datetime,
    since: datetime,
) -> pa.Table:
    """The events selected that arrived, or came to pass, since the last look."""
    scope = reader.scope(now)
    oldest = max(since, opening.fresh.before(looked, scope.frame.zone))
    sql = f"{found_sql(selection, scope)} AND e.ts <= $now AND e.ts > $oldest AND (e.batch > $batch OR e.ts > $looked)"
    told = {"now": naive_utc(now), "oldest": naive_utc(oldest), "batch": batch, "looked": naive_utc(looked)}
    return shaped(engine.analytics.query(sql, told))


def _by_condition(engine: Engine, catalog: Catalog, reader: Reader, opening: Opening, now: datetime) -> int:
    people = reader.members(opening.tree, as_of=now)
    if not people.num_rows:
        return 0
    again = Duration.parse(opening.spec.again_after).before(now, catalog.settings.zone_info)
    with engine.ops.write() as tx:
        tx.put("case_people", people.select(["profile_key"]), key="profile_key")
        lately = pa.array([key for (key,) in tx.query(_LATELY, (opening.rule, micros(again)))], pa.int64())
        people = allowed(tx, people.filter(pc.invert(pc.is_in(people["profile_key"], lately))), now)
    if not people.num_rows:
        return 0
    rows = _rows(engine, opening, people, now)
    opened = 0

    def work(tx: Tx, batch: Batch) -> None:
        nonlocal opened
        opened = open_cases(tx, batch, rows, catalog)

    engine.act("care", work, now=now)
    return opened


def _rows(engine: Engine, opening: Opening, people: pa.Table, now: datetime) -> pa.Table:
    named = engine.analytics.query(
        "SELECT p.profile_key, n.profile_id FROM p JOIN nodes n ON n.node_key = p.profile_key ORDER BY 1",
        tables={"p": people.select(["profile_key"])},
    )
    count = named.num_rows
    ids = [stable_id("case", "opens", opening.rule, one, str(micros(now))) for one in named["profile_id"].to_pylist()]
    told = {name: pa.nulls(count, pa.string()) for name in ("title", "priority", "owner", "journey", "run", "step")}
    return pa.table(
        {
            "case_id": pa.array(ids, pa.string()),
            "profile_key": named["profile_key"],
            "node_key": named["profile_key"],
            "opened_at": pa.array([naive_utc(now)] * count, TIMESTAMP),
            "due_at": pa.nulls(count, TIMESTAMP),
            "rule": pa.array([opening.rule] * count, pa.string()),
            "reason": pa.array([f"rule {opening.rule}"] * count, pa.string()),
            **told,
        }
    )
