"""Field types that documents of several kinds share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from foretell.clock import Duration, zone_of
from foretell.definitions.countries import country_of
from foretell.definitions.currencies import currency_of
from foretell.definitions.wording import worded

KEY_PATTERN = r"^[a-z][a-z0-9_-]{0,63}$"

DurationText = Annotated[
    str,
    AfterValidator(worded(Duration.parse)),
    Field(json_schema_extra={"pattern": r"^\d{1,6}(mo|[smhdwy])$", "examples": ["30d"]}),
]
"""A length of time, ``90s 15m 24h 7d 2w 6mo 1y``; it stays text, read it with ``Duration.parse``."""

ZoneText = Annotated[str, AfterValidator(worded(zone_of)), Field(json_schema_extra={"examples": ["Europe/London"]})]
"""An IANA time zone, checked."""

CurrencyText = Annotated[str, AfterValidator(worded(currency_of)), Field(json_schema_extra={"pattern": "^[A-Z]{3}$"})]
"""An ISO 4217 currency code, checked."""

CountryText = Annotated[str, AfterValidator(worded(country_of)), Field(json_schema_extra={"pattern": "^[A-Z]{2}$"})]
"""An ISO 3166-1 alpha-2 country code, checked."""


def _share_of(value: object) -> object:
    """``30%`` as 0.3; whatever is none stays as it is, and is refused with its place."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100
        except ValueError:
            return value
    return value


ShareNumber = Annotated[float, BeforeValidator(_share_of)]
"""A share, written ``0.3`` or ``30%``; its bounds are the field's."""

KeyText = Annotated[str, Field(pattern=KEY_PATTERN)]
"""A document's key: lower-case letters, digits, ``_`` and ``-``, at most 64, a letter first."""
