"""Accounts and own tables: who belongs to which account, what is an account's, and whose are which rows."""

from __future__ import annotations

from typing import Any

from tests.properties.naive_terms import At, Event, History, arrived, owner


def accounts_of(person: int, history: History, at: At) -> list[int]:
    """The accounts (by their place among all) to which the person belongs."""
    return [number for number, account in enumerate(_accounts(history)) if person in _members(account, history, at)]


def seen_by_account(history: History, at: At) -> History:
    """What is stored, seen from accounts: events are those of all members, traits and rows the account's own."""
    asked = ("accounts", at.as_of, at.known_at)
    if asked not in history.seen:
        accounts = _accounts(history)
        history.seen[asked] = History(
            events=[
                {**event, "node": number}
                for number, account in enumerate(accounts)
                for person in _members(account, history, at)
                for event in history.by_person.get(person, [])
            ],
            traits=[{**row, "node": accounts.index(row["account"]), "source": None} for row in history.account_traits],
            rows=[
                {**row, "node": None if row["account"] is None else accounts.index(row["account"])}
                for row in history.rows
            ],
        )
    found: History = history.seen[asked]
    return found


def rows_of(table: str, one: int, history: History, at: At) -> list[dict[str, Any]]:
    """The rows of an own table that are somebody's at the instant, in their latest version."""
    latest: dict[Any, Event] = {}
    for row in sorted(history.rows, key=lambda row: (row["ts"], row["seq"])):
        if row["table"] == table and row["ts"] <= at.as_of and arrived(row, at):
            latest[row["key"]] = row
    standing = [row for row in latest.values() if row["values"] is not None and row["node"] is not None]
    return [row["values"] for row in standing if owner(row, history) == one]


def _accounts(history: History) -> list[str]:
    return sorted({row["account"] for row in (*history.members, *history.account_traits, *history.rows)} - {None})


def _members(account: str, history: History, at: At) -> set[int]:
    told = [row for row in history.members if row["account"] == account and row["ts"] <= at.as_of and arrived(row, at)]
    latest = {owner(row, history): row for row in sorted(told, key=lambda row: (row["ts"], row["seq"]))}
    return {person for person, row in latest.items() if not row["ended"]}
