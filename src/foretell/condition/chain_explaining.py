"""The chain of events that fulfils a sequence, or how far one came."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import utc
from foretell.condition import sql
from foretell.condition.event_explaining import Ask, Found
from foretell.condition.evidence import Evidence, shown_key
from foretell.condition.nodes import Sequence
from foretell.condition.scope import Scope
from foretell.condition.sequences import chains, ended, links


def chain(part: Sequence, scope: Scope, ask: Ask) -> Found:
    """The latest whole chain, else the longest that was begun, with its events in order."""
    following, closing = links(part)
    steps = [0, *(link.step for link in following)]
    rows = ask(
        f"SELECT r.*, CASE WHEN {ended(part, scope)} THEN TRUE ELSE FALSE END AS done FROM ({chains(part, scope)}) AS r"
    )
    last = _latest(rows.filter(rows["done"]))
    whole = last is not None
    reached = len(steps)
    while last is None and reached:
        reached -= 1
        last = _latest(rows.filter(pc.is_valid(rows[f"v{steps[reached]}"])))
    if last is None:
        return "no event of the first step", ()
    events = _back(rows, last, steps[: len(steps) if whole else reached + 1], len(part.same))
    said = f"{len(events)} of {len(steps)} events"
    if closing and len(events) == len(steps):
        said += ", nothing that may not follow" if whole else ", what may not follow came or may still come"
    values = [f"{name}: {shown_key(last[f'k{place}'])}" for place, name in enumerate(part.same)]
    return "; ".join([said, *values]), _evidence(events, scope, ask)


def _latest(rows: pa.Table) -> dict[str, Any] | None:
    ordered = rows.sort_by([("ts", "descending"), ("message_id", "descending")]).slice(0, 1).to_pylist()
    return ordered[0] if ordered else None


def _back(rows: pa.Table, last: dict[str, Any], steps: list[int], keys: int) -> list[str]:
    """The message ids of a chain, from the first event on."""
    for place in range(keys):
        rows = rows.filter(pc.equal(rows[f"k{place}"], last[f"k{place}"]))
    found, row = [last["message_id"]], last
    for step in reversed(steps[1:]):
        row = rows.filter(pc.equal(rows["place"], row[f"v{step}"])).slice(0, 1).to_pylist()[0]
        found.append(row["message_id"])
    return found[::-1]


def _evidence(messages: list[str], scope: Scope, ask: Ask) -> tuple[Evidence, ...]:
    ids = ", ".join(map(sql.text, messages))
    rows = ask(
        f"SELECT e.message_id, e.event, e.ts FROM log_events AS e WHERE e.message_id IN ({ids}) "
        f"AND {sql.both(scope.events('e', None))} ORDER BY e.ts, e.message_id"
    ).to_pylist()
    return tuple(Evidence(row["message_id"], row["event"], utc(row["ts"])) for row in rows)
