"""The time of the year and the public holidays ahead: the same for everybody at an instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np
from babel.core import get_global

from foretell.predict.features.plan import Feature, FeaturePlan
from foretell.predict.features.raw import Column, Raw

PREFIX = "season_"
"""Names of these features begin so: over less than a year they would name the instant."""
_AHEAD_DAYS = 60


def country_of(zone: str) -> str:
    """The country (ISO 3166, two letters) in which a zone lies; empty where it lies in none, or in several."""
    territory = str(get_global("zone_territories").get(zone, ""))
    return territory if len(territory) == 2 and territory.isalpha() else ""


def season(raw: Raw, plan: FeaturePlan, local: datetime) -> Iterator[Column]:
    """Time of the year; with a country also its public holidays within each horizon, and the days to the next.

    Args:
        local: the instant in the plan's zone.
    """
    angle = 2 * np.pi * (local.timetuple().tm_yday - 1) / 365.25
    yield Feature("season_sin", "time of the year", "number"), np.full(raw.size, np.sin(angle))
    yield Feature("season_cos", "time of the year", "number"), np.full(raw.size, np.cos(angle))
    if not plan.country:
        return
    today = local.date()
    for horizon in plan.horizons_days:
        found = sum(_is_holiday(plan.country, today + timedelta(days=day)) for day in range(1, round(horizon) + 1))
        words = f"public holidays in the next {horizon:g} days: {{}}"
        yield Feature(f"season_holidays_{horizon:g}d", words), np.full(raw.size, float(found))
    ahead = (day for day in range(1, _AHEAD_DAYS + 1) if _is_holiday(plan.country, today + timedelta(days=day)))
    words = "days to the next public holiday: {}"
    yield Feature("season_days_to_holiday", words, "days"), np.full(raw.size, float(next(ahead, _AHEAD_DAYS)))


def _is_holiday(country: str, day: date) -> bool:
    return day in _holidays(country, day.year)


@lru_cache(maxsize=128)
def _holidays(country: str, year: int) -> frozenset[date]:
    """Public holidays of a country in a year, by the library ``holidays``; none where it does not know the country."""
    import holidays

    if country not in holidays.list_supported_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))
