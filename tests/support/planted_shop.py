"""A small shop in which one text tells a person in every store that Foretell has, and files it wrote."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as papq

from foretell import app, care, collect, identify, protect
from foretell.clock import FixedClock, micros, naive_utc
from foretell.engine import TIMESTAMP
from tests.support import planted_ties
from tests.support.small_workspace import write

TOKEN = "Qz7x81kTTb0w94mmVy3c2LhE"
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
"""Past midnight in Berlin: the day is another one than in UTC."""
PEOPLE, ORDERS = 12, 4
THEIRS = "u7"
DEVICE = "device-of-u7"
"""Seen before anybody knew whose it is: the person is two nodes that were merged."""
ENVIRONMENT = {"DESK_SECRET": "agreed"}
"""What has to be set while the workspace is open."""
DOCUMENTS = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: Europe/Berlin\nsecrets: {desk: '${DESK_SECRET}'}\n",
    "sources/till.yaml": "kind: source\nkey: till\nspec:\n  format: csv\n  group_by: [receipt]\n  mappings:\n"
    "    - name: sales\n      track: Order Completed\n      timestamp: sold_at\n"
    "      identifiers: {user_id: customer}\n      properties: {order_id: receipt, revenue: price, note: note}\n",
    "sources/desk.yaml": "kind: source\nkey: desk\nspec:\n  format: webhook\n"
    "  signature: {header: X-Desk, secret: desk, scheme: token}\n  events:\n    - {each: tickets, "
    "track: Ticket Opened, identifiers: {user_id: who}, properties: {text: text}}\n",
    **planted_ties.DOCUMENTS,
}


def lines(token: str = TOKEN) -> list[dict[str, Any]]:
    """What is imported: people with traits, orders with lines, pages; and one line that is not taken in."""
    told: list[dict[str, Any]] = [
        {"type": "page", "anonymousId": DEVICE, "messageId": "a-first", "timestamp": FIRST.isoformat(),
         "properties": {"title": token}}
    ]  # fmt: skip
    for number in range(PEOPLE):
        user, mine = f"u{number}", f"u{number}" == THEIRS
        at = FIRST + timedelta(minutes=number)
        mail = f"{token}@customers.example" if mine else f"{user}@customers.example"
        told.append({"type": "identify", "messageId": f"i-{user}", "userId": user, "timestamp": at.isoformat(),
                     "traits": {"email": mail, "nickname": f"first {token}" if mine else "Al"}})  # fmt: skip
        told.append({"type": "identify", "messageId": f"j-{user}", "userId": user,
                     "timestamp": (at + timedelta(hours=1)).isoformat(),
                     "traits": {"nickname": f"later {token}" if mine else "Bo"},
                     **({"anonymousId": DEVICE} if mine else {})})  # fmt: skip
        for order in range(ORDERS):
            when = at + timedelta(days=order)
            number_of = "PX" if mine and not order else f"P{order}"
            product = {"product_id": number_of, "name": f"Shoe {order}", "price": 10.5, "quantity": 1,
                       "url": f"https://shop.example/{order}" + (f"?mail={token}" if mine else "")}  # fmt: skip
            told.append({"type": "track", "event": "Order Completed", "userId": user, "messageId": f"o-{user}-{order}",
                         "timestamp": when.isoformat(),
                         "properties": {"order_id": f"ord-{user}-{order}", "revenue": 10.5, "currency": "EUR",
                                        "gift_note": f"for {token}" if mine else "hello", "products": [product]},
                         })  # fmt: skip
        told.append({"type": "page", "userId": user, "timestamp": at.isoformat(),
                     "properties": {"url": f"https://shop.example/?q={token}" if mine else "https://shop.example/"},
                     "context": {"userAgent": "Mozilla/5.0", "page": {"path": "/"}}})  # fmt: skip
    told += planted_ties.group_lines(THEIRS, "acme", token, FIRST)
    told += planted_ties.group_lines("u1", "acme", "plain", FIRST)
    told.append({"type": "track", "userId": THEIRS, "timestamp": FIRST.isoformat(), "properties": {"note": token}})
    return told


def opened(root: Path) -> AbstractContextManager[app.Workspace]:
    """The workspace as of :data:`NOW`."""
    return app.open_workspace(root, "write", FixedClock(NOW))


def planted(root: Path, files: Path, *, exports: bool = True) -> None:
    """Make the workspace at ``root``, and files that it wrote in ``files``: with ``exports`` a back-up and others."""
    write(root, DOCUMENTS)
    files.mkdir()
    (files / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines()), "utf-8")
    (files / "till.csv").write_text(
        "sold_at,customer,receipt,price,note\n"
        "2026-03-02 10:00:00,u1,r1,5,plain\n"
        f"2026-03-02 11:00:00,{THEIRS},r2,6,for {TOKEN}\n2026-03-02 11:00:00,{THEIRS},r2,6,second line\n"
        "2026-03-02 12:00:00,u2,r3,7,plain\n"
    )
    with opened(root) as shop:
        engine, catalog = shop.engine, shop.catalog
        for name, source in (("in.jsonl", None), ("till.csv", "till")):
            collect.import_files(engine, catalog, [files / name], source, now=NOW, reader=shop.frames)
            (files / name).unlink()
        _hooks(shop)
        engine.apply_pending()
        planted_ties.tie(shop, files, THEIRS, TOKEN, NOW)
        _kept_by_later_rooms(shop)
        if exports:
            _written(shop, files)
        engine.spool_append(collect.request_frames([_waiting()]))


def _waiting() -> collect.Request:
    """Durable, and not taken in yet."""
    line = {"type": "track", "event": "Waited", "userId": THEIRS, "messageId": "w1", "properties": {"text": TOKEN}}
    other = {"type": "track", "event": "Waited", "userId": "u1", "messageId": "w2", "properties": {"text": "plain"}}
    text = "".join(json.dumps(one) + "\n" for one in (line, other)).encode()
    return collect.Request("site", text, 2, NOW, history=False)


def _hooks(shop: app.Workspace) -> None:
    """A body about the person alone, one about them and another, one about another."""
    spec = shop.catalog.get("source", "desk").spec
    assert isinstance(spec, collect.SourceSpec)
    mine, other = {"who": THEIRS, "text": f"I am {TOKEN}"}, {"who": "u1", "text": "it broke"}
    bodies = [[mine], [mine | {"text": f"again {TOKEN}"}, other], [other | {"text": "still"}]]
    shop.engine.spool_append(
        collect.webhook_frame("desk", spec, json.dumps({"tickets": tickets}).encode(), NOW) for tickets in bodies
    )


def _kept_by_later_rooms(shop: app.Workspace) -> None:
    """A case, a message with its text in the inbox, a model whose card holds the text."""
    key = identify.find(shop.engine, f"user_id:{THEIRS}").profile_key
    at = pa.scalar(naive_utc(NOW), TIMESTAMP)
    case = {
        "case_id": "c1", "profile_key": key, "node_key": key, "title": f"Call {TOKEN}", "reason": "at risk",
        "priority": "high", "owner": None, "opened_at": at.as_py(), "due_at": None, "journey": None, "run": None,
        "step": None,
    }  # fmt: skip
    rows = pa.Table.from_pylist([case])
    shop.engine.act("care", lambda tx, batch: (care.open_cases(tx, batch, rows), None)[1], now=NOW)
    with shop.engine.ops.write() as tx:
        tx.execute(
            "INSERT INTO messages (message_id, profile_key, node_key, at, channel, medium, template, purpose, "
            "variables, address, state, attempts) "
            "VALUES ('msg1', ?, ?, ?, 'email', 'email', 't', 'marketing', ?, ?, 'sent', 1)",
            (key, key, micros(NOW), json.dumps({"name": TOKEN}), f"{TOKEN}@customers.example"),
        )
        tx.execute(
            "INSERT INTO inbox VALUES ('msg1', 'email', 'email', ?, 'Hello', ?, 'text', '{}', ?, ?, 1)",
            (f"{TOKEN}@customers.example", f"<p>Dear {TOKEN}</p>", micros(NOW), micros(NOW)),
        )
        tx.execute("INSERT INTO suppressions VALUES ('email', ?, 'bounced', ?, 'msg1')",
                   (f"{TOKEN}@customers.example".lower(), micros(NOW)))  # fmt: skip
        tx.execute(
            "INSERT INTO models (model, prediction, trained_as_of, run, report) VALUES ('m1', 'churn', 0, 1, ?)",
            (json.dumps({"example": TOKEN}),),
        )
    model = shop.engine.data / "models" / "churn" / "m1"
    model.mkdir(parents=True)
    (model / "card.json").write_text(json.dumps({"example": TOKEN}))
    (shop.engine.data / "before-rebuild").mkdir()
    (shop.engine.data / "before-rebuild" / "operations.sqlite-wal").write_bytes(b"old " + TOKEN.encode())
    (shop.engine.data / "spool").mkdir(exist_ok=True)
    (shop.engine.data / "spool" / "0000000009.17.torn").write_bytes(b"half a frame " + TOKEN.encode())


def _written(shop: app.Workspace, files: Path) -> None:
    """Exports, the person's own copy, a back-up: all registered."""
    engine, place = shop.engine, app.protected(shop)
    (files / "members.csv").write_text(f"profile_id,email\np_1,{TOKEN}@customers.example\np_2,u2@customers.example\n")
    papq.write_table(
        pa.table({"user_id": [THEIRS, "u2"], "email": [f"{TOKEN}@customers.example", "u2@customers.example"]}),
        files / "members.parquet",
    )
    for name in ("members.csv", "members.parquet"):
        protect.register_artifact(engine, files / name, "export", NOW)
    person = protect.found_or_erased(place, f"user_id:{THEIRS}")
    protect.export_person(place, person, files / "copy.zip", made_by="dpo", now=NOW)
    protect.back_up(place, files / "shop.tar", now=NOW)


