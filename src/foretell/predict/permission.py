"""Whom models may learn from and whom they may score: those who are not allowed are left out, and counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import OperationalStore
from foretell.profile import Purposes, WayOut, way_out

TRAINING = way_out("predict.training", "training", "what models learn from")
SCORING = way_out("predict.scoring", "profiling", "scores of people")


@dataclass
class Permission:
    """The door, asked for every population of one run.

    Args:
        at: the present: who objects today is left out of the past too.
    """

    way: WayOut
    store: OperationalStore
    purposes: Purposes
    at: datetime
    _refused: list[pa.Table] = field(default_factory=list)

    def kept(self, people: pa.Table) -> pa.Table:
        """Those of ``people`` (profile_key, each once) who are allowed, in their order."""
        told = self.way.ask(self.store, people["profile_key"], self.at, self.purposes)
        if pc.all(told["allowed"], min_count=0).as_py():
            return people
        self._refused.append(told.filter(pc.invert(told["allowed"])).select(["profile_key", "reason"]))
        return people.filter(told["allowed"])

    @property
    def left_out(self) -> dict[str, int]:
        """How many people were left out of any population so far, by reason."""
        if not self._refused:
            return {}
        each = pa.concat_tables(self._refused).group_by("profile_key").aggregate([("reason", "min")])
        counted = each.group_by("reason_min").aggregate([([], "count_all")])
        found = dict(zip(counted["reason_min"].to_pylist(), counted["count_all"].to_pylist(), strict=True))
        return dict(sorted(found.items()))
