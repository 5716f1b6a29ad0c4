"""Currencies: ISO 4217 codes, from codes, signs and names."""

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
from foretell.collect.standards.tables.currency_signs import currency_code


class CurrencyOptions(StandardOptions):
    """Where a sign such as $ comes from."""

    region: Region | Beside | None = Field(
        default=None,
        description="Country whose currency a shared sign means: alpha-2 or {field: NAME}; default: the workspace's.",
    )


def _work(values: pa.Array, context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, CurrencyOptions)
    fixed = options.region if isinstance(options.region, str) else context.region

    def read(text: str, country: str | None = None) -> str | None:
        return currency_code(text, (country_code(country) if country else None) or fixed, context.currency)

    column = besides(options.region, context, len(values))
    return as_read(values, each_distinct_row([values] if column is None else [values, column], read))


STANDARD = Standard(
    name="currency",
    meaning="a currency as its three-letter code; a sign that several share is that of the region",
    source="ISO 4217; names: CLDR",
    work=_work,
    options=CurrencyOptions,
    longest=60,
    examples=(
        Example("eur", "EUR"),
        Example("£", "GBP"),
        Example("Schweizer Franken", "CHF"),
        Example("$", "USD", {"region": "US"}),
        Example("$", None),
        Example("DEM", None),
    ),
)
