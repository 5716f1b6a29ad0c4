"""The stores of a workspace on PostgreSQL. Needs the extra ``postgres``; only :mod:`foretell.engine` imports it."""

from __future__ import annotations

from foretell.engine.postgres.connecting import Connections, Link, lent, lock_number, where_of
from foretell.engine.postgres.faults import explain_server_errors, explained, is_lost
from foretell.engine.postgres.leading import Leadership, busy
from foretell.engine.postgres.ops import PostgresOps
from foretell.engine.postgres.processes import Processes
from foretell.engine.postgres.records import PostgresRecords
from foretell.engine.postgres.replaying import ReplayedSpool
from foretell.engine.postgres.shadow import Shadow, drop_rests, drop_shadow, make_shadow, shadow_of, swap_schemas
from foretell.engine.postgres.spool import PostgresSpool
from foretell.engine.postgres.transaction import PostgresTx

__all__ = [
    "Connections",
    "Leadership",
    "Link",
    "PostgresOps",
    "PostgresRecords",
    "PostgresSpool",
    "PostgresTx",
    "Processes",
    "ReplayedSpool",
    "Shadow",
    "busy",
    "drop_rests",
    "drop_shadow",
    "explain_server_errors",
    "explained",
    "is_lost",
    "lent",
    "lock_number",
    "make_shadow",
    "shadow_of",
    "swap_schemas",
    "where_of",
]
