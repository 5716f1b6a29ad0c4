"""Churn rescue through everything that it reaches people by: a mail server, Twilio, Google Ads, Meta and Zendesk.

On a moved clock, with quiet hours: who gets what, when to the minute, with the one code of each person everywhere, and
nothing at all for whoever is held out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

from foretell import care, deliver
from foretell.testing import google, meta, twilio
from foretell.testing.google import Google
from foretell.testing.mail_server import MailServer, mail_server
from foretell.testing.meta import Meta
from foretell.testing.twilio import FakeTwilio, Text
from foretell.testing.zendesk import Zendesk, zendesk
from foretell.testing.zendesk_account import AGENT, GROUP
from tests.support.journey_shop import DOCUMENTS, JourneyShop, at, bought, opened, with_people

PEOPLE = tuple(f"p{place:02d}" for place in range(16))
SITE = "https://shop.example"
SETTINGS = """\
name: Shop
currency: EUR
zone: UTC
sending:
  base_url: https://shop.example
  from_email: hello@company.example
  quiet_hours: {{from: "21:00", to: "08:00"}}
secrets: {{twilio: "${{TWILIO}}", google: "${{GOOGLE}}", meta: "${{META}}", zendesk_token: "${{ZENDESK}}"}}
care:
  teams: {{service: {{title: Service}}}}
  help_desk:
    uses: zendesk
    settings: {{base_url: {desk}, allow_private: true, user: ops@shop.example, assignees: {{ann: {agent}}},
      groups: {{service: {group}}}}}
"""
CHANNELS = """\
kind: channel
key: email
spec: {{uses: smtp, settings: {{host: 127.0.0.1, port: {mail}, security: none}}}}
---
kind: channel
key: sms
spec:
  uses: twilio
  settings: {{base_url: {twilio}, allow_private: true, auth_token_secret: twilio, account_sid: {account},
    messaging_service_sid: {service}}}
---
kind: channel
key: google
spec:
  uses: google_ads
  settings: {{base_url: {google}, allow_private: true, account: "{google_account}", credentials_secret: google,
    terms_accepted: true}}
---
kind: channel
key: meta
spec:
  uses: meta
  settings: {{base_url: {meta}, allow_private: true, ad_account: "{meta_account}", token_secret: meta}}
