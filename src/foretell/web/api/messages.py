"""The ledger: what was sent, what was not, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import deliver, identify, segment
from foretell.web.api.filters import check_message_filters
from foretell.web.api.shapes import Counted, GivenInstant, Instant, PageNumber
from foretell.web.errors import unknown
from foretell.web.site import Here, Site

router = APIRouter(prefix="/messages", tags=["messages"])
Word = Literal["send", "refuse", "defer", "held_out"]
Medium = Literal["email", "sms", "push", "ads", "alert"]
State = Literal["queued", "claimed", "sent", "delivered", "bounced", "failed", "uncertain", "cancelled"]
PEOPLE_A_SEARCH = 1_000


class MessageRow(BaseModel):
    """A message that was asked for, whether it went out or not."""

    message_id: str
    profile_id: str | None
    person: str | None = Field(description="Name, e-mail or user id, as far as known.")
    decision: str = Field(description="send or refuse; defer and held_out only where they are asked for.")
    reason: str = Field(description="ok, or the check that stopped it: no_consent, frequency_cap …")
    channel: str | None
    medium: str | None
    template: str | None
    purpose: str | None
    journey: str | None
    step: str | None
    campaign: str | None
    topic: str | None
    address: str | None
    state: str | None = Field(
        description="queued, sent, delivered, bounced, failed, cancelled, uncertain …; null where it was never queued."
    )
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
    message: MessageRow = Field(description="As in the list.")
    decisions: list[Decision] = Field(description="Every time it was asked for, the earliest first.")
    happened: list[Happened]


@router.get("")
def messages(
    site: Here,
    profile_id: Annotated[str | None, Query(description="Only this person's.")] = None,
    decision: Annotated[Word | None, Query(description="Without one: send and refuse.")] = None,
    reason: str | None = None,
    state: State | None = None,
    channel: Annotated[str | None, Query(description="Key of a channel.")] = None,
    medium: Medium | None = None,
    template: str | None = None,
    journey: str | None = None,
    step: str | None = None,
    since: Annotated[GivenInstant | None, Query(description="Due then or later; ISO 8601 with a zone.")] = None,
    q: Annotated[
        str, Query(max_length=200, description="A person as in the list of people, or part of a template, journey …")
    ] = "",
    page: PageNumber = 1,
) -> Messages:
    """Messages that were asked for, sent or not, a page at a time."""
    engine = site.workspace.engine
    person = None if profile_id is None else identify.find(engine, profile_id).profile_key
    filters = {
        "profile_key": person, "decision": decision, "reason": reason, "state": state, "channel": channel,
        "medium": medium, "template": template, "journey": journey, "step": step,
    }  # fmt: skip
    check_message_filters(site, filters)
    found = deliver.ledger(engine, filters, page, since=since, text=q, people=_called(site, q.strip()))
    return Messages(total=found.total, page=page, rows=message_rows(site, found.rows))


@router.get("/{message_id}")
def message(site: Here, message_id: str) -> MessageBody:
    """Why a message went out, or did not."""
    engine = site.workspace.engine
    told = next((one for one in deliver.why(engine, message_id) if one.message_id == message_id), None)
    if told is None:
        raise unknown("message", message_id)
    return MessageBody(
        message_id=message_id,
        message=message_rows(site, [deliver.ledger_row(engine, message_id)])[0],
        decisions=[_decision(one) for one in told.decisions],
        happened=[Happened(at=one.at, what=one.what, url=one.url, machine=one.machine) for one in told.happened],
    )


def message_rows(site: Site, rows: Sequence[Mapping[str, Any]]) -> list[MessageRow]:
    """Rows of the ledger, with who they are about."""
    people = site.rows_of([row["profile_key"] for row in rows])
    names = [name for name in MessageRow.model_fields if name != "person"]
    return [
        MessageRow(person=site.name_in(people.get(row["profile_key"], {})), **{name: row[name] for name in names})
        for row in rows
    ]


def _called(site: Site, text: str) -> list[int]:
    """Keys of the people whom a search by ``text`` finds."""
    if not text:
        return []
    found = segment.page(
        site.directory(),
        site.memberships(),
        text=text,
        also=identify.starting_with(site.workspace.engine, text),
        limit=PEOPLE_A_SEARCH,
    )
    keys: list[int] = found.rows["profile_key"].to_pylist()
    return keys


def _decision(one: deliver.Decision) -> Decision:
    kept = {name: getattr(one, name) for name in Decision.model_fields if name != "checks"}
    checks = [Check(check=part.check, passed=part.passed, found=part.found) for part in one.checks]
    return Decision(**kept, checks=checks)
