"""What templates may speak of, fetched for all messages of a batch at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any

import pyarrow as pa

from foretell import collect, profile
from foretell.clock import naive_utc
from foretell.definitions import Catalog
from foretell.deliver.liquid_text import Facts
from foretell.deliver.outbox import Queued
from foretell.engine import TIMESTAMP, Engine, python_rows
from foretell.money import from_micro, minor_digits

VIEWED, BOUGHT = "viewed", "bought"


@dataclass(frozen=True)
class _Fetched:
    traits: Mapping[int, Facts]
    products: Mapping[str, Mapping[str, Any]]
    tables: Mapping[int, Mapping[str, Any]]


def facts_of(engine: Engine, catalog: Catalog, messages: Sequence[Queued]) -> list[dict[str, Any]]:
    """The context of each message, in their order: see ``docs/rooms/deliver.md`` for its fields."""
    told = [message for message in messages if message.medium != "ads"]
    keys = [message.profile_key for message in told]
    tables = collect.rows_by_person(engine, keys) if catalog.all("table") else {}
    traits = _traits(engine, told, profile.survivorship_of(catalog))
    products = _products(engine, catalog.settings.currency, told) if engine.has_analytics else {}
    fetched = _Fetched(traits, products, tables)
    return [_facts(catalog, message, fetched) for message in messages]


def asking_analytics(catalog: Catalog) -> tuple[str, ...]:
    """Templates that may speak of what the analytics store knows: a process without it leaves their messages alone."""
    return tuple(document.key for document in catalog.all("template") if "product" in str(document.raw))


def _facts(catalog: Catalog, message: Queued, fetched: _Fetched) -> dict[str, Any]:
    settings = catalog.settings
    variables: dict[str, Any] = json.loads(message.variables)
    person = Facts(fetched.traits.get(message.profile_key, {}))
    if message.medium == "email":
        person["email"] = message.address
    if not person["name"]:
        names = [str(person[part]) for part in ("first_name", "last_name") if person[part]]
        person["name"] = " ".join(names) or None
    sending = settings.sending
    known: dict[str, Any] = {
        "person": person,
        "product": fetched.products.get(message.message_id),
        "tables": Facts(fetched.tables.get(message.profile_key, {})),
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
            "at": message.at.astimezone(settings.zone_info).isoformat(timespec="minutes"),
        },
    }
    offer = _offer(catalog, variables)
    return {**variables, **known, **({"offer": offer} if offer else {})}


def _offer(catalog: Catalog, variables: Mapping[str, Any]) -> dict[str, Any] | None:
    """The offer whose code the run holds; what the sender tells stands before what its document says."""
    key = variables.get("offer")
    if not isinstance(key, str):
        return None
    document = catalog.documents.get(("offer", key))
    spec: Mapping[str, Any] = (document.raw.get("spec") or {}) if document else {}
    told = {name: variables.get(f"offer_{name}", spec.get(name)) for name in ("title", "percent", "amount", "expires")}
    return {"key": key, "code": variables.get("offer_code"), **told}


def _traits(engine: Engine, messages: Sequence[Queued], rules: profile.Survivorship) -> dict[int, Facts]:
    keys = pa.array([message.profile_key for message in messages], pa.int64())
    told = profile.golden(engine.ops, keys, rules).select(["profile_key", "trait", "s", "n"])
    found: dict[int, Facts] = {}
    for key, trait, text, number in python_rows(told):
        found.setdefault(key, Facts())[trait] = text if text is not None else _plain(from_micro(number))
    return found


def _plain(value: Decimal) -> Decimal:
    whole = value.to_integral_value()
    return whole if whole == value else value.normalize()


def _products(engine: Engine, currency: str, messages: Sequence[Queued]) -> dict[str, Mapping[str, Any]]:
    """Of each message's person the product viewed or bought last, by the instant of the message."""
    if not messages:
        return {}
    asked = pa.table(
        {
            "message_id": pa.array([message.message_id for message in messages], pa.string()),
            "profile_key": pa.array([message.profile_key for message in messages], pa.int64()),
            "due": pa.array([naive_utc(message.at.astimezone(UTC)) for message in messages], TIMESTAMP),
        }
    )
    found = engine.analytics.query(_last_products(engine), tables={"asked": asked}).to_pylist()
    return {row.pop("message_id"): _product(row, currency) for row in found}


def _product(row: dict[str, Any], currency: str) -> dict[str, Any]:
    price = row.pop("price_micro")
    shown = None if price is None else f"{from_micro(price):.{minor_digits(currency)}f}"
    return {**row, "price": shown, "currency": currency}


def _last_products(engine: Engine) -> str:
    column = engine.log.properties().of("product_id")
    viewed = ""
    if column is not None and column.array is None:
        product = f"coalesce(e.{column.text}, CAST(CAST(e.{column.number} / 1000000 AS BIGINT) AS VARCHAR))"
        viewed = (
            f"SELECT a.message_id, {product} AS product_id, '{VIEWED}' AS source, e.ts, CAST(NULL AS VARCHAR) AS name, "
            "CAST(NULL AS VARCHAR) AS category, CAST(NULL AS BIGINT) AS price_micro "
            "FROM asked a JOIN log_events e ON e.profile_key = a.profile_key "
            f"WHERE e.event = 'Product Viewed' AND e.ts <= a.due AND {product} IS NOT NULL UNION ALL "
        )
    return (
        f"WITH touched AS ({viewed}SELECT a.message_id, i.product_id, '{BOUGHT}' AS source, i.ts, i.name, i.category, "
        "i.price_micro FROM asked a JOIN log_order_items i ON i.profile_key = a.profile_key "
        "JOIN order_rows o ON o.seq = i.seq "
        "WHERE o.kind = 'completed' AND i.ts <= a.due AND i.product_id IS NOT NULL), "
        "ranked AS (SELECT *, row_number() OVER (PARTITION BY message_id ORDER BY ts DESC, source DESC, product_id) "
        "AS place FROM touched), "
        "latest AS (SELECT *, row_number() OVER (PARTITION BY product_id ORDER BY seq DESC) AS newest "
        "FROM product_rows) "
        "SELECT r.message_id, r.product_id, r.source, coalesce(p.name, r.name, r.product_id) AS name, "
        "coalesce(p.category, r.category) AS category, p.url, p.image_url, "
        "coalesce(p.price_micro, r.price_micro) AS price_micro "
        "FROM ranked r LEFT JOIN latest p ON p.product_id = r.product_id AND p.newest = 1 WHERE r.place = 1"
    )
