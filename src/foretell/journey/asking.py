"""The door of a journey: who was let in waits in a queue until the tick, whoever let them in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from foretell import identify
from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, python_rows
from foretell.errors import UsageError
from foretell.ids import stable_id

ASKED_EVENT = "Journey Entry Asked"
CAME_THROUGH = "came_through"
"""Of a run's variables: the journeys that handed the person on."""
MOST_AT_ONCE = 10_000
_INSERT = (
    "INSERT INTO journey_entries (entry, journey, profile_key, node_key, asked_at, entry_message_id, variables, kept) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (entry) DO NOTHING"
)
WAITING = "SELECT count(*) FROM journey_entries WHERE journey = ? AND taken_at IS NULL"
_KEPT_BACK = "SELECT kept_back FROM journey_cursors WHERE journey = ?"
_HEAD = ("message_id", "event", "ts", "node_key", "known_at", "journey", "from_journey", "run")

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Asking:
    """Somebody whom an API or a file lets in.

    Args:
        who: an identifier, ``type:value`` or bare, or a public id.
        given: what conditions (``{event: NAME}``) and texts (``{{ event.NAME }}``) of the run may read.
        key: the same for the same wish, however often it comes.
    """

    who: str
    given: Mapping[str, Value]
    key: str | None = None


@dataclass(frozen=True)
class Answer:
    """What becomes of it.

    Args:
        state: ``accepted``: waits for the next tick; ``known``: it was asked before; ``unknown`` or ``ambiguous``:
            nobody, or more than one person, is known by the identifier.
        outcome: of a wish that was asked before: ``entered``, or why not; empty as long as it waits.
    """

    who: str
    state: Literal["accepted", "known", "unknown", "ambiguous"]
    entry: str = ""
    outcome: str = ""


def ask(engine: Engine, catalog: Catalog, key: str, people: Sequence[Asking], *, now: datetime) -> list[Answer]:
    """Let people into a journey at its next tick; answers in their order. Doing it again with the same keys changes
    nothing.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``; ``NOT_BY_API`` where the journey's trigger is another one; ``NOT_LIVE``;
            ``TOO_MANY``; ``NAME_TAKEN`` where a value is called like what is told anyway.
    """
    _require(engine, catalog, key, people)
    found = [_match(engine, one.who) for one in people]
    answers: list[Answer] = []

    def change(tx: Tx, batch: Batch) -> None:
        rows: list[tuple[str, int, Mapping[str, Value]]] = []
        for one, match in zip(people, found, strict=True):
            if isinstance(match, str):
                answers.append(Answer(one.who, "ambiguous" if match == "PROFILE_AMBIGUOUS" else "unknown"))
                continue
            wish = one.key if one.key is not None else f"{match.profile_id}\n{micros(now)}"
            entry = stable_id("api", key, wish)
            known = tx.query("SELECT outcome FROM journey_entries WHERE entry = ?", (entry,))
            if known or any(row[0] == entry for row in rows):
                answers.append(Answer(one.who, "known", entry, (known[0][0] or "") if known else ""))
            else:
                rows.append((entry, match.profile_key, dict(one.given)))
                answers.append(Answer(one.who, "accepted", entry))
        _take_in(tx, batch, key, rows, now)

    engine.act("journey", change, now=now)
    return answers


def ask_to_enter(tx: Tx, batch: Batch, journey: str, rows: pa.Table, *, kept: bool = False) -> None:
    """Let people in: they wait for the journey's next tick. Who was asked for before is passed over.

    Args:
        rows: ``entry`` (id of the wish), ``profile_key node_key at`` (timestamp), ``entry_message_id`` (empty where no
            event let them in), ``variables`` (JSON: what the run knows from the beginning); every further column is
            told as a property of ``Journey Entry Asked``.
        kept: whether the wish stays known after it was heard.
    """
    if not rows.num_rows:
        return
    queue(tx, journey, rows, kept=kept)
    count = rows.num_rows
    own = ("entry", "profile_key", "node_key", "at", "entry_message_id", "variables")
    batch.tell(
        pa.table(
            {
                "message_id": rows["entry"],
                "event": pa.array([ASKED_EVENT] * count, pa.string()),
                "ts": rows["at"],
                "node_key": rows["profile_key"],
                "journey": pa.array([journey] * count, pa.string()),
                **{name: rows[name] for name in rows.column_names if name not in own},
            }
        )
    )


