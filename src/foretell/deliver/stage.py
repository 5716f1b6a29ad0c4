"""What happens to messages and audiences when people turn out to be one or two, or are forgotten."""

from __future__ import annotations

import pyarrow as pa

from foretell.engine import Stage, Tx

_THEIRS = "SELECT message_id FROM messages WHERE profile_key IN (SELECT profile_key FROM forgotten_people)"


class DeliverStage(Stage):
    """Keeps messages and memberships with their person."""

    room = "deliver"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner takes over messages, so that caps count both; of two memberships of one audience an
        open one stays before one that was left, then the earlier."""
        tx.put("deliver_merges", merges, key="loser_key")
        tx.execute(
            "UPDATE messages SET profile_key = (SELECT winner_key FROM deliver_merges "
            "WHERE loser_key = messages.profile_key) WHERE profile_key IN (SELECT loser_key FROM deliver_merges)"
        )
        rows = tx.query(_OF_BOTH)
        if not rows:
            return
        tx.execute(
            "DELETE FROM audience_members WHERE profile_key IN (SELECT loser_key FROM deliver_merges) "
            "OR profile_key IN (SELECT winner_key FROM deliver_merges)"
        )
        tx.executemany("INSERT INTO audience_members VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Messages and memberships go back to the person they were made for."""
        tx.put("deliver_splits", splits, key="node_key")
        for table in ("messages", "audience_members"):
            tx.execute(
                f"UPDATE {table} SET profile_key = (SELECT s.profile_key FROM deliver_splits s "
                f"WHERE s.node_key = {table}.node_key) WHERE node_key IN (SELECT node_key FROM deliver_splits)"
            )

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget what was sent to people, and what came back."""
        tx.put("forgotten_people", profiles.select(["profile_key"]), key="profile_key")
        for table in ("inbox", "engagements"):
            tx.execute(f"DELETE FROM {table} WHERE message_id IN ({_THEIRS})")
        for table in ("messages", "audience_members"):
            tx.execute(f"DELETE FROM {table} WHERE profile_key IN (SELECT profile_key FROM forgotten_people)")


_OF_BOTH = """
SELECT audience, owner, node_key, run, code, joined_at, left_at, address FROM (
  SELECT a.audience, o.winner_key AS owner, a.node_key, a.run, a.code, a.joined_at, a.left_at, a.address,
    row_number() OVER (PARTITION BY a.audience, o.winner_key
      ORDER BY CASE WHEN a.left_at IS NULL THEN 0 ELSE 1 END, a.joined_at, a.node_key) AS place
  FROM audience_members a JOIN (
    SELECT loser_key AS profile_key, winner_key FROM deliver_merges
    UNION SELECT winner_key, winner_key FROM deliver_merges) o ON o.profile_key = a.profile_key) both_of
WHERE place = 1"""
