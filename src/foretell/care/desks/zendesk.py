"""Zendesk Support: cases as tickets.

Wire format: Ticketing API v2 of developer.zendesk.com (Tickets with ``external_id``, ``Idempotency-Key``,
``safe_update`` and ``metadata``; Ticket Audits; Incremental Ticket Export, cursor based; Users) and "Verifying
webhook requests" there. Webhooks of any ticket event will do, and of triggers whose
body is ``{"id": "{{ticket.id}}"}``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from foretell.care.desks.base import (
    DeskKind,
    DeskLater,
    DeskOvertaken,
    DeskPlace,
    DeskRefused,
    Draft,
    News,
    TicketChange,
    TicketNow,
    Update,
)
from foretell.care.desks.zendesk_words import audits_told, fields_of, life_of, words_for
from foretell.care.model import OUTCOMES
from foretell.definitions import DurationText, KeyText
from foretell.deliver import HookRequest, Unanswered, Unreached, Vendor, VendorAnswer, VendorSettings, secret_of
from foretell.errors import UsageError

SIGNATURE, STAMP = "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"
_MARK = "foretell"
_REDACT = "redaction_requested"
_TOLD = "The person this ticket is about asked to be erased. Please redact what it says of them."
_MOST_PAGES = 50
_AGAIN = {408, 425, 429}
_ID = Annotated[int, Field(ge=1)]


class ZendeskSettings(VendorSettings):
    """How to reach a Zendesk account."""

    base_url: str = Field(description="https://SUBDOMAIN.zendesk.com")
    user: str = Field(min_length=3, description="E-mail address of the agent whose API token it is.")
    token_secret: str = Field("zendesk_token", description="Secret that holds the API token.")
    webhook_secret: str | None = Field(None, description="Secret that holds the signing secret of the webhook.")
    tolerance_seconds: int = Field(300, ge=1, le=3_600, description="Webhooks may have been signed so long ago.")
    assignees: dict[str, _ID] = Field(default_factory=dict, description="Owner → id of their user at Zendesk.")
    groups: dict[KeyText, _ID] = Field(default_factory=dict, description="Team → id of its group at Zendesk.")
    requester: bool = Field(True, description="Tickets name the person, by e-mail address and name, as who asks.")
    tags: tuple[str, ...] = Field(("foretell",), description="Tags of new tickets.")
    outcome: str = Field("solved", description="Outcome of cases that are closed because their ticket is solved.")
    poll: DurationText = Field("5m", description="How often the list of changed tickets is read.")

    @field_validator("outcome")
    @classmethod
    def _known(cls, outcome: str) -> str:
        if outcome not in OUTCOMES:
            raise ValueError(f"the outcome is one of: {', '.join(OUTCOMES)}")
        return outcome


class Zendesk:
    """A Zendesk account, see :class:`~foretell.care.desks.base.Desk`."""

    def __init__(self, settings: ZendeskSettings, place: DeskPlace) -> None:
        token = f"{settings.user}/token:{secret_of(place.settings, settings.token_secret)}"
        self._settings, self._now = settings, place.now
        key = base64.b64encode(token.encode()).decode()
        self._vendor = Vendor(settings, {"Authorization": f"Basic {key}"})
        self._names: dict[int, str] = {}

    def find(self, case_id: str) -> TicketNow | None:
        found = self._asked("GET", "/api/v2/tickets.json", query={"external_id": case_id})["tickets"]
        live = sorted((one for one in found if one.get("external_id") == case_id), key=lambda one: int(one["id"]))
        return self._ticket(live[-1]) if live else None

    def create(self, draft: Draft) -> TicketNow:
        ticket: dict[str, Any] = {
            "external_id": draft.case_id,
            "subject": draft.subject,
            "comment": {"body": draft.text, "public": False},
            "tags": list(self._settings.tags),
            "metadata": {_MARK: draft.mark},
            **words_for(draft.fields, self._settings.assignees, self._settings.groups),
        }
        if draft.follows is not None:
            ticket["via_followup_source_id"] = int(draft.follows)
        if self._settings.requester and draft.email is not None:
            ticket["requester"] = {"email": draft.email, "name": draft.name or draft.email}
        # The key holds for two hours; after that whoever asks again looks the ticket up first.
        headers = {"Idempotency-Key": draft.mark}
        return self._ticket(self._asked("POST", "/api/v2/tickets.json", {"ticket": ticket}, headers=headers)["ticket"])

    def read(self, ticket_id: str) -> TicketNow:
        answer = self._answer("GET", f"/api/v2/tickets/{int(ticket_id)}.json")
        if answer.status in (404, 410):
            return TicketNow(ticket_id, self._url(ticket_id), {}, "", "deleted")
        return self._ticket(self._body(answer)["ticket"])

    def changes(self, ticket_id: str, after: str | None) -> Sequence[TicketChange]:
        path, query = f"/api/v2/tickets/{int(ticket_id)}/audits.json", {"page[size]": "100"}
        audits: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            body = self._asked("GET", path, query=query)
            audits += body["audits"]
            meta = body.get("meta") or {}
            if not meta.get("has_more"):
                break
            query = {"page[size]": "100", "page[after]": meta["after_cursor"]}
        known = 0 if after is None else int(after)
        fresh = sorted((one for one in audits if int(one["id"]) > known), key=lambda one: int(one["id"]))
        if not fresh:
            return []
        self._learn_names(fresh)
        requester = self._requester(ticket_id)
        return audits_told(fresh, self._settings.assignees, self._settings.groups, self._names, requester, _MARK)

    def update(self, ticket_id: str, update: Update) -> TicketNow:
        ticket: dict[str, Any] = {
            **words_for(update.fields, self._settings.assignees, self._settings.groups),
            **self._solver(ticket_id, update.fields),
            "metadata": {_MARK: update.mark},
            "safe_update": True,
            "updated_stamp": update.stamp,
        }
        if update.note is not None:
            ticket["comment"] = {"body": update.note, "public": False}
        answer = self._answer("PUT", f"/api/v2/tickets/{int(ticket_id)}.json", {"ticket": ticket})
        if answer.status == 409:
            raise DeskOvertaken(answer.said())
        return self._ticket(self._body(answer)["ticket"])

    def news(self, place: str | None, since: datetime) -> News:
        query = {"per_page": "1000"}
        query |= {"cursor": place} if place is not None else {"start_time": str(int(since.timestamp()))}
        body = self._asked("GET", "/api/v2/incremental/tickets/cursor.json", query=query)
        ids = [str(one["id"]) for one in body["tickets"]]
        return News(ids, body["after_cursor"] or place or "", not body["end_of_stream"])

    def can_say(self, name: str, value: str | None) -> bool:
        known = {"owner": self._settings.assignees, "team": self._settings.groups}.get(name)
        return known is None or value is None or value in known

    def ask_to_redact(self, ticket_id: str) -> None:
        ticket = {
            "external_id": None,
            "additional_tags": [_REDACT],
            "comment": {"body": _TOLD, "public": False},
            "metadata": {_MARK: _REDACT},
        }
        answer = self._answer("PUT", f"/api/v2/tickets/{int(ticket_id)}.json", {"ticket": ticket})
        if answer.status not in (404, 410):
            self._body(answer)

    def close(self) -> None:
        self._vendor.close()

    def _ticket(self, told: Mapping[str, Any]) -> TicketNow:
        ticket_id = str(told["id"])
        assignee = told.get("assignee_id")
        if assignee is not None and assignee not in self._settings.assignees.values():
            self._learn([assignee])
        fields = fields_of(told, self._settings.assignees, self._settings.groups, self._names)
        life, into = life_of(told), None
        if life == "merged":
            into = self._merged_into(ticket_id)
        return TicketNow(ticket_id, self._url(ticket_id), fields, str(told["updated_at"]), life, into)

    def _solver(self, ticket_id: str, fields: Mapping[str, str | None]) -> dict[str, int]:
        """Nobody's ticket cannot be solved: then it is the API user's."""
        if fields.get("state") != "solved" or fields.get("owner") is not None:
            return {}
        if self._asked("GET", f"/api/v2/tickets/{int(ticket_id)}.json")["ticket"].get("assignee_id") is not None:
            return {}
        return {"assignee_id": int(self._asked("GET", "/api/v2/users/me.json")["user"]["id"])}

    def _merged_into(self, ticket_id: str) -> str | None:
        """The audits of a merged ticket name the one that goes on (``via.source``)."""
        body = self._asked("GET", f"/api/v2/tickets/{int(ticket_id)}/audits.json", query={"page[size]": "100"})
        for audit in reversed(body["audits"]):
            source = (audit.get("via") or {}).get("source") or {}
            ends = [source.get(end) or {} for end in ("to", "from")] if source.get("rel") == "merge" else []
            others = [str(end["ticket_id"]) for end in ends if end.get("ticket_id")]
            if others and others[0] != ticket_id:
                return others[0]
        return None

    def _requester(self, ticket_id: str) -> int | None:
        answer = self._answer("GET", f"/api/v2/tickets/{int(ticket_id)}.json")
        return self._body(answer)["ticket"].get("requester_id") if answer.ok else None

    def _learn_names(self, audits: Sequence[Mapping[str, Any]]) -> None:
        people = {one.get("author_id") for one in audits}
        for audit in audits:
            people |= {
                int(event["value"])
                for event in audit["events"]
                if event.get("field_name") == "assignee_id" and str(event.get("value") or "").isdigit()
            }
        self._learn([one for one in people if isinstance(one, int) and one > 0])

    def _learn(self, people: Sequence[int]) -> None:
        wanted = sorted(set(people) - self._names.keys())
        for start in range(0, len(wanted), 100):
            ids = ",".join(map(str, wanted[start : start + 100]))
            body = self._asked("GET", "/api/v2/users/show_many.json", query={"ids": ids})
            self._names |= {int(user["id"]): str(user["name"]) for user in body["users"]}

    def _url(self, ticket_id: str) -> str:
        return f"{self._settings.base_url.rstrip('/')}/agent/tickets/{ticket_id}"

    def _asked(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return self._body(self._answer(method, path, body, **more))

    def _answer(self, method: str, path: str, body: Any = None, **more: Any) -> VendorAnswer:
        try:
            answer = self._vendor.ask(method, path, json_body=body, **more)
        except (Unreached, Unanswered) as error:
            raise DeskLater(f"no answer: {error}") from error
        if answer.status in _AGAIN or answer.status >= 500:
            raise DeskLater(answer.said(), answer.retry_after(self._now))
        return answer

    def _body(self, answer: VendorAnswer) -> Any:
        if not answer.ok:
            raise DeskRefused(answer.said())
        told = answer.json()
        if told is None:
            raise DeskLater("its answer is no JSON")
        return told


def _open(settings: BaseModel, place: DeskPlace) -> Zendesk:
    assert isinstance(settings, ZendeskSettings)
    return Zendesk(settings, place)


def _receive(settings: BaseModel, place: DeskPlace, request: HookRequest) -> Sequence[str]:
    """Which tickets a signed webhook speaks of; what it says of them is read from Zendesk itself."""
    assert isinstance(settings, ZendeskSettings)
    secret = "" if settings.webhook_secret is None else secret_of(place.settings, settings.webhook_secret)
    if not secret or not _is_signed(request, secret, settings.tolerance_seconds):
        raise UsageError(
            "BAD_SIGNATURE", "the signature is missing, wrong or too old",
            next_step="Look whether webhook_secret holds the signing secret of the webhook.",
        )  # fmt: skip
    try:
        told = json.loads(request.body)
    except ValueError:
        told = None
    return _tickets_in(told) if isinstance(told, dict) else []


def _tickets_in(told: Mapping[str, Any]) -> list[str]:
    detail = told.get("detail")
    subject = str(told.get("subject") or "")
    found = [detail.get("id") if isinstance(detail, dict) else None]
    found += [subject.removeprefix("zen:ticket:") if subject.startswith("zen:ticket:") else None]
    if detail is None:
        found.append(told.get("id"))
    ids = [str(one) for one in found if one is not None]
    return sorted({one for one in ids if one.isascii() and one.isdigit() and len(one) < 20})


def _is_signed(request: HookRequest, secret: str, tolerance_seconds: int) -> bool:
    """``base64(HMAC-SHA256(timestamp + body))``."""
    stamp, given = request.headers.get(STAMP, ""), request.headers.get(SIGNATURE, "")
    try:
        signed_at = datetime.fromisoformat(stamp)
        told = base64.b64decode(given, validate=True)
    except (ValueError, binascii.Error):
        return False
    if signed_at.tzinfo is None or abs((request.now - signed_at).total_seconds()) > tolerance_seconds:
        return False
    return hmac.compare_digest(hmac.new(secret.encode(), stamp.encode() + request.body, hashlib.sha256).digest(), told)


DESK = DeskKind("zendesk", ZendeskSettings, ("token_secret", "webhook_secret"), _open, _receive)