def queue(tx: Tx, journey: str, rows: pa.Table, *, kept: bool = False) -> None:
    """Put people into the queue and tell nothing of it: the log has the event that let them in."""
    count = rows.num_rows
    began = pc.if_else(pc.equal(rows["entry_message_id"], ""), _told_by(rows), rows["entry_message_id"])
    table = pa.table(
        {
            "entry": rows["entry"],
            "journey": pa.array([journey] * count, pa.string()),
            "profile_key": rows["profile_key"],
            "node_key": rows["node_key"],
            "asked_at": rows["at"].cast(TIMESTAMP).cast(pa.int64()),
            "entry_message_id": began,
            "variables": rows["variables"],
            "kept": pa.array([int(kept)] * count, pa.int64()),
        }
    )
    tx.executemany(_INSERT, python_rows(table))


def _told_by(rows: pa.Table) -> pa.ChunkedArray | pa.Scalar:
    """Where another journey or an API lets somebody in, the event that tells so is the one that began the run."""
    return rows["entry"] if "run" in rows.column_names or "asked" in rows.column_names else pa.scalar("")


def lets_in(tx: Tx, journey: str) -> bool:
    """Whether a journey takes people in."""
    return bool(tx.query("SELECT 1 FROM journey_states WHERE journey = ? AND state IN ('live', 'paused')", (journey,)))


def waiting_to_enter(engine: Engine, journey: str) -> int:
    """How many were let in and wait: for the next tick, or for the journey's cap."""
    ((queued,),) = engine.ops.query(WAITING, (journey,))
    kept = engine.ops.query(_KEPT_BACK, (journey,))
    return int(queued) + (int(kept[0][0]) if kept else 0)


def _require(engine: Engine, catalog: Catalog, key: str, people: Sequence[Asking]) -> None:
    document = catalog.get("journey", key)
    trigger = getattr(document.spec, "trigger", None)
    if getattr(trigger, "api", None) is not True:
        raise UsageError(
            "NOT_BY_API",
            f"journey {key} lets nobody in by hand or API",
            thing=document.name,
            where=document.where,
            next_step="Write trigger: {api: true} into it.",
        )
    rows = engine.ops.query("SELECT state FROM journey_states WHERE journey = ?", (key,))
    if not rows or rows[0][0] not in ("live", "paused"):
        state = rows[0][0] if rows else "a draft"
        raise UsageError(
            "NOT_LIVE", f"journey {key} is {state}", thing=document.name,
            next_step=f"Run `foretell journey start {key}` first.",
        )  # fmt: skip
    if len(people) > MOST_AT_ONCE:
        raise UsageError("TOO_MANY", f"{len(people):,} people at once", next_step=f"Ask for {MOST_AT_ONCE:,} at most.")
    taken = sorted({name for one in people for name in one.given if name in _HEAD})
    if taken:
        raise UsageError("NAME_TAKEN", f"{taken[0]!r} is told anyway", next_step="Give the value another name.")


def _match(engine: Engine, who: str) -> identify.Match | str:
    """The person, or the code of why there is none."""
    try:
        return identify.find(engine, who)
    except UsageError as error:
        if error.code not in ("PROFILE_UNKNOWN", "PROFILE_AMBIGUOUS"):
            raise
        return error.code


def _take_in(
    tx: Tx, batch: Batch, key: str, rows: Sequence[tuple[str, int, Mapping[str, Value]]], now: datetime
) -> None:
    if not rows:
        return
    names = sorted({name for _, _, given in rows for name in given})
    values = {name: [given.get(name) for _, _, given in rows] for name in names}
    at = pa.array([naive_utc(now)] * len(rows), TIMESTAMP)
    keys = pa.array([person for _, person, _ in rows], pa.int64())
    table = pa.table(
        {
            "entry": pa.array([entry for entry, _, _ in rows], pa.string()),
            "profile_key": keys,
            "node_key": keys,
            "at": at,
            "entry_message_id": pa.array([""] * len(rows), pa.string()),
            "variables": pa.array([json.dumps({"event": given}) if given else "{}" for _, _, given in rows]),
            "asked": pa.array(["api"] * len(rows), pa.string()),
            **{name: _column(column) for name, column in values.items()},
        }
    )
    ask_to_enter(tx, batch, key, table, kept=True)


def _column(values: Sequence[Value]) -> pa.Array:
    given = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in given):
        return pa.array(values, pa.bool_())
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else str(value) for value in values], pa.string())
