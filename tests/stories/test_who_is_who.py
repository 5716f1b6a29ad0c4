"""Two people glued by mistake are seen, explained, parted, kept apart; rules are tried before they hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretell import app
from foretell.collect import Scope
from foretell.engine import promise_swap
from tests.support.commands import Foretell
from tests.support.small_workspace import write

FILES = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: Europe/Berlin\n",
    "sources/site.yaml": "kind: source\nkey: site\nspec: {format: jsonl, history: true}\n",
}
RULES = "kind: identity\nkey: people\nspec:\n  identifiers:\n    user_id: {limit: 1}\n    phone: {merges: false}\n"


def said(name: str, day: int, **more: object) -> str:
    head = {"type": "track", "event": "Seen", "messageId": name, "timestamp": f"2025-01-{day:02d}T09:00:00Z"}
    return json.dumps(head | more)


def contact(**ids: str) -> dict[str, object]:
    return {"context": {"traits": ids}}


@pytest.fixture
def shop(foretell_command: Path, tmp_path: Path) -> Foretell:
    """Ann and her device, then Ben at the till, who gave the phone that Ann gave as well."""
    write(tmp_path, FILES)
    found = Foretell(foretell_command, tmp_path)
    lines = [
        said("m1", 1, anonymousId="device"),
        said("m2", 2, userId="ann"),
        said("m3", 3, userId="ann", anonymousId="device"),
        said("m4", 4, **contact(email="ben@shop.example")),
        said("m5", 5, userId="ann", **contact(phone="+4915112345678")),
        said("m6", 6, **contact(email="ben@shop.example", phone="+4915112345678")),
        said("m7", 7, userId="ben@shop.example"),
    ]
    write(tmp_path, {"site.jsonl": "\n".join(lines) + "\n"})
    found("import", "site.jsonl", "--source", "site")
    return found


def people(shop: Foretell) -> set[frozenset[str]]:
    with app.open_workspace(shop.folder, "read") as place:
        rows = place.engine.analytics.query("SELECT profile_id, kind, value FROM identifiers").to_pylist()
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["profile_id"], set()).add(f"{row['kind']}:{row['value']}")
    return {frozenset(ids) for ids in found.values()}


ANN, DEVICE = "user_id:ann", "anonymous_id:device"
BEN, PHONE = "email:ben@shop.example", "phone:+4915112345678"
OTHER = frozenset({"user_id:ben@shop.example"})
GLUED = {frozenset({ANN, DEVICE, BEN, PHONE}), OTHER}
PARTED = {frozenset({ANN, DEVICE, PHONE}), frozenset({BEN}), OTHER}


def test_a_wrong_merge_is_explained_parted_and_not_made_again(shop: Foretell) -> None:
    assert people(shop) == GLUED
    why = shop.json("profile", "explain", BEN)
    assert {f"{one['kind']}:{one['value']}" for one in why["identifiers"]} == {ANN, DEVICE, BEN, PHONE}
    assert [(one["reason"], one["message_id"]) for one in why["merges"]] == [("event", "m3"), ("event", "m6")]
    way = shop.json("profile", "explain", BEN, "--to", "user_id:ann")["connection"]
    assert [(one["message_id"], one["one"], one["other"]) for one in way] == [("m6", BEN, PHONE), ("m5", ANN, PHONE)]

    ambiguous = shop("profile", "split", "ben@shop.example", status=2)
    assert BEN in ambiguous.stderr
    assert "user_id:ben@shop.example" in ambiguous.stderr
    shown = shop.json("profile", "split", BEN, "--dry-run")
    assert not shown["done"]
    assert people(shop) == GLUED
    done = shop.json("profile", "split", BEN, "--reason", "two customers, one phone at home")
    assert done["leaves"] == shown["leaves"]
    assert done["leaves"]["identifiers"] == [["email", "ben@shop.example"]]
    assert (done["stays"]["events"], done["leaves"]["events"]) == (4, 2)
    assert people(shop) == PARTED

    again = said("m8", 8, **contact(email="ben@shop.example", phone="+4915112345678"))
    write(shop.folder, {"again.jsonl": again + "\n"})
    shop("import", "again.jsonl", "--source", "site")
    assert people(shop) == PARTED
    why = shop.json("profile", "explain", BEN)
    assert [one["note"] for one in why["kept_apart"]] == ["two customers, one phone at home"]
    assert [(one["rule"], one["message_id"]) for one in why["denied"]] == [("kept_apart", "m8")]
    assert "never merged" in shop("profile", "split", BEN, status=2).stderr

    shop("profile", "merge", "user_id:ann", "user_id:ben@shop.example", status=2)
    shop("profile", "merge", "user_id:ann", "user_id:ann", status=2)
    shop("profile", "merge", BEN, "user_id:ann", "--reason", "he is she after all")
    assert people(shop) == GLUED
    events = shop.rows("SELECT event, count(*) AS n FROM events WHERE source = 'foretell' GROUP BY 1 ORDER BY 1")
    assert [tuple(row.values()) for row in events] == [("Profiles Merged", 3), ("Profiles Split", 1)]
    assert shop.rows("SELECT sum(events) AS n FROM profiles")[0]["n"] == 8, "they are nobody's activity"


def test_what_was_decided_by_hand_outlives_a_rebuild(shop: Foretell) -> None:
    shop("profile", "split", BEN)
    shop("profile", "merge", DEVICE, "user_id:ben@shop.example", "--force")
    decided = {frozenset({ANN, DEVICE, PHONE}) | OTHER, frozenset({BEN})}
    assert people(shop) == decided
    with app.open_workspace(shop.folder) as place:
        app.rebuild(place, Scope()).close()
        promise_swap(place.engine.data)
    assert people(shop) == decided
    why = shop.json("profile", "explain", DEVICE)
    assert sorted(one["reason"] for one in why["merges"]) == ["event", "hand"]
    assert len(why["kept_apart"]) == 1
    assert [one["reason"] for one in why["undone"]] == ["event"]
    told = shop.rows("SELECT event, count(*) AS n FROM events WHERE source = 'foretell' GROUP BY 1 ORDER BY 1")
    assert [tuple(row.values()) for row in told] == [("Profiles Merged", 3), ("Profiles Split", 1)]


def test_changed_rules_are_shown_first_and_then_hold_for_the_people_there_are(shop: Foretell) -> None:
    assert shop.json("plan")["identity"] is None
    write(shop.folder, {"identity/people.yaml": RULES})
    told = shop.json("plan")["identity"]
    assert (told["merges"], told["splits"], told["people_now"], told["people"]) == (0, 1, 2, 3)
    assert [(one["because"], one["merge"]["message_id"]) for one in told["parts"]] == [("merges:phone", "m6")]
    assert "Identity rules: 0 merges and 1 splits" in shop("plan").stdout
    assert people(shop) == GLUED
    shop("apply")
    assert people(shop) == PARTED
    assert shop.json("plan")["identity"] is None
    assert [one["reason"] for one in shop.json("profile", "explain", ANN)["undone"]] == ["event"]
    (shop.folder / "identity/people.yaml").unlink()
    assert shop.json("plan")["identity"]["merges"] == 1
    shop("apply")
    assert people(shop) == GLUED
    reasons = [one["reason"] for one in shop.json("profile", "explain", ANN)["merges"]]
    assert sorted(reasons) == ["event", "rules"]
