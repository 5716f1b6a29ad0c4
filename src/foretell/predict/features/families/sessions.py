"""Visits: how many, how long, how deep, and how that compares with the time before.

Counted from ``Session Ended``, which is told once and stays as it was told: what a visit held is not known before it is
over, and a late event does not change what was known.
"""

from __future__ import annotations

from collections.abc import Iterator

from foretell.predict.features.families.base import EVER, Family, Tally, against_before
from foretell.predict.features.plan import Feature, FeaturePlan
from foretell.predict.features.raw import Column, Raw, ratio

_ENDED = ("Session Ended",)
_LONG = (30, 60, 90, 180)


def _shaped(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    del plan
    for days in (7, 30, 90):
        yield from against_before(
            "visits", "visits", raw.count(f"visits_{days}"), raw.count(f"visits_{2 * days}"), days
        )
    if raw.has("pages_30"):
        for days in (30, 90):
            now, both = raw.total(f"pages_{days}"), raw.total(f"pages_{2 * days}")
            yield from against_before("pages", "pages viewed", now, both, days)
        words = "pages a visit in the last 90 days: {}"
        yield Feature("pages_per_visit", words, "number"), ratio(raw.total("pages_90"), raw.count("visits_90"))
    if raw.has("seconds_30"):
        for days in (30, 90):
            now, both = raw.total(f"seconds_{days}") / 60, raw.total(f"seconds_{2 * days}") / 60
            yield from against_before("minutes", "minutes on the site", now, both, days)
        minutes = raw.total("seconds_90") / 60
        yield (
            Feature("minutes_per_visit", "minutes a visit in the last 90 days: {}", "number"),
            ratio(minutes, raw.count("visits_90")),
        )
    yield Feature("days_since_visit", "days since the last visit: {}", "days"), raw.days_since(f"last_visit_{EVER}")


FAMILY = Family(
    "sessions",
    "visits, pages and minutes on the site over 7, 30 and 90 days, and against as many days before",
    (
        Tally("visits", _ENDED, (7, 14, 30, 60, 90, 180)),
        Tally("pages", _ENDED, _LONG, "sum", "pages"),
        Tally("seconds", _ENDED, _LONG, "sum", "duration_seconds"),
        Tally("last_visit", _ENDED, (EVER,), "last"),
    ),
    _shaped,
    frozenset({"Session Ended"}),
)
