"""Amounts of money in the workspace's currency, by dated exchange rates.

The rate is the latest one at the UTC day of the event; where there is none that is young enough, the amount is
not read: a guess would look like a fact. The amount is rounded to micro units when it is read and once more,
half to even, after it was converted; an order is rounded to its minor unit later, as everywhere.
"""

from __future__ import annotations

import re
from datetime import date
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
    besides,
    each_distinct_row,
    numbers_read,
    numeric_rows,
)
from foretell.collect.standards.tables.currency_signs import currency_code
from foretell.collect.standards.tables.numerals import micro_of, plain_number
from foretell.collect.standards.tables.rates import converted
from foretell.definitions import CurrencyText

_AROUND = re.compile(
    r"([+\-\u2212]?)\s*([^\d\s.,()+\-\u2212]*[^\d\s,()+\-\u2212]?)\s*([(+\-\u2212]?[\d.,].*?\)?-?)\s*([^\d\s,()\-]*)"
)
"""A sign, a currency, the number, a currency."""


class MoneyOptions(StandardOptions):
    """In which currency amounts are, and how they are written."""

    currency: CurrencyText | Beside | None = Field(
        default=None, description="Currency of the amounts: ISO 4217 or {field: NAME}; default: the workspace's."
    )
    decimal: Literal["auto", ".", ","] = Field(
        default="auto", description="Sign before the parts of a unit: '.' or ','; auto: only where it is certain."
    )
    max_age_days: int = Field(default=7, ge=0, le=366, description="How old a rate may be, in days, from 0 to 366.")


def _work(values: pa.Array, context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, MoneyOptions)
    fixed = options.currency if isinstance(options.currency, str) else context.currency
    besides_them = besides(options.currency, context, len(values))
    days = pa.nulls(len(values), pa.date32()) if context.as_of is None else context.as_of.cast(pa.date32())

    def read(text: str, told: str | None, day: date | None, numeric: bool) -> int | None:
        amount, sign = _amount(text, "auto" if numeric else options.decimal)
        named = sign or (told or "").strip()
        currency = currency_code(named, context.region, context.currency) if named else fixed
        if amount is None or currency is None:
            return None
        if currency == context.currency:
            return amount
        rate = context.rates.rate(currency, day, max_age_days=options.max_age_days) if day else None
        return None if rate is None else converted(amount, rate)

    told = pa.nulls(len(values), pa.string()) if besides_them is None else besides_them
    columns = [values, told, days, numeric_rows(context, len(values))]
    number = each_distinct_row(columns, read, pa.int64())
    return numbers_read(values, number)


def _amount(text: str, decimal: str) -> tuple[int | None, str]:
    """Micro units, and the currency's sign or name that stands around them."""
    plain = plain_number(text, decimal)
    if plain is not None:
        return micro_of(plain), ""
    found = _AROUND.fullmatch(text.strip())
    if found is None or (found[2] and found[4]):
        return None, ""
    plain = plain_number(found[1] + found[3], decimal)
    return (None if plain is None else micro_of(plain)), found[2] or found[4]


STANDARD = Standard(
    name="money",
    meaning="an amount in the workspace's currency, converted at the rate of the event's day, to a millionth",
    source="ISO 4217; rates: `reference/rates.csv` of the workspace",
    work=_work,
    options=MoneyOptions,
    longest=80,
    gives_number=True,
    examples=(
        Example("12.50", "12.5"),
        Example("1.234,50 €", "1234.5"),
        Example("EUR 20", "20"),
        Example("20 US$", None),
        Example("20", None, {"currency": {"field": "currency"}}, {"currency": "Atlantis dollar"}),
    ),
)
