"""What vendors tell afterwards: signed or not at all, once however often, in any order, about messages of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import deliver, identify
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify import find
from foretell.testing import sendgrid, ses, twilio
from foretell.testing.sendgrid import FakeSendGrid
from foretell.testing.ses import FakeSes
from foretell.testing.twilio import FakeTwilio, Text
from foretell.testing.twilio import signed as twilio_signed
from tests.support.small_events import NOW
from tests.support.small_sending import TEMPLATE, arrive, ask, catalog, open_sending, person, states, told

LATER = NOW + timedelta(hours=1)
SETTINGS: dict[str, Any] = {
    "sending": {"from_email": "shop@company.example", "base_url": "https://mail.company.example"},
    "secrets": {"sendgrid": sendgrid.KEY, "aws": ses.SECRET_KEY, "twilio": twilio.TOKEN},
}


@dataclass
class Shop:
    engine: Engine
    read: Catalog

    def told(self, key: str, body: bytes, headers: Mapping[str, str], at: datetime = LATER, query: str = "") -> Any:
        lower = {name.lower(): value for name, value in headers.items()}
        url = f"https://mail.company.example/hooks/channels/{key}{query}"
        return deliver.receive(self.engine, self.read, key, deliver.HookRequest(url, lower, body, at), now=at)

    def column(self, name: str) -> dict[str, Any]:
        return dict(self.engine.ops.query(f"SELECT message_id, {name} FROM messages ORDER BY 1"))


def through(root: Path, key: str, uses: str, url: str, **settings: Any) -> Catalog:
    told = {"base_url": url, "allow_private": True, "timeout_seconds": 5, "connections": 1, **settings}
    channel: dict[str, Any] = {"kind": "channel", "key": key, "spec": {"uses": uses, "settings": told}}
    return catalog(root, TEMPLATE, channel, settings=SETTINGS)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_sending(tmp_path) as opened:
        arrive(opened, *person("ann", "email", "sms"), *person("bob", "email", "sms", phone="+4917012345999"))
        yield opened


@pytest.fixture
def mails(engine: Engine, tmp_path: Path) -> Iterator[tuple[Shop, FakeSendGrid]]:
    """Two mails that SendGrid took."""
    with sendgrid.sendgrid() as fake:
        named = {"api_key_secret": "sendgrid", "verification_key": fake.verification_key}
        shop = Shop(engine, through(tmp_path, "email", "sendgrid", fake.server.url, **named))
        ask(engine, shop.read, {"id": "m1", "who": "ann"}, {"id": "m2", "who": "bob"})
        deliver.dispatch(engine, shop.read, now=NOW)
        assert states(engine) == {"m1": "sent", "m2": "sent"}
        yield shop, fake


@pytest.fixture
def texts(engine: Engine, tmp_path: Path) -> Iterator[tuple[Shop, FakeTwilio]]:
    """Two text messages that Twilio took."""
    with twilio.twilio() as fake:
        named = {"account_sid": twilio.ACCOUNT, "auth_token_secret": "twilio", "messaging_service_sid": twilio.SERVICE}
        shop = Shop(engine, through(tmp_path, "sms", "twilio", fake.server.url, **named))
        rows = ({"id": "s1", "who": "ann", "channel": "sms"}, {"id": "s2", "who": "bob", "channel": "sms"})
        ask(engine, shop.read, *rows)
        deliver.dispatch(engine, shop.read, now=NOW)
        yield shop, fake


def _batch(shop: Shop, fake: FakeSendGrid, *events: Mapping[str, Any], at: datetime = LATER) -> deliver.ReceiptReport:
    report = shop.told("email", *fake.signed(events, at), at=at)
    assert isinstance(report, deliver.ReceiptReport)
    return report


def test_a_mail_on_the_wire_names_its_message_and_leaves_tracking_to_us(mails: tuple[Shop, FakeSendGrid]) -> None:
    first = mails[1].mails[0]
    assert first.arguments == {"foretell_message": "m1"}
    assert first.body["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not any(one.get("enable") for one in first.body["tracking_settings"].values())
    assert first.body["from"] == {"email": "shop@company.example", "name": "workspace"}
    assert "Dear Ann" in first.content("text/html")


def test_events_come_twice_and_out_of_order(mails: tuple[Shop, FakeSendGrid]) -> None:
    shop, fake = mails
    first, second = fake.mails
    opened = fake.event(first, "open", LATER, useragent="Mozilla/5.0 (X11; Linux) Firefox/150")
    delivered = fake.event(first, "delivered", NOW + timedelta(minutes=1), response="250 OK")
    bounced = fake.event(second, "bounce", LATER, type="bounce", status="5.1.1", reason="550 no such user")
    assert _batch(shop, fake, opened, bounced, opened).new == 2
    assert states(shop.engine) == {"m1": "sent", "m2": "bounced"}
    assert _batch(shop, fake, bounced, delivered, opened).new == 1
    assert _batch(shop, fake, fake.event(second, "delivered", NOW), fake.event(first, "processed", NOW)).new == 1
    assert states(shop.engine) == {"m1": "delivered", "m2": "bounced"}, "what bounced stays so"
    assert len(told(shop.engine, "Email Opened")) == len(told(shop.engine, "Email Bounced")) == 1
    assert json.loads(told(shop.engine, "Email Bounced")[0]["properties"])["bounce"] == "hard"
    assert "550 no such user" in shop.column("error")["m2"]
    assert deliver.suppression(shop.engine, "email", "bob@customers.example") == ("bounced", LATER)


MAIL_ENDS: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("bounce", {"type": "blocked", "reason": "421 try later"}, "bounced", None),
    ("spamreport", {}, "sent", "complained"),
    ("dropped", {"reason": "Spam Content"}, "failed", None),
    ("dropped", {"reason": "Bounced Address"}, "bounced", "bounced"),
    ("dropped", {"reason": "Unsubscribed Address"}, "failed", "stopped"),
    ("deferred", {"response": "400 wait"}, "sent", None),
]


def test_what_a_mail_can_come_to(mails: tuple[Shop, FakeSendGrid]) -> None:
    shop, fake = mails
    sent = _more(shop, "email", len(MAIL_ENDS))
    taken = {one.arguments["foretell_message"]: one for one in fake.mails}
    ends = zip(sent, MAIL_ENDS, strict=True)
    _batch(shop, fake, *(fake.event(taken[key], name, LATER, **more) for key, (name, more, _, _) in ends))
    _all_came_to(shop, "email", sent, [(state, reason) for _, _, state, reason in MAIL_ENDS])
    assert len(told(shop.engine, "Email Marked as Spam")) == 1


def _more(shop: Shop, medium: str, number: int) -> list[str]:
    """Further people who were sent a message; the ids of the messages."""
    names = [f"p{place}" for place in range(number)]
    for place, name in enumerate(names):
        arrive(shop.engine, *person(name, medium, phone=f"+49151234567{place:02d}"))
    ask(shop.engine, shop.read, *({"id": f"x_{name}", "who": name, "channel": medium} for name in names))
    deliver.dispatch(shop.engine, shop.read, now=NOW)
    return [f"x_{name}" for name in names]


def _all_came_to(shop: Shop, medium: str, ids: list[str], wanted: list[tuple[str, str | None]]) -> None:
    came_to, addresses = states(shop.engine), shop.column("address")
    listed = [deliver.suppression(shop.engine, medium, addresses[one]) for one in ids]
    found = [(came_to[one], why[0] if why else None) for one, why in zip(ids, listed, strict=True)]
    assert found == wanted


def test_programs_that_open_are_nobody(mails: tuple[Shop, FakeSendGrid]) -> None:
    shop, fake = mails
    first = fake.mails[0]
    machine = fake.event(first, "open", LATER, sg_machine_open=True, useragent="Mozilla/5.0 (Macintosh)")
    scanner = fake.event(first, "click", LATER, url="https://shop.example/", useragent="Barracuda Sentinel (EE)")
    assert _batch(shop, fake, machine, scanner).new == 2
    assert shop.column("opened_at")["m1"] is None
    assert (
        _batch(shop, fake, fake.event(first, "click", LATER, url="https://shop.example/", useragent="Firefox")).new == 1
    )
    assert shop.column("clicked_at")["m1"] is not None


def test_what_is_not_signed_is_nothing(mails: tuple[Shop, FakeSendGrid], tmp_path: Path) -> None:
    shop, fake = mails
    body, headers = fake.signed([fake.event(fake.mails[0], "bounce", LATER, type="bounce")], LATER)
    wrong = {
        "another body": (body.replace(b"bounce", b"opened"), headers),
        "another time": (body, {**headers, "X-Twilio-Email-Event-Webhook-Timestamp": "1"}),
        "no signature": (body, {}),
        "no base 64": (body, {**headers, "X-Twilio-Email-Event-Webhook-Signature": "ä"}),
    }
    for what, request in wrong.items():
        with pytest.raises(UsageError) as refused:
            shop.told("email", *request)
        assert refused.value.code == "BAD_SIGNATURE", what
    unkeyed = through(tmp_path, "email", "sendgrid", fake.server.url, api_key_secret="sendgrid")
    with pytest.raises(UsageError, match="verification_key"):
        Shop(shop.engine, unkeyed).told("email", body, headers)
    with pytest.raises(UsageError, match="takes receipts"):
        shop.told("sms", body, headers)
    assert set(states(shop.engine).values()) == {"sent"}


def test_strangers_are_counted_and_nothing_else(mails: tuple[Shop, FakeSendGrid]) -> None:
    shop, fake = mails
    strange = [fake.event(fake.mails[0], "delivered", LATER, foretell_message=one) for one in ("m_other", "m_gone")]
    odd = [{"event": "delivered"}, {"event": "account_status_change", "type": "compliance_suspend"}, 7]
    assert _batch(shop, fake, *strange, *odd) == deliver.ReceiptReport(told=2, new=0, unknown=2)  # type: ignore[list-item]
    standing = deliver.standings(shop.engine)["email"]
    assert (standing.accepted, standing.receipts, standing.unknown, standing.received_at) == (2, 0, 2, LATER)


def test_a_receipt_settles_a_doubt_and_stops_another_try(engine: Engine, tmp_path: Path) -> None:
    with sendgrid.sendgrid() as fake:
        named = {"api_key_secret": "sendgrid", "verification_key": fake.verification_key}
        shop = Shop(engine, through(tmp_path, "email", "sendgrid", fake.server.url, **named))
        fake.moods.loses_every = 1
        ask(engine, shop.read, {"id": "m1", "who": "ann"})
        assert deliver.dispatch(engine, shop.read, now=NOW).uncertain == 1
        assert states(engine) == {"m1": "uncertain"}
        assert told(engine, "Email Sent") == []
        _batch(shop, fake, fake.event(fake.mails[0], "processed", NOW))
        assert states(engine) == {"m1": "sent"}
        assert len(told(engine, "Email Sent")) == 1
        assert shop.column("sent_at")["m1"] == shop.column("at")["m1"], "it counts for caps, as of when it was due"
        deliver.dispatch(engine, shop.read, now=NOW + timedelta(days=1))
        assert len(fake.mails) == 1
        fake.moods.loses_every, fake.moods.fails_every = 0, 1
        ask(engine, shop.read, {"id": "m2", "who": "bob"})
        deliver.dispatch(engine, shop.read, now=NOW)
        assert states(engine)["m2"] == "queued"
        said_so = {**fake.event(fake.mails[0], "delivered", NOW), "foretell_message": "m2"}
        _batch(shop, fake, said_so)
        fake.moods.fails_every = 0
        deliver.dispatch(engine, shop.read, now=NOW + timedelta(days=1))
        assert (states(engine)["m2"], len(fake.mails)) == ("delivered", 1)


def test_a_receipt_that_comes_before_the_answer(
    mails: tuple[Shop, FakeSendGrid], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor tells while the request still runs."""
    shop, fake = mails
    ask(shop.engine, shop.read, {"id": "m3", "who": "ann", "hours": 1})
    plain = fake.answer

    def early(asked: Any) -> Any:
        found = plain(asked)
        _batch(shop, fake, fake.event(fake.mails[-1], "bounce", LATER, type="bounce", reason="gone"))
        return found

    monkeypatch.setattr(fake.server, "answer", early)
    deliver.dispatch(shop.engine, shop.read, now=LATER)
    assert states(shop.engine)["m3"] == "bounced"


