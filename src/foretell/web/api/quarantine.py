"""Quarantine: rows that could not be taken in, and reading them again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from foretell import collect
from foretell.collect import Chosen
from foretell.web.api.shapes import PAGE_ROWS, Counted, Instant, PageNumber, offset_of
from foretell.web.site import Here

router = APIRouter(prefix="/quarantine", tags=["quarantine"])
State = Literal["waiting", "replayed"]
Id = Annotated[str, Field(min_length=1, max_length=64)]


class QuarantinedRow(BaseModel):
    """A row that was not taken in, or an oddity of one that was (severity `warning`)."""

    id: str
    source: str
    file: str = Field(description="Empty for what came over the wire.")
    line: int | None
    code: str
    message: str
    severity: Literal["error", "warning"]
    body: str | None = Field(description="The row as it came, until it is taken in; for a warning, the message id.")
    received_at: Instant
    state: State
    replayed_at: Instant | None


class Quarantine(Counted):
    """A page of the quarantine, the latest first, and how many rows there are by code, source and state."""

    rows: list[QuarantinedRow]
    codes: dict[str, int] = Field(description="Of the source and state chosen.")
    sources: dict[str, int] = Field(description="Of the code and state chosen.")
    states: dict[str, int] = Field(description="Of the source and code chosen.")


class Replay(BaseModel):
    """Which rows are read again; all that wait, where nothing is said."""

    model_config = ConfigDict(extra="forbid")

    source: str | None = None
    code: str | None = None
    ids: list[Id] = Field(default_factory=list, max_length=500)


class Replayed(BaseModel):
    """What became of them."""

    rows: int = Field(description="Rows that were read again.")
    replayed: int = Field(description="Those that were taken in and left the list.")
    events: int = Field(description="Events that are new because of it.")
    still: dict[str, int] = Field(description="Those that stay, by what is wrong with them now.")
    left: dict[str, int] = Field(description="Rows that cannot be read again, by reason.")


@router.get("")
def quarantine(
    site: Here,
    source: Annotated[str | None, Query(description="Key of a source.")] = None,
    code: Annotated[str | None, Query(description="Reason, e.g. PLAN_VIOLATION.")] = None,
    state: Annotated[State | Literal["all"], Query(description="replayed: taken in since.")] = "waiting",
    page: PageNumber = 1,
) -> Quarantine:
    """Quarantined rows, a page at a time."""
    engine = site.workspace.engine
    held: State | None = None if state == "all" else state
    rows = collect.quarantined(engine, limit=PAGE_ROWS, source=source, code=code, state=held, offset=offset_of(page))
    states = collect.counts_by(engine, "state", Chosen(source, code, None))
    return Quarantine(
        total=sum(states.values()) if held is None else states.get(held, 0),
        page=page,
        rows=[QuarantinedRow(**asdict(row)) for row in rows],
        codes=collect.counts_by(engine, "code", Chosen(source, None, held)),
        sources=collect.counts_by(engine, "source", Chosen(None, code, held)),
        states=states,
    )


@router.post("/replay")
def replay_quarantine(site: Here, chosen: Replay) -> Replayed:
    """Read quarantined rows again, by the mapping and the plan of today."""
    place = site.workspace
    report = collect.replay(place.engine, place.catalog, Chosen(chosen.source, chosen.code, ids=tuple(chosen.ids)))
    site.cache.forget()
    return Replayed(**asdict(report))
