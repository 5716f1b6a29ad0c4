"""What templates may speak of, fetched for all messages of a turn at once, and only what their templates name."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import pyarrow as pa

from foretell import collect, profile
from foretell.definitions import Catalog
from foretell.deliver.catalogue_values import Catalogue, Products, Shelf
from foretell.deliver.languages import TRAITS, locale_for
from foretell.deliver.library import Library, library_of
from foretell.deliver.liquid_text import Facts
from foretell.deliver.outbox import Queued
from foretell.deliver.reading_orders import NO_ORDERS, orders_of
from foretell.deliver.reading_products import last_products
from foretell.deliver.reading_scores import scores_of
from foretell.deliver.seeing_blocks import blocks_seen
from foretell.deliver.template_variables import ASKING_ANALYTICS
from foretell.engine import Engine, python_rows
from foretell.errors import ForetellError
from foretell.money import from_micro

_ZONE_TRAITS = ("timezone", "zone")
_ALWAYS = ("email", "name", "first_name", "last_name", *TRAITS, *_ZONE_TRAITS)


@dataclass(frozen=True)
class MessageFacts:
    """What one message may speak of.

    Args:
        language: what its person reads, as a tag; None where nobody knows.
        values: by the names of ``docs/rooms/deliver.md``.
    """

    language: str | None
    values: dict[str, Any]


@dataclass
class _Fetched:
    """What was found, by profile key or message id."""

    traits: Mapping[int, Facts]
    tables: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    products: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    orders: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    blocks: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)


def facts_of(
    engine: Engine, catalog: Catalog, messages: Sequence[Queued], library: Library, shelf: Shelf
) -> list[MessageFacts]:
    """The context of each message, in their order: see ``docs/rooms/deliver.md`` for its fields."""
    templates = {one.template for one in messages}
    naming = {template: _roots(library, template) for template in templates}
    fetched = _Fetched(_traits(engine, messages, profile.survivorship_of(catalog), _named_traits(library, templates)))

    def asking(*names: str) -> list[Queued]:
        return [one for one in messages if naming[one.template].intersection(names)]

    if asked := asking("tables"):
        fetched.tables = collect.rows_by_person(engine, [one.profile_key for one in asked])
    if engine.has_analytics:
        if asked := asking("product"):
            fetched.products = last_products(engine, shelf, asked)
        if asked := asking("orders"):
            fetched.orders = orders_of(engine, catalog.settings, asked)
        if asked := asking("scores"):
            fetched.scores = scores_of(engine, catalog, asked)
        fetched.blocks = blocks_seen(engine, catalog, library, messages)
    return [_facts(catalog, message, fetched, library, shelf) for message in messages]


def asking_analytics(catalog: Catalog) -> tuple[str, ...]:
    """Templates that may speak of what the analytics store knows: a process without it leaves their messages alone."""
    library = library_of(catalog)
    return tuple(
        document.key
        for document in catalog.all("template")
        if ASKING_ANALYTICS & _roots(library, document.key) or _has_conditions(library, document.key)
    )


def _has_conditions(library: Library, template: str) -> bool:
    try:
        return any(block.when for one in library.everywhere(template) for block in one.blocks.values())
    except ForetellError:
        return False


def _roots(library: Library, template: str) -> frozenset[str]:
    """The variables of a template; none where it is gone or broken: its messages fail when they are written."""
    try:
        return library.roots(template)
    except ForetellError:
        return frozenset()


def _facts(catalog: Catalog, message: Queued, fetched: _Fetched, library: Library, shelf: Shelf) -> MessageFacts:
    settings = catalog.settings
    variables: dict[str, Any] = json.loads(message.variables)
    person = _person(message, fetched)
    language = next((str(person[name]) for name in TRAITS if person[name]), None)
    zone = next((str(person[name]) for name in _ZONE_TRAITS if _is_zone(person[name])), settings.zone)
    sending = settings.sending
    local = message.at.astimezone(settings.zone_info)
    known: dict[str, Any] = {
        "person": person,
        "event": Facts(variables["event"]) if isinstance(variables.get("event"), dict) else Facts(),
        "product": fetched.products.get(message.message_id),
        "orders": fetched.orders.get(message.message_id, NO_ORDERS),
        "scores": Facts(fetched.scores.get(message.message_id, {})),
        "catalogue": Catalogue(shelf, message.at),
        "products": Products(shelf, message.at),
        "tables": Facts(fetched.tables.get(message.profile_key, {})),
        "blocks": Facts(fetched.blocks.get(message.message_id, {})),
        "company": {
            "name": sending.from_name or settings.name,
            "address": sending.postal_address,
            "website": sending.website,
            "email": sending.reply_to or sending.from_email,
        },
        "journey": {"key": message.journey, "step": message.step, "campaign": message.campaign},
        "message": {
            "id": message.message_id,
            "channel": message.channel,
            "topic": message.topic,
            "purpose": message.purpose,
            "at": local.isoformat(timespec="minutes"),
        },
        "now": local,
        "zone": zone,
        "currency": settings.currency,
        **languages_of(library, message.template, language),
    }
    offer = _offer(catalog, variables)
    return MessageFacts(language, {**variables, **known, **({"offer": offer} if offer else {})})


@cache
def _is_zone(name: object) -> bool:
    return isinstance(name, str) and name in available_timezones()


def languages_of(library: Library, template: str, wanted: str | None) -> dict[str, str]:
    """The variables ``language`` and ``locale`` for somebody who reads ``wanted``."""
    try:
        language = library.written(template, wanted).language
    except ForetellError:
        language = "en"
    return {"language": language, "locale": locale_for(wanted, language)}


def _person(message: Queued, fetched: _Fetched) -> Facts:
    person = Facts(fetched.traits.get(message.profile_key, {}))
    if message.medium == "email":
        person["email"] = message.address
    if not person["name"]:
        names = [str(person[part]) for part in ("first_name", "last_name") if person[part]]
        person["name"] = " ".join(names) or None
    return person


def _offer(catalog: Catalog, variables: Mapping[str, Any]) -> dict[str, Any] | None:
    """The offer whose code the run holds; what the sender tells stands before what its document says."""
    key = variables.get("offer")
    if not isinstance(key, str):
        return None
    document = catalog.documents.get(("offer", key))
    spec: Mapping[str, Any] = (document.raw.get("spec") or {}) if document else {}
    names = ("title", "percent", "amount", "expires", "product")
    told = {name: variables.get(f"offer_{name}", spec.get(name)) for name in names}
    return {"key": key, "code": variables.get("offer_code"), **told}


def _named_traits(library: Library, templates: Collection[str]) -> list[str] | None:
    """The traits that some template names, and those that every message asks for; None: any."""
    named: set[str] = set(_ALWAYS)
    for template in templates:
        try:
            traits = library.traits(template)
        except ForetellError:
            continue
        if traits is None:
            return None
        named |= traits
    return sorted(named)


def _traits(
    engine: Engine, messages: Sequence[Queued], rules: profile.Survivorship, names: list[str] | None
) -> dict[int, Facts]:
    keys = pa.array(sorted({message.profile_key for message in messages}), pa.int64())
    told = profile.golden(engine.ops, keys, rules, traits=names).select(["profile_key", "trait", "s", "n"])
    found: dict[int, Facts] = {}
    for key, trait, text, number in python_rows(told):
        found.setdefault(key, Facts())[trait] = text if text is not None else _plain(from_micro(number))
    return found


def _plain(value: Decimal) -> Decimal:
    whole = value.to_integral_value()
    return whole if whole == value else value.normalize()
