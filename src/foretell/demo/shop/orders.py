"""Orders, and what follows from them: parcels, refunds, tickets, surveys, reviews, the club."""

from __future__ import annotations

from typing import Any

import numpy as np

from foretell.demo.shop.accounts import FILLS_IN
from foretell.demo.shop.asking import plan_own
from foretell.demo.shop.catalogue import choosing
from foretell.demo.shop.draws import Bools, Drawn, Floats, Ints, place_in
from foretell.demo.shop.lives import MEMBER_DAYS, MEMBER_FEE_MINOR
from foretell.demo.shop.opinions import reviewed, stars_of
from foretell.demo.shop.rows import Records
from foretell.demo.shop.sayings import DAMAGED, LATE, SERVICE
from foretell.demo.shop.settings import DAY_MICROS, HOUR_MICROS, SECOND_MICROS
from foretell.demo.shop.shop import STRAIN, TROUBLE, Shop
from foretell.demo.shop.words import LATE_TICKETS, TICKETS

CARRIERS = ("Paketweg", "Nordpost", "Eilbote")
_LINES = np.array([0.6, 0.28, 0.12])
_LATE = 0.11
_DAMAGED = 0.04
_ASKS = 0.03
_LATE_ASKS = 0.4
_REFUNDS, _REFUNDS_LATE, _REFUNDS_DAMAGED = 0.035, 0.12, 0.5
_SOLVED = 0.78
_REVIEWS = 0.05
_JOINS_CLUB = 0.035
_USES_CODE = 0.92
_DRAWN_PLACING = ("lines", "quantity 0", "quantity 1", "quantity 2", "uses code", *choosing("line 1", "line 2"))
_DRAWN = (
    "late", "damaged", "ships", "carries", "delay", "carrier", "returns", "refunded", "asks after", "asks", "ticket",
    "solved", "hours", "reviews", "review after", "review radius", "review angle", "review text",
)  # fmt: skip
ONLINE, TILL_CARD, TILL_TYPED = range(3)
"""``score`` of an order: online; in the store with the card; with something misspelt."""


def order_online(shop: Shop, sessions: Records, ts: Ints, product: Ints, taste: Ints, device: Ints) -> None:
    """Orders on the web, and what becomes of them."""
    if not len(sessions):
        return
    order = _placed(shop, sessions, ts, product, taste)
    every = np.ones(len(ts), np.bool_)
    shop.events.put("Order Completed", every, device=device, score=ONLINE, **order)
    shop.lives.product[order["person"]] = order["product"]
    _join_club(shop, order)
    _fulfil(shop, order, sessions["key"].astype(np.int64))


def order_at_till(shop: Shop, sessions: Records, taste: Ints) -> None:
    """Orders in the store: the customer card is read or typed, and typing goes wrong at times."""
    if not len(sessions):
        return
    person, key = sessions["person"].astype(np.int64), sessions["key"].astype(np.int64)
    unit = shop.draws.several(("typed", *choosing("till")), person, key)
    product = shop.catalogue.choose(unit, "till", taste)
    order = _placed(shop, sessions, sessions["ts"].astype(np.int64), product, taste)
    typed = np.where(unit["typed"] < 0.08, TILL_TYPED, TILL_CARD)
    shop.events.put("Order Completed", np.ones(len(person), np.bool_), score=typed, **{**order, "known": False})
    fills_in = (typed == TILL_TYPED) & has_wrong_card(order["number"])
    asked: dict[str, Any] = {"person": person, "ts": order["ts"] + SECOND_MICROS, "known": False, "choice": FILLS_IN}
    shop.events.put("Identify", fills_in, **asked)


def has_wrong_card(number: Ints) -> Bools:
    """Whether it is the card's number that was misspelt in such an order, else the e-mail address; those customers
    also fill in a form."""
    wrong: Bools = number // 4 % 2 == 0
    return wrong


def _placed(shop: Shop, sessions: Records, ts: Ints, product: Ints, taste: Ints) -> dict[str, Any]:
    """The fields of orders."""
    person, key = sessions["person"].astype(np.int64), sessions["key"].astype(np.int64)
    unit, catalogue = shop.draws.several(_DRAWN_PLACING, person, key), shop.catalogue
    lines = 1 + place_in(_LINES, unit["lines"])
    fields: dict[str, Any] = {"person": person, "ts": ts, "known": True, "number": (person + 1) * 200_000 + key}
    amount = np.zeros(len(person), np.int64)
    for line, suffix in enumerate(("", "_2", "_3")):
        other = catalogue.choose(unit, f"line {line}", taste) if line else product
        quantity = np.where(unit[f"quantity {line}"] < 0.15, 2, 1)
        has = lines > line
        fields["product" + suffix] = np.where(has, other, -1)
        fields["quantity" + suffix] = np.where(has, quantity, -1)
        amount += np.where(has, catalogue.price_minor[other] * quantity, 0)
    uses = (sessions["coupon"] >= 0) & (unit["uses code"] < _USES_CODE)
    percent = np.where(uses, np.clip(sessions["percent"], 0.0, 0.9), 0.0)
    discount = np.round(amount * percent).astype(np.int64)
    coupon = np.where(uses, sessions["coupon"], -1)
    return {**fields, "amount_minor": amount - discount, "discount_minor": discount, "coupon": coupon}