def test_late_receipts_after_a_merge_and_after_an_erasure(mails: tuple[Shop, FakeSendGrid]) -> None:
    shop, fake = mails
    ann, bob = (find(shop.engine, f"user_id:{name}") for name in ("ann", "bob"))
    identify.merge(shop.engine, ann, bob, rules=identify.rules_of(shop.read), now=LATER, force=True)
    late = [fake.event(one, "open", LATER, useragent="Mozilla/5.0 (X11) Firefox/150") for one in fake.mails]
    assert _batch(shop, fake, *late).new == 2
    shown = shop.engine.analytics.query("SELECT DISTINCT profile_id FROM messages").to_pylist()
    assert len(shown) == 1, "both are the one person's now"
    whole = find(shop.engine, "user_id:bob").profile_key
    with shop.engine.ops.write() as tx:
        deliver.DeliverStage().erase(tx, pa.table({"profile_key": pa.array([whole], pa.int64())}))
    gone = _batch(shop, fake, *(fake.event(one, "delivered", LATER) for one in fake.mails))
    assert (gone.new, gone.unknown) == (0, 2)
    assert shop.engine.ops.query("SELECT * FROM engagements") == []


# ---------------------------------------------------------------------------- Twilio


def _call(shop: Shop, text: Text, status: str, error: int | None = None, at: datetime = LATER) -> deliver.ReceiptReport:
    fields = {"MessageSid": text.sid, "MessageStatus": status, "To": text.to, "From": twilio.FROM}
    if error is not None:
        fields["ErrorCode"] = str(error)
    return _posted(shop, text.fields["StatusCallback"], fields, at)


