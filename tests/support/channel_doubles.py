"""For every kind of channel the outside world that its contract is checked against."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from foretell import deliver
from foretell.deliver.inbox_channel import BOUNCES, LATER, REFUSES
from foretell.testing import google, mail_server, meta, sendgrid, ses, slack, twilio, webhook_receiver
from foretell.testing.vendor_server import Moods
from tests.support.small_sending import catalog, open_sending


@dataclass(frozen=True)
class World:
    """A channel's outside world.

    Args:
        settings: of the channel, to reach it.
        received: message ids that arrived, once for each time.
        good: two addresses that take everything.
        bounces, refuses, later: addresses that answer so; None where the world does not answer so for one alone.
        silent: an address after whose message the connection dies; None where there is none.
        unreachable: settings with which nothing answers; None where the world is in the workspace.
        moods: how it misbehaves on demand; None where it cannot.
        dress: puts what the medium needs into a message to an address.
        must_read: what was done stands in the answer's body alone.
    """

    place: deliver.ChannelPlace
    settings: Mapping[str, Any]
    received: Callable[[], list[str]]
    good: tuple[str, str]
    bounces: str | None
    refuses: str
    later: str | None
    silent: str | None = None
    unreachable: Mapping[str, Any] | None = None
    moods: Moods | None = None
    dress: Callable[[deliver.Outgoing], deliver.Outgoing] = lambda message: message
    must_read: bool = False


@contextmanager
def _mail(data: Path) -> Iterator[World]:
    with mail_server.mail_server() as server, open_sending(data) as engine:
        yield World(
            deliver.ChannelPlace(_settings(data), engine.ops),
            {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout_seconds": 5},
            lambda: [str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in server.mails],
            ("a@people.example", "b@people.example"),
            mail_server.BOUNCES,
            mail_server.REFUSES,
            mail_server.LATER,
            mail_server.SILENT,
            {"port": 1},
        )


@contextmanager
def _webhook(data: Path) -> Iterator[World]:
    with webhook_receiver.webhook_receiver("shared") as receiver, open_sending(data) as engine:
        settings = catalog(data, settings={"secrets": {"hook": "shared"}}).settings
        yield World(
            deliver.ChannelPlace(settings, engine.ops),
            {"url": receiver.url, "signing_secret": "hook", "allow_private": True, "timeout_seconds": 5},
            lambda: list(receiver.taken),
            ("a1", "b2"),
            "nobody",
            "refused",
            "later",
            unreachable={"url": "http://127.0.0.1:1/"},
        )


@contextmanager
def _sendgrid(data: Path) -> Iterator[World]:
    with sendgrid.sendgrid() as fake, open_sending(data) as engine:
        yield World(
            deliver.ChannelPlace(_settings(data, key=sendgrid.KEY), engine.ops),
            {**_here(fake.server.url), "api_key_secret": "key", "verification_key": fake.verification_key},
            lambda: [mail.arguments["foretell_message"] for mail in fake.mails],
            ("a@people.example", "b@people.example"),
            sendgrid.NO_ADDRESS,
            sendgrid.REFUSES,
            sendgrid.LATER,
            sendgrid.SILENT,
            {"base_url": "http://127.0.0.1:1"},
            fake.moods,
        )


@contextmanager
def _ses(data: Path) -> Iterator[World]:
    with ses.ses() as fake, open_sending(data) as engine:
        login = {"region": ses.REGION, "access_key_id": ses.ACCESS_KEY, "secret_key_secret": "key"}
        yield World(
            deliver.ChannelPlace(_settings(data, key=ses.SECRET_KEY), engine.ops),
            {**_here(fake.server.url), **login, "configuration_set": ses.CONFIGURATION},
            lambda: [mail.tags["foretell_message"] for mail in fake.mails],
            ("a@people.example", "b@people.example"),
            ses.NO_ADDRESS,
            ses.REFUSES,
            ses.LATER,
            ses.SILENT,
            {"base_url": "http://127.0.0.1:1"},
            fake.moods,
        )


@contextmanager
def _twilio(data: Path) -> Iterator[World]:
    with twilio.twilio() as fake, open_sending(data) as engine:
        login = {"account_sid": twilio.ACCOUNT, "auth_token_secret": "key", "from_number": twilio.FROM}
        yield World(
            deliver.ChannelPlace(_settings(data, key=twilio.TOKEN), engine.ops),
            {**_here(fake.server.url), **login},
            lambda: [text.fields["StatusCallback"].rpartition("=")[2] for text in fake.texts],
            ("+4917012345678", "+4917012345679"),
            twilio.NOBODY,
            twilio.REFUSES,
            twilio.LATER,
            twilio.SILENT,
            {"base_url": "http://127.0.0.1:1"},
            fake.moods,
        )


def _here(url: str) -> dict[str, Any]:
    """Settings that reach a fake, one request after the other."""
    return {"base_url": url, "allow_private": True, "timeout_seconds": 5, "connections": 1}


def _inbox(mark: str) -> Callable[[Path], AbstractContextManager[World]]:
    """``mark``: @ for e-mail addresses, + for numbers."""

    def address(choices: frozenset[str]) -> str:
        return next(one for one in sorted(choices) if mark in one)

    @contextmanager
    def opened(data: Path) -> Iterator[World]:
        with open_sending(data) as engine:
            yield World(
                deliver.ChannelPlace(_settings(data), engine.ops),
                {},
                lambda: [row[0] for row in engine.ops.query("SELECT message_id FROM inbox ORDER BY message_id")],
                ("a@people.example", "+4917012345"),
                address(BOUNCES),
                address(REFUSES),
                address(LATER),
            )

    return opened


def _settings(data: Path, **secrets: str) -> Any:
    told = {"sending": {"from_email": "shop@company.example"}, "secrets": secrets}
    return catalog(data, settings=told).settings


class _Listed:
    """Messages as changes of an audience, each of another person, and which of them are on the list."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    def dress(self, message: deliver.Outgoing) -> deliver.Outgoing:
        person = "" if message.address.startswith("refused") else message.message_id
        hashed = sha256(f"{message.address}{person}".encode()).hexdigest()
        self.ids[hashed] = message.message_id
        forms = {"email": hashed, "email_dotless": hashed}
        told = {"action": "join", "hashed": forms, "consent": True, "list_id": "77", "list_name": "People"}
        return replace(message, address=hashed, data=told)

    def received(self, hashes: set[str]) -> list[str]:
        return sorted(self.ids[one] for one in hashes)


