"""Instants in text: ISO 8601 with an offset; without one it is UTC."""

from __future__ import annotations

import re

_OFFSET = r"(?:[Zz]|([+-])([01][0-9]):?([0-5][0-9])?)"
_SHAPE = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?) ?" + _OFFSET + r"?)?$"
)


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


def formatted_instant(text: str, time_format: str, zone: str) -> str:
    """SQL text: ``text`` read by ``time_format`` (codes of strptime) as local time in ``zone``."""
    quoted = time_format.replace("'", "''")
    return in_zone(f"try_strptime({text}, '{quoted}')", zone)


def in_zone(local: str, zone: str) -> str:
    """SQL text: a local time in ``zone`` as UTC."""
    return local if zone == "UTC" else f"CAST({local} AT TIME ZONE '{zone}' AS TIMESTAMP)"


_CODES = ("%Y", "%y", "%m", "%d", "%H", "%I", "%M", "%S", "%f", "%p", "%b", "%B", "%a", "%A", "%j", "%%")


def unknown_code(time_format: str) -> str | None:
    """The first ``%`` code of ``time_format`` that is not understood, if any."""
    return next((code for code in re.findall(r"%.?", time_format) if code not in _CODES), None)
