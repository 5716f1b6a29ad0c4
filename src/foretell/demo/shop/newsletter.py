"""The weekly newsletter of the time before Foretell: delivered, opened by people and by machines, clicked."""

from __future__ import annotations

import numpy as np

from foretell.demo.shop.browsing import visits_of
from foretell.demo.shop.draws import Ints
from foretell.demo.shop.personas import GONE, READING
from foretell.demo.shop.settings import HOUR_MICROS, SECOND_MICROS, SLOTS_PER_DAY
from foretell.demo.shop.shop import NEWSLETTER, Shop

_WEEKDAY = 1
_CLICKS = 0.14
_MEDIAN_HOURS = 4.0
PERSON_OPENS, MACHINE_OPENS = range(2)
"""``score`` of an Email Opened."""


def send_newsletter(shop: Shop, day: int) -> None:
    """On Tuesdays at nine; to most people only every fourth week."""
    if shop.date(day).weekday() != _WEEKDAY:
        return
    people, lives, draws = shop.people, shop.lives, shop.draws
    week = day // 7
    person = np.flatnonzero(lives.reads & (people.weekly | (week % 4 == 0))).astype(np.int64)
    if not len(person):
        return
    sent = shop.midnight(day) + 9 * HOUR_MICROS - shop.local_shift(day)
    ts = sent + _seconds(draws.unit("letter sent", person, day) * 600)
    every = np.ones(len(person), np.bool_)
    mail = {"person": person, "known": True, "number": week}
    shop.events.put("Email Delivered", every, ts=ts, **mail)
    loads = ts + _seconds(30 + 900 * draws.unit("letter loaded", person, day))
    shop.events.put("Email Opened", people.machine_mail[person], ts=loads, score=MACHINE_OPENS, **mail)
    opens = draws.unit("letter opens", person, day) < people.openness[person] * READING[lives.state[person]]
    hours = np.minimum(_MEDIAN_HOURS * np.exp(1.2 * draws.normal("letter read", person, day)), 96.0)
    read = ts + _seconds(hours * 3600 + 60)
    shop.events.put("Email Opened", opens, ts=read, score=PERSON_OPENS, **mail)
    clicks = opens & (draws.unit("letter clicks", person, day) < _CLICKS) & (lives.state[person] != GONE)
    clicked = read + _seconds(5 + 60 * draws.unit("letter clicked", person, day))
    shop.events.put("Email Link Clicked", clicks, ts=clicked, **mail)
    visits = visits_of(
        person[clicks], clicked[clicks] + 2 * SECOND_MICROS, np.full(int(clicks.sum()), day * 4 + 1), NEWSLETTER,
        conversion=people.conversion[person[clicks]] * 0.5, campaign=week,
    )  # fmt: skip
    shop.plan_sessions(visits, day * SLOTS_PER_DAY)


def _seconds(seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Ints:
    return (seconds * 1000).astype(np.int64) * 1000
