"""What people truly think of the shop, and what they say of it when they are asked.

Everybody has an opinion at each instant: how much they like the shop as such, less the disappointment that is left of
what went wrong. It is latent. Whether somebody answers depends on what a shop can know (late parcels, tickets, how
often they buy and read) and a little on the opinion itself, so that the people who answer are not like those who are
silent: a plain score of the answers is too high.
"""

from __future__ import annotations

import numpy as np

from foretell.demo.shop.draws import Bools, Drawn, Floats, Ints, normal_of
from foretell.demo.shop.personas import of_each
from foretell.demo.shop.sayings import (
    ANSWERS,
    BAD,
    DAMAGED,
    GOOD,
    GRUMBLE,
    LATE,
    MIXED,
    NEUTRAL,
    PRAISE,
    PRICE,
    REVIEWS,
    SERVICE,
)
from foretell.demo.shop.shop import Shop

MEASURES = ("nps", "csat", "ces", "stars")
NPS, CSAT, CES, STARS = range(4)
_LOW, _HIGH = np.array([0, 1, 1, 1]), np.array([10, 5, 7, 5])
_STRAIN_COSTS, _MOST_STRAIN = 2.6, 3.0
_NOISE = np.array([0.7, 0.45, 0.6, 0.6])
_TROUBLE_DAYS = 45
"""How long somebody speaks of what went wrong."""
_PRICE_MATTERS = 0.62
_WRITES = np.array([0.75, 0.45, 0.55])
"""Who writes something, of those who complain, do not mind, praise."""
_WEIGHTS = {"base": 0.35, "late": -1.7, "damaged": -1.2, "service": -1.5, "drifting": -0.8, "opinion": 0.03}
"""Of who answers, once the question is seen; logits. With ``answering`` of the persona."""
SAYS = ("survey radius", "survey angle", "survey answers", "survey writes", "survey text")
"""Draws of :func:`said` and :func:`responds`."""


def opinions(shop: Shop, person: Ints) -> Floats:
    """What people think of the shop now, from 0 (never again) to 10."""
    strain = np.minimum(shop.lives.strain[person], _MOST_STRAIN)
    return np.clip(shop.people.fondness[person] - _STRAIN_COSTS * strain, 0.0, 10.0)


def scores(shop: Shop, person: Ints, measure: Ints, unit: Drawn) -> Ints:
    """What they would say if they answered, on the scale of each ``measure``."""
    opinion = opinions(shop, person)
    noise = normal_of(unit["survey radius"], unit["survey angle"]) * _NOISE[measure]
    low, high = _LOW[measure], _HIGH[measure]
    on_scale = np.where(measure == NPS, opinion, low + (high - low) * np.clip((opinion - 1.5) / 8.0, 0.0, 1.0))
    found: Ints = np.clip(np.round(on_scale + noise), low, high).astype(np.int64)
    return found


def responds(shop: Shop, person: Ints, day: int, unit: Drawn) -> Bools:
    """Who answers, of those who see the question."""
    trouble = troubles(shop, person, day)
    logit = _WEIGHTS["base"] + of_each("answering")[shop.people.persona[person]]
    for name, kind in (("late", LATE), ("damaged", DAMAGED), ("service", SERVICE)):
        logit = logit + _WEIGHTS[name] * (trouble == kind)
    logit = logit + _WEIGHTS["drifting"] * (shop.lives.state[person] > 0)
    logit = logit + _WEIGHTS["opinion"] * (opinions(shop, person) - 8.0)
    result: Bools = unit["survey answers"] < 1.0 / (1.0 + np.exp(-logit))
    return result


def troubles(shop: Shop, person: Ints, day: int) -> Ints:
    """What went wrong for people of late: ``LATE``, ``DAMAGED``, ``SERVICE``; -1 where nothing did."""
    recent = day - shop.lives.trouble_day[person] <= _TROUBLE_DAYS
    return np.where(recent, shop.lives.trouble[person], -1).astype(np.int64)


def said(shop: Shop, person: Ints, measure: Ints, score: Ints, day: int, unit: Drawn) -> Ints:
    """Positions in ``ANSWERS`` of what people write beside a score; -1 for nothing."""
    share = (score - _LOW[measure]) / (_HIGH[measure] - _LOW[measure])
    mood = np.select([share >= 0.85, share >= 0.65], [2, 1], 0)
    wrong = _wrong(shop, person, day, unit["survey text"])
    about = np.select([mood == 2, mood == 1], [PRAISE, NEUTRAL], wrong)
    writes = unit["survey writes"] < _WRITES[mood]
    return ANSWERS.choose(about, shop.people.language[person], unit["survey text"], writes)


def complaint(shop: Shop, person: Ints, day: int, unit: Floats) -> Ints:
    """Positions in ``ANSWERS`` of what people say when somebody asks them what is wrong."""
    about = _wrong(shop, person, day, unit)
    return ANSWERS.choose(about, shop.people.language[person], unit, np.ones(len(person), np.bool_))


def _wrong(shop: Shop, person: Ints, day: int, unit: Floats) -> Ints:
    """What they are unhappy about: what went wrong of late, else prices or this and that."""
    trouble = troubles(shop, person, day)
    mean = (unit * 977.0) % 1.0
    plain = np.where((shop.people.price_sensitivity[person] > _PRICE_MATTERS) & (mean < 0.6), PRICE, GRUMBLE)
    return np.where(trouble >= 0, trouble, plain)


def stars_of(shop: Shop, product: Ints, damaged: Bools, radius: Floats, angle: Floats) -> Ints:
    """The stars that people give to a product, 1 to 5."""
    good = shop.catalogue.quality[product] - 1.9 * damaged + 0.7 * normal_of(radius, angle)
    return np.clip(np.round(good), 1, 5).astype(np.int64)


def reviewed(shop: Shop, person: Ints, stars: Ints, unit: Floats) -> Ints:
    """Positions in ``REVIEWS`` of what people write of a product."""
    about = np.select([stars >= 4, stars == 3], [GOOD, MIXED], BAD)
    return REVIEWS.choose(about, shop.people.language[person], unit, np.ones(len(person), np.bool_))
