"""Messages that were given up or refused, and another try."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from foretell import deliver
from foretell.web.api.shapes import PAGE_ROWS, Counted, Instant, PageNumber
from foretell.web.site import Here

router = APIRouter(prefix="/dead-letters", tags=["messages"])


class DeadLetter(BaseModel):
    """A message that was given up or refused."""

    message_id: str
    channel: str
    medium: str
    template: str
    journey: str | None
    step: str | None
    address: str
    failure: deliver.Failure | None = Field(description="transient: every try failed; terminal: it was refused.")
    error: str | None
    attempts: int
    at: Instant = Field(description="When it was due.")
    ended_at: Instant | None


class DeadLetters(Counted):
    """A page of dead letters, the latest first."""

    rows: list[DeadLetter]


class ReplayRequest(BaseModel):
    """Which are put through the gate again: those of ids, or all of a channel and failure."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str] = Field(default=[], max_length=5_000)
    channel: str | None = None
    failure: deliver.Failure | None = None


class DeadReplayed(BaseModel):
    """What became of them."""

    queued: int
    deferred: int = Field(description="Go later, since it is quiet.")
    refused: dict[str, int] = Field(description="May not go any more, by reason.")
    alive: int = Field(description="Were not given up, or not any more.")


@router.get("")
def list_dead_letters(
    site: Here,
    channel: Annotated[str | None, Query(description="Key of a channel.")] = None,
    failure: deliver.Failure | None = None,
    page: PageNumber = 1,
) -> DeadLetters:
    """Messages that were given up or refused, a page at a time."""
    found = deliver.dead_letters(site.workspace.engine, channel=channel, failure=failure, page=page, size=PAGE_ROWS)
    return DeadLetters(total=found.total, page=page, rows=[DeadLetter(**row) for row in found.rows])


@router.post("/replay")
def replay_dead_letters(site: Here, body: ReplayRequest) -> DeadReplayed:
    """Put dead letters through the gate again; those that may go are handed over within moments."""
    place = site.workspace
    context = deliver.Sending(place.catalog, site.now)
    report = deliver.replay(place.engine, context, body.ids, channel=body.channel, failure=body.failure)
    site.worker.wake()
    return DeadReplayed(**vars(report))
