"""Trying channels out: what is missing is told, and a test goes to nobody whom a message may not reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import deliver
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.testing import sendgrid, ses, twilio
from foretell.testing.mail_server import mail_server
from tests.support.small_events import NOW, event
from tests.support.small_sending import TEMPLATE, arrive, catalog, open_sending, person, states

SECRETS = {"sendgrid": sendgrid.KEY, "twilio": twilio.TOKEN, "aws": ses.SECRET_KEY, "wrong": "wrong"}


def channel(key: str, uses: str, **settings: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"uses": uses, "settings": settings}
    if "sandbox" in settings:
        spec["sandbox"] = settings.pop("sandbox")
    return {"kind": "channel", "key": key, "spec": spec}


def reading(root: Path, *channels: dict[str, Any]) -> Catalog:
    return catalog(
        root, TEMPLATE, *channels, settings={"sending": {"from_email": "a@company.example"}, "secrets": SECRETS}
    )


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_sending(tmp_path) as opened:
        yield opened


def test_vendors_are_asked_whether_they_know_us(engine: Engine, tmp_path: Path) -> None:
    with sendgrid.sendgrid() as grid, twilio.twilio() as texts, ses.ses() as amazon, mail_server() as server:
        login = {"account_sid": twilio.ACCOUNT, "from_number": twilio.FROM}
        aws = {"region": ses.REGION, "access_key_id": ses.ACCESS_KEY}
        channels = [
            channel("a", "sendgrid", base_url=grid.server.url, allow_private=True, api_key_secret="sendgrid"),
            channel("b", "sendgrid", base_url=grid.server.url, allow_private=True, api_key_secret="wrong"),
            channel("c", "twilio", base_url=texts.server.url, allow_private=True, auth_token_secret="twilio", **login),
            channel("d", "twilio", base_url=texts.server.url, allow_private=True, auth_token_secret="wrong", **login),
            channel("e", "ses", base_url=amazon.server.url, allow_private=True, secret_key_secret="aws", **aws),
            channel("f", "ses", base_url=amazon.server.url, allow_private=True, secret_key_secret="wrong", **aws),
            channel("g", "smtp", host="127.0.0.1", port=server.port, security="none"),
            channel("h", "smtp", host="127.0.0.1", port=1, security="none"),
            channel("i", "sendgrid", base_url="http://127.0.0.1:1", allow_private=True, api_key_secret="sendgrid"),
            channel("j", "sendgrid", base_url="https://127.0.0.1", api_key_secret="sendgrid"),
        ]
        read = reading(tmp_path, *channels)
        found = {key: deliver.check_channel(engine, read, key) for key in "abcdefghij"}
    assert {key for key, one in found.items() if one.ok} == {"a", "c", "e", "g"}, found
    assert found["b"].code == found["d"].code == found["f"].code == "VENDOR_REFUSED"
    assert "private network" in found["j"].said
    assert deliver.check_channel(engine, read, "email").ok, "the development channel"
    with pytest.raises(UsageError, match="nowhere"):
        deliver.check_channel(engine, read, "nowhere")
    assert grid.mails == texts.texts == amazon.mails == server.mails == []


def test_a_test_says_that_it_is_one_and_is_nobodys_message(engine: Engine, tmp_path: Path) -> None:
    with sendgrid.sendgrid() as fake:
        settings = {"base_url": fake.server.url, "allow_private": True, "api_key_secret": "sendgrid"}
        read = reading(tmp_path, channel("email", "sendgrid", **settings))
        tried = deliver.message_of_test(read, "email", "email", "me@company.example", NOW)
        assert [one.outcome for one in deliver.send_test(engine, read, "email", [tried], now=NOW)] == ["accepted"]
    (mail,) = fake.mails
    assert mail.body["subject"].startswith("[Test] ")
    assert states(engine) == {}
    (card,) = [one for one in deliver.channel_cards(engine, read) if one.key == "email"]
    assert (card.state, card.standing.accepted, card.standing.accepted_at) == ("ready", 1, NOW)
    assert card.hook_url == "http://127.0.0.1:8080/hooks/channels/email"


def test_a_test_reaches_nobody_whom_a_message_may_not(engine: Engine, tmp_path: Path) -> None:
    arrive(engine, *person("ann", "email"), *person("bob", "email"))
    denied = {"channel": "email", "purpose": "service", "state": "denied"}
    arrive(engine, event("Consent Updated", "no", 0, ids={"user_id": "ann"}, properties=denied))
    deliver.suppress(engine, "email", "listed@people.example", reason="asked by phone", now=NOW)
    with sendgrid.sendgrid() as fake:
        settings = {"base_url": fake.server.url, "allow_private": True, "api_key_secret": "sendgrid"}
        open_ = reading(tmp_path, channel("email", "sendgrid", **settings))
        shut = reading(tmp_path, channel("email", "sendgrid", sandbox={"to": ["me@company.example"]}, **settings))

        def tried(read: Catalog, *people: str) -> list[str]:
            messages = [deliver.message_of_test(read, "email", "email", one, NOW) for one in people]
            return [one.outcome for one in deliver.send_test(engine, read, "email", messages, now=NOW)]

        everybody = ("ann@customers.example", "listed@people.example", "bob@customers.example", "me@company.example")
        assert tried(open_, *everybody) == ["refused", "refused", "accepted", "accepted"]
        assert tried(shut, *everybody) == ["refused", "refused", "refused", "accepted"]
        assert sorted(mail.to for mail in fake.mails) == sorted([*everybody[2:], everybody[3]])  # sent side by side


def test_what_is_missing_stands_on_the_card(engine: Engine, tmp_path: Path) -> None:
    read = reading(tmp_path, channel("email", "smtp", host="127.0.0.1", port=1, security="none"))
    cards = {one.key: one for one in deliver.channel_cards(engine, read)}
    assert {key: one.state for key, one in cards.items()} == {
        "ads": "development", "alert": "development", "email": "ready", "push": "development", "sms": "development",
    }  # fmt: skip
    assert cards["email"].documented
    tried = deliver.message_of_test(read, "email", "email", "me@company.example", NOW)
    later = NOW + timedelta(hours=1)
    assert deliver.send_test(engine, read, "email", [tried], now=later)[0].outcome == "later"
    (card,) = [one for one in deliver.channel_cards(engine, read) if one.key == "email"]
    assert (card.state, card.standing.failed_at) == ("failing", later)
    assert card.hook_url is None
