"""Numbers and lists as a card writes them."""

from __future__ import annotations

from collections.abc import Sequence

_NOTHING = "—"


def number(value: float | None) -> str:
    """Four digits that count; a dash for what is not defined."""
    return _NOTHING if value is None else f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"


def said_share(value: float | None) -> str:
    """A share in per cent."""
    return _NOTHING if value is None else f"{100 * value:.1f} %"


def bounds(value: float | None, low: float | None, high: float | None) -> str:
    """A share with its interval."""
    return f"{said_share(value)} ({said_share(low)} to {said_share(high)})"


def numbered(count: int, one: str, many: str) -> str:
    """A count with its word."""
    return f"{count:,} {one if count == 1 else many}"


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
