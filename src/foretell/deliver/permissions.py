"""What the one door says of those who are to get messages, in the form in which the gate takes it."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.deliver.gate import CONSENTS
from foretell.engine import OperationalStore, Tx, python_rows
from foretell.profile import Purposes, name_of, way_out

MESSAGES = way_out("deliver.messages", "", "e-mail, text, push and service messages, each for its own purpose")
AUDIENCES = way_out("deliver.audiences", "ads", "audiences kept in step with advertising platforms")
_WORDS = {"no_consent": "none", "withdrawn": "denied"}
"""How the gate's checks call what was found."""


def permissions(store: Tx | OperationalStore, asked: pa.Table, purposes: Purposes, at: datetime) -> pa.Table:
    """Columns of :data:`~foretell.deliver.gate.CONSENTS`: each person, medium and purpose of ``asked`` once.

    Args:
        asked: profile_key, medium, purpose.
        at: grants that lapsed by then do not count.
    """
    parts = [CONSENTS.empty_table()]
    for medium, purpose in sorted(python_rows(asked.group_by(["medium", "purpose"]).aggregate([]))):
        chosen = pc.and_(pc.equal(asked["medium"], medium), pc.equal(asked["purpose"], purpose))
        people = pc.unique(asked["profile_key"].filter(chosen))
        way = AUDIENCES if medium == "ads" else MESSAGES
        told = way.ask(store, people, at, purposes, name_of(medium, purpose))
        parts.append(_rows(told, medium, purpose))
    return pa.concat_tables(parts)


def _rows(told: pa.Table, medium: str, purpose: str) -> pa.Table:
    reasons = pc.unique(told["reason"])
    words = pa.array([_WORDS.get(reason, reason) for reason in reasons.to_pylist()], pa.string())
    found = words.take(pc.index_in(told["reason"], reasons).combine_chunks())
    columns = {
        "profile_key": told["profile_key"],
        "channel": pa.repeat(pa.scalar(medium, pa.string()), told.num_rows),
        "purpose": pa.repeat(pa.scalar(purpose, pa.string()), told.num_rows),
        "allowed": told["allowed"],
        "found": found,
    }
    return pa.table(columns).cast(CONSENTS)
