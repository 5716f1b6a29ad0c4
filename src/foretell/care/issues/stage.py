"""Issues follow merges and go with the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from foretell.engine import OperationalStore, Stage, Tx, count_of, rekey_rows, unmerge_rows


class IssueStage(Stage):
    """Issues belong to the person that today's identifiers give; of two alike the next look closes the later."""

    room = "care_issues"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner has what the loser had."""
        rekey_rows(tx, "issues", merges)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Issues go back to the person for whom they were detected."""
        unmerge_rows(tx, "issues", splits)

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """Issues of nodes."""
        return {"issues": count_of(store, "issues", nodes)}

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the people's issues."""
        tx.put("issues_erased", profiles.select(["profile_key"]), key="profile_key")
        tx.execute("DELETE FROM issues WHERE profile_key IN (SELECT profile_key FROM issues_erased)")
