"""What happens to messages and audiences when people turn out to be one or two, or are forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from foretell.clock import micros
from foretell.deliver import outbox
from foretell.deliver.audience_removals import forget_members
from foretell.engine import Batch, OperationalStore, Stage, Tx, count_of, rekey_rows, unmerge_rows

_THEIRS = ("messages", "audience_members", "export_tellings")
_INSIDE = "'queued', 'failed', 'cancelled'"
_OF_FORGOTTEN = "SELECT message_id FROM messages WHERE profile_key IN (SELECT profile_key FROM forgotten_people)"


_ADDRESSES = (
    "SELECT lower(trim(address)) FROM messages WHERE profile_key IN (SELECT profile_key FROM forgotten_people) "
    "UNION SELECT trim(address) FROM messages WHERE profile_key IN (SELECT profile_key FROM forgotten_people) "
    "UNION SELECT value FROM identifiers WHERE node_key IN (SELECT profile_key FROM forgotten_people) "
    "UNION SELECT i.value FROM merged m JOIN identifiers i ON i.node_key = m.node_key "
    "WHERE m.profile_key IN (SELECT profile_key FROM forgotten_people)"
)
"""Their keyed hashes are on the list of those who do not come back; the addresses themselves go."""


class DeliverStage(Stage):
    """Keeps messages and memberships with their person."""

    room = "deliver"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner takes over messages, so that caps count both, and memberships: what an advertising platform
        was told of two addresses it is told of two when they leave."""
        for table in _THEIRS:
            rekey_rows(tx, table, merges)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Messages and memberships go back to the person they were made for; what has left, to the one whose
        identifier it was addressed to. What one of them has waiting for an address of the other is taken back."""
        for table in _THEIRS:
            unmerge_rows(tx, table, splits)
        tx.put("parted_people", _both(splits), key="profile_key")
        tx.execute(
            "UPDATE messages SET state = 'cancelled', error = 'the person was split', next_at = NULL, unsettled = 1 "
            "WHERE state = 'queued' AND address_node IS NOT NULL AND profile_key IN (SELECT profile_key FROM "
            "parted_people) AND profile_key <> coalesce((SELECT m.profile_key FROM merged m "
            "WHERE m.node_key = messages.address_node), address_node)"
        )

    def react(self, tx: Tx, batch: Batch) -> None:
        """Publish the messages that a split took back."""
        found = tx.query("SELECT message_id FROM messages WHERE unsettled = 1")
        if not found:
            return
        tx.execute("UPDATE messages SET ended_at = ?, unsettled = 0 WHERE unsettled = 1", (micros(batch.now),))
        outbox.publish(tx, batch, pa.array([message_id for (message_id,) in found], pa.string()))

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """Messages and audience memberships of nodes."""
        return {
            "messages that have left": count_of(store, "messages", nodes, f"state NOT IN ({_INSIDE})"),
            "messages that wait": count_of(store, "messages", nodes, "state = 'queued'"),
            "audience memberships": count_of(store, "audience_members", nodes),
            "entries and exits that exports have to tell": count_of(
                store, "export_tellings", nodes, "state = 'waiting'"
            ),
        }

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget what was sent to people, and what came back; platforms that know them are told to forget them too."""
        tx.put("forgotten_people", profiles.select(["profile_key"]), key="profile_key")
        forget_members(tx, "SELECT profile_key FROM forgotten_people")
        tx.execute(f"DELETE FROM suppressions WHERE address IN ({_ADDRESSES})")
        for table in ("inbox", "engagements", "message_attempts", "message_surveys"):
            tx.execute(f"DELETE FROM {table} WHERE message_id IN ({_OF_FORGOTTEN})")
        for table in _THEIRS:
            tx.execute(f"DELETE FROM {table} WHERE profile_key IN (SELECT profile_key FROM forgotten_people)")


def _both(splits: pa.Table) -> pa.Table:
    """Everybody whom splits concern."""
    keys = pa.chunked_array([*splits["profile_key"].chunks, *splits["from_key"].chunks])
    return pa.table({"profile_key": keys.unique()})