def _posted(shop: Shop, url: str, fields: Mapping[str, str], at: datetime = LATER) -> deliver.ReceiptReport:
    query = url.partition("?")[2]
    report = shop.told("sms", *twilio_signed(url, fields), at=at, query=f"?{query}" if query else "")
    assert isinstance(report, deliver.ReceiptReport)
    return report


def test_a_text_on_the_wire(texts: tuple[Shop, FakeTwilio]) -> None:
    first = texts[1].texts[0]
    assert first.fields["MessagingServiceSid"] == twilio.SERVICE
    assert "From" not in first.fields
    assert first.fields["StatusCallback"] == "https://mail.company.example/hooks/channels/sms?message=s1"
    assert first.body.startswith("Hello, see https://mail.company.example/")


TEXT_ENDS: list[tuple[str, int | None, str, str | None]] = [
    ("sent", None, "sent", None),
    ("delivered", None, "delivered", None),
    ("undelivered", 30003, "bounced", None),
    ("undelivered", 30005, "bounced", "bounced"),
    ("undelivered", 30006, "bounced", "bounced"),
    ("undelivered", 30007, "failed", None),
    ("failed", 21610, "failed", "stopped"),
]


def test_what_a_text_can_come_to(texts: tuple[Shop, FakeTwilio]) -> None:
    shop, fake = texts
    sent = _more(shop, "sms", len(TEXT_ENDS))
    taken = {one.fields["StatusCallback"].rpartition("=")[2]: one for one in fake.texts}
    for key, (status, code, _, _) in zip(sent, TEXT_ENDS, strict=True):
        _call(shop, taken[key], "sent")
        _call(shop, taken[key], status, code)
        _call(shop, taken[key], "queued")
    _all_came_to(shop, "sms", sent, [(state, reason) for _, _, state, reason in TEXT_ENDS])