"""
AUDIENCES = """\
kind: audience
key: google_winback
spec: {title: Win back, channel: google, platform: Google Ads}
---
kind: audience
key: meta_winback
spec: {title: Win back, channel: meta, platform: Meta}
"""
TEMPLATES = {
    "templates/we_miss_you.yaml": "kind: template\nkey: we_miss_you\nspec:\n  subject: We miss you\n"
    "  html: '<p>Your code: {{ offer.code }} <a href=\"https://shop.example/\">Shop</a></p>'\n",
    "templates/winback_sms.yaml": "kind: template\nkey: winback_sms\n"
    "spec: {sms: 'Your code: {{ offer.code }} https://shop.example/'}\n",
}
ADS = "    - {key: ads, audience: winback_ads}\n"
JOURNEY = (
    DOCUMENTS["journeys/churn_rescue.yaml"]
    .replace("holdout: 0%", "holdout: 30%")
    .replace(ADS, "    - {key: on_google, audience: google_winback}\n    - {key: on_meta, audience: meta_winback}\n")
)
ENTRY, MORNING = 22, 32
"""Hours: they enter at ten at night, when it is quiet; the mail goes at eight."""
TEXT, CALL = MORNING + 24, MORNING + 72
_CODE = re.compile(r"Your code:\s*(\S+)")


@dataclass
class World:
    """Everything outside, and the shop."""

    shop: JourneyShop
    mail: MailServer
    texts: FakeTwilio
    google: Google
    meta: Meta
    desk: Zendesk
    clock: list[datetime]
    mails_at: dict[str, float] = field(default_factory=dict)
    texts_at: dict[str, float] = field(default_factory=dict)
    tickets_at: dict[int, float] = field(default_factory=dict)

    def play(self, *hours: float) -> None:
        """Tick at each of ``hours``, and note what is outside by then."""
        for hour in hours:
            self.clock[0] = at(hour)
            self.shop.tick(hour)
            care.sync(self.shop.engine, self.shop.catalog, now=at(hour))
            self.google.process()
            for mail in self.mail.mails:
                self.mails_at.setdefault(_name(str(mail["To"])), hour)
            for text in self.texts.texts:
                self.texts_at.setdefault(self.who(text), hour)
            for ticket_id in self.desk.account.tickets:
                self.tickets_at.setdefault(ticket_id, hour)

    def who(self, text: Text) -> str:
        """Whose text message it is, by the number."""
        return f"p{text.to[-2:]}"

    def told(self, text: Text, status: str, hour: float) -> None:
        """Twilio says what became of a text message."""
        url = text.fields["StatusCallback"]
        fields = {"MessageSid": text.sid, "MessageStatus": status, "To": text.to}
        body, headers = twilio.signed(url, fields)
        lower = {name.lower(): value for name, value in headers.items()}
        request = deliver.HookRequest(url, lower, body, at(hour))
        deliver.receive(self.shop.engine, self.shop.catalog, "sms", request, now=at(hour))

    def arms(self) -> tuple[list[str], list[str]]:
        """Who is treated, and who is held out."""
        rows = self.shop.engine.analytics.query("SELECT profile_key, arm FROM log_journey_runs").to_pylist()
        names = {self.shop.key(name): name for name in PEOPLE}
        held = sorted(names[row["profile_key"]] for row in rows if row["arm"] == "held_out")
        return sorted(set(PEOPLE) - set(held)), held


@contextmanager
def _world(root: Path) -> Iterator[World]:
    clock = [at(0)]
    with ExitStack() as closing:
        mail = closing.enter_context(mail_server())
        texts = closing.enter_context(twilio.twilio())
        ads, social = closing.enter_context(google.google()), closing.enter_context(meta.meta())
        desk = closing.enter_context(zendesk(lambda: clock[0]))
        secret = json.dumps({**google.CREDENTIALS, "token_uri": f"{ads.url}/token"})
        told: dict[str, Any] = {
            "mail": mail.port, "twilio": texts.server.url, "account": twilio.ACCOUNT, "service": twilio.SERVICE,
            "google": ads.url, "google_account": google.ACCOUNT, "meta": social.url, "meta_account": meta.ACCOUNT,
        }  # fmt: skip
        documents = {
            "foretell.yaml": SETTINGS.format(desk=desk.url, agent=AGENT, group=GROUP),
            "channels/all.yaml": CHANNELS.format(**told),
            "audiences/winback_ads.yaml": AUDIENCES,
            "journeys/churn_rescue.yaml": JOURNEY,
            **TEMPLATES,
        }
        environ = {
            "TWILIO": twilio.TOKEN, "GOOGLE": secret, "META": meta.TOKEN, "ZENDESK": desk.account.token,
        }  # fmt: skip
        shop = closing.enter_context(opened(root, documents=documents, environ=environ))
        with_people(shop, *PEOPLE)
        yield World(shop, mail, texts, ads, social, desk, clock)


def test_churn_rescue_through_everything(tmp_path: Path) -> None:
    with _world(tmp_path) as world:
        shop = world.shop
        world.play(ENTRY)
        treated, held = world.arms()
        assert len(held) >= 2
        assert len(treated) >= 6
        opener, clicker, stopper, buyer, silent, *others = treated
        silent_ones = {silent, *others}
        world.play(ENTRY + 4, MORNING)
        assert world.mails_at == dict.fromkeys(treated, MORNING), "the night is quiet"
        codes = {_name(str(mail["To"])): _code(mail) for mail in world.mail.mails}
        assert len(set(codes.values())) == len(treated), "everybody has a code of their own"
        hashes = {sha256(f"{name}@customers.example".encode()).hexdigest() for name in treated}
        assert world.google.emails_of("Win back") == world.meta.emails_of("Win back") == hashes
        shop.engaged(opener, "miss_you", "open", MORNING + 3)
        shop.happened(bought(buyer, MORNING + 6))
        world.play(MORNING + 4, MORNING + 7, TEXT)
        assert world.texts_at == dict.fromkeys(sorted({clicker, stopper} | silent_ones), TEXT)
        assert {world.who(text): _CODE.findall(text.body)[0] for text in world.texts.texts} == {
            name: codes[name] for name in world.texts_at
        }
        for text in world.texts.texts:
            world.told(text, "delivered", TEXT + 0.1)
        shop.engaged(clicker, "text", "click", TEXT + 2)
        _stop(world, next(text for text in world.texts.texts if world.who(text) == stopper), TEXT + 3)
        world.play(TEXT + 4, CALL - 1, CALL, CALL + 5, CALL + 48)
        assert set(world.tickets_at.values()) == {CALL}
        called = {_requester(world, ticket) for ticket in world.desk.account.tickets}
        assert called == silent_ones | {stopper}
        assert deliver.suppression(shop.engine, "sms", _number(stopper)) == ("stopped", at(TEXT + 3))
        states = {(name, step): (hour, state) for name, step, hour, state in shop.messages()}
        assert {key: hour for key, (hour, _) in states.items()} == {
            **{(name, "miss_you"): MORNING for name in treated},
            **{(name, "text"): TEXT for name in world.texts_at},
        }
        assert {state for (_, step), (_, state) in states.items() if step == "text"} == {"delivered"}
        assert (len(world.mail.mails), len(world.texts.texts)) == (len(treated), len(world.texts_at)), "nothing twice"
        _untouched(world, held)
        _one_code_everywhere(world, codes)


def _untouched(world: World, held: list[str]) -> None:
    """Nobody outside has heard of those held out; every one of them has a row that says so."""
    shop = world.shop
    addresses = {f"{name}@customers.example" for name in held}
    assert not addresses & {str(mail["To"]) for mail in world.mail.mails}
    assert not {_number(name) for name in held} & {text.to for text in world.texts.texts}
    hashed = {sha256(address.encode()).hexdigest() for address in addresses}
    assert not hashed & (world.google.emails_of("Win back") | world.meta.emails_of("Win back"))
    assert not set(held) & {_requester(world, ticket) for ticket in world.desk.account.tickets}
    keys = [shop.key(name) for name in held]
    marks = ", ".join("?" * len(keys))
    for table in ("messages", "audience_members", "cases", "offer_codes"):
        assert shop.engine.ops.query(f"SELECT count(*) FROM {table} WHERE profile_key IN ({marks})", keys) == [(0,)], (
            table
        )
    assert {name for name, _, _, decision, _ in shop.decisions() if decision == "held_out"} == set(held)


def _one_code_everywhere(world: World, codes: dict[str, str]) -> None:
    """Platforms carry no code of a person's own: what each was told, of which offer and until when, is kept."""
    shop = world.shop
    names = {shop.key(name): name for name in codes}
    rows = shop.engine.ops.query("SELECT profile_key, audience, told FROM audience_members")
    told = {(names[key], audience): json.loads(text) for key, audience, text in rows}
    assert {place: one["code"] for place, one in told.items()} == {
        (name, audience): code for name, code in codes.items() for audience in ("google_winback", "meta_winback")
    }
    assert {one["offer"] for one in told.values()} == {"winback"}
    issued = shop.engine.ops.query("SELECT profile_key, code FROM offer_codes")
    assert {names[key]: code for key, code in issued} == codes


def _stop(world: World, text: Text, hour: float) -> None:
    url = f"{SITE}/hooks/channels/sms"
    fields = {"MessageSid": "SM" + "f" * 32, "SmsStatus": "received", "From": text.to, "Body": "STOP"}
    body, headers = twilio.signed(url, fields)
    lower = {name.lower(): value for name, value in headers.items()}
    request = deliver.HookRequest(url, lower, body, at(hour))
    assert deliver.receive(world.shop.engine, world.shop.catalog, "sms", request, now=at(hour)).new == 2


def _code(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    found = _CODE.findall(part.get_content())
    assert len(found) == 1
    return str(found[0])


def _requester(world: World, ticket_id: int) -> str:
    account = world.desk.account
    user = account.users[account.tickets[ticket_id]["requester_id"]]
    return _name(str(user["email"]))


def _name(address: str) -> str:
    return address.partition("@")[0]


def _number(name: str) -> str:
    return f"+49170123450{name[1:]}"
