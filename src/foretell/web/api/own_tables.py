"""Own tables: rows that belong to people or accounts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import collect, identify
from foretell.clock import from_micros
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/tables", tags=["tables"])
MOST_ROWS = 10_000


class OwnTable(BaseModel):
    """A table of the workspace's own."""

    key: str
    description: str | None
    owner: str | None
    link: str = Field(description="Kind of identifier by which rows belong to somebody, or account.")
    columns: list[str]
    mode: str = Field(description="merge, or replace: rows that a load does not hold are removed.")
    every: str | None = Field(description="How often it should be loaded.")
    rows: int
    people: int
    accounts: int
    changed_at: Instant | None = Field(description="When a load last changed something.")
    overdue: bool
    file: str


class OwnTables(BaseModel):
    """All own tables."""

    tables: list[OwnTable]


class TableRow(BaseModel):
    """A row as it is now."""

    table: str
    key: str
    profile_id: str | None
    account_id: str | None
    since: Instant
    row: dict[str, Any] = Field(description="Column → value.")


class TableRows(BaseModel):
    """Rows of a table."""

    rows: list[TableRow]


class AccountRow(BaseModel):
    """An account or household that somebody belongs to."""

    account_id: str
    kind: str
    role: str | None
    since: Instant


class Belongings(BaseModel):
    """What belongs to somebody, and to what they belong."""

    accounts: list[AccountRow]
    rows: list[TableRow] = Field(description="At most 100.")


class RowsBody(BaseModel):
    """Rows to add or change."""

    rows: list[dict[str, Any]] = Field(
        min_length=1, max_length=MOST_ROWS, description="Column → value; key and owner among them."
    )


class RefusedRow(BaseModel):
    """A row that was not taken in."""

    line: int = Field(description="Place in the body, from 1.")
    reason: str


class LoadedRows(BaseModel):
    """What became of the rows."""

    table: str
    rows: int
    added: int
    changed: int
    unchanged: int
    removed: int
    repeated: int
    refused: int
    examples: list[RefusedRow]


@router.get("")
def tables(site: Here) -> OwnTables:
    """All own tables: rows, whose they are, and whether they are overdue."""
    place = site.workspace
    found = collect.own_tables(place.engine, place.catalog, now=site.now)
    return OwnTables(tables=[OwnTable.model_validate(asdict(one)) for one in found])


@router.get("/of")
def belongings(
    site: Here, who: Annotated[str, Query(alias="id", min_length=1, description="type:value, a bare value or p_….")]
) -> Belongings:
    """The accounts that somebody belongs to, and their rows in own tables."""
    engine = site.workspace.engine
    person = identify.find(engine, who).profile_key
    accounts = [
        AccountRow(account_id=one["account_id"], kind=one["kind"], role=one["role"], since=from_micros(one["since"]))
        for one in identify.accounts_of(engine.ops, [person])
    ]
    found = collect.rows_of(engine, profile_key=person)
    return Belongings(accounts=accounts, rows=[TableRow.model_validate(one) for one in found])


@router.get("/{key}/rows")
def rows(site: Here, key: str, limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 100) -> TableRows:
    """Rows of a table as they are now, by key."""
    site.workspace.catalog.get("table", key)
    found = collect.rows_of(site.workspace.engine, table=key, limit=limit)
    return TableRows(rows=[TableRow.model_validate(one) for one in found])


@router.post("/{key}/rows")
def load(site: Here, key: str, body: RowsBody) -> LoadedRows:
    """Add and change rows; sending them again changes nothing. They are in force when this answers."""
    place = site.workspace
    report = collect.load_rows(place.engine, place.catalog, key, body.rows, now=site.now)
    site.cache.forget()
    return LoadedRows.model_validate(asdict(report))
