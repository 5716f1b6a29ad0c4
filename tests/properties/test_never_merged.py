"""Merged, lived on and split is as never merged, view by view, but for what Foretell says of the merge itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from foretell import app, collect, identify, measure, profile, segment
from foretell.clock import SteppedClock
from foretell.identify.ledger import keep_apart
from tests.support.small_workspace import SEGMENT, write

BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
DOCUMENTS = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: Europe/Berlin\n",
    "sources/site.yaml": "kind: source\nkey: site\nspec: {format: jsonl, history: true, lag: 0s}\n",
    "segments/buyers.yaml": SEGMENT.format(key="buyers", condition="{did: Order Completed}"),
    "segments/often.yaml": SEGMENT.format(key="often", condition="{did: Order Completed, times: {gte: 2}}"),
    "segments/berlin.yaml": SEGMENT.format(key="berlin", condition="{trait: city, is: Berlin}"),
    "segments/mail.yaml": SEGMENT.format(key="mail", condition="{consent: email.marketing}"),
}  # fmt: skip
VIEWS = {
    "profiles": "SELECT * FROM profiles ORDER BY profile_id",
    "identifiers": "SELECT * FROM identifiers ORDER BY ALL",
    "events": "SELECT message_id, profile_id, event, timestamp, properties FROM events WHERE source <> 'foretell' "
    "ORDER BY message_id",
    "orders": "SELECT * FROM orders ORDER BY ALL",
    "order_items": "SELECT * FROM order_items ORDER BY ALL",
    "sessions": "SELECT * FROM sessions ORDER BY ALL",
    "consents": "SELECT * FROM consents ORDER BY ALL",
    "account_members": "SELECT * FROM account_members ORDER BY ALL",
    "accounts": "SELECT * FROM accounts ORDER BY ALL",
}
PEOPLE = 12
PAIRS = [(0, 1), (2, 3), (4, 5), (5, 6)]
"""Who is taken for one person by hand; the last three in a row."""
BY_EVENT = (7, 8)
"""Who is, since an event names the device of one and the address of the other."""


def lines(random: Random, begin: datetime, name: str) -> Iterator[dict[str, Any]]:
    """What a dozen people do in a month."""
    for number in range(90):
        person = random.randrange(PEOPLE)
        at = begin + timedelta(hours=random.randrange(28 * 24), minutes=random.randrange(60))
        kind = random.choice(["page", "page", "order", "identify", "consent"])
        who: dict[str, Any] = {"userId": f"u{person}"} if random.random() < 0.7 and person != BY_EVENT[1] else {}
        who["anonymousId"] = f"a{person}-{random.randrange(2)}" if kind == "page" or not who else None
        yield {
            "messageId": f"{name}-{number}", "timestamp": at.isoformat(),
            **{key: value for key, value in who.items() if value}, **_told(random, kind, number),
        }  # fmt: skip


def _told(random: Random, kind: str, number: int) -> dict[str, Any]:
    if kind == "page":
        context = {"userAgent": "Mozilla/5.0 (Windows NT 10.0) Firefox/127.0"}
        return {"type": "page", "properties": {"url": f"https://shop.example/{number}"}, "context": context}
    if kind == "order":
        items = [{"product_id": f"p{number % 3}", "quantity": 1, "price": 5}]
        told = {"order_id": f"o{number % 40}", "revenue": number / 4, "currency": "EUR", "products": items}
        return {"type": "track", "event": "Order Completed", "properties": told}
    if kind == "identify":
        return {"type": "identify", "traits": {"city": random.choice(["Berlin", "Bonn"]), "visits": number}}
    state = random.choice(["granted", "denied"])
    told = {"channel": "email", "purpose": "marketing", "state": state}
    return {"type": "track", "event": "Consent Updated", "properties": told}


@contextmanager
def shop(folder: Path) -> Iterator[app.Workspace]:
    write(folder, DOCUMENTS)
    with app.open_workspace(folder, "write", SteppedClock(BEGIN + timedelta(days=100))) as place:
        app.apply(place)
        yield place


def arrive(place: app.Workspace, name: str, told: list[dict[str, Any]]) -> None:
    path = place.root / f"{name}.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in told))
    collect.import_files(place.engine, place.catalog, [path], "site", now=place.clock.now(), reader=place.frames)
    collect.refresh_sessions(place.engine, place.catalog, now=place.clock.now())


def evidence(one: int, other: int) -> dict[str, Any]:
    """An event that names two people."""
    at = (BEGIN + timedelta(days=32)).isoformat()
    told = {"messageId": f"both-{one}-{other}", "timestamp": at, "type": "track", "event": "Seen"}
    return {**told, "anonymousId": f"a{one}-0", "context": {"traits": {"email": f"u{other}@shop.example"}}}


def seen(place: app.Workspace) -> dict[str, Any]:
    """Everything that a person or a program is shown."""
    found: dict[str, Any] = {name: place.engine.analytics.query(sql).to_pylist() for name, sql in VIEWS.items()}
    for document in place.catalog.all("segment"):
        key, at = document.key, BEGIN + timedelta(days=95)
        found[key] = segment.members(place.catalog, place.reader, key, as_of=at).to_pylist()
    cards = (profile.show(place.engine, identify.find(place.engine, one["profile_id"])) for one in found["profiles"])
    found["cards"] = [
        (card.profile_id, card.identifiers, card.traits, card.events, card.first_seen, card.last_seen, card.consents)
        for card in cards
    ]
    for key in ("revenue", "orders", "active_customers", "repeat_rate"):
        at = BEGIN + timedelta(days=95)
        found[f"kpi {key}"] = measure.show(place.engine, place.reader, place.catalog, key, now=at, by=["month"])
    return found


@pytest.mark.parametrize("seed", [1])
def test_merged_and_split_is_as_never_merged(tmp_path: Path, seed: int) -> None:
    worlds = []
    for merging in (False, True):
        random = Random(seed)
        with shop(tmp_path / str(merging)) as place:
            arrive(place, "first", [*known(), *lines(random, BEGIN, "first")])
            (join if merging else stay_apart)(place)
            second = lines(random, BEGIN + timedelta(days=31), "second")
            arrive(place, "second", [evidence(*BY_EVENT), *second])
            if merging:
                part(place, Random(seed))
            arrive(place, "third", list(lines(random, BEGIN + timedelta(days=62), "third")))
            worlds.append(seen(place))
    assert len(worlds[0]["account_members"]) == PEOPLE
    for name, rows in worlds[0].items():
        assert worlds[1][name] == rows, name


def known() -> Iterator[dict[str, Any]]:
    """Everybody has an address and a device, all but one a user id; they belong to three companies."""
    for n in range(PEOPLE):
        ids: dict[str, Any] = {"anonymousId": f"a{n}-0", "traits": {"email": f"u{n}@shop.example"}}
        ids |= {} if n == BY_EVENT[1] else {"userId": f"u{n}"}
        yield {"messageId": f"i{n}", "timestamp": BEGIN.isoformat(), "type": "identify", **ids}
        yield {"messageId": f"g{n}", "timestamp": BEGIN.isoformat(), "type": "group", "anonymousId": f"a{n}-0",
               "groupId": n % 3, "traits": {"role": f"r{n}"}}  # fmt: skip


def join(place: app.Workspace) -> None:
    for pair in PAIRS:
        app.merge_people(place, *(f"user_id:u{person}" for person in pair), force=True)


def stay_apart(place: app.Workspace) -> None:
    for pair in [*PAIRS, BY_EVENT]:
        one, other = (identify.find(place.engine, f"email:u{person}@shop.example").profile_key for person in pair)
        with place.engine.ops.write() as tx:
            keep_apart(tx, one, other, place.clock.now(), None)


def part(place: app.Workspace, random: Random) -> None:
    """Take every merge of theirs back, in any order."""
    ops = place.engine.ops
    merges = ops.query("SELECT merge_id, kind_b, value_b FROM merges WHERE reason = 'hand' OR message_id LIKE 'both%'")
    assert len(merges) == len(PAIRS) + 1
    random.shuffle(merges)
    for number, kind, value in merges:
        app.split_person(place, f"{kind}:{value}", merge_id=number, dry_run=False)
