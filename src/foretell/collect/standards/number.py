"""Numbers: exact to a millionth, from what people and spreadsheets write."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
from pydantic import Field, model_validator

from foretell.collect.standards.base import (
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    each_distinct_row,
    numbers_read,
    numeric_rows,
)
from foretell.collect.standards.tables.numerals import micro_of, plain_number


class NumberOptions(StandardOptions):
    """How numbers are written where they come from."""

    decimal: Literal["auto", ".", ","] = Field(
        default="auto", description="Sign before the parts of a unit: '.' or ','; auto: only where it is certain."
    )
    thousands: Literal["", ".", ",", " ", "'"] = Field(
        default="", description="Sign between groups: '.', ',', ' ' or an apostrophe; empty: only where it is certain."
    )

    @model_validator(mode="after")
    def _two_signs(self) -> NumberOptions:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        return self


def _work(values: pa.Array, context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, NumberOptions)

    def read(text: str, numeric: bool) -> int | None:
        plain = plain_number(text) if numeric else plain_number(text, options.decimal, options.thousands)
        return None if plain is None else micro_of(plain)

    number = each_distinct_row([values, numeric_rows(context, len(values))], read, pa.int64())
    return numbers_read(values, number)


STANDARD = Standard(
    name="number",
    meaning="a JSON number with at most six decimals, rounded half to even",
    source="JSON (RFC 8259), CLDR for the signs",
    work=_work,
    options=NumberOptions,
    longest=60,
    gives_number=True,
    examples=(
        Example("1.234,50", "1234.5"),
        Example("12,5", "12.5"),
        Example("1 234 567", "1234567"),
        Example("1,234", None),
        Example("1,234", "1234", {"thousands": ","}),
        Example("1.234", "1234", {"decimal": ","}),
        Example("twelve", None),
    ),
)