def test_stop_stops_and_other_words_do_not(texts: tuple[Shop, FakeTwilio]) -> None:
    shop, fake = texts
    url = "https://mail.company.example/hooks/channels/sms"
    ann, bob = (text.to for text in fake.texts)
    says = {"SmsStatus": "received", "To": twilio.FROM}
    _posted(shop, url, {**says, "MessageSid": "SM1", "From": ann, "Body": "When does it stop?"})
    for _ in range(2):
        _posted(shop, url, {**says, "MessageSid": "SM2", "From": bob, "Body": " Stop "})
    assert len(told(shop.engine, "SMS Replied")) == 2
    assert len(told(shop.engine, "Unsubscribed")) == 1
    again = ask(
        shop.engine, shop.read,
        {"id": "s3", "who": "ann", "channel": "sms"}, {"id": "s4", "who": "bob", "channel": "sms"},
        {"id": "s5", "who": "bob", "channel": "sms", "purpose": "service"},
    )  # fmt: skip
    assert again[0] == ("send", "ok")
    assert again[1][0] == again[2][0] == "refuse", "a number that said STOP gets nothing more"
    stranger = {**says, "MessageSid": "SM3", "From": "+4915550000", "Body": "STOP"}
    assert _posted(shop, url, stranger).unknown == 2
    assert deliver.suppression(shop.engine, "sms", "+4915550000") == ("stopped", LATER)


