"""The properties of each kind of event; names of e-commerce events and properties are Segment's.

https://segment.com/docs/connections/spec/ecommerce/v2/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.demo.shop.accounts import CONSENTS, FILLS_IN, REGISTERS, SOURCES
from foretell.demo.shop.browsing import NEWS_PAGE, OFFER_PAGE, PAGES, REFERRERS
from foretell.demo.shop.catalogue import CATEGORIES, SITE
from foretell.demo.shop.messages import KINDS as MESSAGE_KINDS
from foretell.demo.shop.newsletter import MACHINE_OPENS
from foretell.demo.shop.orders import CARRIERS
from foretell.demo.shop.sayings import ANSWERS, REVIEWS
from foretell.demo.shop.sheet import Sheet, Text, slug, when
from foretell.demo.shop.words import QUERIES, TICKETS

_PATHS = ("/", *(f"/c/{slug(category)}" for category in CATEGORIES), "/news", "/offer")


def _words(values: Iterable[object]) -> pa.Array:
    return pa.array(
        [json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values], pa.large_string()
    )


def _insides(values: Iterable[dict[str, object]]) -> pa.Array:
    return pa.array([text[1:-1] for text in _words(values).to_pylist()], pa.large_string())


_PAGES = _insides({"title": title, "path": path, "url": SITE + path} for title, path in zip(PAGES, _PATHS, strict=True))
_REFERRERS = _insides(
    {"referrer": text}
    if text.startswith("http") or not text
    else {"referrer": "", "utm_medium": "email", "utm_source": text}
    for text in REFERRERS
)
_MESSAGES = _insides({"utm_campaign": kind} for kind in MESSAGE_KINDS)
_QUERIES = _words(QUERIES[category] for category in CATEGORIES)
_CATEGORIES = _words(CATEGORIES)
_CARRIERS = _words(CARRIERS)
_TICKETS = _insides({"category": category, "subject": subject, "text": text} for category, subject, text in TICKETS)
_SUBJECTS = _insides({"category": category, "subject": subject} for category, subject, _ in TICKETS)
_ANSWERS = _insides(
    {"text": text, "language": language} for text, language in zip(ANSWERS.texts, ANSWERS.languages, strict=True)
)
_REVIEWS = _insides(
    {"review_body": text, "language": language} for text, language in zip(REVIEWS.texts, REVIEWS.languages, strict=True)
)
_CONSENTS = _insides({"channel": channel, "purpose": purpose} for channel, purpose in CONSENTS)
_STATES = _words(("denied", "granted"))
_SOURCES = _words(SOURCES)
_CHANNELS = _words(("web", "store"))
_DEVICES = _words(("mobile", "desktop", "tablet"))
"""By the number of the device; see the user agents in ``lines``."""
_EUR = ',"currency":"EUR"'


def _identify(sheet: Sheet) -> list[Text]:
    registers = sheet.numbers("choice") == REGISTERS
    names = ("first_name", "last_name", "phone", "birth_date", "country", "zone", "loyalty_tier")
    told: list[Text] = []
    for name in names:
        told.extend([f',"{name}":"', sheet.identity(name), '"'])
    address: list[Text] = [
        ',"address":{"city":"', sheet.identity("city"), '","postal_code":"', sheet.identity("postal_code"),
        '","latitude":', sheet.identity("latitude"), ',"longitude":', sheet.identity("longitude"), "}",
    ]  # fmt: skip
    form = sheet.numbers("choice") == FILLS_IN
    return [when(~form, ['"email":"', sheet.identity("email"), '"']), when(registers, [*told, *address]), _form(sheet)]


def _form(sheet: Sheet) -> Text:
    """What a customer whose card could not be read fills in at the till; some in such a hurry that little is told."""
    whole = ~sheet.flags_of_person("tells_little")
    first: list[Text] = [',"first_name":"', sheet.identity("typed_first_name"), '"']
    born: list[Text] = [',"birth_date":"', sheet.identity("typed_birth_date"), '"']
    postal: list[Text] = [',"postal_code":"', sheet.identity("postal_code"), '"']
    told: list[Text] = [
        '"last_name":"', sheet.identity("typed_last_name"), '"', when(whole, first),
        when(whole & sheet.flags_of_person("tells_birth_date"), born),
        ',"address":{"city":"', sheet.identity("city"), '"', when(whole, postal), "}",
    ]  # fmt: skip
    return when(sheet.numbers("choice") == FILLS_IN, told)


def _page(sheet: Sheet) -> list[Text]:
    page, number = sheet.numbers("choice"), sheet.numbers("number")
    return [
        sheet.looked_up(_PAGES, "choice"), ",", sheet.looked_up(_REFERRERS, "score"),
        when(page == NEWS_PAGE, [',"utm_campaign":"newsletter-', sheet.integer("number"), '"']),
        when((page == OFFER_PAGE) & (number >= 0), [",", sheet.looked_up(_MESSAGES, "number")]),
    ]  # fmt: skip


def _searched(sheet: Sheet) -> list[Text]:
    query, category = sheet.looked_up(_QUERIES, "choice"), sheet.looked_up(_CATEGORIES, "choice")
    return ['"query":', query, ',"category":', category]


def _product(sheet: Sheet) -> list[Text]:
    return [sheet.product(), _EUR]


def _added(sheet: Sheet) -> list[Text]:
    on = sheet.looked_up(_DEVICES, "device")
    return [sheet.product(), ',"quantity":', sheet.integer("quantity"), _EUR, ',"device":{"category":', on, "}"]


def _checkout(sheet: Sheet) -> list[Text]:
    return ['"value":', sheet.money("amount_minor"), _EUR, ',"products":[', sheet.products(("",)), "]"]


def _order_id(sheet: Sheet) -> list[Text]:
    return ['"order_id":"O', sheet.integer("number"), '"']


def _completed(sheet: Sheet) -> list[Text]:
    discount = sheet.numbers("discount_minor")
    return [
        *_order_id(sheet), ',"revenue":', sheet.money("amount_minor"), _EUR,
        when(discount > 0, [',"discount":', sheet.money("discount_minor")]),
        when(sheet.numbers("discount_minor") >= 0, _coupon(sheet)),
        ',"channel":', sheet.looked_up(_CHANNELS, np.minimum(sheet.numbers("score"), 1)),
        ',"products":[', sheet.products(("", "_2", "_3")), "]",
    ]  # fmt: skip


def _coupon(sheet: Sheet) -> list[Text]:
    code = sheet.column("coupon")
    return [when(pc.not_equal(code, "").to_numpy(zero_copy_only=False), [',"coupon":"', code, '"'])]


def _shipped(sheet: Sheet) -> list[Text]:
    return [*_order_id(sheet), ',"carrier":', sheet.looked_up(_CARRIERS, "choice")]


def _delivered(sheet: Sheet) -> list[Text]:
    return [*_shipped(sheet), ',"delay_days":', sheet.integer("score")]


def _refunded(sheet: Sheet) -> list[Text]:
    return [
        *_order_id(sheet),
        ',"total":',
        sheet.money("amount_minor"),
        _EUR,
        ',"products":[',
        sheet.products(("",)),
        "]",
    ]


def _ticket_id(sheet: Sheet) -> list[Text]:
    return ['"ticket_id":"T', sheet.integer("number"), '",', '"order_id":"O', sheet.integer("number"), '",']


def _opened(sheet: Sheet) -> list[Text]:
    return [*_ticket_id(sheet), sheet.looked_up(_TICKETS, "choice")]


def _solved(sheet: Sheet) -> list[Text]:
    return [*_ticket_id(sheet), sheet.looked_up(_SUBJECTS, "choice"), ',"hours":', sheet.integer("score")]


def _asked(sheet: Sheet) -> list[Text]:
    """The shop's own survey, which went out by mail."""
    mail: list[Text] = [',"channel":"email","touchpoint":"delivery","message_id":"sv-', sheet.integer("number"), '"']
    return ['"survey":"nps",', *_order_id(sheet), *mail]