_REFUSED = "refused@people.example"


@contextmanager
def _google(data: Path) -> Iterator[World]:
    with google.google() as vendor, open_sending(data) as engine:
        vendor.add_list("77", "People")
        vendor.bad_hashes.add(sha256(_REFUSED.encode()).hexdigest())
        listed, secret = _Listed(), json.dumps({**google.CREDENTIALS, "token_uri": f"{vendor.url}/token"})

        def received() -> list[str]:
            vendor.process()
            return listed.received(vendor.emails_of("People"))

        settings = {"base_url": vendor.url, "allow_private": True, "timeout_seconds": 5, "account": google.ACCOUNT}
        yield World(
            deliver.ChannelPlace(catalog(data, settings={"secrets": {"google": secret}}).settings, engine.ops),
            {**settings, "credentials_secret": "google", "terms_accepted": True},
            received,
            ("a@people.example", "b@people.example"),
            None,
            _REFUSED,
            None,
            unreachable={"base_url": "http://127.0.0.1:1"},
            moods=vendor.moods,
            dress=listed.dress,
            must_read=True,
        )


@contextmanager
def _meta(data: Path) -> Iterator[World]:
    with meta.meta() as vendor, open_sending(data) as engine:
        vendor.add_audience("77", "People")
        vendor.bad_hashes.add(sha256(_REFUSED.encode()).hexdigest())
        listed = _Listed()
        settings = {"base_url": vendor.url, "allow_private": True, "timeout_seconds": 5, "ad_account": meta.ACCOUNT}
        yield World(
            deliver.ChannelPlace(catalog(data, settings={"secrets": {"meta": meta.TOKEN}}).settings, engine.ops),
            {**settings, "token_secret": "meta"},
            lambda: listed.received(vendor.emails_of("People")),
            ("a@people.example", "b@people.example"),
            None,
            _REFUSED,
            None,
            unreachable={"base_url": "http://127.0.0.1:1"},
            moods=vendor.moods,
            dress=listed.dress,
            must_read=True,
        )


@contextmanager
def _slack(data: Path) -> Iterator[World]:
    with slack.slack() as vendor, open_sending(data) as engine:
        vendor.refuses["refused@team.example"], vendor.silent = "msg_too_long", "silent@team.example"
        settings = {"base_url": vendor.url, "allow_private": True, "timeout_seconds": 5, "channel": slack.CHANNEL}
        yield World(
            deliver.ChannelPlace(catalog(data, settings={"secrets": {"slack": slack.TOKEN}}).settings, engine.ops),
            {**settings, "token_secret": "slack"},
            lambda: [one["metadata"]["event_payload"]["id"] for one in vendor.posted],
            ("a@team.example", "b@team.example"),
            None,
            "refused@team.example",
            None,
            "silent@team.example",
            {"base_url": "http://127.0.0.1:1"},
            vendor.moods,
            lambda message: replace(message, text=f"{message.text} {message.address}"),
            must_read=True,
        )


WORLDS: Mapping[str, Callable[[Path], AbstractContextManager[World]]] = {
    "smtp": _mail,
    "sendgrid": _sendgrid,
    "ses": _ses,
    "twilio": _twilio,
    **dict.fromkeys(("webhook", "webhook_email", "webhook_sms", "webhook_push", "webhook_alert"), _webhook),
    "google_ads": _google,
    "meta": _meta,
    "slack": _slack,
    "inbox_sms": _inbox("+"),
    **dict.fromkeys(("inbox_email", "inbox_ads", "inbox_alert", "inbox_push"), _inbox("@")),
}
"""By the channel's name; a channel without one here fails the contract."""
