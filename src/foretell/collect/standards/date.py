"""Days: ISO 8601 ``YYYY-MM-DD``. What can be read as two different days is not read, unless its order is declared."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, Field, model_validator

from foretell.clock import FIRST_YEAR, LAST_YEAR
from foretell.collect.standards.base import (
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    as_read,
    each_distinct,
)
from foretell.collect.standards.tables.calendar_words import months
from foretell.collect.standards.tables.country_names import folded
from foretell.collect.times import UNIX, unknown_code
from foretell.definitions import worded
from foretell.errors import UsageError

_CLOCK = (
    r"(?:(?:[Tt]|,?\s+)[0-9]{1,2}[:h.][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]{1,9})?)?\s*(?:[AaPp]\.?[Mm]\.?|Uhr|h)?"
    r"\s*(?:Z|z|UTC|GMT|[A-Z]{3,4})?\s*(?:[+-][0-9]{2}:?(?:[0-9]{2})?)?(?:\s*\([^()]*\))?)?"
)
"""A time of day, with a zone; it is dropped."""
_WORD = r"([^\W\d_]{2,20})"
_WEEKDAY = r"(?:[^\W\d_]{2,15}\.?,?\s+)?"
_YEAR_FIRST = re.compile(rf"([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}}){_CLOCK}", re.ASCII)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T[0-9:.]{4,15}(?:Z|[+-][0-9:]{2,5})?)?", re.ASCII)
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})(\s?[-/.]\s?)([0-9]{{1,2}})\2([0-9]{{4}}){_CLOCK}", re.ASCII)
_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}-[1-7]")
_DAY_WORD = re.compile(
    rf"{_WEEKDAY}([0-9]{{1,2}})(?:st|nd|rd|th|er|[.º°])?[\s\-/.]+(?:de |di )?{_WORD}[\s\-/.,]+(?:de )?"
    rf"([0-9]{{4}}){_CLOCK}"
)
_WORD_DAY = re.compile(rf"{_WEEKDAY}{_WORD}\.?\s+([0-9]{{1,2}})(?:st|nd|rd|th)?[\s,]+([0-9]{{4}}){_CLOCK}")
_WHOLE_DAY = re.compile(r"(?=.*%[Yy])(?=.*%[dj])(?=.*%[mbBj]).*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _format(time_format: str) -> str:
    code = unknown_code(time_format)
    if code is not None:
        raise UsageError(
            "BAD_TIME_FORMAT", f"{code!r} is no code of a format", next_step="Use codes of strptime, e.g. %d/%m/%Y."
        )
    if time_format not in UNIX and not _WHOLE_DAY.fullmatch(time_format):
        raise UsageError(
            "BAD_TIME_FORMAT",
            f"{time_format!r} names no whole day",
            next_step="It needs a year, a month and a day, e.g. %d/%m/%Y.",
        )
    return time_format


class DateOptions(StandardOptions):
    """How days are written where they come from, and which are plausible."""

    order: Literal["day_first", "month_first"] | None = Field(
        default=None, description="What comes first in 03/04/2026: day_first or month_first."
    )
    formats: tuple[Annotated[str, AfterValidator(worded(_format))], ...] = Field(
        default=(), description="Formats tried before all others: codes of strptime, unix or unix_ms."
    )
    earliest: date = Field(default=date(FIRST_YEAR, 1, 1), description="No day before this one, YYYY-MM-DD.")
    latest: date = Field(default=date(LAST_YEAR, 12, 31), description="No day after this one, YYYY-MM-DD.")
    past: bool = Field(default=False, description="true: no day after the event itself, as of a birthday.")

    @model_validator(mode="after")
    def _in_order(self) -> DateOptions:
        if self.earliest > self.latest:
            raise ValueError(f"earliest is {self.earliest}, after latest, {self.latest}")
        return self


def _work(values: pa.Array, context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, DateOptions)

    def read(text: str) -> str | None:
        found = read_day(text.strip(), options)
        return found.isoformat() if found and options.earliest <= found <= options.latest else None

    text = each_distinct(values, read).text
    if options.past and context.as_of is not None:
        # A day begins 14 hours earlier than in UTC where the date line lies.
        event_day = pc.add(context.as_of.cast(pa.timestamp("us")), pa.scalar(timedelta(hours=14), pa.duration("us")))
        later = pc.greater(text, pc.strftime(event_day, "%Y-%m-%d"))
        text = pc.if_else(pc.fill_null(later, False), None, text)
    return as_read(values, text)


def read_day(text: str, options: DateOptions) -> date | None:
    """The one day that ``text`` can mean; None where there is none, or more than one."""
    for time_format in options.formats:
        found = _by_format(text, time_format)
        if found:
            return found
    for shape in (_YEAR_FIRST, _COMPACT):
        iso = shape.fullmatch(text)
        if iso:
            year, month, day = (int(part) for part in iso.groups() if part.isdigit())
            return _day(year, month, day)
    if _WEEK.fullmatch(text):
        return _week(text)
    last = _YEAR_LAST.fullmatch(text)
    if last:
        return _year_last(int(last[1]), int(last[3]), int(last[4]), options.order)
    return _by_words(text)


def _year_last(first: int, second: int, year: int, order: str | None) -> date | None:
    readings = {"day_first": _day(year, second, first), "month_first": _day(year, first, second)}
    if order:
        return readings[order]
    days = {found for found in readings.values() if found}
    return days.pop() if len(days) == 1 else None


def _by_words(text: str) -> date | None:
    found = _DAY_WORD.fullmatch(text)
    if found:
        day, word, year = found.groups()
    else:
        found = _WORD_DAY.fullmatch(text)
        if not found:
            return None
        word, day, year = found.groups()
    month = months().get(folded(word))
    return _day(int(year), month, int(day)) if month else None


def _by_format(text: str, time_format: str) -> date | None:
    try:
        if time_format in UNIX:
            return (_EPOCH + timedelta(seconds=float(text) / UNIX[time_format])).date()
        return datetime.strptime(text, time_format).date()
    except (ValueError, OverflowError):
        return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _week(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


STANDARD = Standard(
    name="date",
    meaning="a day as YYYY-MM-DD; a time behind it falls away; what may be two days needs a declared order",
    source="ISO 8601; names of months: CLDR",
    work=_work,
    options=DateOptions,
    longest=80,
    examples=(
        Example("2025-12-24T18:00:00Z", "2025-12-24"),
        Example("24.12.2025", "2025-12-24"),
        Example("24. Dezember 2025", "2025-12-24"),
        Example("03/04/2025", None),
        Example("03/04/2025", "2025-04-03", {"order": "day_first"}),
        Example("24.12.85", "1985-12-24", {"formats": ["%d.%m.%y"]}),
        Example("2025-02-30", None),
    ),
)
