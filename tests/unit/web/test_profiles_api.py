"""Profiles for other programs: cards, timelines, looking up many, writing traits back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import collect
from foretell.web import Access
from tests.support.served_workspace import Served, served

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
ANN, BOB = {"userId": "ann"}, {"userId": "bob"}
IDENTITY = """kind: identity
key: people
spec:
  survivorship:
    default: latest
    traits: {name: longest, city: {by_source: [crm, api]}, email: verified_first}
"""


def line(kind: str, number: int, at: str, **more: Any) -> str:
    return json.dumps({"type": kind, "messageId": f"m{number}", "timestamp": f"2025-01-{at}:00:00Z", **more})


EVENTS = "\n".join(
    (
        line("identify", 1, "01T09", **ANN, traits={"name": "Ann Lee", "email": "Ann@x.example", "seats": 2.5}),
        line("identify", 2, "02T09", **ANN, traits={"name": "Ann", "newsletter": True}),
        line("track", 3, "03T09", **ANN, event="Order Completed", properties={"order_id": "1", "revenue": 9}),
        line("page", 4, "03T09", **ANN, name="Home"),
        line("track", 5, "04T09", **ANN, event="Product Viewed", properties={"product_id": "x"}),
        line("group", 6, "05T09", **ANN, groupId="acme", traits={"name": "Acme", "role": "buyer"}),
        line("track", 7, "06T09", **ANN, event="Consent Updated",
             properties={"channel": "email", "purpose": "marketing", "state": "granted"}),
        line("identify", 8, "02T09", **BOB, traits={"name": "Bob"}),
    )
)  # fmt: skip


class Ticking:
    """A clock on which no two looks are the same."""

    def __init__(self) -> None:
        self._at = NOW

    def now(self) -> datetime:
        self._at += timedelta(milliseconds=1)
        return self._at


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    folder = tmp_path / "shop"
    (folder / "identity").mkdir(parents=True)
    (folder / "identity" / "people.yaml").write_text(IDENTITY)
    (folder / "segments").mkdir()
    (folder / "segments" / "buyers.yaml").write_text(
        "kind: segment\nkey: buyers\nspec: {title: Who bought, condition: {did: Order Completed}}\n"
    )
    (folder / "sources").mkdir()
    for name in ("crm", "till"):
        text = f"kind: source\nkey: {name}\nspec: {{format: jsonl, history: true}}\n"
        (folder / "sources" / f"{name}.yaml").write_text(text)
    (folder / "foretell.yaml").write_text("name: Shop\ncurrency: EUR\nzone: UTC\n")
    with served(folder, events=EVENTS, clock=Ticking()) as found:
        yield found


def patch(shop: Served, who: str, traits: object, status: int = 200, key: str | None = None, **more: object) -> Any:
    headers = {"idempotency-key": key} if key else {}
    answer = shop.browser.request(
        "PATCH", f"/api/profiles/{who}/traits", json={"traits": traits, **more}, headers=headers
    )
    assert answer.status_code == status, answer.text
    return answer.json()


def values(shop: Served, who: str = "user_id:ann") -> dict[str, Any]:
    return {name: told["value"] for name, told in shop.get(f"profiles/{who}")["traits"].items()}


def test_a_card_tells_all_that_is_known(shop: Served) -> None:
    card = shop.get("profiles/user_id:ann")
    assert card["identifiers"] == [{"kind": "email", "value": "ann@x.example"}, {"kind": "user_id", "value": "ann"}]
    assert (card["first_seen"], card["last_seen"], card["events"]) == (
        "2025-01-01T09:00:00Z", "2025-01-06T09:00:00Z", 7,
    )  # fmt: skip
    assert card["traits"]["name"] == {
        "value": "Ann", "source": "api", "at": "2025-01-02T09:00:00Z", "verified": False, "rule": "longest",
        "others": [],
    }  # fmt: skip
    assert card["traits"]["seats"]["value"] == 2.5
    assert [(one["purpose"], one["state"]) for one in card["consents"]] == [("email.marketing", "granted")]
    assert card["accounts"] == [{"id": "acme", "kind": "account", "role": "buyer", "since": "2025-01-05T09:00:00Z"}]
    assert card["segments"] == [{"key": "buyers", "title": "Who bought"}]
    assert card["predictions"] == []
    assert shop.get(f"profiles/{card['profile_id']}")["traits"] == card["traits"]
    assert shop.get("profiles/email:ANN@x.example")["profile_id"] == card["profile_id"]


def test_a_ready_card_is_the_same_and_follows_what_happens(shop: Served) -> None:
    made = shop.get("profiles/user_id:ann")
    assert shop.site.cards.lay() == 1
    ops = shop.site.workspace.engine.ops
    assert ops.query("SELECT count(*) FROM cards WHERE own IS NOT NULL AND parts IS NOT NULL") == [(1,)]
    assert shop.get("profiles/user_id:ann") | {"computed_at": ""} == made | {"computed_at": ""}
    patch(shop, "user_id:ann", {"seats": 4})
    shop.apply()
    assert ops.query("SELECT count(*) FROM cards WHERE own IS NULL") == [(1,)]
    assert values(shop)["seats"] == 4, "made on the spot"
    assert shop.site.cards.lay() == 1
    assert values(shop)["seats"] == 4, "and ready again"


def test_who_is_not_known_or_several(shop: Served) -> None:
    for path in ("profiles/user_id:zz", "profiles/zz", "profiles/p_zz", "profiles/user_id:zz/timeline"):
        assert shop.get(path, status=404)["error"]["code"] == "PROFILE_UNKNOWN"
    patch(shop, "user_id:zz", {"a": 1}, status=404)
    shop.browser.post("/v1/identify", content=line("identify", 9, "07T09", anonymousId="bob", traits={"a": 1}))
    shop.apply()
    error = shop.get("profiles/bob", status=409)["error"]
    assert error["code"] == "PROFILE_AMBIGUOUS"
    assert "user_id:bob" in error["what"]
    assert shop.get("profiles/user_id:bob")["events"] == 1


def test_what_is_written_back_is_kept_at_once_and_counts_by_its_rule(shop: Served) -> None:
    done = patch(shop, "email:ann@x.example", {"city": "Köln 🎁", "name": "A", "seats": None, "vip": True}, by="Kim")
    assert done["kept"] == 1
    waiting = shop.site.workspace.engine.spool_waiting_bytes()
    assert waiting > 0, "on the disk before the answer"
    shop.apply()
    told = shop.get("profiles/user_id:ann")["traits"]
    assert told["city"] == {
        "value": "Köln 🎁", "source": "api", "at": "2025-02-01T12:00:00Z", "verified": False, "rule": "by_source",
        "others": [],
    } | {"at": told["city"]["at"]}  # fmt: skip
    assert "seats" not in told
    assert told["vip"]["value"] == "true"
    found = shop.site.workspace.engine.analytics.query(
        "SELECT source, type, context FROM event_log WHERE message_id = $id", {"id": done["message_ids"][0]}
    ).to_pylist()
    assert [(row["source"], row["type"]) for row in found] == [("api", "identify")]
    assert json.loads(found[0]["context"])["written"] == {"by": "Kim", "through": "profile api"}


def test_what_sources_say_instead_is_shown(shop: Served, tmp_path: Path) -> None:
    place = shop.site.workspace
    for source, number, told in (
        ("crm", 20, {"city": "Bonn", "email": "Ann@x.example", "email_verified": True, "name": "Ann Lee-Smith"}),
        ("till", 21, {"city": "Ulm", "email": "ANN@x.example", "name": "Änn"}),
    ):
        path = tmp_path / f"{source}.jsonl"
        path.write_text(line("identify", number, "01T08", **ANN, traits=told) + "\n")
        collect.import_files(place.engine, place.catalog, [path], source, now=NOW)
    patch(shop, "user_id:ann", {"city": "Köln"})
    shop.apply()
    told = shop.get("profiles/user_id:ann")["traits"]
    assert (told["city"]["value"], told["city"]["source"]) == ("Bonn", "crm")
    assert [(one["value"], one["source"]) for one in told["city"]["others"]] == [("Köln", "api"), ("Ulm", "till")]
    assert (told["name"]["value"], told["name"]["source"]) == ("Ann Lee-Smith", "crm")
    assert (told["email"]["source"], told["email"]["verified"], told["email"]["rule"]) == (
        "crm",
        True,
        "verified_first",
    )
    person = shop.get("people/user_id:ann")
    (city,) = [trait for trait in person["traits"] if trait["name"] == "city"]
    assert (city["value"], city["source"], [one["source"] for one in city["others"]]) == (
        "Bonn",
        "crm",
        ["api", "till"],
    )
    patch(shop, "user_id:ann", {"city": None})
    shop.apply()
    told = shop.get("profiles/user_id:ann")["traits"]
    assert [one["source"] for one in told["city"]["others"]] == ["till"], "what one source takes away, others still say"


def test_the_same_key_counts_once(shop: Served) -> None:
    first = patch(shop, "user_id:ann", {"visits": 1}, key="k1")
    assert patch(shop, "user_id:ann", {"visits": 2}, key="k1") == first
    assert patch(shop, "user_id:bob", {"visits": 3}, key="k1") != first, "somebody else"
    assert patch(shop, "user_id:ann", {"other": 1}) != patch(shop, "user_id:ann", {"other": 1}), "without a key"
    shop.apply()
    assert (values(shop)["visits"], values(shop, "user_id:bob")["visits"]) == (1, 3)


def test_what_cannot_be_kept_is_refused(shop: Served) -> None:
    too_large = patch(shop, "user_id:ann", {"note": "x" * 40_000}, status=413)["error"]
    assert (too_large["code"], "32 KB" in too_large["what"]) == ("REQUEST_TOO_LARGE", True)
    huge = patch(shop, "user_id:ann", {"note": "x" * 10_000_000}, status=413)["error"]
    assert huge["code"] == "REQUEST_TOO_LARGE"
    patch(shop, "user_id:ann", {}, status=422)
    patch(shop, "user_id:ann", {"a": 1}, status=422, more=1)
    answer = shop.browser.request(
        "PATCH", "/api/profiles/user_id:ann/traits", content=b'{"traits": {"a": NaN}}',
        headers={"content-type": "application/json"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_VALUE")
    shop.apply()
    assert "note" not in values(shop)


def test_half_a_pair_is_written_as_what_cannot_be_read(shop: Served) -> None:
    body = b'{"traits": {"note": "cut \\ud83c"}}'
    answer = shop.browser.request(
        "PATCH", "/api/profiles/user_id:ann/traits", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200
    shop.apply()
    assert values(shop)["note"] == "cut \ufffd"


def test_many_are_looked_up_and_written(shop: Served) -> None:
    ids = ["user_id:bob", "user_id:zz", "email:ann@x.example", "user_id:ann"]
    found = shop.browser.post("/api/profiles/lookup", json={"ids": ids}).json()
    assert [row["id"] for row in found["rows"]] == ["user_id:bob", "email:ann@x.example", "user_id:ann"]
    assert found["rows"][2]["profile"]["segments"] == [{"key": "buyers", "title": "Who bought"}]
    assert (found["unknown"], found["left_out"]) == (["user_id:zz"], {})
    public = found["rows"][0]["profile"]["profile_id"]
    again = shop.browser.post("/api/profiles/lookup", json={"ids": [public]}).json()
    assert again["rows"][0]["profile"]["identifiers"] == [{"kind": "user_id", "value": "bob"}]
    rows = [{"id": public, "traits": {"tier": 1}}, {"id": "user_id:ann", "traits": {"tier": 2}},
            {"id": "user_id:zz", "traits": {"tier": 3}}]  # fmt: skip
    written = shop.browser.post("/api/profiles/traits", json={"rows": rows, "by": "sync"}).json()
    assert (written["kept"], written["unknown"]) == (2, ["user_id:zz"])
    shop.apply()
    assert (values(shop)["tier"], values(shop, "user_id:bob")["tier"]) == (2, 1)
    bodies: tuple[dict[str, list[str]], ...] = ({"ids": []}, {"ids": ["x"] * 1_001})
    for body in bodies:
        assert shop.browser.post("/api/profiles/lookup", json=body).status_code == 422


def test_a_timeline_by_pages_and_filters(shop: Served) -> None:
    def page(**asked: object) -> tuple[list[str], Any]:
        told = shop.get("profiles/user_id:ann/timeline", **asked)
        return [row["message_id"] for row in told["rows"]], told["before"]

    whole, end = page()
    assert (whole[:3], len(whole), end) == (["m7", "m6", "m5"], 7, None)
    first, cursor = page(limit=4)
    rest, end = page(limit=4, cursor=cursor)
    assert ([*first, *rest], end) == (whole, None)
    assert page(group="orders")[0] == ["m3"]
    assert page(event=["Product Viewed", "Order Completed"])[0] == ["m5", "m3"]
    assert page(source="nothing")[0] == []
    assert len(page(source="api")[0]) == 7
    between: dict[str, Any] = {"from": "2025-01-02T09:00:00Z", "to": "2025-01-04T09:00:00Z"}
    assert sorted(page(**between)[0]) == ["m2", "m3", "m4"]
    assert shop.get("profiles/user_id:ann/timeline", status=400, cursor="x")["error"]["code"] == "BAD_PLACE"


def test_without_the_token_nothing_is_told_or_taken(tmp_path: Path) -> None:
    with served(tmp_path, access=Access("secret")) as shop:
        for method, path in (
            ("GET", "user_id:ann"), ("GET", "user_id:ann/timeline"), ("PATCH", "user_id:ann/traits"),
            ("POST", "lookup"), ("POST", "traits"),
        ):  # fmt: skip
            assert shop.browser.request(method, f"/api/profiles/{path}", json={}).status_code == 401
