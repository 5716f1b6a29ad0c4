"""What is kept for a time only: events by name and traits by name, and bodies of people who must not come back.

Once a day at most, and only where something is due: the rows go from the stores, which are written anew without them,
and their lines go from the spool, so that deriving everything again does not bring them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, micros, naive_utc
from foretell.collect import Cut
from foretell.definitions import WorkspaceSettings
from foretell.engine import Engine, Without, cut_spool, reached, scratch, undisturbed
from foretell.profile.privacy.people import WORDS
from foretell.profile.privacy.suppression import REFUSED, waiting_arrivals

EVERY = timedelta(days=1)
_LOG, _TRAITS = "event_log", "trait_values"
_NOT_BY_EVENT = {"product_rows"}
"""The catalogue is nobody's."""
_MD5 = "SELECT substr(message_id, length($mark) + 1) AS hash FROM h WHERE starts_with(message_id, $mark)"
_TOUCHED = (
    "UPDATE cards SET own = NULL WHERE profile_key IN (SELECT coalesce(m.profile_key, t.node_key) FROM node_traits t "
    "LEFT JOIN merged m ON m.node_key = t.node_key WHERE t.trait = ? AND t.ts < ?)"
)


@dataclass(frozen=True)
class Retained:
    """What was removed: events and trait values past their time, and bodies of those who must not come back."""

    events: int = 0
    traits: int = 0
    held_back: int = 0


def retain(engine: Engine, settings: WorkspaceSettings, *, now: datetime) -> Retained:
    """Remove what is past its time; within a day of the last time, nothing."""
    done = engine.ops.query("SELECT done_at FROM retention_progress")
    if done and done[0][0] > micros(now - EVERY):
        return Retained()
    events = _due_events(engine, settings, now)
    traits = _due_traits(engine, settings, now)
    held = waiting_arrivals(engine.ops)
    if len(events) or traits.num_rows or held.num_rows:
        with undisturbed(engine):
            _remove(engine, settings, events, traits, held, now)
    past = {name: limit for kind, name, limit in limits(settings, now) if kind == "event"}
    with engine.ops.write() as tx:
        for stage in engine.applier.stages:  # what rooms keep beside events can come later than they, and stay behind
            stage.retain(tx, past)
        tx.execute(
            "INSERT INTO retention_progress VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET done_at = excluded.done_at",
            (micros(now),),
        )
    return Retained(events.num_rows, traits.num_rows, held.num_rows)


def limits(settings: WorkspaceSettings, now: datetime) -> list[tuple[str, str, datetime]]:
    """``event`` or ``trait``, its name, and before when it is past its time."""
    return [
        (
            "event" if rule.event is not None else "trait",
            rule.event or rule.trait or "",
            Duration.parse(rule.keep).before(now, settings.zone_info),
        )
        for rule in settings.privacy.retention
    ]


def _due_events(engine: Engine, settings: WorkspaceSettings, now: datetime) -> pa.Table:
    """Events past their time: seq, message_id."""
    parts = [
        engine.analytics.query(
            f"SELECT seq, message_id FROM {_LOG} WHERE event = $name AND ts < $limit",
            {"name": name, "limit": naive_utc(limit)},
        )
        for kind, name, limit in limits(settings, now)
        if kind == "event"
    ]
    none = pa.table({"seq": pa.array([], pa.int64()), "message_id": pa.array([], pa.string())})
    return pa.concat_tables([none, *parts])


def _due_traits(engine: Engine, settings: WorkspaceSettings, now: datetime) -> pa.Table:
    """Trait values past their time: seq, trait, message_id."""
    parts = [
        engine.analytics.query(
            f"SELECT t.seq, t.trait, e.message_id FROM {_TRAITS} t LEFT JOIN {_LOG} e ON e.seq = t.seq "
            "WHERE t.trait = $name AND t.ts < $limit",
            {"name": name, "limit": naive_utc(limit)},
        )
        for kind, name, limit in limits(settings, now)
        if kind == "trait"
    ]
    kinds = {"seq": pa.int64(), "trait": pa.string(), "message_id": pa.string()}
    none = pa.table({name: pa.array([], kind) for name, kind in kinds.items()})
    return pa.concat_tables([none, *parts])


def _remove(
    engine: Engine, settings: WorkspaceSettings, events: pa.Table, traits: pa.Table, held: pa.Table, now: datetime
) -> None:
    ids = [*events["message_id"].chunks, *held["message_id"].chunks]
    cut = Cut(
        pa.chunked_array(ids, pa.string()).combine_chunks(),
        pa.table({name: pa.array([], kind) for name, kind in WORDS.items()}),
        traits=_names_of(traits),
        refused=scratch(_MD5, {"h": held}, {"mark": REFUSED})["hash"].combine_chunks(),
        told_by=traits["message_id"].drop_null().combine_chunks(),
    )
    cut_spool(engine, cut, now=now)
    reached("retain.spool")
    without, added = _rows(engine, events["seq"].combine_chunks(), traits)
    if without:
        engine.analytics.rewrite(without, added)
    reached("retain.analytics")
    with engine.ops.write() as tx:
        for kind, name, limit in limits(settings, now):
            if kind == "trait":
                tx.execute(_TOUCHED, (name, micros(limit)))
                tx.execute("DELETE FROM node_traits WHERE trait = ? AND ts < ?", (name, micros(limit)))
        tx.put("swept_messages", held.select(["message_id"]))
        tx.execute("DELETE FROM suppressed_arrivals WHERE message_id IN (SELECT message_id FROM swept_messages)")
    engine.ops.compact()


def _names_of(traits: pa.Table) -> Sequence[str]:
    names: list[str] = sorted(traits["trait"].unique().to_pylist())
    return names


def _rows(engine: Engine, seqs: pa.Array, traits: pa.Table) -> tuple[list[Without], dict[str, pa.Table]]:
    """What the analytics store is written anew without, and the trait values told beside those that go."""
    without = []
    if len(seqs):
        without = [
            Without(table.name, "seq", seqs)
            for table in engine.analytics.declared()
            if "seq" in table.columns and table.name not in _NOT_BY_EVENT
        ]
    if not traits.num_rows:
        return without, {}
    keys = traits["seq"].combine_chunks().unique()
    beside = engine.analytics.query(
        f"SELECT t.* FROM {_TRAITS} t SEMI JOIN g ON g.seq = t.seq "
        "WHERE NOT EXISTS (SELECT 1 FROM g o WHERE o.seq = t.seq AND o.trait = t.trait)",
        tables={"g": traits.select(["seq", "trait"])},
    )
    beside = beside.filter(pc.invert(pc.is_in(beside["seq"], seqs)))
    return [*without, Without(_TRAITS, "seq", keys)], {_TRAITS: beside}
