"""What a run of matching did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.identify.matching.blocking import FRESH
from foretell.identify.matching.deciding import Decisions
from foretell.identify.matching.model import Model


@dataclass(frozen=True)
class MatchReport:
    """What a run of matching did, or with ``dry_run`` would do.

    Args:
        records: that take part; ``compared`` of them were new or had changed.
        pairs: likely enough to be looked at.
        joined: people who went into another one; ``waiting``: pairs put to people.
        held_back: why likely pairs were not joined → how many.
        trained: a model was learnt in this run; ``model``: the number of the one used, 0 in a dry run.
        join_from: probability from which pairs are joined, with the precision that the model expects of them.
    """

    records: int = 0
    compared: int = 0
    pairs: int = 0
    joined: int = 0
    waiting: int = 0
    held_back: Mapping[str, int] = field(default_factory=dict)
    trained: bool = False
    model: int = 0
    join_from: float = 1.0
    expected_precision: float = 1.0
    dry_run: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**self.__dict__, "held_back": dict(self.held_back)}


def reported(records: pa.Table, pairs: pa.Table, decisions: Decisions, model: Model, trained: bool) -> MatchReport:
    """What was decided, as it stands before it is done."""
    reasons = decisions.questions["held_back"].drop_null().value_counts().to_pylist()
    return MatchReport(
        records=records.num_rows,
        compared=int(pc.sum(records[FRESH]).as_py() or 0),
        pairs=pairs.num_rows,
        joined=decisions.joins.num_rows,
        waiting=decisions.questions.num_rows,
        held_back={row["values"]: row["counts"] for row in sorted(reasons, key=lambda row: str(row["values"]))},
        trained=trained,
        model=model.number,
        join_from=model.join_from,
        expected_precision=model.expected_precision,
    )
