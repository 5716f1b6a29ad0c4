"""Zendesk Support as an HTTP server: Ticketing API v2 (Tickets, Ticket Audits, Incremental Ticket Export by cursor,
Users) and Webhooks, as documented at developer.zendesk.com; in the moods of :mod:`~foretell.testing.vendor_server`.

It checks what Zendesk checks (API token, validations, ``updated_stamp``, ``Idempotency-Key``, follow-ups of closed
tickets only, assignee of solved ones) and answers with its words.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from foretell.testing.vendor_server import Answered, Asked, Moods, VendorServer, answered, vendor_server
from foretell.testing.zendesk_account import API_USER, Account, Refusal, missing

Told = tuple[int, Any, dict[str, str]]
"""Status, body and further headers of an answer."""
_TICKET = re.compile(r"/api/v2/tickets/(\d+)(?:/(audits|comments))?(?:\.json)?\Z")
_USER = re.compile(r"/api/v2/users/(\d+)(?:\.json)?\Z")
_SECRET = re.compile(r"/api/v2/webhooks/(\w+)/signing_secret\Z")


@dataclass
class Zendesk:
    """A running account.

    Args:
        requests: method and path of everything that was looked at.
    """

    account: Account
    server: VendorServer | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        assert self.server is not None
        return self.server.url

    @property
    def moods(self) -> Moods:
        """How it misbehaves."""
        assert self.server is not None
        return self.server.moods

    def answer(self, asked: Asked) -> Answered:
        """The answer to a request."""
        self.requests.append((asked.method, asked.path))
        account = self.account
        wanted = base64.b64encode(f"{account.user}/token:{account.token}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {wanted}":
            return answered(401, {"error": "Couldn't authenticate you"})
        query = {name: values[-1] for name, values in parse_qs(asked.query, keep_blank_values=True).items()}
        told = asked.json() if asked.body else {}
        if told is None:
            return answered(400, {"error": "InvalidJSON", "description": "The request is no JSON"})
        try:
            status, body, headers = self._routed(asked.method, asked.path, query, told, asked.headers)
        except Refusal as refusal:
            return answered(refusal.status, refusal.body, refusal.headers)
        return Answered(204) if status == 204 else answered(status, body, headers, took=asked.method != "GET")

    def _routed(self, method: str, path: str, query: dict[str, str], told: Any, headers: Mapping[str, str]) -> Told:
        account, plain = self.account, path.removesuffix(".json")
        ticket = _TICKET.match(path)
        if plain == "/api/v2/tickets" and method == "POST":
            answer, known = account.create(told.get("ticket") or {}, key=headers.get("idempotency-key"))
            lookup = {"x-idempotency-lookup": "hit" if known else "miss"} if headers.get("idempotency-key") else {}
            return 201, answer, lookup
        if plain == "/api/v2/tickets":
            found = account.of_case(query["external_id"]) if "external_id" in query else self._all()
            return 200, {"tickets": found, "next_page": None, "previous_page": None, "count": len(found)}, {}
        if plain == "/api/v2/tickets/show_many":
            found = [account.tickets[int(one)] for one in query["ids"].split(",") if int(one) in account.tickets]
            return 200, {"tickets": found, "count": len(found), "next_page": None}, {}
        if ticket is not None:
            return self._ticket(method, int(ticket[1]), ticket[2], query, told)
        if plain == "/api/v2/incremental/tickets/cursor":
            return self._incremental(query)
        return self._others(method, path, plain, query, told)

    def _others(self, method: str, path: str, plain: str, query: dict[str, str], told: Any) -> Told:
        account = self.account
        if plain == "/api/v2/users/me":
            return 200, {"user": account.users[API_USER]}, {}
        if plain == "/api/v2/users/show_many":
            found = [account.users[int(one)] for one in query["ids"].split(",") if int(one) in account.users]
            return 200, {"users": found, "count": len(found), "next_page": None}, {}
        user = _USER.match(path)
        if user is not None and int(user[1]) in account.users:
            return 200, {"user": account.users[int(user[1])]}, {}
        if plain == "/api/v2/webhooks" and method == "POST":
            asked = told["webhook"]
            made = account.add_webhook(asked["endpoint"], asked.get("subscriptions"))
            return 201, {"webhook": {**asked, "id": made.webhook_id, "status": "active"}}, {}
        secret = _SECRET.match(path)
        if secret is not None and secret[1] in account.webhooks:
            return 200, {"signing_secret": {"algorithm": "SHA256", "secret": account.webhooks[secret[1]].secret}}, {}
        raise missing()

    def _ticket(self, method: str, ticket_id: int, part: str | None, query: dict[str, str], told: Any) -> Told:
        account = self.account
        if part == "audits":
            account.live(ticket_id)
            return 200, _paged("audits", account.audits[ticket_id], query), {}
        if part == "comments":
            account.live(ticket_id)
            events = [{**event, "created_at": audit["created_at"], "metadata": audit["metadata"], "via": audit["via"]}
                      for audit in account.audits[ticket_id] for event in audit["events"]
                      if event["type"] == "Comment"]  # fmt: skip
            return 200, _paged("comments", events, query), {}
        if method == "PUT":
            return 200, account.update(ticket_id, told.get("ticket") or {}), {}
        if method == "DELETE":
            account.delete(ticket_id)
            return 204, None, {}
        return 200, {"ticket": account.live(ticket_id)}, {}

    def _incremental(self, query: dict[str, str]) -> Told:
        if "cursor" in query:
            number = int(base64.urlsafe_b64decode(query["cursor"]).decode().partition("|")[0])
        else:
            start = datetime.fromtimestamp(int(query["start_time"]), UTC)
            if (self.account.clock() - start).total_seconds() < 60:
                raise Refusal(422, {"error": "InvalidValue", "description": "Too recent start_time."})
            older = [at for ticket_id, at in self.account.changed.items()
                     if datetime.fromisoformat(self.account.tickets[ticket_id]["updated_at"]) < start]  # fmt: skip
            number = max(older, default=0)
        rows, last, end = self.account.since(number, min(int(query.get("per_page", 1000)), 1000))
        cursor = base64.urlsafe_b64encode(f"{last}|cursor".encode()).decode()
        url = f"{self.url}/api/v2/incremental/tickets/cursor.json?cursor={cursor}"
        told = {"tickets": rows, "after_cursor": cursor, "after_url": url, "before_cursor": None, "before_url": None,
                "end_of_stream": end}  # fmt: skip
        return 200, told, {}

    def _all(self) -> list[dict[str, Any]]:
        return [one for one in self.account.tickets.values() if one["status"] != "deleted"]


def _paged(name: str, rows: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """Cursor pagination where ``page[size]`` asks for it; else all of them, as the first page of the old way."""
    if "page[size]" not in query:
        return {name: rows, "next_page": None, "previous_page": None, "count": len(rows)}
    size = min(int(query["page[size]"]), 100)
    start = int(query.get("page[after]") or 0)
    more = start + size < len(rows)
    meta = {"has_more": more, "after_cursor": str(start + size) if more else None, "before_cursor": None}
    return {name: rows[start : start + size], "meta": meta, "links": {"next": None, "prev": None}}


@contextmanager
def zendesk(clock: Callable[[], datetime], moods: Moods | None = None) -> Iterator[Zendesk]:
    """An account on a free port of the loopback interface while the block runs.

    Args:
        clock: the present, by which it stamps and judges.
    """
    place = Zendesk(Account(clock))
    with vendor_server(place.answer, moods) as server:
        place.server, place.account.url = server, server.url
        yield place
