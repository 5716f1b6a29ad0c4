"""Identity through HTTP: why somebody is one person, splitting with a preview, merging, the lists of the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write

ANN, CARD = "user_id:ann", "email:ann@shop.example"


def said(name: str, **more: object) -> str:
    head = {"type": "track", "event": "Seen", "messageId": name, "timestamp": "2025-01-02T09:00:00Z"}
    return json.dumps(head | more)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Ann, her address that came first alone, and Bob on her device."""
    told = [
        said("m1", context={"traits": {"email": "ann@shop.example"}}),
        said("m2", userId="ann", anonymousId="d1"),
        said("m3", userId="ann", context={"traits": {"email": "ann@shop.example"}}),
        said("m4", userId="bob", anonymousId="d1"),
    ]
    folder = tmp_path_factory.mktemp("identity")
    with served(folder, events="\n".join(told) + "\n", clock=FixedClock(NOW)) as site:
        yield site


def post(shop: Served, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = shop.browser.post(f"/api/identity/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_explained_split_and_made_one_again(shop: Served) -> None:
    why = shop.get("identity/explain", id=ANN, to=CARD)
    (merge,) = why["merges"]
    assert (merge["reason"], merge["message_id"], merge["in_force"]) == ("event", "m3", True)
    assert [(one["one"], one["other"], one["message_id"]) for one in why["connection"]] == [(ANN, CARD, "m3")]
    assert [(one["rule"], one["times"]) for one in why["denied"]] == [("limit:user_id", 1)]

    shown = shop.get("identity/split", id=ANN)
    assert (shown["done"], shown["stays"]["identifiers"]) == (False, [CARD])
    assert shop.get("identity/explain", id=ANN)["merges"] == why["merges"], "only shown"
    done = post(shop, "split", {"id": ANN, "note": "not hers"})
    assert done == {**shown, "done": True}
    (apart,) = shop.get("identity/explain", id=ANN)["kept_apart"]
    assert (apart["known_by"], apart["note"]) == (CARD, "not hers")
    assert post(shop, "split", {"id": ANN}, 400)["error"]["code"] == "NEVER_MERGED"

    made = post(shop, "merge", {"one": ANN, "other": CARD, "note": "it is"})
    assert made["profile_id"] == done["stays"]["profile_id"]
    assert post(shop, "merge", {"one": ANN, "other": CARD}, 400)["error"]["code"] == "PROFILES_ALREADY_ONE"
    assert post(shop, "merge", {"one": ANN, "other": "user_id:bob"}, 400)["error"]["code"] == "LIMIT_EXCEEDED"
    assert post(shop, "merge", {"one": ANN, "other": "user_id:nobody"}, 404)["error"]["code"] == "PROFILE_UNKNOWN"

    told = shop.get("identity/ledger")
    assert [(row["reason"], row["in_force"], row["note"]) for row in told["rows"]] == [
        ("hand", True, "it is"), ("event", False, None),
    ]  # fmt: skip
    assert shop.get("identity/ledger", reason="event", in_force=True)["total"] == 0


def test_what_the_page_lists(shop: Served) -> None:
    (denied,) = shop.get("identity/denied")["rows"]
    assert (denied["rule"], denied["message_id"]) == ("limit:user_id", "m4")
    first = shop.get("identity/biggest")["rows"][0]
    assert first["by_kind"] == {"anonymous_id": 1, "email": 1, "user_id": 1}
    assert "unknown" in shop.get("identity/blocked")["values"]


def test_a_changed_document_is_shown_before_it_holds(shop: Served) -> None:
    assert shop.get("identity/preview")["followed"]
    rules = "kind: identity\nkey: people\nspec: {identifiers: {user_id: {limit: 2}}}\n"
    write(shop.site.workspace.root, {"identity/people.yaml": rules})
    told = shop.get("identity/preview")
    assert (told["followed"], told["merges"], told["splits"]) == (False, 1, 0)
    (example,) = told["joins"]
    assert (example["one"], example["other"], example["message_id"]) == ("user_id:bob", "anonymous_id:d1", "m4")
    assert told["largest"][0]["identifiers"] == told["largest"][0]["identifiers_now"] + 1