def test_a_number_that_stopped_before_we_knew(texts: tuple[Shop, FakeTwilio]) -> None:
    shop, fake = texts
    fake.stopped.add(fake.texts[0].to)
    ask(shop.engine, shop.read, {"id": "s3", "who": "ann", "channel": "sms"})
    deliver.dispatch(shop.engine, shop.read, now=LATER)
    assert states(shop.engine)["s3"] == "failed"
    assert "21610" in shop.column("error")["s3"]
    listed = deliver.suppression(shop.engine, "sms", fake.texts[0].to)
    assert listed is not None
    assert listed[0] == "stopped"


def test_calls_that_are_not_twilios(texts: tuple[Shop, FakeTwilio]) -> None:
    shop, fake = texts
    text = fake.texts[0]
    url = text.fields["StatusCallback"]
    fields = {"MessageSid": text.sid, "MessageStatus": "delivered"}
    body, headers = twilio_signed(url, fields)
    forged = {
        "another message": ((body, headers), "?message=s2"),
        "another body": ((body + b"&ErrorCode=30005", headers), "?message=s1"),
        "another token": (twilio_signed(url, fields, "stolen"), "?message=s1"),
        "nothing": ((body, {}), "?message=s1"),
    }
    for what, (request, query) in forged.items():
        with pytest.raises(UsageError) as refused:
            shop.told("sms", *request, query=query)
        assert refused.value.code == "BAD_SIGNATURE", what
    assert set(states(shop.engine).values()) == {"sent"}


# ---------------------------------------------------------------------------- Amazon


@pytest.fixture
def amazon(engine: Engine, tmp_path: Path) -> Iterator[tuple[Shop, FakeSes]]:
    """Two mails that SES took."""
    with ses.ses() as fake:
        named = {
            "region": ses.REGION, "access_key_id": ses.ACCESS_KEY, "secret_key_secret": "aws",
            "configuration_set": ses.CONFIGURATION, "topic_arn": ses.TOPIC, "sns_url": fake.server.url,
        }  # fmt: skip
        shop = Shop(engine, through(tmp_path, "email", "ses", fake.server.url, **named))
        ask(engine, shop.read, {"id": "m1", "who": "ann"}, {"id": "m2", "who": "bob"})
        deliver.dispatch(engine, shop.read, now=NOW)
        yield shop, fake


def _sns(shop: Shop, message: Mapping[str, str], at: datetime = LATER) -> deliver.ReceiptReport:
    report = shop.told("email", json.dumps(message).encode(), {"x-amz-sns-message-type": message["Type"]}, at=at)
    assert isinstance(report, deliver.ReceiptReport)
    return report


def test_a_raw_mail_with_our_headers_and_tag(amazon: tuple[Shop, FakeSes]) -> None:
    shop, fake = amazon
    assert states(shop.engine) == {"m1": "sent", "m2": "sent"}
    mail = fake.mails[0].mail
    assert mail is not None
    assert mail["Message-ID"] == "<m1@company.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert fake.mails[0].tags == {"foretell_message": "m1"}
    assert fake.mails[0].body["ConfigurationSetName"] == ses.CONFIGURATION


