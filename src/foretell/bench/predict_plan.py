"""The 61 features of ``benchmarks/rivals.py`` as tallies of the features' library, with its windows and names."""

from __future__ import annotations

from foretell.predict import Tally

WINDOWS = (7, 30, 90, 365)
EVENTS = (
    "page_view", "product_viewed", "search", "email_opened", "product_added", "cart_viewed", "purchase",
    "support_opened", "refund", "login",
)  # fmt: skip
PATHS = {1: "category", 2: "revenue", 3: "session_id"}
"""Properties that are read, by the number of their columns in the log."""
_BOUGHT = ("purchase",)
TALLIES = (
    *(Tally(f"f_{name}", (name,), WINDOWS) for name in EVENTS),
    Tally("rev", _BOUGHT, WINDOWS, "sum", "revenue"),
    Tally("days", (), WINDOWS, "days"),
    Tally("n", (), WINDOWS),
    Tally("maxrev", (), WINDOWS, "max", "revenue"),
    Tally("ncat", (), function="distinct", of="category"),
    Tally("nsess", (), function="distinct", of="session_id"),
    Tally("last_purchase", _BOUGHT, function="last"),
    Tally("last_seen", (), function="last"),
    Tally("first_seen", (), function="first"),
)


def columns() -> dict[str, str]:
    """Name of each column of the rival → that of the library."""
    return {
        f"{tally.name}_{days}" if days else tally.name: f"{tally.name}_{days}"
        for tally in TALLIES
        for days in tally.windows
    }
