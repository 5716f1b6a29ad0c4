"""Letting people into a journey from outside: one or many, each wish heard once."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field

from foretell import journey
from foretell.web.site import Here

router = APIRouter(prefix="/journeys", tags=["journeys"])
Value = str | int | float | bool | None


class Entry(BaseModel):
    """Somebody who is to enter."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, description="Identifier, e.g. email:ann@customers.example, or a public id.")
    with_: dict[str, Value] = Field(
        default_factory=dict,
        alias="with",
        description="What conditions ({event: NAME}) and templates ({{ event.NAME }}) of the run may read.",
    )
    idempotency_key: str | None = Field(
        None, min_length=1, max_length=200, description="The same for the same wish, however often it is sent."
    )


class Entries(BaseModel):
    """People who are to enter."""

    model_config = ConfigDict(extra="forbid")

    entries: list[Entry] = Field(min_length=1, max_length=1_000)


class EntryAnswer(BaseModel):
    """What becomes of one wish."""

    id: str
    entry: str = Field(description="Id of the wish; empty where nobody was found.")
    state: Literal["accepted", "known", "unknown", "ambiguous"] = Field(
        description="accepted: enters at the next tick if the journey takes them; known: was asked before; unknown or "
        "ambiguous: nobody, or more than one person, has the identifier."
    )
    outcome: str = Field(description="Of a wish that was asked before: entered, or why not; empty while it waits.")


class EntryAnswers(BaseModel):
    """In the order of the wishes."""

    answers: list[EntryAnswer]


@router.post("/{key}/entries")
def let_in(
    site: Here,
    key: str,
    body: Entries,
    idempotency_key: Annotated[str | None, Header(description="Of a request with one entry.")] = None,
) -> EntryAnswers:
    """Let people into a journey whose trigger is `{api: true}`; they enter at its next tick."""
    whole = idempotency_key
    wishes = [
        journey.Asking(
            one.id,
            one.with_,
            one.idempotency_key or (None if whole is None else whole if len(body.entries) == 1 else f"{whole}:{place}"),
        )
        for place, one in enumerate(body.entries)
    ]
    place = site.workspace
    found = journey.ask(place.engine, place.catalog, key, wishes, now=site.now)
    site.worker.wake()
    return EntryAnswers(
        answers=[EntryAnswer(id=one.who, entry=one.entry, state=one.state, outcome=one.outcome) for one in found]
    )
