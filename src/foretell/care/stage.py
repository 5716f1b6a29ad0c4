"""The care stage: cases follow merges and go with the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from foretell.care.at_once import open_at_once
from foretell.definitions import Catalog
from foretell.engine import Batch, OperationalStore, Stage, Tx, count_of, rekey_rows, unmerge_rows

_TWICE = """
INSERT INTO case_links (case_id, other_id, kind)
SELECT l.case_id, e.case_id, 'duplicate' FROM cases l JOIN cases e ON e.profile_key = l.profile_key AND e.rule = l.rule
  AND e.state <> 'closed' AND e.node_key <> l.node_key
  AND (e.opened_at < l.opened_at OR (e.opened_at = l.opened_at AND e.case_id < l.case_id))
WHERE l.state <> 'closed' AND l.profile_key IN (SELECT winner_key FROM care_merged)
ON CONFLICT (case_id, other_id) DO NOTHING"""
_APART = """
DELETE FROM case_links WHERE kind = 'duplicate' AND EXISTS (
  SELECT 1 FROM cases a JOIN cases b ON b.case_id = case_links.other_id
  WHERE a.case_id = case_links.case_id AND a.profile_key <> b.profile_key
    AND (a.node_key IN (SELECT node_key FROM care_parted) OR b.node_key IN (SELECT node_key FROM care_parted)))"""
_OURS = "(SELECT case_id FROM cases WHERE profile_key IN (SELECT profile_key FROM care_erased))"
_TO_REDACT = f"""
INSERT INTO desk_redactions (ticket_id, state, next_at, attempts)
SELECT DISTINCT coalesce(s.ticket_id, 'case:' || s.case_id), 'waiting', 0, 0 FROM case_syncs s
WHERE s.case_id IN {_OURS} AND (s.ticket_id IS NOT NULL OR s.tried_version IS NOT NULL) AND s.state <> 'deleted'
ON CONFLICT (ticket_id) DO NOTHING"""


class CareStage(Stage):
    """Cases belong to the person that today's identifiers give; what people do opens those that rules say.

    Args:
        catalog: knows the rules; without it nothing opens a case by itself.
    """

    room = "care"

    def __init__(self, catalog: Catalog | None = None) -> None:
        self.catalog = catalog

    def react(self, tx: Tx, batch: Batch) -> None:
        """Open the cases that events of the batch open, and add what was said to those that are there."""
        if self.catalog is not None:
            open_at_once(tx, batch, self.catalog)

    def rebuilt(self, tx: Tx, last_batch: int) -> None:
        """No event opens a case that was looked at before, or that only the new reading brought up."""
        tx.execute("UPDATE case_rule_looks SET batch = ?", (last_batch,))

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner's team goes on with what the loser's had; open cases of one rule are shown to be the same
        matter."""
        rekey_rows(tx, "cases", merges)
        tx.put("care_merged", merges)
        tx.execute(_TWICE)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Cases go back to the person they were opened for, and are no duplicates of the other's."""
        unmerge_rows(tx, "cases", splits)
        tx.put("care_parted", splits.select(["node_key"]), key="node_key")
        tx.execute(_APART)

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """Cases of nodes."""
        return {"cases": count_of(store, "cases", nodes)}

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the people's cases and what was noted in them; the help desk is to be told."""
        tx.put("care_erased", profiles.select(["profile_key"]), key="profile_key")
        tx.execute(_TO_REDACT)
        for table, column in (
            ("case_history", "case_id"), ("case_marks", "case_id"), ("case_links", "case_id"),
            ("case_links", "other_id"), ("case_repeats", "kept_id"), ("case_syncs", "case_id"),
        ):  # fmt: skip
            tx.execute(f"DELETE FROM {table} WHERE {column} IN {_OURS}")
        tx.execute("DELETE FROM cases WHERE profile_key IN (SELECT profile_key FROM care_erased)")
