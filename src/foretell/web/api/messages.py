"""The ledger: what was sent, what was not, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from foretell import deliver, identify, segment
from foretell.web.api.filters import check_message_filters
from foretell.web.api.shapes import Counted, GivenInstant, Instant, PageNumber
from foretell.web.errors import unknown
from foretell.web.site import Here, Site

router = APIRouter(prefix="/messages", tags=["messages"])
Word = Literal["send", "refuse", "defer", "held_out"]
Medium = Literal["email", "sms", "push", "ads", "alert"]
Lane = Literal["transactional", "bulk"]
State = Literal["queued", "claimed", "sent", "delivered", "bounced", "failed", "uncertain", "cancelled", "sandboxed"]
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
    lane: Lane = Field(description="transactional messages go first and pass caps and quiet hours.")
    priority: int | None = Field(description="Where messages compete for a cap, the higher goes; null: never queued.")
    address: str | None
    state: str | None = Field(
        description="queued, sent, delivered, bounced, failed, cancelled, uncertain …; null where it was never queued."
    )
    at: Instant = Field(description="When it was due.")
    next_at: Instant | None = Field(description="When it is handed over next; null where nothing more is to be done.")
    attempts: int | None = Field(description="How often it was handed over; null where it was never queued.")
    sent_at: Instant | None
    delivered_at: Instant | None
    opened_at: Instant | None
    clicked_at: Instant | None
    error: str | None
    failure: str | None = Field(description="Of failed ones: transient (every try failed) or terminal (refused).")


class Sandbox(BaseModel):
    """A sandbox: nothing goes out but to listed addresses."""

    channel: str | None = Field(description="Key of the channel; null: of all that have none of their own.")
    addresses: int = Field(description="How many are listed.")


class Messages(Counted):
    """A page of the ledger, the latest first."""

    in_doubt: int = Field(description="Messages of which nobody knows whether they went out; 100,000 at most.")
    given_up: int = Field(description="Messages that were refused, or failed at every try; 100,000 at most.")
    sandboxes: list[Sandbox]
    rows: list[MessageRow]


class Check(BaseModel):
    """One check of the gate."""

    check: str
    passed: bool
    found: str = Field(description="What it found.")
    says: str = Field(description="The same as a sentence; instants in it are ISO 8601, UTC.")


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


class Attempt(BaseModel):
    """A hand-over that was no success."""

    number: int
    at: Instant
    outcome: str = Field(description="later, failed, bounced or uncertain.")
    said: str = Field(description="What the other side answered, or what went wrong.")
    next_at: Instant | None = Field(description="When it was to be tried again.")


class Settling(BaseModel):
    """What somebody found out about a message in doubt."""

    model_config = ConfigDict(extra="forbid")

    went_out: bool = Field(description="True: it counts as sent; false: it is tried again.")


class MessageBody(BaseModel):
    """The chain of checks of one message."""

    message_id: str
    message: MessageRow = Field(description="As in the list.")
    decisions: list[Decision] = Field(description="Every time it was asked for, the earliest first.")
    attempts: list[Attempt] = Field(description="Hand-overs that were no success, the first one first.")
    story: list[str] = Field(description="What became of it, as sentences; instants in them are ISO 8601, UTC.")
    happened: list[Happened]


@router.get("")
def messages(
    site: Here,
    profile_id: Annotated[str | None, Query(description="Only this person's.")] = None,
    decision: Annotated[Word | None, Query(description="Without one: send and refuse.")] = None,
    reason: str | None = None,
    state: State | None = None,
    lane: Annotated[Lane | None, Query(description="Only this lane's.")] = None,
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
        "medium": medium, "template": template, "journey": journey, "step": step, "lane": lane,
    }  # fmt: skip
    check_message_filters(site, filters)
    found = deliver.ledger(engine, filters, page, since=since, text=q, people=_called(site, q.strip()))
    waiting = deliver.open_questions(engine)
    closed = deliver.sandboxes_in_force(site.workspace.catalog)
    return Messages(
        total=found.total,
        page=page,
        in_doubt=waiting.in_doubt,
        given_up=waiting.given_up,
        sandboxes=[Sandbox(channel=None if key == "*" else key, addresses=size) for key, size in closed.items()],
        rows=message_rows(site, found.rows),
    )


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
        attempts=[Attempt(**asdict(one)) for one in told.attempts],
        story=list(told.story),
    )


@router.post("/{message_id}/settle")
def settle_message(site: Here, message_id: str, settling: Settling) -> MessageBody:
    """Say of a message in doubt whether it went out."""
    found = site.workspace
    deliver.settle(found.engine, message_id, went_out=settling.went_out, now=found.clock.now())
    return message(site, message_id)


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
    checks = [Check(check=part.check, passed=part.passed, found=part.found, says=part.says) for part in one.checks]
    return Decision(**kept, checks=checks)