def _answered(sheet: Sheet) -> list[Text]:
    score, text = sheet.integer("score"), sheet.looked_up(_ANSWERS, "choice")
    return [*_asked(sheet), ',"score":', score, when(sheet.numbers("choice") >= 0, [",", text])]


def _reviewed(sheet: Sheet) -> list[Text]:
    return [
        sheet.product(), *[',"review_id":"R', sheet.integer("number"), '",'], *_order_id(sheet),
        ',"rating":', sheet.integer("score"), ",", sheet.looked_up(_REVIEWS, "choice"),
    ]  # fmt: skip


def _subscription(sheet: Sheet) -> list[Text]:
    return ['"subscription_id":"S', sheet.integer("number"), '","plan":"Club"']


def _paid(sheet: Sheet) -> list[Text]:
    return [*_subscription(sheet), ',"amount":', sheet.money("amount_minor"), _EUR]


def _consent(sheet: Sheet) -> list[Text]:
    return [
        sheet.looked_up(_CONSENTS, "choice"), ',"state":', sheet.looked_up(_STATES, "score"),
        ',"source":', sheet.looked_up(_SOURCES, "number"),
    ]  # fmt: skip


def _mail(sheet: Sheet) -> list[Text]:
    week = sheet.integer("number")
    return [
        '"message_id":"nl-', week, "-", sheet.identity("user_id"), '","campaign":"newsletter-', week,
        '","topic":"newsletter"',
    ]  # fmt: skip


def _mail_opened(sheet: Sheet) -> list[Text]:
    return [*_mail(sheet), when(sheet.numbers("score") == MACHINE_OPENS, [',"machine":true'])]


def _mail_clicked(sheet: Sheet) -> list[Text]:
    return [*_mail(sheet), f',"link_url":"{SITE}/news"']


PROPERTIES: dict[str, Callable[[Sheet], list[Text]]] = {
    "Identify": _identify,
    "Page Viewed": _page,
    "Products Searched": _searched,
    "Product Viewed": _product,
    "Product Added": _added,
    "Checkout Started": _checkout,
    "Order Completed": _completed,
    "Order Shipped": _shipped,
    "Order Delivered": _delivered,
    "Order Refunded": _refunded,
    "Ticket Opened": _opened,
    "Ticket Solved": _solved,
    "Survey Answered": _answered,
    "Subscription Started": _paid,
    "Subscription Renewed": _paid,
    "Subscription Cancelled": _subscription,
    "Consent Updated": _consent,
    "Email Delivered": _mail,
    "Email Opened": _mail_opened,
    "Email Link Clicked": _mail_clicked,
    "Survey Sent": _asked,
    "Product Reviewed": _reviewed,
}
"""By event: the inside of the JSON object, as texts to be joined."""
