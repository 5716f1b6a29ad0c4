"""Tickets of Zendesk in our words, and ours in theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from foretell.care.desks.base import Fields, Life, TicketChange, TicketNote

_STATES = {
    "new": "open", "open": "open", "pending": "waiting", "hold": "waiting", "solved": "solved", "closed": "solved",
}  # fmt: skip
_STATUSES = {"open": "open", "waiting": "pending", "solved": "solved"}
_MERGED = "closed_by_merge"
_FIELDS = {"status": "state", "priority": "priority", "assignee_id": "owner", "group_id": "team"}
Ids = Mapping[str, int]
Names = Mapping[int, str]


def words_for(fields: Fields, assignees: Ids, groups: Ids) -> dict[str, Any]:
    """The fields of a ticket that say what ``fields`` do; whom Zendesk does not know, it is not told of."""
    told: dict[str, Any] = {}
    if fields.get("state") is not None:
        told["status"] = _STATUSES[str(fields["state"])]
    if fields.get("priority") is not None:
        told["priority"] = fields["priority"]
    for name, field, ids in (("owner", "assignee_id", assignees), ("team", "group_id", groups)):
        if name in fields:
            value = fields[name]
            if value is None or value in ids:
                told[field] = None if value is None else ids[value]
    return told


def fields_of(ticket: Mapping[str, Any], assignees: Ids, groups: Ids, names: Names) -> dict[str, str | None]:
    """A ticket's fields in our words; one whose value we have no word for is left out."""
    found: dict[str, str | None] = {}
    for field, name in _FIELDS.items():
        value = _read(field, ticket.get(field), assignees, groups, names)
        if value is not None or ticket.get(field) in (None, ""):
            found[name] = value
    return found


def life_of(ticket: Mapping[str, Any]) -> Life:
    """Whether a ticket can still be changed, and why not."""
    if ticket.get("status") == "deleted":
        return "deleted"
    if _MERGED in (ticket.get("tags") or ()):
        return "merged"
    return "sealed" if ticket.get("status") == "closed" else "live"


def audits_told(
    audits: Sequence[Mapping[str, Any]], assignees: Ids, groups: Ids, names: Names, requester: int | None, mark: str
) -> list[TicketChange]:
    """Audits as changes."""
    return [_change(one, assignees, groups, names, requester, mark) for one in audits]


def _change(
    audit: Mapping[str, Any], assignees: Ids, groups: Ids, names: Names, requester: int | None, mark: str
) -> TicketChange:
    fields: dict[str, str | None] = {}
    notes = []
    for event in audit["events"]:
        if event["type"] in ("Change", "Create") and event.get("field_name") in _FIELDS:
            field = event["field_name"]
            value = _read(field, event.get("value"), assignees, groups, names)
            if value is not None or event.get("value") in (None, ""):
                fields[_FIELDS[field]] = value
        elif event["type"] == "Comment":
            by_person = requester is not None and event.get("author_id") == requester
            public = bool(event.get("public"))
            text = str(event.get("plain_body") or event.get("body") or "").strip()
            notes.append(TicketNote(text, public or by_person, by_person))
    custom = (audit.get("metadata") or {}).get("custom") or {}
    author = audit.get("author_id")
    who = names.get(author, str(author)) if isinstance(author, int) and author > 0 else "Zendesk"
    at = datetime.fromisoformat(str(audit["created_at"]))
    return TicketChange(str(audit["id"]), at, who, str(custom.get(mark) or ""), fields, tuple(notes))


def _read(field: str, value: Any, assignees: Ids, groups: Ids, names: Names) -> str | None:
    if value in (None, ""):
        return None
    if field == "status":
        return _STATES.get(str(value), "open")
    if field == "priority":
        return str(value)
    known = {number: name for name, number in (assignees if field == "assignee_id" else groups).items()}
    number = int(value)
    if field == "group_id":
        return known.get(number)
    return known.get(number) or names.get(number)
