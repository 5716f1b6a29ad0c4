"""Money, numbers and dates as the reader writes them; the present is the message's instant."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from foretell.deliver.liquid_text import render
from foretell.errors import ForetellError

AT = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)


def told(text: str, locale: str = "en-GB", **values: Any) -> str:
    context = {"locale": locale, "zone": "Europe/Berlin", "currency": "EUR", "now": AT, **values}
    return render(text, context).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("text", "locale", "shown"),
    [
        ("{{ '1234.5' | money }}", "en-GB", "€1,234.50"),
        ("{{ '1234.5' | money }}", "de", "1.234,50 €"),
        ("{{ 1234 | money: 'JPY' }}", "en", "¥1,234"),
        ("{{ 12345.678 | number }}", "de", "12.345,678"),
        ("{{ 12345.678 | number: 1 }}", "fr", "12 345,7"),
        ("{{ 15 | percent }}", "en", "15%"),
        ("{{ 12.5 | percent: 1 }}", "de", "12,5 %"),
        ("{{ 12345 | short_number }}", "en", "12K"),
        ("{{ '2026-12-05' | day }}", "en-GB", "5 December 2026"),
        ("{{ '2026-12-05' | day: 'short' }}", "en-US", "12/5/26"),
        ("{{ '2026-12-05' | day: 'EEEE' }}", "de", "Samstag"),
        ("{{ 'now' | day: 'medium' }}", "de", "28.11.2026"),
        ("{{ now | clock }}", "de", "23:30"),
        ("{{ '2026-11-28T23:30:00Z' | day_and_clock }}", "en-GB", "29 Nov 2026, 00:30:00"),
        ("{{ 'now' | date: '%Y-%m-%d' }}", "en", "2026-11-28"),
        ("{{ nothing | money | default: 'free' }}", "en", "free"),
        ("{{ 5 | money }}", "xx-YY", "€5.00"),
    ],
)
def test_values_as_the_reader_writes_them(text: str, locale: str, shown: str) -> None:
    assert told(text, locale, nothing=None) == shown


@pytest.mark.parametrize(
    "text", ["{{ 'a lot' | money }}", "{{ 5 | money: 'XXQ' }}", "{{ 'soon' | day }}", "{{ 1 | divided_by: 0 }}"]
)
def test_a_value_that_is_none_fails_alone(text: str) -> None:
    with pytest.raises(ForetellError) as caught:
        told(text)
    assert caught.value.code == "TEMPLATE_FAILED"


def test_decimals_of_traits_are_numbers() -> None:
    assert told("{{ points | number }}", points=Decimal("1200")) == "1,200"
