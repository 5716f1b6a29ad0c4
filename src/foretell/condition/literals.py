"""Literals of the language: numbers, texts, dates, durations and patterns."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from foretell.clock import Duration
from foretell.condition.faults import Faults
from foretell.condition.nodes import Path, Scalar
from foretell.definitions import described
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
