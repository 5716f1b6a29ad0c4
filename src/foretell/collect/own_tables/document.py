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
SERIES = "series"
"""The link of rows that are nobody's: each says how something stood on a day."""
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


class Series(_Part):
    """What makes rows a series over days: the weather of cities, the price of heating oil."""

    date: str = Field(description="Column of type date: the day of which a row speaks.")
    by: dict[str, str] = Field(
        default_factory=dict,
        description="Trait of people → column that says for whom a row counts; without it, for everybody.",
    )
    known_after: DurationText | None = Field(
        None,
        description="So long after its day a row counts as known, also one that was loaded later: for history. "
        "Without it a row is known from its loading on.",
    )


class TableSpec(_Part):
    """Rows of one's own that belong to people or accounts, or to nobody: a series over days."""

    description: str | None = Field(None, description="What a row is.")
    owner: Owner | None = Field(None, description="Who answers for it.")
    row_key: Annotated[list[str], BeforeValidator(_listed)] = Field(
        min_length=1, description="The column, or the columns, that tell a row from the others."
    )
    link: dict[str, str] = Field(
        default_factory=dict,
        description="Whose a row is: kind of identifier (user_id, email, … or account) → column that holds it.",
    )
    series: Series | None = Field(None, description="In place of link: rows are nobody's, each speaks of a day.")
    columns: dict[str, Annotated[ColumnPlan, BeforeValidator(_typed)]] = Field(
        min_length=1, description="Column → type, or {type, standard, required, description, pii}; others are left out."
    )
    refresh: Refresh = Field(
        default_factory=lambda: Refresh.model_validate({}), description="How it is kept up to date."
    )

    @model_validator(mode="after")
    def _has_one_link(self) -> TableSpec:
        if self.series is not None and self.link:
            raise ValueError("a table has either link (rows of people or accounts) or series (rows of days)")
        if self.series is None and len(self.link) != 1:
            raise ValueError("link names one kind of identifier and its column, e.g. link: {user_id: customer}")
        return self

    @property
    def linked(self) -> tuple[str, str]:
        """Kind of identifier (or ``account``, or ``series`` with the day), and the column that holds it."""
        return next(iter(self.link.items())) if self.series is None else (SERIES, self.series.date)

    @property
    def measured(self) -> tuple[str, ...]:
        """Of a series: the columns of numbers, by which nothing is looked up."""
        used = {self.series.date, *self.series.by.values()} if self.series else set()
        return tuple(name for name, plan in self.columns.items() if plan.type == "number" and name not in used)

    @property
    def read(self) -> list[str]:
        """The columns that are read, each once: the key, the owner, the values."""
        return list(dict.fromkeys([*self.row_key, self.linked[1], *self.columns]))


def spec_of(document: Document) -> TableSpec:
    """The content of a table document."""
    assert isinstance(document.spec, TableSpec)
    return document.spec


def _check(document: Document, _: Catalog) -> Iterator[Problem]:
    yield from _check_series(document)
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


def _check_series(document: Document) -> Iterator[Problem]:
    spec = spec_of(document)
    if spec.series is None:
        return
    named = [(("date",), spec.series.date), *((("by", trait), name) for trait, name in spec.series.by.items())]
    for path, name in named:
        if name not in spec.columns:
            message = f"the series reads the column {name!r}, which the table does not name"
            where = document.positions.at(("spec", "series", *path))
            yield Problem("UNKNOWN_FIELD", message, document.name, where, "Name it among the columns.")
    day = spec.columns.get(spec.series.date)
    if day is not None and day.type != "date":
        where = document.positions.at(("spec", "columns", spec.series.date))
        message = f"column {spec.series.date!r} is a {day.type}; the day of a series is a date"
        yield Problem("BAD_TABLE", message, document.name, where, "Write `type: date`.")
    if not spec.measured:
        message = "the series has no column of type number, so that there is nothing to read from it"
        where = document.positions.at(("spec", "columns"))
        yield Problem("BAD_TABLE", message, document.name, where, "Give a column `type: number`.")


TABLE = Kind("table", "tables", TableSpec, _check)
"""The kind ``table``, in the workspace's folder ``tables``."""
