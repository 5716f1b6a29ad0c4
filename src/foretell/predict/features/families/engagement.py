"""What people do with mails: delivered, opened, clicked; opens by machines are left out."""

from __future__ import annotations

from collections.abc import Iterator

from foretell.predict.features.families.base import EVER, Family, Tally
from foretell.predict.features.plan import Feature, FeaturePlan, Floats
from foretell.predict.features.raw import Column, Raw, ratio

_WINDOWS = (30, 60, 90, 180)


def _shaped(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    del plan
    for days in (30, 90):
        mails = raw.count(f"mails_{days}")
        yield Feature(f"mails_{days}d", f"e-mails in the last {days} days: {{}}"), mails
        for what, said in (("opens", "e-mails opened"), ("clicks", "clicks in e-mails")):
            found = raw.count(f"{what}_{days}")
            yield Feature(f"{what}_{days}d", f"{said} in the last {days} days: {{}}"), found
            rate, before = f"{what[:-1]}_rate_{days}d", f"{what[:-1]}_rate_before_{days}d"
            now = ratio(found, mails)
            then = _before(raw, what, days)
            words = f"share of e-mails {'opened' if what == 'opens' else 'clicked'}"
            yield Feature(rate, f"{words} in the last {days} days: {{}}", "share", before=before), now
            yield Feature(before, f"{words} in the {days} days before the last {days}: {{}}", "share"), then
            yield Feature(f"{rate}_change", f"{words}, change in {days} days: {{}}", "share"), now - then
    for what, said in (("open", "e-mail opened"), ("click", "click in an e-mail")):
        yield (
            Feature(f"days_since_{what}", f"days since the last {said}: {{}}", "days"),
            raw.days_since(f"last_{what}_{EVER}"),
        )
    yield Feature("unsubscribed", "times unsubscribed: {}"), raw.count(f"unsubscribed_{EVER}")


def _before(raw: Raw, what: str, days: int) -> Floats:
    """The rate in the ``days`` before the last ``days``."""
    twice = 2 * days
    found = raw.count(f"{what}_{twice}") - raw.count(f"{what}_{days}")
    return ratio(found, raw.count(f"mails_{twice}") - raw.count(f"mails_{days}"))


FAMILY = Family(
    "engagement",
    "e-mails delivered, opened and clicked over 30 and 90 days, rates and their change; opens by machines are left out",
    (
        Tally("mails", ("Email Delivered",), _WINDOWS),
        Tally("opens", ("Email Opened",), _WINDOWS, without="machine"),
        Tally("clicks", ("Email Link Clicked",), _WINDOWS, without="machine"),
        Tally("last_open", ("Email Opened",), (EVER,), "last", without="machine"),
        Tally("last_click", ("Email Link Clicked",), (EVER,), "last", without="machine"),
        Tally("unsubscribed", ("Unsubscribed",), (EVER,)),
    ),
    _shaped,
    frozenset({"Email Delivered"}),
)
