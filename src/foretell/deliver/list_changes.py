"""Joins and leaves put together by list, as platforms take them: of one person the last word counts.

A list is a set: who joins twice is in once, and who leaves without being in is out. So whatever is asked again is
harmless, and of several changes of one person in a batch only the last is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from weakref import WeakKeyDictionary

from foretell.deliver.channels.base import Outgoing, Receipt
from foretell.deliver.vendors import VendorAnswer
from foretell.engine import OperationalStore
from foretell.errors import ForetellError


class NotTold(ForetellError):
    """A platform does not say what it is asked.

    Args:
        retry_after: it asks to come again then.
    """

    def __init__(self, code: str, what: str, *, next_step: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(code, what, next_step=next_step, transient=True)
        self.retry_after = retry_after


def once_more(ask: Callable[[], VendorAnswer]) -> VendorAnswer:
    """``ask``, and at once again where the platform is not there for a moment (503) and does not say until when: what
    it is asked for one message would else wait for a minute with all others."""
    answer = ask()
    return ask() if answer.status == 503 and "retry-after" not in answer.headers else answer


_REMEMBERED: WeakKeyDictionary[OperationalStore, dict[tuple[str, ...], Any]] = WeakKeyDictionary()


def remembered(store: OperationalStore) -> dict[tuple[str, ...], Any]:
    """What is known of a platform from one hand-over to the next as long as the workspace is open: tokens and the ids
    of lists. Whoever reads it has to bear that it does not hold any more."""
    return _REMEMBERED.setdefault(store, {})


Action = Literal["join", "leave"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A row of a request, and the messages that it answers."""

    row: Row
    consent: bool
    message_ids: list[str] = field(default_factory=list)

    def receipts(self, template: Receipt) -> Iterator[Receipt]:
        """What became of the row, for each of its messages."""
        for message_id in self.message_ids:
            yield Receipt(**{**vars(template), "message_id": message_id})


@dataclass(frozen=True)
class ListChange:
    """What one list is told in one direction."""

    list_id: str | None
    name: str
    action: Action
    people: tuple[Person, ...]


def changes(
    messages: Sequence[Outgoing], row_of: Callable[[Mapping[str, Any]], Row], nothing: str
) -> tuple[list[ListChange], list[Receipt]]:
    """The changes of ``messages`` by list, leaves first, and receipts of those that name nobody.

    Args:
        row_of: the row of hashed identifiers that the platform compares; empty where there are none.
        nothing: why such a row is refused.
    """
    last: dict[tuple[str, str, str], tuple[Action, Person]] = {}
    refused = []
    for message in messages:
        row = row_of(message.data.get("hashed") or {})
        if not row:
            refused.append(Receipt(message.message_id, "refused", error=nothing, bad_address=False))
            continue
        key = (message.data.get("list_id") or "", str(message.data.get("list_name", "")), json.dumps(row))
        before = last.pop(key)[1].message_ids if key in last else []
        action: Action = "leave" if message.data.get("action") == "leave" else "join"
        consent = bool(message.data.get("consent"))
        last[key] = (action, Person(row, consent, [*before, message.message_id]))
    lists: dict[tuple[str, str, Action], list[Person]] = {}
    for (list_id, name, _), (action, person) in last.items():
        lists.setdefault((list_id, name, action), []).append(person)
    ordered = sorted(lists.items(), key=lambda one: one[0][2], reverse=True)
    return [ListChange(key[0] or None, key[1], key[2], tuple(people)) for key, people in ordered], refused


def in_order(messages: Sequence[Outgoing], receipts: Sequence[Receipt]) -> list[Receipt]:
    """``receipts`` in the order of ``messages``."""
    found = {receipt.message_id: receipt for receipt in receipts}
    lost = "the platform said nothing of it"
    return [found.get(one.message_id) or Receipt(one.message_id, "later", error=lost) for one in messages]
