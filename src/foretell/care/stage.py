"""The care stage: cases follow merges and go with the person."""

from __future__ import annotations

import pyarrow as pa

from foretell.engine import Stage, Tx


class CareStage(Stage):
    """Cases belong to the person that today's identifiers give."""

    room = "care"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner's team goes on with what the loser's had."""
        tx.put("care_merges", merges, key="loser_key")
        tx.execute(
            "UPDATE cases SET profile_key = (SELECT m.winner_key FROM care_merges m "
            "WHERE m.loser_key = cases.profile_key) "
            "WHERE profile_key IN (SELECT loser_key FROM care_merges)"
        )

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the people's cases and what was noted in them."""
        tx.put("care_erased", profiles.select(["profile_key"]), key="profile_key")
        gone = "profile_key IN (SELECT profile_key FROM care_erased)"
        tx.execute(f"DELETE FROM case_history WHERE case_id IN (SELECT case_id FROM cases WHERE {gone})")
        tx.execute(f"DELETE FROM cases WHERE {gone}")
