"""What happens to runs when people turn out to be one, turn out to be two, or are forgotten."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretell import deliver
from foretell.clock import micros, naive_utc
from foretell.engine import Batch, Stage, Tx, table_of
from foretell.journey import runs
from foretell.journey.stopping import tell_stop

_FOLLOW = "UPDATE journey_runs SET profile_key = (SELECT {to} FROM {map} WHERE {of} = journey_runs.{column}), "
_SAME = "o.profile_key = journey_runs.profile_key AND o.journey = journey_runs.journey"
_GOES_ON = "IN ('active', 'held_out')"
_LATER = (
    # The earlier run of the person's journey goes on, the later one is closed.
    "UPDATE journey_runs SET merged_state = state, merged_due_at = due_at, state = 'merged', due_at = NULL "
    f"WHERE state {_GOES_ON} AND profile_key IN (SELECT {{to}} FROM {{map}}) AND EXISTS ("
    f"SELECT 1 FROM journey_runs o WHERE {_SAME} AND o.state {_GOES_ON} AND (o.entered_at < journey_runs.entered_at "
    "OR (o.entered_at = journey_runs.entered_at AND o.run < journey_runs.run)))"
)
_MIXED = (
    "UPDATE journey_runs SET unsettled = 1, contaminated = CASE WHEN EXISTS (SELECT 1 FROM journey_runs o "
    f"WHERE {_SAME} AND o.arm <> journey_runs.arm) THEN 1 ELSE 0 END WHERE profile_key IN (SELECT {{to}} FROM {{map}})"
)
_ALONE_AGAIN = (
    "UPDATE journey_runs SET state = merged_state, due_at = merged_due_at, ended_at = NULL, merged_state = NULL, "
    "merged_due_at = NULL WHERE state = 'merged' AND profile_key IN (SELECT profile_key FROM split_people) "
    f"AND NOT EXISTS (SELECT 1 FROM journey_runs o WHERE {_SAME} AND o.run <> journey_runs.run "
    f"AND o.state {_GOES_ON})"
)
_UNSETTLED = f"SELECT {', '.join(runs.STORED)} FROM journey_runs WHERE unsettled = 1"


class JourneyStage(Stage):
    """Keeps runs with their person.

    The tables change at once; what is published and told follows at the end of the same batch.
    """

    room = "journey"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner takes over the runs; of two of one journey the earlier goes on. Who has runs of both
        arms is marked ``contaminated``."""
        tx.put("journey_merges", merges, key="loser_key")
        names = {"to": "winner_key", "map": "journey_merges", "of": "loser_key", "column": "profile_key"}
        tx.execute(
            _FOLLOW.format(**names) + "unsettled = 1 WHERE profile_key IN (SELECT loser_key FROM journey_merges)"
        )
        tx.execute(_LATER.format(**names))
        tx.execute(_MIXED.format(**names))

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Runs go back to the person who entered; what was closed for the merge alone goes on. Messages
        that were cancelled stay so."""
        tx.put("journey_splits", splits, key="node_key")
        tx.execute(
            _FOLLOW.format(to="profile_key", map="journey_splits", of="node_key", column="node_key")
            + "unsettled = 1 WHERE node_key IN (SELECT node_key FROM journey_splits)"
        )
        people = pa.table({"profile_key": splits["profile_key"].combine_chunks().unique()})
        tx.put("split_people", people, key="profile_key")
        tx.execute(_ALONE_AGAIN)
        tx.execute(_MIXED.format(to="profile_key", map="split_people"))

    def rebuilt(self, tx: Tx, last_batch: int) -> None:
        """Nobody enters for an event that a journey has seen, or that only the new reading brought up."""
        tx.execute("UPDATE journey_states SET checked_batch = ?", (last_batch,))

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the runs of people."""
        tx.put("erased_people", profiles.select(["profile_key"]), key="profile_key")
        theirs = "profile_key IN (SELECT profile_key FROM erased_people)"
        tx.execute(f"DELETE FROM journey_sends WHERE run IN (SELECT run FROM journey_runs WHERE {theirs})")
        tx.execute(f"DELETE FROM journey_runs WHERE {theirs}")

    def react(self, tx: Tx, batch: Batch) -> None:
        """Publish what a merge or a split changed, and take back what a closed run has not sent yet."""
        rows = table_of(runs.STORED, tx.query(_UNSETTLED))
        if rows.num_rows == 0:
            return
        tx.execute("UPDATE journey_runs SET unsettled = 0 WHERE unsettled = 1")
        states = np.array(rows["state"].to_pylist())
        closed = (states == "merged") & np.array([ended is None for ended in rows["ended_at"].to_pylist()])
        ended = runs.replaced(rows.filter(pa.array(closed)), ended_at=micros(batch.now))
        if ended.num_rows:
            deliver.cancel(tx, batch, ended["run"], batch.now)
        runs.write(tx, batch, pa.concat_tables([rows.filter(pa.array(~closed)), ended]))
        tell_stop(batch, runs.replaced(ended, at=naive_utc(batch.now)), "merged")
