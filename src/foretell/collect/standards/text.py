"""Text: Unicode normal form C, without hidden signs, white space collapsed."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from foretell.collect.standards.base import (
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    as_read,
    each_distinct,
)
from foretell.collect.standards.tables.signs import tidy

_SETTLED = r"^[!-~]+( [!-~]+)*$"
"""Printable ASCII with single blanks (RE2)."""


class TextOptions(StandardOptions):
    """How text is tidied."""

    case: Literal["keep", "lower", "upper"] = Field(default="keep", description="keep, lower or upper.")
    lines: bool = Field(default=False, description="true keeps line breaks; false makes one line of them.")
    longest: int = Field(default=10_000, ge=1, le=100_000, description="Most characters, from 1 to 100000.")


def _work(values: pa.Array, _context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, TextOptions)
    long = pc.greater(pc.utf8_length(values), options.longest)
    settled = pc.fill_null(pc.match_substring_regex(values, _SETTLED), options.case == "keep")
    if options.case == "keep" and pc.all(settled).as_py():
        return as_read(values, pc.if_else(long, None, values))
    found = each_distinct(values, lambda text: tidy(text, options.case, lines=options.lines))
    return as_read(values, pc.if_else(long, None, found.text))


STANDARD = Standard(
    name="text",
    meaning="text in one Unicode form, without hidden signs, runs of white space as one blank",
    source="Unicode Standard Annex 15 (NFC)",
    work=_work,
    options=TextOptions,
    longest=100_000,
    examples=(
        Example("  Trail\u00a0 running\tshoes \u200b", "Trail running shoes"),
        Example("Cafe\u0301", "Café"),
        Example("SKU 12", "sku 12", {"case": "lower"}),
        Example("too long", None, {"longest": 3}),
    ),
)