AMAZON_ENDS: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("Send", {}, "sent", None),
    ("Delivery", {}, "delivered", None),
    ("Bounce", {"bounceType": "Permanent", "bouncedRecipients": [{"status": "5.1.1"}]}, "bounced", "bounced"),
    ("Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}, "bounced", None),
    ("Complaint", {"complaintFeedbackType": "abuse"}, "sent", "complained"),
    ("Complaint", {"complaintFeedbackType": "not-spam"}, "sent", None),
    ("Reject", {"reason": "Bad content"}, "failed", None),
]


def test_what_amazon_tells(amazon: tuple[Shop, FakeSes]) -> None:
    shop, fake = amazon
    sent = _more(shop, "email", len(AMAZON_ENDS))
    taken = {one.tags["foretell_message"]: one for one in fake.mails}
    for place, (key, (kind, part, _, _)) in enumerate(zip(sent, AMAZON_ENDS, strict=True)):
        event = json.dumps(fake.event(taken[key], kind, LATER, **part))
        message = fake.message("Notification", event, LATER, version=str(1 + place % 2))
        for _ in range(2):
            _sns(shop, message)
    _all_came_to(shop, "email", sent, [(state, reason) for _, _, state, reason in AMAZON_ENDS])


def test_a_notification_without_tags_is_known_by_its_headers(amazon: tuple[Shop, FakeSes]) -> None:
    shop, fake = amazon
    event = fake.event(fake.mails[1], "Delivery", LATER)
    del event["mail"]["tags"]
    _sns(shop, fake.message("Notification", json.dumps(event), LATER))
    assert states(shop.engine) == {"m1": "sent", "m2": "delivered"}


def test_a_subscription_to_our_topic_alone_is_confirmed(amazon: tuple[Shop, FakeSes]) -> None:
    shop, fake = amazon
    message = fake.message("SubscriptionConfirmation", "You have chosen to subscribe.", LATER)
    _sns(shop, message)
    assert fake.confirmed == [message["Token"]]
    others = [
        {"TopicArn": ses.TOPIC + "-of-theirs"},
        {"SubscribeURL": "http://169.254.169.254/latest/meta-data/"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem"},
        {"Token": "another"},
    ]
    for changed in others:
        with pytest.raises(UsageError) as refused:
            _sns(shop, fake.message("SubscriptionConfirmation", "You have chosen.", LATER, **changed))
        assert refused.value.code == "BAD_SIGNATURE", changed
    assert len(fake.confirmed) == 1


FORGED: list[dict[str, str]] = [
    {"Message": "{}"},
    {"Signature": "AAAA"},
    {"Signature": "ä"},
    {"SignatureVersion": "3"},
    {"SignatureVersion": "1"},
    {"Type": "Gossip"},
    {"SigningCertURL": "https://169.254.169.254/a.pem"},
    {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.pem"},
    {"SigningCertURL": ""},
    {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:other"},
]


def test_messages_that_are_not_our_topics(amazon: tuple[Shop, FakeSes]) -> None:
    shop, fake = amazon
    event = json.dumps(fake.event(fake.mails[0], "Bounce", LATER, bounceType="Permanent"))
    for changed in FORGED:
        with pytest.raises(UsageError) as refused:
            _sns(shop, fake.message("Notification", event, LATER, **changed))
        assert refused.value.code == "BAD_SIGNATURE", changed
    assert states(shop.engine)["m1"] == "sent"


def test_certificates_come_from_amazon_alone(amazon: tuple[Shop, FakeSes], tmp_path: Path) -> None:
    """Without the address for tests, one of the loopback interface is refused before it is asked."""
    shop, fake = amazon
    named = {"region": ses.REGION, "topic_arn": ses.TOPIC}
    strict = Shop(shop.engine, through(tmp_path, "email", "ses", fake.server.url, **named))
    asked = fake.server.requests
    with pytest.raises(UsageError, match="signature"):
        _sns(strict, fake.message("Notification", "{}", LATER))
    assert fake.server.requests == asked
