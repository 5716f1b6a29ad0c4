"""What a shop world is made from, and how its time is cut."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from foretell.clock import micros, zone_of
from foretell.errors import UsageError

SECOND_MICROS = 1_000_000
HOUR_MICROS = 3_600 * SECOND_MICROS
DAY_MICROS = 24 * HOUR_MICROS
SLOT_MICROS = 6 * HOUR_MICROS
"""The shortest step. A message changes what people do from the slot after the one in which it is seen."""
SLOTS_PER_DAY = 4


@dataclass(frozen=True)
class ShopSettings:
    """A world; equal settings give equal worlds.

    Args:
        people: how many people the world has, those included who only come later.
        seed: of every draw.
        begin: first instant, midnight UTC.
        zone: in which the shop and most of its people live.
        own_survey_days: for how many days the shop sends its own survey; None: for ever.

    Raises:
        UsageError: ``BAD_SHOP`` for no people or a beginning within a day; ``UNKNOWN_ZONE``.
    """

    people: int = 10_000
    seed: int = 7
    begin: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    zone: str = "Europe/Berlin"
    own_survey_days: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.people <= 10_000_000:
            raise UsageError(
                "BAD_SHOP", f"a shop of {self.people:,} people", next_step="Ask for 1 to 10,000,000 people."
            )
        if self.begin.tzinfo is None or micros(self.begin) % DAY_MICROS:
            raise UsageError(
                "BAD_SHOP", f"the world cannot begin at {self.begin.isoformat()}", next_step="Give a midnight in UTC."
            )
        zone_of(self.zone)
