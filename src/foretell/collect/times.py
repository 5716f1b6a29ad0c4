"""Instants in text: ISO 8601 with an offset; without one it is UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from foretell.clock import FIRST_YEAR

_OFFSET = r"(?:[Zz]|([+-])([01][0-9]):?([0-5][0-9])?)"
_SHAPE = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?) ?" + _OFFSET + r"?)?$"
)

EARLIEST = datetime(FIRST_YEAR, 1, 1)
"""No event is older; what says so is an empty date of some system (year 0, year 1) or a slip. Naive UTC."""
UNIX = {"unix": 1, "unix_ms": 1000}
"""Names of formats that count from 1970 → units in a second."""
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""Of the years 1 and 9999."""


def instant(text: str) -> str:
    """SQL text: ``text`` as a UTC timestamp in microseconds, null where it is no ISO 8601 instant.

    Args:
        text: an SQL expression.
    """
    usual = f"ends_with({text}, 'Z') AND strlen({text}) BETWEEN 20 AND 27 AND NOT contains({text}, '+')"
    part = {number: f"regexp_extract({text}, '{_SHAPE}', {number})" for number in range(1, 6)}
    local = f"TRY_CAST({part[1]} || ' ' || coalesce(nullif({part[2]}, ''), '00:00') AS TIMESTAMP)"
    minutes = f"coalesce(TRY_CAST({part[4]} AS INTEGER) * 60, 0) + coalesce(TRY_CAST({part[5]} AS INTEGER), 0)"
    offset = f"to_minutes(CASE WHEN {part[3]} = '-' THEN -1 ELSE 1 END * ({minutes}))"
    return (
        f"CASE WHEN {usual} THEN TRY_CAST({text} AS TIMESTAMP) "
        f"WHEN regexp_matches({text}, '{_SHAPE}') THEN {local} - {offset} END"
    )


def local_instant(text: str, zone: str) -> str:
    """SQL text: as :func:`instant`, but what names no offset is local time in ``zone`` (an IANA name)."""
    part = {number: f"regexp_extract({text}, '{_SHAPE}', {number})" for number in (1, 2)}
    local = f"TRY_CAST({part[1]} || ' ' || coalesce(nullif({part[2]}, ''), '00:00') AS TIMESTAMP)"
    offset = f"regexp_matches({text}, ':.*(?:[Zz]|[+-][0-9:]+)$')"
    return (
        f"CASE WHEN regexp_matches({text}, '{_SHAPE}') THEN "
        f"CASE WHEN {offset} THEN {instant(text)} ELSE {in_zone(local, zone)} END END"
    )


def formatted_instant(text: str, time_formats: Sequence[str], zone: str) -> str:
    """SQL text: ``text`` by the first of ``time_formats`` that reads it, as UTC.

    Args:
        time_formats: codes of strptime, ``unix`` (seconds since 1970) or ``unix_ms`` (milliseconds).
        zone: IANA name, for formats without ``%z``.
    """
    return f"coalesce({', '.join(_by_format(text, time_format, zone) for time_format in time_formats)})"


def _by_format(text: str, time_format: str, zone: str) -> str:
    if time_format in UNIX:
        number = f"TRY_CAST(trim({text}) AS DECIMAL(30, 6))"
        return (
            f"CASE WHEN {number} BETWEEN {_FIRST_SECOND * UNIX[time_format]} AND {_LAST_SECOND * UNIX[time_format]} "
            f"THEN make_timestamp(CAST({number} * {1_000_000 // UNIX[time_format]} AS BIGINT)) END"
        )
    quoted = time_format.replace("'", "''")
    if "%z" not in time_format.replace("%%", ""):
        return in_zone(f"try_strptime({text}, '{quoted}')", zone)
    return f"CAST(try_strptime(regexp_replace({text}, '[Zz]$', '+0000'), '{quoted}') AS TIMESTAMP)"


def in_zone(local: str, zone: str) -> str:
    """SQL text: a local time in ``zone`` as UTC.

    Of an hour that comes twice, when clocks are put back, the first is meant: it has the offset of the
    day before. A time that clocks leave out is read with the offset before the change.
    """
    if zone == "UTC":
        return local
    before = f"CAST(timezone('{zone}', l - INTERVAL 1 DAY) AS TIMESTAMP) + INTERVAL 1 DAY"
    usual = f"CAST(timezone('{zone}', l) AS TIMESTAMP)"
    back = f"timezone('{zone}', CAST({before} AS TIMESTAMPTZ))"
    return f"list_transform([{local}], lambda l: CASE WHEN {back} = l THEN {before} ELSE {usual} END)[1]"


_CODES = ("%Y", "%y", "%m", "%d", "%H", "%I", "%M", "%S", "%f", "%p", "%b", "%B", "%a", "%A", "%j", "%z", "%%")


def unknown_code(time_format: str) -> str | None:
    """The first ``%`` code of ``time_format`` that is not understood, if any; the format where it has none."""
    if time_format not in UNIX and "%" not in time_format:
        return time_format
    return next((code for code in re.findall(r"%.?", time_format) if code not in _CODES), None)
