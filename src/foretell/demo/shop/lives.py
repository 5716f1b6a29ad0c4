"""From day to day: people begin to leave, leave, come back; what happened to them has its effect."""

from __future__ import annotations

import numpy as np

from foretell.demo.shop.draws import Bools, Floats
from foretell.demo.shop.personas import DRIFTING, GONE, STEADY
from foretell.demo.shop.settings import HOUR_MICROS
from foretell.demo.shop.shop import LOST, STRAIN, TROUBLE, WON, Shop

STRAIN_HAZARD = 5.0
"""Each point of strain adds this many times the hazard of leaving."""
_STRAIN_KEPT = 0.985
_DRIFT_ENDS = 1 / 28
_DRIFT_TURNS = 1 / 180
_SPONTANEOUS_RETURN = 1 / 900
_WITHDRAWS = np.array([1 / 5000, 1 / 500, 1 / 1200])
"""Daily chance to withdraw the consent to mail, by state."""
MEMBER_DAYS = 30
MEMBER_FEE_MINOR = 490


def begin_day(shop: Shop, day: int) -> None:
    """Move everybody's state by a day."""
    lives, person = shop.lives, shop.everybody
    chance = shop.draws.unit("life", person, day)
    arrived = lives.seen
    hazard = shop.people.hazard * (1.0 + STRAIN_HAZARD * lives.strain)
    steady, drifting, gone = (lives.state == state for state in (STEADY, DRIFTING, GONE))
    leaves = drifting & (chance < _DRIFT_ENDS)
    lives.state[arrived & steady & (chance < hazard)] = DRIFTING
    lives.state[drifting & ~leaves & (chance > 1.0 - _DRIFT_TURNS)] = STEADY
    lives.state[gone & (chance < _SPONTANEOUS_RETURN)] = STEADY
    _leave(shop, leaves, day)
    lives.strain *= _STRAIN_KEPT
    _renew(shop, day)
    _withdraw(shop, day)


def take_effects(shop: Shop, slot: int, day: int) -> None:
    """Let the effects that are planned for a slot happen."""
    lives = shop.lives
    for effect, person, amount in shop.agenda.effects.pop(slot, []):
        if effect == STRAIN:
            np.add.at(lives.strain, person, amount)
        elif effect == WON:
            lives.state[person] = STEADY
        elif effect == TROUBLE:
            lives.trouble[person] = amount.astype(np.int8)
            lives.trouble_day[person] = day
        elif effect == LOST:
            lives.reads[person] = False
            left = np.zeros(len(lives.state), np.bool_)
            left[person] = True
            _leave(shop, left, day)


def _leave(shop: Shop, leaves: Bools, day: int) -> None:
    shop.lives.state[leaves] = GONE
    shop.lives.gone_day[leaves] = day


def _renew(shop: Shop, day: int) -> None:
    """Members pay every 30 days; who has left cancels instead."""
    lives = shop.lives
    since = day - lives.member_since
    due = np.flatnonzero(lives.member & (since % MEMBER_DAYS == 0) & (since > 0)).astype(np.int64)
    if not len(due):
        return
    ts = shop.midnight(day) + 5 * HOUR_MICROS + _within(shop.draws.unit("renewal", due, day), HOUR_MICROS)
    stays = lives.state[due] != GONE
    number = (due + 1) * 10_000 + lives.member_since[due]
    common = {"person": due, "ts": ts, "known": True, "number": number, "choice": 0}
    shop.events.put("Subscription Renewed", stays, amount_minor=MEMBER_FEE_MINOR, **common)
    shop.events.put("Subscription Cancelled", ~stays, **common)
    lives.member[due[~stays]] = False


def _withdraw(shop: Shop, day: int) -> None:
    lives = shop.lives
    chance = shop.draws.unit("withdraws", shop.everybody, day)
    person = np.flatnonzero(lives.reads & (chance < _WITHDRAWS[lives.state])).astype(np.int64)
    if not len(person):
        return
    ts = shop.midnight(day) + 9 * HOUR_MICROS + _within(shop.draws.unit("withdrawal", person, day), 10 * HOUR_MICROS)
    every = np.ones(len(person), np.bool_)
    shop.events.put("Consent Updated", every, person=person, ts=ts, known=True, choice=0, score=0, number=1)
    lives.reads[person] = False


def _within(share: Floats, length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A part of ``length`` microseconds, in whole milliseconds."""
    return (share * length).astype(np.int64) // 1000 * 1000