def counts(shop: app.Workspace) -> dict[str, list[dict[str, Any]]]:
    """Numbers that an erasure leaves as they are: by day in UTC and in the workspace's zone, event, product, money."""
    ask = shop.engine.analytics.query
    local = "CAST(ts + INTERVAL 1 HOUR AS DATE)"
    return {
        name: ask(sql).to_pylist()
        for name, sql in {
            "events": "SELECT event, CAST(ts AS DATE) AS day, count(*) AS n, count(DISTINCT profile_key) AS people "
            "FROM log_events GROUP BY ALL ORDER BY ALL",
            "local": f"SELECT event, {local} AS day, count(*) AS n FROM log_events GROUP BY ALL ORDER BY ALL",
            "revenue": "SELECT CAST(ts AS DATE) AS day, kind, currency, sum(amount_minor) AS minor, "
            "count(DISTINCT order_id) AS orders, count(DISTINCT profile_key) AS people FROM log_orders "
            "GROUP BY ALL ORDER BY ALL",
            "seen": "SELECT event, count(DISTINCT profile_id) AS people FROM events GROUP BY ALL ORDER BY ALL",
            "products": "SELECT product_id, name, sum(quantity_micro) AS pieces, sum(amount_micro) AS amount "
            "FROM order_item_rows GROUP BY ALL ORDER BY ALL",
        }.items()
    }
