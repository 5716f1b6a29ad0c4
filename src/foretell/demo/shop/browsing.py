"""Visits: pages, searches, products, carts, and sometimes an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from foretell.demo.shop.accounts import register, sign_in
from foretell.demo.shop.catalogue import CATEGORIES, choosing
from foretell.demo.shop.draws import Bools, Drawn, Floats, Ints, place_in
from foretell.demo.shop.orders import order_at_till, order_online
from foretell.demo.shop.personas import VISITING
from foretell.demo.shop.rows import Records, records, session_rank
from foretell.demo.shop.settings import DAY_MICROS, SECOND_MICROS, SLOTS_PER_DAY
from foretell.demo.shop.shop import CLICK, NEWSLETTER, OWN, SESSION, Shop

PAGES = ("Home", *CATEGORIES, "News of the week", "Your offer")
HOME, NEWS_PAGE, OFFER_PAGE = 0, len(CATEGORIES) + 1, len(CATEGORIES) + 2
REFERRERS = (
    "",
    "https://www.google.com/",
    "https://www.instagram.com/",
    "https://prices.example/",
    "newsletter",
    "message",
)
_REFERRER_WEIGHTS = np.array([0.45, 0.33, 0.12, 0.10])
_HOURS = np.array([2, 1, 1, 1, 1, 2, 4, 7, 8, 9, 10, 11, 13, 11, 10, 10, 11, 13, 16, 20, 22, 19, 12, 6], float)
"""Weights of the local hours of the day."""
_MONTHS = np.array([0.92, 0.92, 0.97, 1.0, 1.0, 0.97, 0.92, 0.92, 1.0, 1.05, 1.25, 1.3])
After = Callable[[float], Ints]
"""Instants so many seconds into visits, at the pace of each."""
_TILL_SHARE = 0.2
_CARTS = 0.12
_CHECKOUTS = 0.35
_REGISTERS = 0.25
_SIGNS_IN = 0.7
_VIEWS = np.array([0.2, 0.4, 0.25, 0.15])
_DRAWN = (
    "device", "pace", "signs in", "registers", "signed in", "searches", "adds", "checks out", "referrer", "lands",
    "goes on", "views", *choosing("view 0", "view 1", "view 2"),
)  # fmt: skip


def own_visits(shop: Shop, day: int, slots: range) -> Records:
    """The visits that people make of their own accord in these slots of a day; at most one each a day."""
    lives, people, draws = shop.lives, shop.people, shop.draws
    season = _MONTHS[shop.date(day).month - 1] * (1.15 if shop.date(day).weekday() == 6 else 0.975)
    chance = draws.unit("visit", shop.everybody, day)
    arrives = people.arrives == day
    person = np.flatnonzero((chance < people.visits_per_day * season) & (people.arrives < day) | arrives)
    person = person.astype(np.int64)
    ts = shop.midnight(day) + _time_of_day(shop, person, day)
    person, ts = _in_slots(shop, person, ts, slots)
    come = chance[person] < people.visits_per_day[person] * season * VISITING[lives.state[person]]
    come |= arrives[person]
    return records(SESSION, int(come.sum()), person=person[come], ts=ts[come], key=day * 4, cause=OWN)


def _time_of_day(shop: Shop, person: Ints, day: int) -> Ints:
    edges = np.concatenate([[0.0], np.cumsum(_HOURS) / _HOURS.sum()])
    hour = np.interp(shop.draws.unit("time of day", person, day), edges, np.arange(25.0))
    local = (hour * 3600).astype(np.int64) * SECOND_MICROS
    result: Ints = (local - shop.local_shift(day)) % DAY_MICROS
    return result


def _in_slots(shop: Shop, person: Ints, ts: Ints, slots: range) -> tuple[Ints, Ints]:
    if len(slots) == SLOTS_PER_DAY:
        return person, ts
    slot = shop.slot_of(ts)
    inside = (slot >= slots.start) & (slot < slots.stop)
    return person[inside], ts[inside]


def visit(shop: Shop, sessions: Records) -> None:
    """Let visits happen; several of one person one after the other."""
    sessions = sessions[np.lexsort((sessions["key"], sessions["ts"], sessions["person"]))]
    rank = session_rank(sessions["person"].astype(np.int64))
    for turn in range(int(rank.max(initial=-1)) + 1):
        _visit_once(shop, sessions[rank == turn])


def _visit_once(shop: Shop, sessions: Records) -> None:
    person, key = sessions["person"].astype(np.int64), sessions["key"].astype(np.int64)
    people, draws = shop.people, shop.draws
    shop.lives.seen[person] = True
    conversion = np.where(sessions["conversion"] < 0, people.conversion[person], sessions["conversion"])
    buys = draws.unit("buys", person, key) < conversion
    till = (sessions["cause"] == OWN) & people.has_card[person] & shop.lives.registered[person]
    till &= draws.unit("till", person, key) < _TILL_SHARE
    taste = np.where(draws.unit("follows taste", person, key) < 0.7, people.taste[person], people.second_taste[person])
    order_at_till(shop, sessions[till & buys], taste[till & buys])
    online = ~till
    _browse(shop, sessions[online], buys[online], taste[online])


def _browse(shop: Shop, sessions: Records, buys: Bools, taste: Ints) -> None:
    person, key, start = (sessions[name].astype(np.int64) for name in ("person", "key", "ts"))
    unit, lives = shop.draws.several(_DRAWN, person, key), shop.lives
    device = (unit["device"] * shop.people.devices[person]).astype(np.int64)
    pace = (0.5 + 1.5 * unit["pace"]) * SECOND_MICROS

    def after(seconds: float) -> Ints:
        return start + (pace * seconds).astype(np.int64) // 1000 * 1000

    before, linked = lives.registered[person], lives.linked[person, device]
    signs_in = before & ~linked & (buys | (unit["signs in"] < _SIGNS_IN))
    registers = ~before & (buys | (unit["registers"] < _REGISTERS))
    early = linked & (buys | (unit["signed in"] < 0.9))
    common: dict[str, Any] = {"person": person, "device": device}
    _pages(shop, sessions, unit, taste, after, {**common, "known": early})
    sign_in(shop, signs_in, person, after(12), device)
    known = early | signs_in
    searches = unit["searches"] < 0.25
    shop.events.put("Products Searched", searches, ts=after(40), choice=taste, known=known, **common)
    adds = buys | (unit["adds"] < _CARTS)
    product = _views(shop, adds, unit, taste, after, {**common, "known": known})
    register(shop, registers, person, after(170), device)
    known = known | registers
    price = shop.catalogue.price_minor[product]
    cart = {"product": product, "quantity": 1, "amount_minor": price, "known": known, **common}
    shop.events.put("Product Added", adds, ts=after(190), **cart)
    checks_out = buys | (adds & (unit["checks out"] < _CHECKOUTS))
    shop.events.put("Checkout Started", checks_out, ts=after(240), **cart)
    order_online(shop, sessions[buys], after(330)[buys], product[buys], taste[buys], device[buys])


def _pages(shop: Shop, sessions: Records, unit: Drawn, taste: Ints, after: After, common: dict[str, Any]) -> None:
    cause = sessions["cause"]
    found = place_in(_REFERRER_WEIGHTS, unit["referrer"])
    referrer = np.select([cause == NEWSLETTER, cause == CLICK], [4, 5], found)
    landing = np.where(unit["lands"] < 0.5, HOME, taste + 1)
    page = np.select([cause == NEWSLETTER, cause == CLICK], [NEWS_PAGE, OFFER_PAGE], landing)
    every = np.ones(len(cause), np.bool_)
    number = sessions["campaign"].astype(np.int64)
    shop.events.put("Page Viewed", every, ts=after(0), choice=page, score=referrer, number=number, **common)
    goes_on = unit["goes on"] < 0.4
    shop.events.put("Page Viewed", goes_on, ts=after(25), choice=taste + 1, score=0, **common)


def _views(shop: Shop, adds: Bools, unit: Drawn, taste: Ints, after: After, common: dict[str, Any]) -> Ints:
    """Look at products; returns the last one."""
    count = np.maximum(place_in(_VIEWS, unit["views"]), adds)
    last = np.zeros(len(taste), np.int64)
    for view in range(3):
        looks = count > view
        product = shop.catalogue.choose(unit, f"view {view}", taste)
        price = shop.catalogue.price_minor[product]
        shop.events.put(
            "Product Viewed", looks, ts=after(60 + 35 * view), product=product, amount_minor=price, **common
        )
        last = np.where(looks, product, last)
    return last


def visits_of(person: Ints, ts: Ints, key: Ints, cause: int, **fields: Floats | Ints | float) -> Records:
    """Visits that something else sets off."""
    return records(SESSION, len(person), person=person, ts=ts, key=key, cause=cause, **fields)
