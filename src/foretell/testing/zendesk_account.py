"""What a Zendesk account knows: users, tickets with their audits, webhooks; and what its agents do.

Ticketing API v2 as of developer.zendesk.com: Tickets, Ticket Audits, Incremental Exports, Users, Webhooks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("urgent", "high", "normal", "low")
API_USER, AGENT, OTHER_AGENT, GROUP, OTHER_GROUP = 9001, 9101, 9102, 7001, 7002
IDEMPOTENCY_HOLDS = timedelta(hours=2)
_AUDITED = ("subject", "status", "priority", "assignee_id", "group_id", "requester_id", "external_id", "tags")


class Refusal(Exception):
    """An answer that is no 2xx."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status, self.body, self.headers = status, body, headers or {}


def invalid(field_name: str, description: str) -> Refusal:
    """``RecordInvalid``."""
    details = {field_name: [{"description": description}]}
    return Refusal(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})


def missing() -> Refusal:
    """``RecordNotFound``."""
    return Refusal(404, {"error": "RecordNotFound", "description": "Not found"})


@dataclass
class Webhook:
    """A webhook that was set up, with its signing secret."""

    webhook_id: str
    endpoint: str
    secret: str
    subscriptions: list[str]


@dataclass
class Account:
    """One account.

    Args:
        clock: the present, by which tickets are stamped.
        events: webhook requests that wait to be delivered: headers and body.
    """

    clock: Callable[[], datetime]
    user: str = "ops@shop.example"
    token: str = "zd-token"
    url: str = ""
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    audits: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    events: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    changed: dict[int, int] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _answers: dict[str, tuple[datetime, str, dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = [(API_USER, "Foretell", self.user, "agent"), (AGENT, "Zoe Agent", "zoe@shop.example", "agent"),
                  (OTHER_AGENT, "Max Agent", "max@shop.example", "agent")]  # fmt: skip
        for user_id, name, email, role in people:
            self.users[user_id] = {"id": user_id, "name": name, "email": email, "role": role, "active": True}

    def create(self, told: Mapping[str, Any], author: int = API_USER, key: str | None = None) -> tuple[Any, bool]:
        """Make a ticket; returns what is answered, and whether the idempotency key was known.

        A key holds for two hours; with another body it is refused.
        """
        mark = json.dumps(told, sort_keys=True)
        if key is not None and key in self._answers:
            at, kept, answer = self._answers[key]
            if self.clock() - at < IDEMPOTENCY_HOLDS:
                if kept != mark:
                    raise Refusal(400, {"error": "IdempotentRequestError", "description": "Request parameters differ"})
                return answer, True
        ticket_id = self._next("ticket")
        now = self._stamp()
        ticket = {
            "id": ticket_id, "url": f"{self.url}/api/v2/tickets/{ticket_id}.json", "external_id": None,
            "created_at": now, "updated_at": now, "type": None, "subject": "", "raw_subject": "", "description": "",
            "priority": None, "status": "new", "requester_id": author, "submitter_id": author, "assignee_id": None,
            "group_id": None, "organization_id": None, "tags": [], "custom_fields": [], "is_public": True,
            "has_incidents": False, "allow_channelback": False, "via": {"channel": "api", "source": {}},
        }  # fmt: skip
        comment = told.get("comment") or ({"body": told["description"]} if told.get("description") else None)
        if not comment or not str(comment.get("body") or comment.get("html_body") or "").strip():
            raise invalid("base", "Description: cannot be blank")
        follows = told.get("via_followup_source_id")
        if follows is not None:
            source = self.tickets.get(int(follows))
            if source is None or source["status"] != "closed":
                raise invalid("followup_source", "Follow-up source must be a closed ticket")
            ticket["via"] = {"channel": "web", "source": {"rel": "follow_up", "from": {"ticket_id": int(follows)}}}
        if "requester" in told:
            ticket["requester_id"] = self._person(told["requester"])
        self._checked(ticket, told)
        ticket["description"] = comment.get("body") or comment.get("html_body")
        self.tickets[ticket_id], self.audits[ticket_id] = ticket, []
        events = [{"type": "Create", "field_name": name, "value": _text(ticket[name])} for name in _AUDITED]
        audit = self._audit(ticket, [*events, self._comment(comment, author)], author, told.get("metadata"))
        answer = {"ticket": dict(ticket), "audit": audit}
        if key is not None:
            self._answers[key] = (self.clock(), mark, answer)
        self._event("ticket.created", ticket, author)
        return answer, False

    def update(self, ticket_id: int, told: Mapping[str, Any], author: int = API_USER) -> dict[str, Any]:
        """Change a ticket; returns what is answered."""
        ticket = self.live(ticket_id)
        if ticket["status"] == "closed":
            raise invalid("status", "Status: closed prevents ticket update")
        if told.get("safe_update") and _instant(told["updated_stamp"]) < _instant(ticket["updated_at"]):
            description = "Safe Update prevented by updated_stamp"
            raise Refusal(409, {"error": "UpdateConflict", "description": description})
        before = {name: ticket[name] for name in _AUDITED}
        self._checked(ticket, told)
        events: list[dict[str, Any]] = [
            {"type": "Change", "field_name": name, "value": _text(ticket[name]), "previous_value": _text(before[name])}
            for name in _AUDITED
            if ticket[name] != before[name]
        ]
        if told.get("comment"):
            events.append(self._comment(told["comment"], author))
        audit = self._audit(ticket, events, author, told.get("metadata"))
        if ticket["status"] != before["status"]:
            self._event("ticket.status_changed", ticket, author)
        if told.get("comment"):
            self._event("ticket.comment_added", ticket, author)
        if not events or (ticket["status"] == before["status"] and not told.get("comment")):
            self._event("ticket.updated", ticket, author)
        return {"ticket": dict(ticket), "audit": audit}

    def live(self, ticket_id: int) -> dict[str, Any]:
        """A ticket that is not deleted."""
        ticket = self.tickets.get(ticket_id)
        if ticket is None or ticket["status"] == "deleted":
            raise missing()
        return ticket

    def of_case(self, external_id: str) -> list[dict[str, Any]]:
        """Tickets by their external id, oldest first."""
        alive = (one for one in self.tickets.values() if one["status"] != "deleted")
        return [one for one in alive if one["external_id"] == external_id]

    def delete(self, ticket_id: int) -> None:
        """An agent deletes a ticket."""
        ticket = self.live(ticket_id)
        ticket["status"] = "deleted"
        self._touch(ticket)
        self._event("ticket.soft_deleted", ticket, AGENT)

    def merge(self, source_id: int, target_id: int) -> None:
        """An agent merges a ticket into another one: it is closed for good, and tagged."""
        source, target = self.live(source_id), self.live(target_id)
        source["status"], source["tags"] = "closed", [*source["tags"], "closed_by_merge"]
        said = f"This request was closed and merged into request #{target_id}"
        via = {"channel": "system", "source": {"rel": "merge", "from": {}, "to": {"ticket_id": target_id}}}
        self._audit(source, [self._comment({"body": said, "public": False}, AGENT)], AGENT, None, via)
        said = f"Request #{source_id} was closed and merged into this request"
        self._audit(target, [self._comment({"body": said, "public": False}, AGENT)], AGENT, None)
        self._event("ticket.merged", source, AGENT)

    def seal(self, ticket_id: int) -> None:
        """The account's automation closes a solved ticket for good."""
        ticket = self.live(ticket_id)
        before, ticket["status"] = ticket["status"], "closed"
        change = {"type": "Change", "field_name": "status", "value": "closed", "previous_value": before}
        self._audit(ticket, [change], -1, None)

    def reply(self, ticket_id: int, text: str) -> None:
        """The person who asked answers."""
        ticket = self.live(ticket_id)
        self.update(ticket_id, {"comment": {"body": text, "public": True}}, ticket["requester_id"])

    def since(self, number: int, limit: int) -> tuple[list[dict[str, Any]], int, bool]:
        """Tickets that changed after a place in the list of changes; where to go on; whether that is its end."""
        found = sorted((at, ticket_id) for ticket_id, at in self.changed.items() if at > number)
        page = found[:limit]
        rows = [dict(self.tickets[ticket_id]) for _, ticket_id in page]
        return rows, page[-1][0] if page else number, len(found) <= limit

    def signed(self, body: bytes, webhook: Webhook) -> dict[str, str]:
        """Headers of a webhook."""
        stamp = self._stamp()
        digest = hmac.new(webhook.secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
        return {
            "content-type": "application/json",
            "x-zendesk-account-id": "123456",
            "x-zendesk-webhook-id": webhook.webhook_id,
            "x-zendesk-webhook-signature": base64.b64encode(digest).decode(),
            "x-zendesk-webhook-signature-timestamp": stamp,
        }

    def add_webhook(self, endpoint: str, subscriptions: list[str] | None = None) -> Webhook:
        """Set a webhook up."""
        number = self._next("webhook")
        secret = base64.b64encode(hashlib.sha256(f"webhook {number}".encode()).digest()).decode()
        made = Webhook(f"01WEBHOOK{number:05d}", endpoint, secret, subscriptions or ["zen:event-type:ticket.*"])
        self.webhooks[made.webhook_id] = made
        return made

    def _checked(self, ticket: dict[str, Any], told: Mapping[str, Any]) -> None:
        """Take over what is told of a ticket's fields, as the API validates them."""
        agents = {key for key, user in self.users.items() if user["role"] == "agent"}
        groups = {GROUP, OTHER_GROUP}
        allowed: dict[str, set[Any]] = {
            "status": set(STATUSES[:-1]), "priority": {*PRIORITIES, None}, "assignee_id": {*agents, None},
            "group_id": {*groups, None},
        }  # fmt: skip
        for name, values in allowed.items():
            if name in told and told[name] not in values:
                raise invalid(name, f"{name.replace('_id', '').capitalize()}: {told[name]} is invalid")
        taken = {name: told[name] for name in ("subject", "external_id", "tags", *allowed) if name in told}
        wanted = {**ticket, **taken}
        if wanted["status"] == "solved" and wanted["assignee_id"] is None:
            raise invalid("assignee_id", "Assignee: is required when solving a ticket")
        if wanted["status"] == "new" and wanted["assignee_id"] is not None:
            wanted["status"] = "open"
        wanted["tags"] = [*wanted["tags"], *told.get("additional_tags", ())]
        wanted["raw_subject"] = wanted["subject"]
        ticket |= wanted

    def _person(self, told: Mapping[str, Any]) -> int:
        known = next((user["id"] for user in self.users.values() if user["email"] == told.get("email")), None)
        if known is not None:
            return int(known)
        if not told.get("name"):
            raise invalid("requester", "Requester: Name: is too short (minimum is 1 character)")
        user_id = 20_000 + self._next("user")
        self.users[user_id] = {"id": user_id, "name": told["name"], "email": told.get("email"), "role": "end-user",
                               "active": True}  # fmt: skip
        return user_id

    def _comment(self, told: Mapping[str, Any], author: int) -> dict[str, Any]:
        body = str(told.get("body") or told.get("html_body") or "")
        return {
            "id": self._next("event"), "type": "Comment", "author_id": author, "body": body, "plain_body": body,
            "html_body": f'<div class="zd-comment">{body}</div>', "public": bool(told.get("public", True)),
            "attachments": [],
        }  # fmt: skip

    def _audit(
        self, ticket: dict[str, Any], events: list[dict[str, Any]], author: int, custom: Any,
        via: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        self._touch(ticket)
        for event in events:
            event.setdefault("id", self._next("event"))
        audit = {
            "id": self._next("audit"), "ticket_id": ticket["id"], "created_at": ticket["updated_at"],
            "author_id": author, "metadata": {"system": {"client": "api"}, "custom": custom or {}}, "events": events,
            "via": dict(via or {"channel": "api", "source": {}}),
        }  # fmt: skip
        self.audits[ticket["id"]].append(audit)
        return audit

    def _touch(self, ticket: dict[str, Any]) -> None:
        ticket["updated_at"] = self._stamp()
        self.changed[ticket["id"]] = self._next("change")

    def _event(self, kind: str, ticket: Mapping[str, Any], actor: int) -> None:
        detail = {
            "actor_id": str(actor), "assignee_id": _text(ticket["assignee_id"]), "created_at": ticket["created_at"],
            "external_id": ticket["external_id"], "group_id": _text(ticket["group_id"]), "id": str(ticket["id"]),
            "priority": str(ticket["priority"] or "").upper() or None, "status": str(ticket["status"]).upper(),
            "subject": ticket["subject"], "tags": ticket["tags"], "updated_at": ticket["updated_at"],
        }  # fmt: skip
        told = {
            "account_id": 123456, "detail": detail, "event": {"meta": {"sequence": {"id": "01", "position": 1}}},
            "id": f"event-{self._next('webhook_event')}", "subject": f"zen:ticket:{ticket['id']}",
            "time": self._stamp(), "type": f"zen:event-type:{kind}", "zendesk_event_version": "2022-11-06",
        }  # fmt: skip
        body = json.dumps(told).encode()
        self.events += [(self.signed(body, webhook), body) for webhook in self.webhooks.values()]

    def _next(self, what: str) -> int:
        self._numbers[what] = self._numbers.get(what, 0) + 1
        return self._numbers[what]

    def _stamp(self) -> str:
        return self.clock().replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _text(value: object) -> Any:
    return value if value is None or isinstance(value, list) else str(value)


def _instant(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)
