"""What happens to kept segments when people turn out to be one, turn out to be two, or are forgotten."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from foretell.engine import Stage, Tx
from foretell.segment.live.snapshot import remove

_MOVED = (
    "INSERT INTO live_moves SELECT (SELECT moves FROM live_epoch), m.node_key, m.profile_key, {apart} "
    "FROM live_moving m WHERE EXISTS (SELECT 1 FROM live_clock) ON CONFLICT (number, node_key) DO NOTHING"
)


class LiveStage(Stage):
    """Notes whom to look at anew; nothing of a person is kept here but until the next look."""

    room = "segment_live"

    def __init__(self, data: Path) -> None:
        self._data = data

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """Both are looked at: the one has the hits of the other from now on."""
        _note(tx, merges["loser_key"], merges["winner_key"], apart=0)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Each is looked at, from the log."""
        _note(tx, splits["profile_key"], splits["from_key"], apart=1)

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """The store is written anew, and so is what is kept ready; what lies on the disk of it is no longer there."""
        remove(self._data)
        tx.put("live_gone", profiles.select(["profile_key"]))
        tx.execute("DELETE FROM live_moves WHERE profile_key IN (SELECT profile_key FROM live_gone)")
        tx.execute("DELETE FROM live_moves WHERE node_key IN (SELECT profile_key FROM live_gone)")
        tx.execute("UPDATE live_epoch SET epoch = epoch + 1")

    def rebuilt(self, tx: Tx, last_batch: int) -> None:
        """Events have other numbers now."""
        tx.execute("DELETE FROM live_moves")
        tx.execute("UPDATE live_clock SET seq = 0")
        tx.execute("UPDATE live_epoch SET epoch = epoch + 1")


def _note(tx: Tx, nodes: pa.ChunkedArray, owners: pa.ChunkedArray, *, apart: int) -> None:
    pairs = pa.table({"node_key": nodes, "profile_key": owners}).group_by(["node_key", "profile_key"]).aggregate([])
    tx.put("live_moving", pairs)
    tx.execute("UPDATE live_epoch SET moves = moves + 1")
    tx.execute(_MOVED.format(apart=apart))
