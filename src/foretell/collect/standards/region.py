"""States, provinces and counties: ISO 3166-2 codes, from codes and names within a country."""

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
from foretell.collect.standards.tables.subdivisions import subdivision_code


class RegionOptions(StandardOptions):
    """Of which country the regions are."""

    country: Region | Beside | None = Field(
        default=None, description="Country of the regions: alpha-2 or {field: NAME}; default: that of the workspace."
    )


def _work(values: pa.Array, context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, RegionOptions)
    set_country = options.country if isinstance(options.country, str) else ""

    def read(text: str, country: str | None = None) -> str | None:
        told = (country_code(country) if country else None) or set_country
        return subdivision_code(text, told or context.region, fixed=bool(told))

    column = besides(options.country, context, len(values))
    return as_read(values, each_distinct_row([values] if column is None else [values, column], read))


STANDARD = Standard(
    name="region",
    meaning="a state, province or county as its code with that of the country",
    source="ISO 3166-2",
    work=_work,
    options=RegionOptions,
    longest=100,
    examples=(
        Example("Bayern", "DE-BY"),
        Example("ca", "US-CA", {"country": "US"}),
        Example("Zürich", "CH-ZH", {"country": {"field": "country"}}, {"country": "Schweiz"}),
        Example("US-NY", "US-NY"),
        Example("Middle-earth", None),
    ),
)
