"""Exchange rates, dated: ``reference/rates.csv`` of a workspace.

A CSV file (UTF-8) with the header ``day,currency,rate``. ``day`` is ISO 8601; ``currency`` is an ISO 4217
code; ``rate`` is what one unit of it was worth that day in the workspace's currency, a decimal point in it.
New days are appended; a day once used is left as it is, so that what was computed with it stays true.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from foretell.definitions import CURRENCIES
from foretell.errors import DefinitionErrors, UsageError, explain_os_errors
from foretell.money import MICRO_LIMIT

RATES_FILE = "reference/rates.csv"
HEADER = ["day", "currency", "rate"]
_MOST_ERRORS = 20
_FILL = "Write lines such as 2026-01-02,USD,0.9525: one US dollar was worth 0.9525 of the workspace's currency."


@dataclass(frozen=True)
class RateTable:
    """Rates to one currency.

    Args:
        days: currency → its days in order, ``datetime64[D]``.
        rates: currency → the rate of each of these days.
        version: hash of the content; empty where there are no rates.
    """

    days: Mapping[str, np.ndarray[tuple[int], np.dtype[np.datetime64]]]
    rates: Mapping[str, tuple[Decimal, ...]]
    version: str = ""

    def rate(self, currency: str, day: date, *, max_age_days: int) -> Decimal | None:
        """The latest rate of ``currency`` at ``day`` that is at most ``max_age_days`` old."""
        days = self.days.get(currency)
        if days is None:
            return None
        place = int(np.searchsorted(days, np.datetime64(day, "D"), side="right")) - 1
        if place < 0 or day - days[place].item() > timedelta(days=max_age_days):
            return None
        return self.rates[currency][place]


NO_RATES = RateTable({}, {})


def converted(micro: int, rate: Decimal) -> int | None:
    """``micro`` units times ``rate``, rounded once, half to even, to a whole micro unit; None where too large."""
    exact = (Decimal(micro) * rate).to_integral_value(ROUND_HALF_EVEN)
    return int(exact) if abs(exact) < MICRO_LIMIT else None


def read_rates(workspace: Path) -> RateTable:
    """The rates of a workspace; none where it has no ``reference/rates.csv``.

    Raises:
        UsageError: ``BAD_RATES`` with file and line; :class:`DefinitionErrors` with all of them.
    """
    path = workspace / RATES_FILE
    if not path.exists():
        return NO_RATES
    with explain_os_errors(RATES_FILE):
        content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(1, "the file is not UTF-8", "Save it as CSV in UTF-8.") from error
    return rate_table(text, version=hashlib.sha256(content).hexdigest()[:16])


def rate_table(text: str, *, version: str = "") -> RateTable:
    """The table that ``text`` (CSV, see the module) holds; raises as :func:`read_rates`."""
    rows = csv.reader(text.splitlines())
    if [name.strip() for name in next(rows, [])] != HEADER:
        raise _bad(1, f"the header must be {','.join(HEADER)}", _FILL)
    found, errors = _read_rows(rows)
    if errors:
        raise DefinitionErrors(errors[:_MOST_ERRORS])
    ordered = {currency: sorted(by_day.items()) for currency, by_day in found.items()}
    return RateTable(
        {currency: np.array([day for day, _ in pairs], "datetime64[D]") for currency, pairs in ordered.items()},
        {currency: tuple(rate for _, rate in pairs) for currency, pairs in ordered.items()},
        version,
    )


def _read_rows(rows: Iterable[list[str]]) -> tuple[dict[str, dict[date, Decimal]], list[UsageError]]:
    found: dict[str, dict[date, Decimal]] = {}
    errors: list[UsageError] = []
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            day, currency, rate = _row([cell.strip() for cell in row], line)
            if day in found.setdefault(currency, {}):
                raise _bad(line, f"{currency} has two rates for {day}", "Keep one of them.")
            found[currency][day] = rate
        except UsageError as error:
            errors.append(error)
    return found, errors


def _row(cells: list[str], line: int) -> tuple[date, str, Decimal]:
    if len(cells) != len(HEADER):
        raise _bad(line, f"{len(cells)} columns instead of {len(HEADER)}", _FILL)
    if cells[1] not in CURRENCIES:
        raise _bad(line, f"there is no currency called {cells[1]!r}", "Use an ISO 4217 code such as USD.")
    try:
        day = date.fromisoformat(cells[0])
    except ValueError as error:
        raise _bad(line, f"{cells[0]!r} is no day", "Write it as 2026-01-02.") from error
    try:
        rate = Decimal(cells[2])
    except InvalidOperation as error:
        raise _bad(line, f"{cells[2]!r} is no rate", "Write a number with a decimal point.") from error
    if not rate.is_finite() or not Decimal("1e-9") <= rate <= Decimal("1e9"):
        raise _bad(line, f"{cells[2]!r} cannot be a rate", "It is what one unit was worth, above 0.")
    return day, cells[1], rate


def _bad(line: int, what: str, next_step: str) -> UsageError:
    return UsageError("BAD_RATES", what, where=f"{RATES_FILE}:{line}", next_step=next_step)
