"""Postal addresses on one line: street, house number, postcode and city, where they are certain."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
from pydantic import Field

from foretell.collect.standards.base import (
    Beside,
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    as_read,
    besides,
    each_distinct_row,
)
from foretell.collect.standards.tables.address_lines import line, parsed
from foretell.collect.standards.tables.country_names import country_code
from foretell.collect.standards.tables.country_option import Region


class AddressOptions(StandardOptions):
    """Where addresses are, and what of them is wanted."""

    country: Region | Beside | None = Field(
        default=None,
        description="Country of addresses that name none: alpha-2 or {field: NAME}; default: that of the workspace.",
    )
    part: Literal["line", "street", "house_number", "postcode", "city", "region"] = Field(
        default="line", description="The whole line, or one part: street, house_number, postcode, city or region."
    )


def _work(values: pa.Array, context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, AddressOptions)
    fixed = options.country if isinstance(options.country, str) else context.region

    def read(text: str, country: str | None = None) -> str | None:
        home = (country_code(country) if country else None) or fixed
        found = parsed(text, home)
        if found is None:
            return None
        return line(found, home) if options.part == "line" else getattr(found, options.part) or None

    column = besides(options.country, context, len(values))
    return as_read(values, each_distinct_row([values] if column is None else [values, column], read))


STANDARD = Standard(
    name="address",
    meaning="a postal address on one line as its country writes it, or one part of it; 28 countries",
    source="Universal Postal Union, addressing guides (UPU S42)",
    work=_work,
    options=AddressOptions,
    longest=300,
    examples=(
        Example("Hauptstr.  12 a, D-10115 Berlin", "Hauptstr. 12a, 10115 Berlin"),
        Example("12 rue de Rivoli, 75001 Paris, France", "12 rue de Rivoli, 75001 Paris, FR"),
        Example("10 Downing Street, London, sw1a2aa", "10 Downing Street, London SW1A 2AA", {"country": "GB"}),
        Example("123 Main St, Springfield, IL 627011234", "62701-1234", {"country": "US", "part": "postcode"}),
        Example("behind the church, Berlin", None),
    ),
)
