"""The inbox: what the development channels caught, as it looks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from foretell import deliver
from foretell.web.api.messages import Medium
from foretell.web.api.shapes import Counted, Instant, PageNumber
from foretell.web.site import Here, Site

router = APIRouter(prefix="/inbox", tags=["inbox"])
SANDBOX = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src * data:; "
    "style-src 'unsafe-inline'; font-src *; frame-ancestors 'self'"
)
"""A mail is somebody's text: no script, no form, nothing of the app; pictures load, as they do for people."""


class InboxRow(BaseModel):
    """A message that a development channel caught."""

    message_id: str
    channel: str = Field(description="Key of the channel.")
    medium: str = Field(description="email, sms, push, ads or alert.")
    address: str
    subject: str
    text: str
    at: Instant = Field(description="When it was due.")
    received_at: Instant
    attempts: int
    profile_id: str | None
    person: str | None = Field(description="Name, e-mail or user id, as far as known.")
    template: str | None
    journey: str | None
    step: str | None
    state: str | None
    opened_at: Instant | None
    clicked_at: Instant | None


class Inbox(Counted):
    """A page of the inbox, the newest first."""

    rows: list[InboxRow]


class InboxMessage(InboxRow):
    """One message in full; show its HTML by the address `html_url` in a sandboxed frame."""

    html: str
    html_url: str = Field(description="The HTML part under a policy that lets nothing run.")
    headers: dict[str, str]
    links: list[str]


@router.get("")
def inbox(
    site: Here, channel: Annotated[Medium | None, Query(description="A medium.")] = None, page: PageNumber = 1
) -> Inbox:
    """What was caught."""
    found = deliver.inbox(site.workspace.engine, channel, page)
    return Inbox(total=found.total, page=page, rows=[InboxRow(**row) for row in _heads(site, found.rows)])


@router.get("/{message_id}")
def inbox_message(site: Here, request: Request, message_id: str) -> InboxMessage:
    """One message in full; what leads to this server leads to the address it was asked at."""
    found = deliver.inbox_message(site.workspace.engine, message_id)
    here = partial(_here, site, request)
    return InboxMessage(
        **(_heads(site, [found.head])[0] | {"text": here(found.head.text)}),
        html=here(found.html),
        html_url=f"/api/inbox/{message_id}/html",
        headers={name: here(value) for name, value in found.headers.items()},
        links=[here(link) for link in found.links],
    )


@router.get("/{message_id}/html", response_class=HTMLResponse)
def inbox_html(site: Here, request: Request, message_id: str) -> HTMLResponse:
    """The HTML part as people would see it; links open in a page of their own."""
    found = deliver.inbox_message(site.workspace.engine, message_id)
    headers = {"content-security-policy": SANDBOX, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return HTMLResponse(f'<base target="_blank">{_here(site, request, found.html)}', headers=headers)


def _here(site: Site, request: Request, text: str) -> str:
    """``text`` with the public pages at the address that this server was asked at.

    A mail names ``sending.base_url``, by which people out there reach us. In the inbox its picture and links
    have to work on whatever port the server runs, or an open would never be seen.
    """
    public = site.workspace.settings.sending.base_url.rstrip("/")
    return text.replace(f"{public}/s/", escape(f"{request.base_url}s/"))


def _heads(site: Site, rows: Sequence[deliver.Received]) -> list[dict[str, Any]]:
    names = site.names_of([row.profile_id for row in rows if row.profile_id])
    kept = [name for name in InboxRow.model_fields if name != "person"]
    return [{name: getattr(row, name) for name in kept} | {"person": names.get(row.profile_id or "")} for row in rows]
