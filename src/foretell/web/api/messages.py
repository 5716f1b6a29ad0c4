"""The ledger: what was sent, what was not, and why."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import deliver, identify
from foretell.web.api.shapes import Counted, Instant, PageNumber
from foretell.web.errors import unknown
from foretell.web.site import Here

router = APIRouter(prefix="/messages", tags=["messages"])


class MessageRow(BaseModel):
    """A message that was queued."""

    message_id: str
    profile_id: str | None
    channel: str
    medium: str
    template: str | None
    purpose: str | None
    journey: str | None
    step: str | None
    campaign: str | None
    topic: str | None
    address: str | None
    state: str = Field(description="queued, sent, delivered, bounced, failed, cancelled, uncertain …")
    at: Instant = Field(description="When it was due.")
    sent_at: Instant | None
    delivered_at: Instant | None
    opened_at: Instant | None
    clicked_at: Instant | None
    error: str | None


class Messages(Counted):
    """A page of the ledger, the latest first."""

    rows: list[MessageRow]


class Check(BaseModel):
    """One check of the gate."""

    check: str
    passed: bool
    found: str = Field(description="What it found, in words.")


class Decision(BaseModel):
    """What the gate said, once."""

    at: Instant = Field(description="The instant for which it was asked.")
    decided_at: Instant
    decision: str = Field(description="send, refuse or defer.")
    reason: str
    until: Instant | None = Field(description="For defer: when it is asked again.")
    channel: str | None
    template: str | None
    journey: str | None
    step: str | None
    checks: list[Check]


class Happened(BaseModel):
    """What people did with it."""

    at: Instant
    what: str
    url: str | None
    machine: bool = Field(description="A program did it, not a person.")


class MessageBody(BaseModel):
    """The chain of checks of one message."""

    message_id: str
    message: MessageRow | None = Field(description="Null where it was never queued.")
    decisions: list[Decision] = Field(description="Every time it was asked for, the earliest first.")
    happened: list[Happened]


@router.get("")
def messages(
    site: Here,
    profile_id: Annotated[str | None, Query(description="Only this person's.")] = None,
    medium: str | None = None,
    state: str | None = None,
    journey: str | None = None,
    step: str | None = None,
    template: str | None = None,
    page: PageNumber = 1,
) -> Messages:
    """Messages, a page at a time."""
    engine = site.workspace.engine
    person = None if profile_id is None else identify.find(engine, profile_id).profile_key
    filters = {"profile_key": person, "medium": medium, "state": state, "journey": journey, "step": step,
               "template": template}  # fmt: skip
    found = deliver.ledger(engine, filters, page)
    return Messages(total=found.total, page=page, rows=[message_row(row) for row in found.rows])


@router.get("/{message_id}")
def message(site: Here, message_id: str) -> MessageBody:
    """Why a message went out, or did not."""
    found = [one for one in deliver.why(site.workspace.engine, message_id) if one.message_id == message_id]
    if not found:
        raise unknown("message", message_id)
    told = found[0]
    return MessageBody(
        message_id=told.message_id,
        message=None if told.message is None else message_row(told.message),
        decisions=[_decision(one) for one in told.decisions],
        happened=[Happened(at=one.at, what=one.what, url=one.url, machine=one.machine) for one in told.happened],
    )


def message_row(row: dict[str, Any]) -> MessageRow:
    """A row of the ledger."""
    return MessageRow(**{name: row[name] for name in MessageRow.model_fields})


def _decision(one: deliver.Decision) -> Decision:
    kept = {name: getattr(one, name) for name in Decision.model_fields if name != "checks"}
    checks = [Check(check=part.check, passed=part.passed, found=part.found) for part in one.checks]
    return Decision(**kept, checks=checks)
