"""The fakes of SendGrid, Amazon SES and Twilio, driven by the vendors' own Python clients: what we test against answers
as what those clients were written for, and signs as they verify."""

from __future__ import annotations

import json
from email.message import EmailMessage
from urllib.parse import parse_qsl

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.mail import CustomArg, Mail
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from foretell.testing import sendgrid, ses, twilio
from foretell.testing.vendor_server import vendor_server
from tests.support.small_events import NOW


def test_sendgrids_own_client() -> None:
    mail = Mail("shop@company.example", "ann@people.example", "Grüße", "Guten Tag", "<p>Guten Tag</p>")
    mail.add_custom_arg(CustomArg("foretell_message", "m1"))
    with sendgrid.sendgrid() as fake:
        client = SendGridAPIClient(sendgrid.KEY, host=fake.server.url)
        answer = client.send(mail)
        assert (answer.status_code, answer.headers["X-Message-Id"]) == (202, fake.mails[0].message_id)
        assert (fake.mails[0].to, fake.mails[0].arguments) == ("ann@people.example", {"foretell_message": "m1"})
        assert fake.mails[0].content("text/html") == "<p>Guten Tag</p>"
        stranger = SendGridAPIClient("SG.other", host=fake.server.url)
        nameless = mail.get()
        nameless["personalizations"][0]["to"] = [{"email": "nobody"}]
        for who, body, status in ((stranger, mail.get(), 401), (client, nameless, 400)):
            with pytest.raises(HTTPError) as refused:
                who.client.mail.send.post(request_body=body)
            assert refused.value.status_code == status
            assert json.loads(refused.value.body)["errors"][0]["message"]
        body, headers = fake.signed([fake.event(fake.mails[0], "delivered", NOW)], NOW)
        hook = EventWebhook(fake.verification_key)
        stamp, signature = (headers[f"X-Twilio-Email-Event-Webhook-{name}"] for name in ("Timestamp", "Signature"))
        assert hook.verify_signature(body.decode(), signature, stamp)
        assert not hook.verify_signature(body.decode() + " ", signature, stamp)


def test_twilios_own_client() -> None:
    with twilio.twilio() as fake:
        client = Client(twilio.ACCOUNT, twilio.TOKEN)
        client.api.base_url = fake.server.url
        told = client.messages.create(
            to="+4917012345678", from_=twilio.FROM, body="Grüße",
            status_callback="https://shop.example/hooks/channels/sms?message=m1",
        )  # fmt: skip
        assert (told.sid, told.status, told.error_code) == (fake.texts[0].sid, "queued", None)
        assert fake.texts[0].body == "Grüße"
        served = client.messages.create(to="+4917012345678", messaging_service_sid=twilio.SERVICE, body="x")
        assert served.status == "accepted"
        assert client.api.v2010.accounts(twilio.ACCOUNT).fetch().status == "active"
        fake.stopped.add("+4917012345670")
        for number, code in ((twilio.NOBODY, 21211), (twilio.LANDLINE, 21614), ("+4917012345670", 21610)):
            with pytest.raises(TwilioRestException) as refused:
                client.messages.create(to=number, from_=twilio.FROM, body="x")
            assert refused.value.code == code
        stranger = Client(twilio.ACCOUNT, "wrong")
        stranger.api.base_url = fake.server.url
        with pytest.raises(TwilioRestException, match="Authenticate"):
            stranger.messages.create(to="+4917012345678", from_=twilio.FROM, body="x")
        url = fake.texts[0].fields["StatusCallback"]
        body, headers = twilio.signed(
            url, {"MessageSid": told.sid or "", "MessageStatus": "delivered", "Body": "ü & ="}
        )
        fields = dict(parse_qsl(body.decode()))
        validator = RequestValidator(twilio.TOKEN)
        assert validator.validate(url, fields, headers["X-Twilio-Signature"])
        assert not validator.validate(url, {**fields, "MessageStatus": "failed"}, headers["X-Twilio-Signature"])


def test_amazons_own_client() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@company.example", "ann@people.example", "Grüße"
    mail.set_content("Guten Tag")
    told = {
        "FromEmailAddress": "Shop <shop@company.example>",
        "Destination": {"ToAddresses": ["ann@people.example"]},
        "Content": {"Raw": {"Data": mail.as_bytes()}},
        "ConfigurationSetName": ses.CONFIGURATION,
        "EmailTags": [{"Name": "foretell_message", "Value": "m1"}],
    }
    with ses.ses() as fake:

        def client(secret: str) -> boto3.client:
            return boto3.client(
                "sesv2", region_name=ses.REGION, endpoint_url=fake.server.url, aws_access_key_id=ses.ACCESS_KEY,
                aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}),
            )  # fmt: skip

        ours = client(ses.SECRET_KEY)
        assert ours.send_email(**told)["MessageId"] == fake.mails[0].message_id
        assert fake.mails[0].tags == {"foretell_message": "m1"}
        assert fake.mails[0].mail is not None
        assert fake.mails[0].mail["Subject"] == "Grüße"
        assert ours.get_account()["SendingEnabled"]
        refusals = {
            "MessageRejected": (ours, {"FromEmailAddress": "shop@stranger.example"}),
            "NotFoundException": (ours, {"ConfigurationSetName": "other"}),
            "BadRequestException": (ours, {"Destination": {"ToAddresses": [ses.NO_ADDRESS]}}),
            "InvalidSignatureException": (client("wrong"), {}),
        }
        for code, (who, changed) in refusals.items():
            with pytest.raises(ClientError) as refused:
                who.send_email(**{**told, **changed})
            assert refused.value.response["Error"]["Code"] == code
        fake.moods.busy = 1
        with pytest.raises(ClientError) as busy:
            ours.send_email(**told)
        assert busy.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert len(fake.mails) == 1


def test_a_fake_is_a_server_of_its_own() -> None:
    """Two of them do not meet."""
    with sendgrid.sendgrid() as one, sendgrid.sendgrid() as other, vendor_server(one.answer) as third:
        assert len({one.server.url, other.server.url, third.url}) == 3
        assert one.verification_key != other.verification_key
