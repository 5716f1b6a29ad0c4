"""Postal codes: the form that each country's post gives them."""

from __future__ import annotations

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
from foretell.collect.standards.tables.country_names import country_code
from foretell.collect.standards.tables.country_option import Region
from foretell.collect.standards.tables.postcode_forms import normal_code


class PostcodeOptions(StandardOptions):
    """Whose codes they are."""

    country: Region | Beside | None = Field(
        default=None, description="Country of the codes: alpha-2 or {field: NAME}; default: that of the workspace."
    )


def _work(values: pa.Array, context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, PostcodeOptions)
    fixed = options.country if isinstance(options.country, str) else context.region

    def read(text: str, country: str | None = None) -> str | None:
        where = (country_code(country) if country else None) or fixed
        return normal_code(text, where) if where else None

    column = besides(options.country, context, len(values))
    return as_read(values, each_distinct_row([values] if column is None else [values, column], read))


STANDARD = Standard(
    name="postcode",
    meaning="a postal code as its country writes it; the codes of some 90 countries are checked by their form",
    source="Universal Postal Union, addressing guides (UPU S42)",
    work=_work,
    options=PostcodeOptions,
    longest=30,
    examples=(
        Example("D-10115", "10115"),
        Example("sw1a2aa", "SW1A 2AA", {"country": "GB"}),
        Example("1012ab", "1012 AB", {"country": {"field": "country"}}, {"country": "Nederland"}),
        Example("627011234", "62701-1234", {"country": "US"}),
        Example("1011", None),
    ),
)
