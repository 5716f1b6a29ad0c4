"""What happens to runs when people turn out to be one, turn out to be two, or are forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import deliver
from foretell.clock import micros, naive_utc
from foretell.engine import (
    Batch,
    OperationalStore,
    Stage,
    Tx,
    count_of,
    rekey_rows,
    table_of,
    unmerge_rows,
)
from foretell.journey import runs
from foretell.journey.stopping import tell_stop

_SAME = "o.profile_key = journey_runs.profile_key AND o.journey = journey_runs.journey"
_SAME_ENTRY = f"{_SAME} AND o.entry_key = journey_runs.entry_key"
_GOES_ON = "IN ('active', 'held_out')"
_STANDS = (
    # Somebody held out stands in the way as long as the goal can be reached, as a run of the treated does while it goes
    # on; where the journey has no goal, always.
    "(o.state = 'active' OR o.state = 'held_out' AND (o.goal_until IS NOT NULL OR journey_runs.goal_until IS NULL))"
)
_MOVED = "UPDATE journey_runs SET unsettled = 1 WHERE {column} IN (SELECT {column} FROM {moved})"
_LATER = (
    # The earlier run of the person's journey goes on, the later one for the same (an order, …) is closed. What one
    # of the two began one after the other is theirs by the re-entry rule.
    "UPDATE journey_runs SET merged_state = state, merged_due_at = due_at, state = 'merged', due_at = NULL "
    f"WHERE state {_GOES_ON} AND profile_key IN (SELECT profile_key FROM journey_people) AND EXISTS ("
    f"SELECT 1 FROM journey_runs o WHERE {_SAME_ENTRY} AND {_STANDS} AND o.node_key <> journey_runs.node_key "
    "AND (o.entered_at < journey_runs.entered_at "
    "OR (o.entered_at = journey_runs.entered_at AND o.run < journey_runs.run)))"
)
_MIXED = (
    "UPDATE journey_runs SET unsettled = 1, contaminated = CASE WHEN EXISTS (SELECT 1 FROM journey_runs o "
    f"WHERE {_SAME} AND o.arm <> journey_runs.arm) THEN 1 ELSE 0 END "
    "WHERE profile_key IN (SELECT profile_key FROM journey_people)"
)
_ALONE_AGAIN = (
    # Unless the run that went on in its place is the person's still, or has written to the person. What goes on
    # again keeps its ``ended_at`` till the batch tells it, and so does not count here as going on.
    "UPDATE journey_runs SET state = merged_state, due_at = merged_due_at, merged_state = NULL, merged_due_at = NULL "
    "WHERE state = 'merged' AND profile_key IN (SELECT profile_key FROM journey_people) "
    f"AND NOT EXISTS (SELECT 1 FROM journey_runs o WHERE {_SAME_ENTRY} AND o.run <> journey_runs.run AND "
    f"({_STANDS} AND o.ended_at IS NULL "
    f"OR o.state <> 'merged' AND o.state NOT {_GOES_ON} AND o.ended_at >= journey_runs.ended_at)) "
    "AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.profile_key = journey_runs.profile_key "
    "AND m.journey = journey_runs.journey AND m.run <> journey_runs.run AND m.sent_at >= journey_runs.ended_at)"
)
_TABLES = ("journey_runs", "journey_entries")
_UNSETTLED = f"SELECT {', '.join(runs.STORED)} FROM journey_runs WHERE unsettled = 1"


class JourneyStage(Stage):
    """Keeps runs with their person.

    The tables change at once; what is published and told follows at the end of the same batch.
    """

    room = "journey"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner takes over the runs; of two of one journey the earlier goes on. Who has runs of both
        arms is marked ``contaminated``."""
        tx.put("journey_merges", pa.table({"profile_key": merges["loser_key"]}), key="profile_key")
        tx.execute(_MOVED.format(column="profile_key", moved="journey_merges"))
        for table in _TABLES:
            rekey_rows(tx, table, merges)
        _name(tx, merges["winner_key"])
        tx.execute(_LATER)
        tx.execute(_MIXED)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Runs go back to the person who entered. What was closed for the merge alone goes on, with the messages
        that were taken back for it, unless the other run has written to the person since; of two of one journey
        the earlier."""
        tx.put("journey_splits", splits, key="node_key")
        tx.execute(_MOVED.format(column="node_key", moved="journey_splits"))
        for table in _TABLES:
            unmerge_rows(tx, table, splits)
        _name(tx, splits["profile_key"], splits["from_key"])
        tx.execute(_ALONE_AGAIN)
        tx.execute(_LATER)
        tx.execute(_MIXED)

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """Runs of nodes."""
        closed = "state = 'merged'"
        return {
            "journey runs": count_of(store, "journey_runs", nodes),
            "journey runs closed by a merge": count_of(store, "journey_runs", nodes, closed),
        }

    def rebuilt(self, tx: Tx, last_batch: int) -> None:
        """Nobody enters for an event that a journey has seen, or that only the new reading brought up."""
        tx.execute("UPDATE journey_states SET checked_batch = ?", (last_batch,))
        tx.execute("UPDATE journey_cursors SET batch = ?", (last_batch,))

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the runs of people, and that they were let in."""
        tx.put("erased_people", profiles.select(["profile_key"]), key="profile_key")
        theirs = "profile_key IN (SELECT profile_key FROM erased_people)"
        tx.execute(f"DELETE FROM journey_rested WHERE run IN (SELECT run FROM journey_runs WHERE {theirs})")
        tx.execute(f"DELETE FROM journey_sends WHERE run IN (SELECT run FROM journey_runs WHERE {theirs})")
        for table in _TABLES:
            tx.execute(f"DELETE FROM {table} WHERE {theirs}")

    def react(self, tx: Tx, batch: Batch) -> None:
        """Publish what a merge or a split changed, and take back what a closed run has not sent yet."""
        rows = table_of(runs.STORED, tx.query(_UNSETTLED))
        if rows.num_rows == 0:
            return
        tx.execute("UPDATE journey_runs SET unsettled = 0 WHERE unsettled = 1")
        states = np.array(rows["state"].to_pylist())
        over = np.array([ended is not None for ended in rows["ended_at"].to_pylist()])
        resumed = np.isin(states, ["active", "held_out"]) & over
        if resumed.any():
            deliver.queue_again(tx, batch, rows.filter(pa.array(resumed)))
            rows = runs.replaced(rows, ended_at=pc.if_else(pa.array(resumed), None, rows["ended_at"]))
        closed = (states == "merged") & ~over
        ended = runs.replaced(rows.filter(pa.array(closed)), ended_at=micros(batch.now))
        if ended.num_rows:
            deliver.cancel(tx, batch, ended["run"], batch.now)
        going = rows.filter(pa.array(~closed))
        runs.write(tx, batch, pa.concat_tables([going, ended]))
        runs.note_rested(tx, going.filter(pc.and_(pc.equal(going["waiting"], 1), pc.is_valid(going["due_at"]))))
        tell_stop(batch, runs.replaced(ended, at=naive_utc(batch.now)), "merged")


def _name(tx: Tx, *keys: pa.ChunkedArray) -> None:
    """Name the people whose runs are looked at together."""
    every = pa.chunked_array([chunk for part in keys for chunk in pa.chunked_array(part).chunks])
    tx.put("journey_people", pa.table({"profile_key": every.unique()}), key="profile_key")
