"""Money and other exact numbers as integers.

Lines (price × quantity) are kept in micro units (1e-6 of the major unit), so that prices below a
penny stay exact; an order is rounded once, to the minor unit of its currency.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

MICRO = 1_000_000
MICRO_LIMIT = 9_200_000_000_000 * MICRO
"""Largest magnitude that is kept as an exact number, in micro units (a 64-bit integer's range)."""

_MINOR_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip


def minor_digits(currency: str) -> int:
    """Digits of the minor unit of ``currency`` (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    return _MINOR_DIGITS.get(currency.upper(), 2)


def micro_per_minor(currency: str) -> int:
    """Micro units in one minor unit: 10,000 for EUR."""
    return int(MICRO // 10 ** minor_digits(currency))


def to_micro(value: int | float | str | Decimal) -> int | None:
    """``value`` in micro units, rounded half to even; None where it is no number or too large."""
    try:
        exact = Decimal(str(value)) * MICRO
        if not exact.is_finite() or abs(exact) >= MICRO_LIMIT:
            return None
        return int(exact.to_integral_value(ROUND_HALF_EVEN))
    except (ArithmeticError, ValueError):
        return None


def from_micro(micro: int) -> Decimal:
    """Micro units back as an exact decimal in major units."""
    return Decimal(micro) / MICRO


def micro_to_minor(micro: int, currency: str) -> int:
    """An order's sum of micro units, rounded once to minor units, half to even."""
    per = micro_per_minor(currency)
    quotient, rest = divmod(micro, per)
    if 2 * rest > per or (2 * rest == per and quotient % 2):
        quotient += 1
    return quotient


def minor_to_major(minor: int, currency: str) -> Decimal:
    """Minor units as a decimal with the currency's digits: 1999 EUR → 19.99."""
    return Decimal(minor).scaleb(-minor_digits(currency))