def _join_club(shop: Shop, order: dict[str, Any]) -> None:
    person, number = order["person"], order["number"]
    day = (order["ts"] - shop.begin) // DAY_MICROS
    joins = ~shop.lives.member[person] & (shop.draws.unit("joins club", person, number % 200_000) < _JOINS_CLUB)
    shop.events.put(
        "Subscription Started", joins, person=person, ts=order["ts"] + 40 * SECOND_MICROS, known=True, choice=0,
        number=(person + 1) * 10_000 + day, amount_minor=MEMBER_FEE_MINOR, score=MEMBER_DAYS,
    )  # fmt: skip
    shop.lives.member[person[joins]] = True
    shop.lives.member_since[person[joins]] = day[joins]


def _fulfil(shop: Shop, order: dict[str, Any], key: Ints) -> None:
    """The parcel is sent and arrives, at times late or damaged; people react to that."""
    person = order["person"]
    unit = shop.draws.several(_DRAWN, person, key)

    def later(ts: Ints, days: Floats) -> Ints:
        return ts + (days * DAY_MICROS).astype(np.int64) // 1000 * 1000

    late, damaged = unit["late"] < _LATE, unit["damaged"] < _DAMAGED
    shipped = later(order["ts"], 0.2 + 1.3 * unit["ships"])
    promised = later(shipped, 1.0 + 2.0 * unit["carries"])
    delay = np.where(late, 3.0 + 6.0 * unit["delay"], 0.0)
    arrives = later(promised, delay)
    parcel = {"person": person, "known": True, "number": order["number"]}
    every = np.ones(len(person), np.bool_)
    carrier = (unit["carrier"] * len(CARRIERS)).astype(np.int64)
    shop.events.put("Order Shipped", every, ts=shipped, choice=carrier, **parcel)
    shop.events.put("Order Delivered", every, ts=arrives, choice=carrier, score=np.ceil(delay), **parcel)
    shop.plan_effects(STRAIN, person[late], arrives[late], 1.0, daily=True)
    for chosen, kind in ((late, LATE), (damaged, DAMAGED)):
        shop.plan_effects(TROUBLE, person[chosen], arrives[chosen], kind, daily=True)
    _refund(shop, order, later(arrives, 3 + 11 * unit["returns"]), late, damaged, unit["refunded"])
    _ticket(shop, order, unit, late, damaged, later(promised, 1 + delay * 0.4 * late + 2 * unit["asks after"]))
    _review(shop, order, unit, later(arrives, 3 + 14 * unit["review after"]), damaged)
    plan_own(shop, person, arrives, key, order["number"])


def _refund(shop: Shop, order: dict[str, Any], ts: Ints, late: Bools, damaged: Bools, chance: Floats) -> None:
    """The first line of an order goes back."""
    refunded = chance < np.select([damaged, late], [_REFUNDS_DAMAGED, _REFUNDS_LATE], _REFUNDS)
    full = shop.catalogue.price_minor[order["product"]] * order["quantity"]
    total = order["amount_minor"] + order["discount_minor"]
    fields = {name: order[name] for name in ("person", "known", "number", "product", "quantity")}
    shop.events.put("Order Refunded", refunded, ts=ts, amount_minor=full * order["amount_minor"] // total, **fields)


def _ticket(shop: Shop, order: dict[str, Any], unit: Drawn, late: Bools, damaged: Bools, ts: Ints) -> None:
    """Some write to the service."""
    person = order["person"]
    asks = unit["asks"] < np.select([damaged, late], [0.8, _LATE_ASKS], _ASKS)
    place = unit["ticket"]
    others = LATE_TICKETS + 2 + (place * (len(TICKETS) - LATE_TICKETS - 2)).astype(np.int64)
    about_damage = LATE_TICKETS + (place * 2).astype(np.int64)
    choice = np.select([damaged, late], [about_damage, (place * LATE_TICKETS).astype(np.int64)], others)
    solved = unit["solved"] < _SOLVED
    hours = 3 + 110 * unit["hours"] ** 2
    fields = {"person": person, "known": True, "number": order["number"], "choice": choice}
    closed = ts + (hours * HOUR_MICROS).astype(np.int64) // 1000 * 1000
    shop.events.put("Ticket Opened", asks, ts=ts, **fields)
    shop.events.put("Ticket Solved", asks & solved, ts=closed, score=np.round(hours), **fields)
    weight = np.where(solved, 0.15 + 0.5 * damaged, 1.6)[asks]
    shop.plan_effects(STRAIN, person[asks], np.where(solved, closed, ts + 5 * DAY_MICROS)[asks], weight, daily=True)
    open_still = asks & ~solved
    shop.plan_effects(TROUBLE, person[open_still], (ts + 5 * DAY_MICROS)[open_still], SERVICE, daily=True)


def _review(shop: Shop, order: dict[str, Any], unit: Drawn, ts: Ints, damaged: Bools) -> None:
    """Some give stars to what they bought, and write what they think of it."""
    stars = stars_of(shop, order["product"], damaged, unit["review radius"], unit["review angle"])
    text = reviewed(shop, order["person"], stars, unit["review text"])
    fields = {name: order[name] for name in ("person", "known", "number", "product")}
    shop.events.put("Product Reviewed", unit["reviews"] < _REVIEWS, ts=ts, score=stars, choice=text, **fields)
