"""``account``: people by the accounts that they belong to at the instant."""

from __future__ import annotations

from foretell.condition import sql
from foretell.condition.people import People
from foretell.condition.scope import Scope


def belonging(accounts: str, scope: Scope) -> People:
    """Who belongs to one of the accounts whose ids the query ``accounts`` gives as ``profile_key``."""
    held = f"EXISTS (SELECT 1 FROM ({accounts}) AS b WHERE b.profile_key = a.account_id)"
    tests = sql.both([held, *scope.ones("a.profile_key")])
    return People(f"SELECT DISTINCT a.profile_key FROM ({scope.memberships()}) AS a WHERE {tests}")


def accounts_told(accounts: str, scope: Scope) -> str:
    """SQL: ``account_id`` and ``holds`` of each account that the one person of ``scope`` belongs to."""
    return (
        f"SELECT a.account_id, EXISTS (SELECT 1 FROM ({accounts}) AS b WHERE b.profile_key = a.account_id) AS holds "
        f"FROM ({scope.memberships()}) AS a WHERE {sql.both(scope.ones('a.profile_key'))} ORDER BY a.account_id"
    )
