"""``account``: people by the accounts that they belong to at the instant."""

from __future__ import annotations

from foretell.condition import sql
from foretell.condition.people import People
from foretell.condition.scope import Scope


def belonging(accounts: str, scope: Scope) -> People:
    """Who belongs to one of the accounts whose ids the query ``accounts`` gives as ``profile_key``."""
    tests = sql.both([_holds(accounts), *scope.ones("g.profile_key")])
    return People(f"SELECT DISTINCT g.profile_key FROM ({scope.memberships()}) AS g WHERE {tests}")


def accounts_told(accounts: str, scope: Scope) -> str:
    """SQL: ``account_id`` and ``holds`` of each account that the one person of ``scope`` belongs to."""
    return (
        f"SELECT g.account_id, {_holds(accounts)} AS holds "
        f"FROM ({scope.memberships()}) AS g WHERE {sql.both(scope.ones('g.profile_key'))} ORDER BY g.account_id"
    )


def _holds(accounts: str) -> str:
    # Not `a`: that is what the people asked about are called where they are tested for.
    return f"EXISTS (SELECT 1 FROM ({accounts}) AS b WHERE b.profile_key = g.account_id)"
