"""Audiences at Google and Meta, from who may be advertised to until what the platform says of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from foretell import deliver
from foretell.testing.google import ACCOUNT, CREDENTIALS, Google, google
from foretell.testing.meta import ACCOUNT as AD_ACCOUNT
from foretell.testing.meta import MINUTES_TO_WAIT, TOKEN, Meta, meta
from tests.support.pairs import open_pair
from tests.support.platform_shop import PlatformShop
from tests.support.small_events import NOW, event
from tests.support.small_sending import arrive, person


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


ANN, BOB = sha("ann@customers.example"), sha("bob@customers.example")


@pytest.fixture
def worlds() -> Iterator[tuple[Google, Meta]]:
    with ExitStack() as stack:
        yield stack.enter_context(google()), stack.enter_context(meta(app_secret="s3"))


@pytest.fixture
def shop(tmp_path: Path, worlds: tuple[Google, Meta]) -> Iterator[PlatformShop]:
    at_google, at_meta = worlds
    secrets = {
        "google": json.dumps({**CREDENTIALS, "token_uri": f"{at_google.url}/token"}),
        "meta": TOKEN,
        "app_secret": "s3",
    }
    with PlatformShop(tmp_path, secrets).opened() as made:
        made.channels = (
            _channel(
                "g", "google_ads", at_google.url, account=ACCOUNT, credentials_secret="google", terms_accepted=True
            ),
            _channel("m", "meta", at_meta.url, ad_account=AD_ACCOUNT, token_secret="meta", app_secret="app_secret"),
        )
        yield made


def _channel(key: str, uses: str, url: str, **settings: Any) -> Mapping[str, Any]:
    told = {"base_url": url, "allow_private": True, "timeout_seconds": 5, **settings}
    return {"kind": "channel", "key": key, "spec": {"uses": uses, "settings": told}}


def _audience(key: str, channel: str, **spec: Any) -> Mapping[str, Any]:
    return {"kind": "audience", "key": key, "spec": {"title": key.title(), "channel": channel, **spec}}


def bought(name: str, hours: float = -1) -> dict[str, Any]:
    return event("Bought", f"{name}-b{hours}", hours, ids={"user_id": name})


def test_people_come_and_go_at_both_and_nothing_plain_goes_over_the_wire(
    shop: PlatformShop, worlds: tuple[Google, Meta]
) -> None:
    at_google, at_meta = worlds
    shop.define(_audience("search", "g", segment="buyers"), _audience("social", "m", segment="buyers"))
    arrive(
        shop.engine,
        *person("ann", "ads"),
        *person("bob", "ads"),
        *person("cid"),
        bought("ann"),
        bought("bob"),
        bought("cid"),
    )
    shop.go_to(0)
    at_google.process()
    assert at_google.emails_of("Search") == {ANN, BOB}, "lists that were not there are made, by the audience's title"
    assert at_meta.emails_of("Social") == {ANN, BOB}
    shop.go_to(24 * 7)
    at_google.process()
    assert (at_google.emails_of("Search"), at_meta.emails_of("Social")) == (set(), set())
    assert all("@" not in str(upload.members) for upload in at_google.uploads.values())
    (members,) = [upload.members for upload in at_google.uploads.values() if upload.verb == "ingest"]
    assert {json.dumps(one["consent"], sort_keys=True) for one in members} == {
        '{"adPersonalization": "CONSENT_GRANTED", "adUserData": "CONSENT_GRANTED"}'
    }


def test_all_that_may_be_compared_in_each_platforms_own_form(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    at_google, at_meta = worlds
    match = ["email", "phone", "address", "external_id"]
    shop.define(
        _audience("search", "g", segment="buyers", match=match), _audience("social", "m", segment="buyers", match=match)
    )
    traits = {"last_name": "O'Brien", "country": "us", "postal_code": "94043-12", "email": "Ann.B+x@gmail.com"}
    arrive(shop.engine, *person("ann", "ads", **traits), bought("ann"))
    shop.go_to(0)
    (upload,) = at_google.uploads.values()
    address = {"givenName": sha("ann"), "familyName": sha("obrien"), "regionCode": "US", "postalCode": "94043-12"}
    assert upload.members[0]["compositeData"]["userData"]["userIdentifiers"] == [
        {"emailAddress": sha("annb@gmail.com")},
        {"phoneNumber": sha("+491701234503")},
        {"address": address},
    ]
    (row,) = at_meta.named("Social").rows.values()
    profile_id = shop.engine.ops.query("SELECT profile_id FROM nodes WHERE node_key = ?", (shop.key("ann"),))[0][0]
    assert row == {
        "EMAIL": sha("ann.b+x@gmail.com"), "PHONE": sha("491701234503"), "FN": sha("ann"), "LN": sha("obrien"),
        "ZIP": sha("94043"), "COUNTRY": sha("us"), "EXTERN_ID": sha(profile_id),
    }  # fmt: skip


def test_whoever_leaves_is_named_as_when_they_came(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    _, at_meta = worlds
    shop.define(_audience("social", "m", segment="buyers"))
    arrive(shop.engine, *person("ann", "ads"), bought("ann"))
    shop.go_to(0)
    changed = event("Identified", "ann-new", 5, ids={"user_id": "ann"}, traits={"email": "new@customers.example"})
    arrive(shop.engine, changed)
    shop.go_to(24 * 7)
    assert at_meta.emails_of("Social") == set()


def test_a_join_that_waits_does_not_come_after_the_leave(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    """The platform has too much to do as somebody joins; they leave before it is asked again."""
    _, at_meta = worlds
    shop.define(_audience("social", "m", segment="buyers"))
    at_meta.add_audience("1", "Social")
    arrive(shop.engine, *person("ann", "ads"), bought("ann", -24 * 7 + 1))
    at_meta.limited = 1
    shop.go_to(0)
    waits = shop.engine.ops.query("SELECT next_at - ? FROM messages", (shop.micros(),))
    assert waits[0][0] >= timedelta(minutes=MINUTES_TO_WAIT) // timedelta(microseconds=1), "it says how long to wait"
    shop.go_to(2)
    assert at_meta.emails_of("Social") == set()
    told = dict(shop.engine.ops.query("SELECT state, error FROM messages WHERE state = 'cancelled'"))
    assert told == {"cancelled": "the person has left again"}


def test_rows_that_are_refused_stop_nobody_else(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    """Google fails the whole request and names rows; Meta counts them and names some."""
    at_google, at_meta = worlds
    names = [f"p{number}" for number in range(9)]
    bad = {sha(f"{name}@customers.example") for name in names[1:8:2]}
    for vendor in worlds:
        vendor.bad_hashes |= bad
    at_meta.names_samples = False
    shop.define(_audience("search", "g", segment="buyers"), _audience("social", "m", segment="buyers"))
    arrive(shop.engine, *(one for name in names for one in person(name, "ads")), *map(bought, names))
    shop.go_to(0)
    at_google.process()
    good = {sha(f"{name}@customers.example") for name in names} - bad
    assert (at_google.emails_of("Search"), at_meta.emails_of("Social")) == (good, good)
    states = shop.engine.ops.query("SELECT template, state, count(*) FROM messages GROUP BY 1, 2 ORDER BY 1, 2")
    assert states == [
        ("search", "failed", 4),
        ("search", "sent", 5),
        ("social", "delivered", 5),
        ("social", "failed", 4),
    ]
    refused = deliver.audience_members(shop.engine, "search", state="refused")
    assert refused.total == 4
    assert {one.error for one in refused.rows} == {"Google refuses it: INVALID_SHA256_FORMAT"}
    standing = deliver.audience_standing(shop.engine, shop.catalog, "search")
    assert (standing.size, dict(standing.states)) == (9, {"accepted": 5, "refused": 4})
    assert standing.problems == ("The platform did not take 4 of 9 people.",)


def test_what_the_platform_says_of_the_list(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    at_google, _ = worlds
    shop.define(_audience("search", "g", segment="buyers"))
    arrive(
        shop.engine,
        *(one for name in ("ann", "bob", "cid") for one in person(name, "ads")),
        *map(bought, ("ann", "bob", "cid")),
    )
    at_google.known = {ANN, BOB}
    shop.go_to(0)
    assert shop.keep().looked == 1
    assert shop.states("search") == {"accepted": 3}
    at_google.process()
    shop.go_to(1)
    assert shop.keep().acknowledged == 1
    assert shop.states("search") == {"confirmed": 3}
    shop.go_to(7)
    assert shop.keep().looked == 1
    (look,) = deliver.audience_standing(shop.engine, shop.catalog, "search").looks
    assert (look.match_low, look.size_high, look.life_days, look.told) == (0.67, 2, 540, 3)
    assert look.rounding.startswith("whole percent")
    assert look.at == NOW + timedelta(hours=7)
    days = deliver.audience_days(shop.engine, "search", NOW + timedelta(hours=7))
    assert [(one.joined, one.left) for one in days] == [(3, 0)]


def test_a_request_of_which_nothing_was_taken(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    at_google, _ = worlds
    shop.define(_audience("search", "g", segment="buyers"))
    arrive(shop.engine, *person("ann", "ads"), bought("ann"))
    shop.go_to(0)
    (upload,) = at_google.uploads.values()
    upload.done, upload.refused = True, 1
    shop.go_to(1)
    shop.keep()
    (member,) = deliver.audience_members(shop.engine, "search").rows
    assert member.state == "refused"
    assert "1 NO_CONSENT" in member.error


def test_erased_people_leave_and_that_is_acknowledged(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    at_google, at_meta = worlds
    shop.define(_audience("search", "g"), _audience("social", "m"))
    arrive(shop.engine, *person("ann", "ads"), *person("bob", "ads"))
    for audience, name in product(("search", "social"), ("ann", "bob")):
        shop.join(audience, name, {})
    shop.go_to(0)
    at_google.process()
    shop.erase("ann")
    assert shop.removals() == {"search": ("waiting", True), "social": ("waiting", True)}
    at_meta.limited = 1
    shop.go_to(1)
    assert shop.keep().removed == 1, "one platform has too much to do"
    shop.go_to(4)
    shop.keep()
    at_google.process()
    assert (at_google.emails_of("Search"), at_meta.emails_of("Social")) == ({BOB}, {BOB})
    shop.go_to(5)
    shop.keep()
    assert shop.removals() == {"search": ("acknowledged", False), "social": ("acknowledged", False)}
    counts = deliver.audience_standing(shop.engine, shop.catalog, "search").removals
    assert (counts.waiting, counts.told, counts.acknowledged) == (0, 0, 1)
    assert counts.last_at == NOW + timedelta(hours=5)
    kept = str(shop.engine.ops.query("SELECT * FROM audience_removals"))
    assert ANN not in kept, "no trace is left of who it was"


def test_a_list_for_each_offer(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    _, at_meta = worlds
    shop.define(_audience("winback", "m", split="offer"))
    arrive(shop.engine, *person("ann", "ads"), *person("bob", "ads"))
    shop.join("winback", "ann", {"offer": "ten", "offer_code": "T-1", "offer_expires": "1 May 2026"})
    shop.join("winback", "bob", {"offer": "twenty", "offer_code": "T-2"})
    shop.go_to(0)
    assert at_meta.emails_of("Winback · ten") == {ANN}
    assert at_meta.emails_of("Winback · twenty") == {BOB}
    shop.leave("winback", "ann")
    shop.go_to(1)
    assert at_meta.emails_of("Winback · ten") == set()
    assert shop.keep().looked == 1
    assert "T-1" not in str(at_meta.audiences), "a code is a person's own; a platform has no place for it"


def test_a_stay_that_ends_and_a_membership_that_is_told_again(shop: PlatformShop, worlds: tuple[Google, Meta]) -> None:
    at_google, _ = worlds
    shop.define(_audience("short", "g", stays="30d"), _audience("long", "g"))
    arrive(shop.engine, *person("ann", "ads"))
    for audience in ("short", "long"):
        shop.join(audience, "ann", {})
    shop.go_to(0)
    shop.keep()
    shop.go_to(24 * 30)
    assert shop.keep().lapsed == 1
    shop.go_to(24 * 30)
    at_google.process()
    assert (at_google.emails_of("Short"), at_google.emails_of("Long")) == (set(), {ANN})
    for name in at_google.lists.values():
        name.members.clear()  # Google lets people go whose membership is over
    shop.go_to(24 * 270)
    assert shop.keep().renewed == 1
    shop.go_to(24 * 270)
    at_google.process()
    assert at_google.emails_of("Long") == {ANN}
    assert shop.keep().renewed == 0


def test_an_account_that_does_not_let_us_in_keeps_everything_waiting(
    shop: PlatformShop, worlds: tuple[Google, Meta]
) -> None:
    at_google, _ = worlds
    shop.define(_audience("search", "g", segment="buyers", list="404"))
    arrive(shop.engine, *person("ann", "ads"), bought("ann"))
    shop.go_to(0)
    ((state, error),) = shop.engine.ops.query("SELECT state, error FROM messages")
    assert state == "queued"
    assert "INVALID_USER_LIST_ID" in error or "400" in error
    assert shop.keep().failed == 1
    (problem, *_) = [
        one for one in deliver.audience_standing(shop.engine, shop.catalog, "search").problems if "404" in one
    ]
    assert "has no list 404" in problem
    at_google.add_list("404", "Made by hand")
    shop.go_to(1)
    at_google.process()
    assert at_google.emails_of("Made by hand") == {ANN}


def test_documents_that_fit_together(shop: PlatformShop) -> None:
    for spec, told in (
        ({"split": "offer", "list": "1"}, "split makes several lists"),
        ({"split": "offer", "segment": "buyers"}, "needs the offer of a run"),
        ({"stays": "30d", "segment": "buyers"}, "whoever is in the segment stays"),
        ({"match": ["email", "email"]}, "names something twice"),
    ):
        with pytest.raises(ValueError, match=told):
            deliver.AUDIENCE.model.model_validate(spec)


def test_nothing_is_told_without_consent_and_withdrawing_takes_out(
    shop: PlatformShop, worlds: tuple[Google, Meta]
) -> None:
    _, at_meta = worlds
    shop.define(_audience("social", "m", segment="buyers"))
    at_meta.add_audience("1", "Social")
    arrive(shop.engine, *person("ann", "ads"), *person("bob"), bought("ann"), bought("bob"))
    at_meta.limited = 1
    shop.go_to(0)
    words = {"channel": "ads", "purpose": "marketing", "state": "denied"}
    arrive(shop.engine, event("Consent Updated", "ann-no", 0.05, ids={"user_id": "ann"}, properties=words))
    shop.go_to(1)
    assert at_meta.emails_of("Social") == set()


@pytest.mark.parametrize("mood", ["fails_every", "loses_every"])
def test_platforms_that_fail_half_of_the_time_end_with_the_same_lists(
    shop: PlatformShop, worlds: tuple[Google, Meta], mood: str
) -> None:
    """Whoever came is on both lists, whoever left again is on none, however often it was asked."""
    at_google, at_meta = worlds
    shop.define(_audience("search", "g"), _audience("social", "m"))
    names = [f"p{number}" for number in range(12)]
    arrive(shop.engine, *(one for name in names for one in person(name, "ads")))
    for vendor in worlds:
        setattr(vendor.moods, mood, 2)
    for turn, name in enumerate(names):
        for audience in ("search", "social"):
            shop.join(audience, name, {})
            if turn >= 4:
                shop.leave(audience, names[turn - 4])
        shop.go_to(turn)
    for turn in range(12, 40):
        shop.go_to(turn)
        at_google.process()
    left = shop.engine.ops.query(
        "SELECT template, state, error, attempts FROM messages WHERE state IN ('queued', 'claimed')"
    )
    assert left == []
    wanted = {sha(f"{name}@customers.example") for name in names[-4:]}
    assert (at_google.emails_of("Search"), at_meta.emails_of("Social")) == (wanted, wanted)


def test_a_result_that_cannot_be_had_is_not_asked_for_at_every_turn(
    shop: PlatformShop, worlds: tuple[Google, Meta]
) -> None:
    at_google, _ = worlds
    shop.define(_audience("search", "g", segment="buyers"))
    arrive(shop.engine, *person("ann", "ads"), bought("ann"))
    shop.go_to(0)
    shop.keep()
    at_google.moods.busy = 1
    shop.go_to(1)
    assert shop.keep().failed == 1
    at_google.process()
    assert shop.keep().acknowledged == 0, "not at once"
    shop.go_to(1.5)
    assert shop.keep().acknowledged == 1


def test_the_same_on_postgresql(tmp_path: Path, worlds: tuple[Google, Meta]) -> None:
    at_google, _ = worlds
    secrets = {"google": json.dumps({**CREDENTIALS, "token_uri": f"{at_google.url}/token"})}
    with open_pair("postgresql+duckdb") as pair:
        where = pair.settings(tmp_path / "data")
        with PlatformShop(tmp_path, secrets, where).opened() as shop:
            told = {"account": ACCOUNT, "credentials_secret": "google", "terms_accepted": True}
            shop.channels = (_channel("g", "google_ads", at_google.url, **told),)
            shop.define(_audience("search", "g", stays="30d"), _audience("buyers", "g", segment="buyers"))
            arrive(shop.engine, *person("ann", "ads"), *person("bob", "ads"), bought("bob"))
            for name in ("ann", "bob"):
                shop.join("search", name, {"offer": "ten", "offer_code": "T-1"})
            at_google.known = {ANN}
            shop.go_to(0)
            at_google.process()
            shop.go_to(1)
            report = shop.keep()
            assert (report.acknowledged, report.looked) == (2, 2)
            assert shop.states("search") == {"confirmed": 2}
            (look,) = deliver.audience_standing(shop.engine, shop.catalog, "search").looks
            assert (look.match_low, look.told) == (0.5, 2)
            shop.erase("ann")
            for hours in (2, 3):
                shop.keep()
                at_google.process()
                shop.go_to(hours)
            shop.keep()
            assert shop.removals() == {"search": ("acknowledged", False)}
            assert at_google.emails_of("Search") == {BOB}
            shop.go_to(24 * 31)
            assert shop.keep().lapsed == 1
            assert deliver.audience_members(shop.engine, "search", state="left").total == 1
