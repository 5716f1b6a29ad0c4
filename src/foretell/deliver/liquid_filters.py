"""What texts can do with values beside Liquid's own filters: money, numbers and dates as the reader writes them.

The reader's locale, zone and the instant of the message stand in the context (:data:`LOCALE`, :data:`ZONE`,
:data:`INSTANT`, :data:`CURRENCY`); no text can ask the machine what time it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent
from liquid import RenderContext
from liquid.builtin.filters.array import where as liquid_where
from liquid.builtin.filters.misc import date as liquid_date
from liquid.exceptions import FilterArgumentError
from liquid.filter import with_context, with_environment
from liquid.undefined import is_undefined

from foretell.definitions import CURRENCIES
from foretell.deliver.catalogue_values import Products

LOCALE, ZONE, CURRENCY, INSTANT = "locale", "zone", "currency", "now"
"""Names in the context; ``now`` is the message's instant, timezone-aware."""
_WIDTHS = ("short", "medium", "long", "full")
_PRESENT = ("now", "today")


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """The locale of a language tag; English where nobody knows it."""
    for name in (tag, tag.partition("-")[0]):
        try:
            return Locale.parse(name, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


@with_context
def money(value: object, currency: str | None = None, *, context: RenderContext) -> object:
    """``{{ 12.5 | money }}`` → ``€12.50`` or ``12,50 €``; the workspace's currency where none is named."""
    number = _number(value, "money")
    if number is None:
        return value
    code = currency if isinstance(currency, str) and currency else str(_told(context, CURRENCY, "EUR"))
    if code.upper() not in CURRENCIES:
        raise FilterArgumentError(f"there is no currency {code!r}", token=None)
    return _money(number, code.upper(), _locale(context))


@lru_cache(maxsize=4_096)
def _money(number: Decimal, code: str, locale: Locale) -> str:
    """Prices are the same for many people, and writing one takes a tenth of a millisecond."""
    return format_currency(number, code, locale=locale)


@with_context
def number(value: object, decimals: object = None, *, context: RenderContext) -> object:
    """``{{ 12345.678 | number }}`` → ``12,345.678``; with so many decimals where they are given."""
    found = _number(value, "number")
    if found is None:
        return value
    pattern = None if decimals is None else "#,##0" + ("." + "0" * _places(decimals) if _places(decimals) else "")
    return format_decimal(found, pattern, locale=_locale(context))


@with_context
def short_number(value: object, *, context: RenderContext) -> object:
    """``{{ 12345 | short_number }}`` → ``12K``."""
    found = _number(value, "short_number")
    return value if found is None else format_compact_decimal(found, locale=_locale(context))


@with_context
def percent(value: object, decimals: object = 0, *, context: RenderContext) -> object:
    """``{{ 10 | percent }}`` → ``10%`` or ``10 %``: the value is per hundred."""
    found = _number(value, "percent")
    if found is None:
        return value
    pattern = _locale(context).percent_formats[None].pattern
    places = _places(decimals)
    shown = pattern.replace("#,##0", "#,##0." + "0" * places) if places else pattern
    return format_percent(found / 100, shown, locale=_locale(context))


@with_context
def day(value: object, width: object = "long", *, context: RenderContext) -> object:
    """``{{ offer.expires | day }}`` → ``28 November 2026``; ``short``, ``medium``, ``long``, ``full`` or a pattern."""
    found = _instant(value, context)
    return value if found is None else format_date(found.date(), _width(width), locale=_locale(context))


@with_context
def clock(value: object, width: object = "short", *, context: RenderContext) -> object:
    """``{{ visit.at | clock }}`` → ``16:30`` on the reader's clock."""
    found = _instant(value, context)
    return value if found is None else format_time(found.timetz(), _width(width), locale=_locale(context))


@with_context
def day_and_clock(value: object, width: object = "medium", *, context: RenderContext) -> object:
    """Day and time of day together."""
    found = _instant(value, context)
    return value if found is None else format_datetime(found, _width(width), locale=_locale(context))


@with_environment
@with_context
def date_(value: object, pattern: object = "", *, context: RenderContext, environment: Any) -> object:
    """Liquid's own ``date``; ``now`` is the message's instant."""
    if isinstance(value, str) and value in _PRESENT:
        value = _told(context, INSTANT, value)
    return liquid_date(value, pattern, environment=environment)


def where(sequence: object, attr: object, value: object = None) -> object:
    """Liquid's own ``where``; of ``products`` those that the catalogue lists."""
    if isinstance(sequence, Products):
        return sequence.where(str(attr), "" if value is None else str(value))
    return liquid_where(sequence, attr, value)


OWN: dict[str, Callable[..., object]] = {
    "money": money,
    "number": number,
    "short_number": short_number,
    "percent": percent,
    "day": day,
    "clock": clock,
    "day_and_clock": day_and_clock,
    "date": date_,
    "where": where,
}
"""Filters by their name in texts."""


def _told(context: RenderContext, name: str, default: object) -> object:
    found = context.resolve(name, default=None)
    return default if found is None or is_undefined(found) else found


def _locale(context: RenderContext) -> Locale:
    return locale_of(str(_told(context, LOCALE, "en")))


def _zone(context: RenderContext) -> ZoneInfo:
    return ZoneInfo(str(_told(context, ZONE, "UTC")))


def _number(value: object, name: str) -> Decimal | None:
    """A number; None where there is nothing, so that a default can follow."""
    if value is None or value == "" or is_undefined(value):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise FilterArgumentError(f"{name} needs a number and found {str(value)[:40]!r}", token=None) from error
    if not found.is_finite():
        raise FilterArgumentError(f"{name} needs a number and found {found}", token=None)
    return found


def _places(value: object) -> int:
    try:
        return max(0, min(int(str(value)), 6))
    except ValueError:
        return 0


def _width(value: object) -> str:
    text = str(value)
    return text if text in _WIDTHS or any(mark.isalpha() for mark in text) else "medium"


def _instant(value: object, context: RenderContext) -> datetime | None:
    """What a value says of time, on the reader's clock; None where there is nothing."""
    if value is None or value == "" or is_undefined(value):
        return None
    if isinstance(value, str) and value in _PRESENT:
        value = _told(context, INSTANT, value)
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except ValueError as error:
            raise FilterArgumentError(f"{text[:40]!r} is no date", token=None) from error
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(_zone(context))
    if isinstance(value, date):
        return datetime.combine(value, time(), _zone(context))
    raise FilterArgumentError(f"{str(value)[:40]!r} is no date", token=None)
