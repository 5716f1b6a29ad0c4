"""The ``table`` document: what a row is, whose it is, and what its columns hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from foretell.collect.standards import Chosen, chosen
from foretell.collect.tracking import Owner
from foretell.collect.tracking.document import Pii
from foretell.definitions import Catalog, Document, DurationText, Kind, Problem
from foretell.errors import ForetellError

ACCOUNT = "account"
"""The link of rows that belong to an account, not to a person."""
ColumnType = Literal["string", "number", "boolean", "date"]


def _typed(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnPlan(_Part):
    """What a column holds."""

    type: ColumnType = Field("string", description="Type of the values; a value that is none is refused with its row.")
    standard: str | dict[str, Any] | None = Field(
        None, description="Normal form of texts: a name, or {name: phone, region: GB}."
    )
    required: bool = Field(False, description="A row without it is refused.")
    description: str | None = Field(None, description="What it means.")
    pii: Pii | None = Field(None, description="Class of personal data.")

    @property
    def reading(self) -> Chosen | None:
        """What brings values into their form; None: texts as they are."""
        if self.standard is not None:
            return chosen(self.standard)
        return None if self.type == "string" else chosen(self.type)


class Refresh(_Part):
    """How the table is kept up to date."""

    mode: Literal["merge", "replace"] = Field(
        "merge", description="merge: a load adds and changes rows; replace: rows that it does not hold are removed."
    )
    every: DurationText | None = Field(None, description="A table not loaded for so long counts as overdue.")


class TableSpec(_Part):
    """Rows of one's own that belong to people or accounts."""

    description: str | None = Field(None, description="What a row is.")
    owner: Owner | None = Field(None, description="Who answers for it.")
    row_key: Annotated[list[str], BeforeValidator(_listed)] = Field(
        min_length=1, description="The column, or the columns, that tell a row from the others."
    )
    link: dict[str, str] = Field(
        description="Whose a row is: kind of identifier (user_id, email, … or account) → column that holds it."
    )
    columns: dict[str, Annotated[ColumnPlan, BeforeValidator(_typed)]] = Field(
        min_length=1, description="Column → type, or {type, standard, required, description, pii}; others are left out."
    )
    refresh: Refresh = Field(
        default_factory=lambda: Refresh.model_validate({}), description="How it is kept up to date."
    )

    @model_validator(mode="after")
    def _has_one_link(self) -> TableSpec:
        if len(self.link) != 1:
            raise ValueError("link names one kind of identifier and its column, e.g. link: {user_id: customer}")
        return self

    @property
    def linked(self) -> tuple[str, str]:
        """Kind of identifier (or ``account``), and the column that holds it."""
        return next(iter(self.link.items()))

    @property
    def read(self) -> list[str]:
        """The columns that are read, each once: the key, the owner, the values."""
        return list(dict.fromkeys([*self.row_key, *self.link.values(), *self.columns]))


def spec_of(document: Document) -> TableSpec:
    """The content of a table document."""
    assert isinstance(document.spec, TableSpec)
    return document.spec


def _check(document: Document, _: Catalog) -> Iterator[Problem]:
    for name, column in spec_of(document).columns.items():
        where = document.positions.at(("spec", "columns", name))
        if column.standard is not None and column.type != "string":
            message = f"column {name!r} is a {column.type}; a standard is for texts"
            yield Problem("BAD_TABLE", message, document.name, where, "Leave out the type or the standard.")
        try:
            reading = column.reading
        except ForetellError as error:
            yield Problem(error.code, error.what, document.name, where, error.next_step)
            continue
        for field in reading.fields if reading else ():
            if field not in spec_of(document).columns:
                message = f"the standard of {name!r} reads the column {field!r}, which the table does not name"
                yield Problem("UNKNOWN_FIELD", message, document.name, where, "Name it among the columns.")


TABLE = Kind("table", "tables", TableSpec, _check)
"""The kind ``table``, in the workspace's folder ``tables``."""
