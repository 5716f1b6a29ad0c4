"""The care stage: cases follow merges and go with the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from foretell.engine import OperationalStore, Stage, Tx, count_of, rekey_rows, unmerge_rows


class CareStage(Stage):
    """Cases belong to the person that today's identifiers give."""

    room = "care"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner's team goes on with what the loser's had."""
        rekey_rows(tx, "cases", merges)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Cases go back to the person they were opened for."""
        unmerge_rows(tx, "cases", splits)

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """Cases of nodes."""
        return {"cases": count_of(store, "cases", nodes)}

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the people's cases and what was noted in them."""
        tx.put("care_erased", profiles.select(["profile_key"]), key="profile_key")
        gone = "profile_key IN (SELECT profile_key FROM care_erased)"
        tx.execute(f"DELETE FROM case_history WHERE case_id IN (SELECT case_id FROM cases WHERE {gone})")
        tx.execute(f"DELETE FROM cases WHERE {gone}")
