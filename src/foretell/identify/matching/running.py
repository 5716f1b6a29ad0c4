"""Matching: train where it is time, compare what is new, join what is sure, and put the doubtful to people."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa

from foretell.clock import Duration, from_micros, micros
from foretell.engine import Batch, Engine, Tx, scratch
from foretell.identify.matching.blocking import FRESH, affordable, candidates
from foretell.identify.matching.deciding import Decisions, decide_pairs
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.matching.fields import Field
from foretell.identify.matching.joins import join_decided
from foretell.identify.matching.model import Model, keep, latest, spec_print
from foretell.identify.matching.records import TraitReader, known_fields, read_records
from foretell.identify.matching.reporting import MatchReport, reported
from foretell.identify.matching.scoring import pairs_within
from foretell.identify.matching.tables import WAITING, enter_pairs, tidy_queue
from foretell.identify.matching.training import train as learn
from foretell.identify.matching.writing import PRINT
from foretell.identify.rules import IdentityRules

LEAST_RECORDS = 10
"""Of fewer there is nothing to learn."""


def refresh(
    engine: Engine, spec: MatchingSpec | None, rules: IdentityRules, traits: TraitReader, *, now: datetime
) -> MatchReport | None:
    """Match where it is due by ``every``; None where it is not, or where no document asks for it."""
    if spec is None:
        return None
    last = last_run(engine)
    if last is not None and now - last < _span(spec.every):
        return None
    return match(engine, spec, rules, traits, now=now)


def last_run(engine: Engine) -> datetime | None:
    """When records were last compared."""
    ((found,),) = engine.ops.query("SELECT value FROM counters WHERE name = 'matched_at'")
    return from_micros(found) if found else None


def match(
    engine: Engine,
    spec: MatchingSpec,
    rules: IdentityRules,
    traits: TraitReader,
    *,
    now: datetime,
    train: bool = False,
    dry_run: bool = False,
) -> MatchReport:
    """Compare records that are new or have changed with all others, and act on what is found.

    Args:
        traits: tells what is known of nodes.
        train: learn anew, whatever the model's age, and compare everything.
        dry_run: change nothing.
    """
    fields = known_fields(engine, spec, traits)
    records = read_records(engine, spec, fields, traits, rules) if fields else None
    if records is None or records.num_rows < LEAST_RECORDS:
        return MatchReport(0 if records is None else records.num_rows, dry_run=dry_run)
    model = _usable(engine, spec, fields, now, train)
    trained = model is None
    records = _marked(engine, records, everything=trained)
    if model is None:
        model, pairs = learn(records, fields, spec, now=now)
    else:
        fresh = affordable(candidates(spec, model.fields), records, spec.most_pairs)
        pairs = pairs_within(model, records, fresh)
    decisions = decide_pairs(engine, pairs, model, spec, rules)
    report = reported(records, pairs, decisions, model, trained)
    if dry_run:
        return replace(report, dry_run=True)
    number, joined = _act(engine, records, decisions, model, trained, now)
    return replace(report, model=number, joined=joined)


def _usable(engine: Engine, spec: MatchingSpec, fields: tuple[Field, ...], now: datetime, train: bool) -> Model | None:
    """The model in use; None where it is time to learn anew."""
    model = latest(engine.ops)
    if model is None or train or model.spec_print != spec_print(spec, fields):
        return None
    return None if now - model.trained_at > _span(spec.train_every) else model


def _span(text: str) -> timedelta:
    return timedelta(days=Duration.parse(text).days)


def _marked(engine: Engine, records: pa.Table, *, everything: bool) -> pa.Table:
    """``records`` with :data:`FRESH`."""
    if everything:
        return records.append_column(FRESH, pa.repeat(True, records.num_rows))
    seen = engine.analytics.query("SELECT node_key, fingerprint FROM match_records")
    return scratch(
        f"SELECT r.*, s.node_key IS NULL OR s.fingerprint <> r.{PRINT} AS {FRESH} FROM r "
        "LEFT JOIN s ON s.node_key = r.node_key ORDER BY r.node_key",
        {"r": records, "s": seen},
    )


def _compared(records: pa.Table, left: pa.Table) -> pa.Table:
    """``node_key fingerprint`` of the records that were compared; those of pairs that were left to the next run stay
    fresh."""
    return scratch(
        f"SELECT r.node_key, CASE WHEN r.node_key IN (SELECT node_a FROM l UNION SELECT node_b FROM l) THEN '' "
        f"ELSE r.{PRINT} END AS {PRINT} FROM r WHERE r.{FRESH} ORDER BY r.node_key",
        {"r": records, "l": left},
    )


def _act(
    engine: Engine, records: pa.Table, decisions: Decisions, model: Model, trained: bool, now: datetime
) -> tuple[int, int]:
    """Keep and do what was decided, in one recorded batch; returns the model's number and how many were joined."""
    done = (model.number, 0)

    def work(tx: Tx, batch: Batch) -> None:
        nonlocal done
        used = keep(tx, model) if trained else model
        left = join_decided(tx, batch, decisions.joins, used.number)
        enter_pairs(tx, decisions.questions, WAITING, used.number, batch.now)
        tidy_queue(tx)
        tx.execute("UPDATE counters SET value = ? WHERE name = 'matched_at'", (micros(batch.now),))
        batch.emit("match_records", _compared(records, left))
        done = (used.number, decisions.joins.num_rows - left.num_rows)

    engine.act("identify", work, now=now)
    return done
