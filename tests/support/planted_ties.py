"""Where people of the planted shop touch others: accounts, own tables, words spoken while two were one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import app, collect, identify, profile
from foretell.clock import micros
from foretell.identify.edges import numbers_of

DOCUMENTS = {
    "tables/pets.yaml": "kind: table\nkey: pets\nspec:\n  row_key: tag\n  link: {user_id: who}\n"
    "  columns: {note: string}\n  refresh: {mode: replace}\n",
}
FRIEND = "u4"
"""Was one person with the other for a while."""


def group_lines(user: str, account: str, word: str, at: datetime) -> list[dict[str, Any]]:
    """One call that says that a person belongs to an account, with the role and a trait in ``word``."""
    return [
        {"type": "group", "messageId": f"g-{user}", "userId": user, "groupId": account, "timestamp": at.isoformat(),
         "traits": {"role": f"role {word}", "name": f"firm of {word}"}}
    ]  # fmt: skip


def tie(shop: app.Workspace, files: Path, theirs: str, token: str, now: datetime) -> None:
    """Plant all of it in an opened shop."""
    _pets(shop, files, theirs, token, now)
    _once_one(shop, theirs, token, now)
    _cards_pairs_and_denials(shop, theirs, token, now)


def _pets(shop: app.Workspace, files: Path, theirs: str, token: str, now: datetime) -> None:
    """Rows of a table under keys that tell the person; one of them is gone with the second load."""
    rows = [f"{token}-a,{theirs},likes {token}", f"{token}-b,{theirs},plain", "pet-2,u2,plain", "pet-3,u3,gone"]
    path = files / "pets.csv"
    for number, some in enumerate((rows, rows[::2])):
        path.write_text("tag,who,note\n" + "".join(f"{row}\n" for row in some))
        collect.load_file(shop.engine, shop.catalog, "pets", path, now=now + timedelta(minutes=number))
    path.unlink()


def _once_one(shop: app.Workspace, theirs: str, token: str, now: datetime) -> None:
    """Consent in the person's words, given while they were one with another; afterwards they are kept apart."""
    engine = shop.engine
    one, other = (identify.find(engine, f"user_id:{name}") for name in (FRIEND, theirs))
    rules = identify.rules_of(shop.catalog)
    identify.merge(engine, one, other, rules=rules, now=now, note=f"is {token}", force=True)
    said = {
        "channel": "email", "purpose": "marketing", "state": "granted", "wording": f"words of {token}",
        "basis": f"form {token}",
    }  # fmt: skip
    line = {"type": "track", "event": "Consent Updated", "userId": theirs, "messageId": f"c-{token}",
            "timestamp": now.isoformat(), "properties": said}  # fmt: skip
    text = json.dumps(line).encode() + b"\n"
    engine.spool_append(collect.request_frames([collect.Request("site", text, 1, now, history=False)]))
    engine.apply_pending()
    identify.split(engine, identify.find(engine, f"user_id:{FRIEND}"), now=now, note=f"is not {token}")


def _cards_pairs_and_denials(shop: app.Workspace, theirs: str, token: str, now: datetime) -> None:
    engine = shop.engine
    mine, other = (identify.find(engine, f"user_id:{name}").profile_key for name in (theirs, "u9"))
    profile.lay_cards(engine, [mine, other], {mine: json.dumps({"says": token})}, profile.card_rules(shop.catalog), now)
    mail = f"{token}@customers.example".lower()
    with engine.ops.write() as tx:
        tx.execute(
            "INSERT INTO denied VALUES ('limit:email', 'user_id', 'u9', 'email', ?, 1, ?, ?, ?)",
            (mail, micros(now), micros(now), f"m-{token}"),
        )
        tx.execute(
            "INSERT INTO match_pairs VALUES (?, ?, 0.7, 3.0, '[]', NULL, 'waiting', 1, ?, NULL)",
            (min(mine, other), max(mine, other), micros(now)),
        )
        tx.execute(
            "INSERT INTO seen_with VALUES (?, ?)", (number_of("anonymous_id", "tablet"), number_of("user_id", theirs))
        )
        tx.execute("INSERT INTO edges_seen VALUES (1, 2, ?, ?)", (other, mine))
        tx.execute(
            "INSERT INTO consent_requests (request, node_key, channel, purpose, wording, source, requested_at, "
            "event_id, state) VALUES ('rq1', ?, 'email', 'marketing', ?, 'site', ?, 'e1', 'open')",
            (mine, f"words of {token}", micros(now)),
        )


def number_of(kind: str, value: str) -> int:
    """The number by which an identifier is kept among those that may be shared."""
    return int(numbers_of(pa.table({"kind": [kind], "value": [value]}))[0])
