"""What is kept of somebody follows them: merges, splits, and being forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from foretell.engine import OperationalStore, Stage, Tx, count_of, rekey_rows, unmerge_rows
from foretell.segment.personas.tables import PEOPLE, ROOM


class PersonaStage(Stage):
    """Notes and interviews belong to the person that today's identifiers give; facts follow by their node."""

    room = ROOM

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """Notes and interviews are the winner's from now on."""
        for table in PEOPLE:
            rekey_rows(tx, table, merges)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """They go back to whom they were made with."""
        for table in PEOPLE:
            unmerge_rows(tx, table, splits)

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """Notes and interviews of nodes."""
        return {
            "interview notes": count_of(store, "persona_notes", nodes),
            "interviews": count_of(store, "persona_interviews", nodes),
        }

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Every version of what was noted with people, and that they were to be asked, is gone."""
        tx.put("persona_erased", profiles.select(["profile_key"]), key="profile_key")
        for table in PEOPLE:
            tx.execute(f"DELETE FROM {table} WHERE profile_key IN (SELECT profile_key FROM persona_erased)")
