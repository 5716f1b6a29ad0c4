"""Support tickets: how many lately, how many still open, how long they took."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from foretell.predict.features.families.base import EVER, Family, Tally
from foretell.predict.features.plan import Feature, FeaturePlan
from foretell.predict.features.raw import Column, Raw, ratio

_OPENED, _SOLVED = ("Ticket Opened",), ("Ticket Solved",)
_WINDOWS = (7, 30, 90, 365)


def _shaped(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    del plan
    for days in _WINDOWS:
        words = f"support tickets in the last {days} days: {{}}"
        yield Feature(f"tickets_{days}d", words), raw.count(f"tickets_{days}")
    opened, solved = raw.count(f"tickets_{EVER}"), raw.count(f"solved_{EVER}")
    yield Feature("tickets_open", "support tickets not solved: {}"), np.maximum(opened - solved, 0.0)
    yield (
        Feature("days_since_ticket", "days since the last support ticket: {}", "days"),
        raw.days_since(f"last_ticket_{EVER}"),
    )
    if raw.has(f"ticket_hours_{EVER}"):
        words = "hours until a support ticket was solved: {}"
        yield Feature("ticket_hours", words, "number"), ratio(raw.total(f"ticket_hours_{EVER}"), solved)


FAMILY = Family(
    "tickets",
    "support tickets over 7, 30, 90 and 365 days, how many are not solved, days since the last, hours they took",
    (
        Tally("tickets", _OPENED, (*_WINDOWS, EVER)),
        Tally("solved", _SOLVED, (EVER,)),
        Tally("last_ticket", _OPENED, (EVER,), "last"),
        Tally("ticket_hours", _SOLVED, (EVER,), "sum", "hours"),
    ),
    _shaped,
    frozenset({"Ticket Opened"}),
)
