"""Telephone numbers: ITU-T E.164, by the metadata of libphonenumber."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import phonenumbers
import pyarrow as pa
from phonenumbers.phonenumberutil import ndd_prefix_for_region
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
from foretell.collect.standards.tables.signs import without_hidden

_WRITTEN = re.compile(
    r"(?:(?:tel|phone|mobile|mob|cell|fax|fon|t|m)[.:\s]+)?"
    r"([+\uff0b(\[\d][\d\s().\[\]/\-\u2010-\u2015\u2212\uff0d\u00b7~]*"
    r"(?:[A-Z]{3,}[A-Z\d\-]*)?)"
    r"(?:[,;]?\s*(?:ext|extension|x|durchwahl|poste|#)[.:=\s]*\d{1,7})?",
    re.IGNORECASE,
)
"""Nothing but a number, a word before it, letters as on a dial, an extension behind it."""
_FLOAT = re.compile(r"(\+?\d+)\.0")
"""A number that a spreadsheet took for one."""
_OTHER = re.compile(r"\d+\.\d{7,}|\d{4}([-/.])\d{2}\1\d{2}|\d{1,2}([/.])\d{1,2}\2\d{4}")
"""Fractions and days, which have the digits of a number but are none."""
_CACHED = 50_000


class PhoneOptions(StandardOptions):
    """How telephone numbers are read."""

    region: Region | Beside | None = Field(
        default=None,
        description="Country of numbers without +: alpha-2 or {field: NAME}; default: that of the workspace.",
    )
    check: Literal["valid", "possible"] = Field(
        default="valid", description="valid: in a range that is in use; possible: of a length that is in use."
    )


def _work(values: pa.Array, context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, PhoneOptions)
    fixed = options.region if isinstance(options.region, str) else context.region
    strict = options.check == "valid"

    def read(text: str, country: str | None = None) -> str | None:
        return normal_number(text, (country_code(country) if country else None) or fixed, strict)

    column = besides(options.region, context, len(values))
    return as_read(values, each_distinct_row([values] if column is None else [values, column], read))


@lru_cache(_CACHED)
def normal_number(text: str, region: str, strict: bool) -> str | None:
    """``text`` as E.164; None where it is no number.

    Args:
        region: of numbers that name no country code; empty: none.
        strict: the number must lie in a range that is in use, not only have a length that is.
    """
    word = without_hidden(text).strip()
    shaped = _WRITTEN.fullmatch(word)
    if shaped is None or _OTHER.fullmatch(word):
        return None
    whole = _FLOAT.fullmatch(word)
    written = whole[1] if whole else shaped[1]
    try:
        found = _without_plus(written, region) or phonenumbers.parse(written, region or None)
    except phonenumbers.NumberParseException:
        return None
    good = phonenumbers.is_valid_number(found) if strict else phonenumbers.is_possible_number(found)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164) if good else None


def _without_plus(written: str, region: str) -> phonenumbers.PhoneNumber | None:
    """A number with the region's country code whose + was lost, where local ones begin with a 0."""
    code = phonenumbers.country_code_for_region(region)
    if not code or not written.startswith(str(code)) or ndd_prefix_for_region(region, True) != "0":
        return None
    found = phonenumbers.parse(f"+{written}", None)
    return found if phonenumbers.is_valid_number(found) else None


STANDARD = Standard(
    name="phone",
    meaning="a telephone number with its country code, digits alone; an extension falls away",
    source="ITU-T E.164; ranges: libphonenumber",
    work=_work,
    options=PhoneOptions,
    longest=80,
    examples=(
        Example("030 / 90 18 20", "+4930901820"),
        Example("+44 (0)20 7946 0958", "+442079460958"),
        Example("(212) 555-0123 ext. 7", "+12125550123", {"region": "US"}),
        Example("01 42 68 53 00", "+33142685300", {"region": {"field": "country"}}, {"country": "France"}),
        Example("12345", None),
    ),
)
