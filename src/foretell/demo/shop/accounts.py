"""How the shop learns who somebody is: accounts, signing in on another device, consent."""

from __future__ import annotations

from typing import Any

from foretell.demo.shop.draws import Bools, Ints
from foretell.demo.shop.settings import SECOND_MICROS
from foretell.demo.shop.shop import Shop

CONSENTS = (("email", "marketing"), ("sms", "marketing"), ("ads", "marketing"), ("email", "service"))
"""Channel and purpose, by the number in ``choice``. State in ``score``, position in ``SOURCES`` in ``number``."""
SOURCES = ("registration", "preferences")
REGISTERS, SIGNS_IN, FILLS_IN = range(3)
"""``choice`` of an Identify: opens an account; signs in on another device; fills in a form at the till."""


def register(shop: Shop, chosen: Bools, person: Ints, ts: Ints, device: Ints) -> None:
    """Some people open an account: they say who they are and what they may be sent."""
    common: dict[str, Any] = {"person": person, "device": device, "known": True}
    shop.events.put("Identify", chosen, ts=ts, choice=REGISTERS, **common)
    granted = shop.people.consents[person]
    for consent in range(3):
        asked = chosen if consent == 0 else chosen & granted[:, consent]
        told = granted[:, consent].astype("i2")
        when = ts + (consent + 1) * SECOND_MICROS
        shop.events.put("Consent Updated", asked, ts=when, choice=consent, score=told, number=0, **common)
    shop.events.put("Consent Updated", chosen, ts=ts + 4 * SECOND_MICROS, choice=3, score=1, number=0, **common)
    new = person[chosen]
    shop.lives.registered[new] = True
    shop.lives.reads[new] = granted[chosen, 0]
    shop.lives.linked[new, device[chosen]] = True


def sign_in(shop: Shop, chosen: Bools, person: Ints, ts: Ints, device: Ints) -> None:
    """Some people sign in on a device on which the shop did not know them."""
    shop.events.put("Identify", chosen, person=person, ts=ts, device=device, known=True, choice=SIGNS_IN)
    shop.lives.linked[person[chosen], device[chosen]] = True
