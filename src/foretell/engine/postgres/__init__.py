"""The stores of a workspace on PostgreSQL. Needs the extra ``postgres``; only :mod:`foretell.engine` imports it."""

from __future__ import annotations

from foretell.engine.postgres.connecting import Connections, Link, lent, lock_number, where_of
from foretell.engine.postgres.faults import explain_server_errors, explained, is_lost
from foretell.engine.postgres.leading import Leadership, busy
from foretell.engine.postgres.ops import PostgresOps
from foretell.engine.postgres.processes import Processes
from foretell.engine.postgres.records import PostgresRecords
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
    "busy",
    "explain_server_errors",
    "explained",
    "is_lost",
    "lent",
    "lock_number",
    "where_of",
]
