"""Countries: ISO 3166-1 alpha-2, from codes and from names in many languages."""

from __future__ import annotations

import pyarrow as pa

from foretell.collect.standards.base import (
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    each_distinct,
)
from foretell.collect.standards.tables.country_names import country_code


def _work(values: pa.Array, _context: StandardContext, _options: StandardOptions) -> Standardised:
    return each_distinct(values, country_code)


STANDARD = Standard(
    name="country",
    meaning="a country as its two-letter code, from alpha-2, alpha-3 and numeric codes and names in 40 languages",
    source="ISO 3166-1; names: CLDR",
    work=_work,
    longest=100,
    examples=(
        Example("Deutschland", "DE"),
        Example("usa", "US"),
        Example("GBR", "GB"),
        Example("Côte d'Ivoire", "CI"),
        Example("日本", "JP"),
        Example("Atlantis", None),
    ),
)
