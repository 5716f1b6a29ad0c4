"""Literals of the language: numbers, texts, dates, durations and patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from foretell.clock import Duration
from foretell.condition.faults import Faults
from foretell.condition.nodes import Path, Scalar
from foretell.definitions import KEY_PATTERN, described
from foretell.errors import UsageError
from foretell.money import MICRO, to_micro

_SEVERAL = "Use {in: [...]} for several values."
_FIRST_YEAR, _LAST_YEAR = 1000, 2999


def scalar(raw: object, path: Path, faults: Faults) -> Scalar | None:
    """A text, number or truth value; None with a problem noted for anything else."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int | float | Decimal):
        return number(raw, path, faults)
    if isinstance(raw, str):
        return text(raw, path, faults)
    if isinstance(raw, datetime | date):
        return raw.isoformat()
    step = _SEVERAL if isinstance(raw, list) else "Write a text, a number, true or false."
    if raw is None:
        step = "Use exists: false to ask for a missing value."
    faults.add(path, "BAD_VALUE", f"{described(raw)} cannot be compared with a value", step)
    return None


def number(raw: object, path: Path, faults: Faults) -> Decimal | None:
    """A number that is exact in micro units (at most six decimals)."""
    if isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        exact = Decimal(str(int(raw) if isinstance(raw, int) else raw))
        micro = to_micro(exact)
        if micro is not None and exact * MICRO == micro:
            return exact.normalize()
    faults.add(
        path,
        "BAD_NUMBER",
        f"{described(raw)} is no number that can be compared exactly",
        "Write a number with at most six decimals, below 9.2 trillion, without quotes.",
    )
    return None


_SHARE = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,4})?) ?%\Z")


def share(raw: object, path: Path, faults: Faults) -> Decimal | None:
    """A share or a change, written ``20%`` or ``-12.5%`` or as a number (0.2)."""
    if isinstance(raw, str):
        if found := _SHARE.match(raw):
            return (Decimal(found[1]) / 100).normalize()
        faults.add(path, "BAD_NUMBER", f"{described(raw)} is no share", "Write a percentage, e.g. 20% or -12.5%.")
        return None
    return number(raw, path, faults)


def key(raw: Mapping[str, Any], head: str, path: Path, faults: Faults) -> str:
    """The name that stands beside ``head``; ``?`` with a problem noted where there is none."""
    name = raw[head]
    if isinstance(name, str) and name and "\0" not in name:
        return name
    faults.add((*path, head), "BAD_VALUE", f"{described(name)} is no name of a {head}", f"Write the {head}'s name.")
    return "?"


def text(raw: object, path: Path, faults: Faults) -> str | None:
    """A text without the character NUL."""
    if isinstance(raw, str) and "\0" not in raw:
        return raw
    step = _SEVERAL if isinstance(raw, list) else "Write a text; put numbers in quotes."
    faults.add(path, "BAD_VALUE", f"{described(raw)} is no text", step)
    return None


def whole(raw: object, path: Path, faults: Faults) -> Decimal | None:
    """A whole number, 0 or more."""
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < 1_000_000_000:
        return Decimal(raw)
    faults.add(path, "BAD_NUMBER", f"{described(raw)} is no whole number", "Write a whole number, 0 or more.")
    return None


def hour(raw: object, path: Path, faults: Faults) -> Decimal | None:
    """An hour of the day."""
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= 23:
        return Decimal(raw)
    faults.add(path, "BAD_NUMBER", f"{described(raw)} is no hour of the day", "Write a whole number from 0 to 23.")
    return None


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekday(raw: object, path: Path, faults: Faults) -> Decimal | None:
    """A day of the week; Monday is 1, Sunday 7."""
    if isinstance(raw, str) and raw in WEEKDAYS:
        return Decimal(WEEKDAYS.index(raw) + 1)
    step = f"Write one of {', '.join(WEEKDAYS)}."
    faults.add(path, "BAD_VALUE", f"{described(raw)} is no day of the week", step)
    return None


def list_key(raw: object, path: Path, faults: Faults) -> str | None:
    """The key of a reference list: its file's name without ``.csv``."""
    if isinstance(raw, str) and re.fullmatch(KEY_PATTERN, raw):
        return raw
    step = "Write the file's name without .csv, e.g. in_list: hiking_zips for reference/hiking_zips.csv."
    faults.add(path, "BAD_VALUE", f"{described(raw)} is no reference list", step)
    return None


def days_ahead(raw: object, path: Path, faults: Faults) -> Duration | None:
    """How far ahead yearly returns are looked for: at most a year."""
    found = duration(raw, path, faults)
    if found is None or found.days <= 366:
        return found
    faults.add(path, "BAD_DURATION", f"{raw} is longer than a year", "Write a length of time up to 1y, e.g. 7d.")
    return None


def duration(raw: object, path: Path, faults: Faults) -> Duration | None:
    """A duration longer than nothing."""
    try:
        found = Duration.parse(raw)
    except UsageError as error:
        faults.add(path, error.code, error.what, error.next_step)
        return None
    if found.count == 0 or found.days > 366_000:
        faults.add(path, "BAD_DURATION", f"{raw} is no length of time", "Write a duration such as 30d.")
        return None
    return found


def moment(raw: object, path: Path, faults: Faults) -> date | datetime | None:
    """A date, a wall time in the workspace's zone, or an instant (with an offset, kept in UTC)."""
    value: date | datetime | None = None
    if isinstance(raw, datetime | date):
        value = raw
    elif isinstance(raw, str):
        try:
            value = date.fromisoformat(raw) if len(raw) == 10 else datetime.fromisoformat(raw)
        except ValueError:
            value = None
    if value is not None and _FIRST_YEAR < value.year < _LAST_YEAR:
        if isinstance(value, datetime) and value.tzinfo:
            return value.astimezone(UTC)
        return value
    faults.add(
        path,
        "BAD_INSTANT",
        f"{described(raw)} is no date or time",
        "Write ISO 8601, e.g. 2011-12-09 or 2011-12-09T12:50:00Z.",
    )
    return None


_UNSHARED = re.compile(r"\(\?(?!:)|\\[^dDwWsSbBtnr\W]|[*+?}]\+|\{,|\[[^\]]*(\[|&&|\|\||~~|--)")


def pattern(raw: object, path: Path, faults: Faults) -> str | None:
    """A regular expression of the part that every engine reads alike."""
    found = text(raw, path, faults)
    if found is None:
        return None
    try:
        re.compile(found)
        fault = "uses a construct that engines read differently" if _UNSHARED.search(found) else ""
    except (re.error, OverflowError) as error:
        fault = f"is no regular expression ({error})"
    if not fault and any(int(size) > 1000 for size in re.findall(r"\{[^}]*?(\d+)\}", found)):
        fault = "repeats more than 1,000 times"
    if not fault:
        return found
    faults.add(
        path,
        "BAD_PATTERN",
        f"the pattern {found!r} {fault}",
        "Use characters, classes, groups, alternatives and repetition alone.",
    )
    return None
