"""Pieces of the portable SQL that all engines read alike: quoted literals and joined tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from foretell.clock import Duration
from foretell.errors import ForetellError
from foretell.money import MICRO


def text(value: str) -> str:
    """``value`` as a text literal."""
    if "\0" in value:
        raise ForetellError("BAD_VALUE", "a text holds the character NUL", thing=repr(value))
    return "'" + value.replace("'", "''") + "'"


def instant(value: datetime) -> str:
    """An instant as a literal of the stored kind (UTC, microseconds)."""
    return wall(value.astimezone(UTC).replace(tzinfo=None))


def wall(value: datetime) -> str:
    """A time without a zone as a literal."""
    return f"TIMESTAMP '{value.isoformat(' ', 'microseconds')}'"


def zoned(value: datetime) -> str:
    """An instant as a literal with a zone, to be held against texts that carry an offset."""
    return f"TIMESTAMPTZ '{value.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'microseconds')}+00:00'"


def micro(value: Decimal) -> str:
    """A decimal in major units as an integer of micro units."""
    return str(int(value * MICRO))


def length(duration: Duration) -> str:
    """A length of time that is no calendar step, to be added to an instant."""
    assert duration.exact is not None, f"{duration} differs in length"
    return f"INTERVAL '{duration.exact // timedelta(seconds=1)}' SECOND"


def both(tests: Iterable[str]) -> str:
    """The tests joined by AND; TRUE where there are none."""
    return " AND ".join(tests) or "TRUE"


def either(tests: Iterable[str]) -> str:
    """The tests joined by OR, in brackets."""
    return f"({' OR '.join(tests)})"


def negation(test: str) -> str:
    """The exact complement: true where ``test`` is false or null."""
    return f"NOT coalesce({test}, FALSE)"
