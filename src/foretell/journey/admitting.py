"""Whom a journey takes in of those who come: its re-entry rule, and its cap on entries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, micros
from foretell.engine import Batch, Engine, OperationalStore, Tx, table_of
from foretell.journey.document import EntryCap, Reentry
from foretell.journey.published import Published
from foretell.journey.work import Work

NO_END = 1 << 60
ADMITTED = "SELECT coalesce(sum(people), 0) FROM journey_admissions WHERE journey = ? AND at > ?"
BEFORE = (
    "SELECT DISTINCT r.profile_key, r.entry_key FROM entering_people t CROSS JOIN journey_runs r "
    "WHERE r.profile_key = t.profile_key AND r.journey = ?"
)
_GOING_ON = "coalesce(r.due_at, -1) <> -1"
_OPEN = f"({_GOING_ON} OR (r.state = 'held_out' AND coalesce(r.goal_until, -1) <> -1))"


def admitted(
    tx: Tx, batch: Batch, work: Work, published: Published, people: pa.Table
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Those of ``people`` (``profile_key profile_id entry_message_id``; ``variables`` where there are any) who enter,
    with ``entry_key`` and ``variables``; those whom the re-entry rule refuses; and those whom the cap keeps waiting."""
    people = _keyed(published, people)
    if not people.num_rows:
        return people, people, people
    fits = ~_barred(tx, work, published, people) & _first_of_each(people)
    may, refused = people.filter(pa.array(fits)), people.filter(pa.array(~fits))
    free = min(room(tx, published.spec.entries, published.key, work.now, work.zone), may.num_rows)
    going, waiting = may.slice(0, free), may.slice(free)
    if published.spec.entries is not None and going.num_rows:
        tx.execute(
            "INSERT INTO journey_admissions (journey, at, batch, people) VALUES (?, ?, ?, ?)",
            (published.key, micros(work.now), batch.number, going.num_rows),
        )
    return going, refused, waiting


def room(store: OperationalStore | Tx, cap: EntryCap | None, journey: str, now: datetime, zone: ZoneInfo) -> int:
    """How many more may enter now."""
    if cap is None:
        return NO_END
    since = micros(Duration.parse(cap.per).before(now, zone))
    ((entered,),) = store.query(ADMITTED, (journey, since))
    return max(cap.most - int(entered), 0)


def consume(tx: Tx, outcomes: Mapping[str, str], now: datetime) -> None:
    """Take those out of the queue who were heard: entry → what became of it."""
    told = {"entry": pa.array(list(outcomes), pa.string()), "outcome": pa.array(list(outcomes.values()), pa.string())}
    tx.put("heard_entries", pa.table(told), key="entry")
    heard = "entry IN (SELECT h.entry FROM heard_entries h)"
    tx.execute(f"DELETE FROM journey_entries WHERE kept = 0 AND {heard}")
    tx.execute(
        "UPDATE journey_entries SET taken_at = ?, variables = '{}', outcome = (SELECT h.outcome FROM heard_entries h "
        f"WHERE h.entry = journey_entries.entry) WHERE kept = 1 AND {heard}",
        (micros(now),),
    )


def keep_back(engine: Engine, journey: str, people: int) -> None:
    """Remember how many fulfil ``enter`` and do not fit under the cap."""
    with engine.ops.write() as tx:
        tx.execute("UPDATE journey_cursors SET kept_back = ? WHERE journey = ?", (people, journey))


def _keyed(published: Published, people: pa.Table) -> pa.Table:
    """``people`` with ``variables``, and with ``entry_key``: the value of the property that tells their runs apart."""
    if "variables" not in people.column_names:
        people = people.append_column("variables", pa.array(["{}"] * people.num_rows, pa.string()))
    again = published.spec.reentry
    keys = [""] * people.num_rows
    if isinstance(again, Reentry) and again.per is not None:
        keys = [_value(json.loads(text).get("event"), again.per) for text in people["variables"].to_pylist()]
    return people.append_column("entry_key", pa.array(keys, pa.string()))


def _value(properties: Any, path: str) -> str:
    """A property as text, nested with dots; empty where there is none."""
    found = properties
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None or isinstance(found, Mapping | list):
        return ""
    return str(int(found)) if isinstance(found, float) and found.is_integer() else str(found)


def _barred(tx: Tx, work: Work, published: Published, people: pa.Table) -> np.ndarray:
    """For each whether the operational store keeps them out: nothing is asked about anybody else."""
    where, params = _rule(work, published)
    tx.put("entering_people", pa.table({"profile_key": pc.unique(people["profile_key"])}), key="profile_key")
    found = table_of({"profile_key": pa.int64(), "entry_key": pa.string()}, tx.query(f"{BEFORE}{where}", params))
    again = published.spec.reentry
    if isinstance(again, Reentry) and again.per is not None:
        return np.asarray(pc.is_in(_pairs(people), _pairs(found).combine_chunks()).to_numpy(zero_copy_only=False))
    return np.asarray(pc.is_in(people["profile_key"], found["profile_key"].combine_chunks()).to_numpy())


def _rule(work: Work, published: Published) -> tuple[str, list[object]]:
    """SQL: which runs of before keep somebody out, and its parameters."""
    again = published.spec.reentry
    if again == "always":  # at one instant once: a tick that is made again lets nobody in again
        return f" AND ({_OPEN} OR r.entered_at = ?)", [published.key, micros(work.now)]
    if not isinstance(again, Reentry) or again.after is None:
        return "", [published.key]
    before = Duration.parse(again.after).before(work.now, work.zone)
    return f" AND ({_GOING_ON} OR r.entered_at > ?)", [published.key, micros(before)]


def _first_of_each(people: pa.Table) -> np.ndarray:
    """For each row whether it is the first of its person and entry key."""
    plain = pc.all(pc.equal(people["entry_key"], "")).as_py()
    named = people["profile_key"].combine_chunks() if plain else _pairs(people).combine_chunks()
    distinct = pc.unique(named)
    mark = np.ones(people.num_rows, dtype=bool)
    if len(distinct) == people.num_rows:
        return mark
    _, places = np.unique(pc.index_in(named, distinct).to_numpy(), return_index=True)
    mark[:] = False
    mark[places] = True
    return mark


def _pairs(people: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(people["profile_key"].cast(pa.string()), people["entry_key"], "\n")
