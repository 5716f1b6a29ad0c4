"""What every standard is made of: what it is handed, what it answers, and how it works on distinct values.

A standard is one file of this folder with a ``STANDARD``, found by being there; others come by the entry
point group ``foretell.standards``. It may know this file, the tables beside it, its library, the hall and
the doors of earlier rooms, nothing else.

Of every standard holds: null and blank text are nothing, hence null and ok; what cannot be read for certain
is null and not ok; nothing that anybody writes raises; length and order are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from foretell.collect.standards.tables.numerals import shown
from foretell.collect.standards.tables.rates import NO_RATES, RateTable
from foretell.definitions import WorkspaceSettings
from foretell.errors import UsageError

_BLANK = r"^[\p{Z}\p{Cc}\p{Cf}]*$"
"""White space, controls and signs without width alone."""


class StandardOptions(BaseModel):
    """Options of a standard; each standard has its own fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Beside(StandardOptions):
    """An option that is read from another field of the same event or person: ``{field: country}``."""

    field: str = Field(min_length=1, description="Name of the field beside this one, as the plan names it.")


@dataclass(frozen=True)
class StandardContext:
    """What is known around the values.

    Args:
        region: ISO 3166-1 alpha-2 of the workspace, for what names no country; empty: none is assumed.
        currency: ISO 4217 code that money is turned into.
        as_of: the events' instants, ``timestamp[us]`` UTC, of the length of the values.
        columns: fields beside the values, by the names that :meth:`Standard.fields` asks for, of their
            length; a field that is missing here counts as empty.
        rates: exchange rates to ``currency``.
        numeric: true where a number was sent, not text: how text is written says nothing of it.
    """

    region: str = ""
    currency: str = "EUR"
    as_of: pa.Array | None = None
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    rates: RateTable = NO_RATES
    numeric: pa.Array | None = None

    @classmethod
    def of(cls, settings: WorkspaceSettings, *, rates: RateTable = NO_RATES) -> StandardContext:
        """That of a workspace: its region is its country, else the one of its locale (``de-AT`` → AT)."""
        told = (part for part in settings.locale.split("-")[1:] if len(part) == 2 and part.isalpha())
        return cls(settings.country or next(told, "").upper(), settings.currency, rates=rates)


@dataclass(frozen=True)
class Standardised:
    """Values in normal form.

    Args:
        text: null where there was nothing, and where it could not be read.
        number: micro units (int64), of standards that give numbers.
        ok: false where a value could not be read.
    """

    text: pa.Array
    number: pa.Array | None
    ok: pa.Array


@dataclass(frozen=True)
class Example:
    """A value and what becomes of it: for documentation and the contract test.

    Args:
        normal: None: it cannot be read.
        options: as a plan writes them.
        beside: fields beside it.
    """

    value: str
    normal: str | None
    options: Mapping[str, object] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    region: str = "DE"


Work = Callable[[pa.Array, "StandardContext", StandardOptions], Standardised]


@dataclass(frozen=True)
class Standard:
    """A normal form for values of one sort.

    Args:
        meaning: what the normal form is, one sentence without a full stop.
        source: the norm or document that defines it.
        longest: more characters than this cannot be a value of the sort.
        work: from values (no blanks, none too long), context and checked options to the result.
    """

    name: str
    meaning: str
    source: str
    work: Work
    examples: tuple[Example, ...]
    options: type[StandardOptions] = StandardOptions
    longest: int = 500
    gives_number: bool = False

    def apply(self, values: pa.Array, context: StandardContext, options: StandardOptions | None = None) -> Standardised:
        """Every value in normal form.

        Args:
            values: a string column; raw values, since a declared reading is that of the raw value.
            options: from :func:`foretell.collect.standards.chosen`; None: all left as they are by default.
        """
        values = one_array(values)
        written = pc.if_else(pc.match_substring_regex(values, _BLANK), None, values)
        readable = pc.if_else(pc.less_equal(pc.utf8_length(written), self.longest), written, None)
        found = self.work(readable, context, options or self.options())
        ok = pc.or_(pc.is_null(written), pc.and_(pc.is_valid(readable), found.ok))
        return Standardised(found.text, found.number, ok)

    def fields(self, options: StandardOptions) -> tuple[str, ...]:
        """The fields beside the values that ``options`` read."""
        chosen = (getattr(options, name) for name in type(options).model_fields)
        return tuple(dict.fromkeys(option.field for option in chosen if isinstance(option, Beside)))


@dataclass(frozen=True)
class Chosen:
    """A standard with its options, as a plan names it."""

    standard: Standard
    options: StandardOptions

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that must stand in the context's ``columns``."""
        return self.standard.fields(self.options)

    def apply(self, values: pa.Array, context: StandardContext) -> Standardised:
        """Every value in normal form."""
        return self.standard.apply(values, context, self.options)


def one_array(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A string column in one piece."""
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def besides(option: object, context: StandardContext, length: int) -> pa.Array | None:
    """The column that ``option`` reads; None where it names none."""
    if not isinstance(option, Beside):
        return None
    found = context.columns.get(option.field)
    return pa.nulls(length, pa.string()) if found is None else one_array(found)


def numeric_rows(context: StandardContext, length: int) -> pa.Array:
    """The context's ``numeric``; false where it says nothing."""
    return pa.repeat(pa.scalar(False), length) if context.numeric is None else context.numeric


def each_distinct(values: pa.Array, read: Callable[[str], str | None]) -> Standardised:
    """Text by text, every distinct one once; ``read`` gives None for what it cannot read."""
    coded = values.dictionary_encode()
    normal = pa.array([read(text) for text in coded.dictionary.to_pylist()], pa.string())
    return as_read(values, normal.take(coded.indices))


def each_distinct_row(
    columns: Sequence[pa.Array], read: Callable[..., object | None], kind: pa.DataType | None = None
) -> pa.Array:
    """As :func:`each_distinct` over rows: ``read`` is handed one value of each column, None for null.

    Rows whose first column is null are not read. Returns a column of ``kind`` (default: string).
    """
    codes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        coded = column.dictionary_encode(null_encoding="encode")
        codes = codes * max(len(coded.dictionary), 1) + coded.indices.to_numpy()
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rows = zip(*(column.take(pa.array(first)).to_pylist() for column in columns), strict=True)
    normal = pa.array([None if row[0] is None else read(*row) for row in rows], kind or pa.string())
    return normal.take(pa.array(inverse))


def as_read(values: pa.Array, text: pa.Array, number: pa.Array | None = None) -> Standardised:
    """The result where ``text`` is null for what could not be read."""
    return Standardised(text, number, pc.or_(pc.is_null(values), pc.is_valid(text)))


def numbers_read(values: pa.Array, number: pa.Array) -> Standardised:
    """As :func:`as_read` for micro units; their text is the shortest JSON number."""
    return as_read(values, each_distinct_row([number], shown), number)


def unknown_standard(name: str, next_step: str) -> UsageError:
    """The error for a standard that there is not."""
    return UsageError("UNKNOWN_STANDARD", f"there is no standard called {name!r}", next_step=next_step)
