"""E-mail by Amazon SES: SendEmail of API v2 with raw mail, and its events as Amazon SNS posts them.

SES takes no idempotency key. A request whose answer was lost leaves its message ``uncertain``; each mail carries our id
as the tag ``foretell_message`` (and in ``Message-ID``), which its events repeat: the first one (``Send``) settles the
doubt. Requests are signed by botocore (Signature Version 4), which also finds the credentials of a machine's role.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.policy import SMTP as SMTP_POLICY
from typing import Any, Self

from pydantic import BaseModel, Field, model_validator

from foretell.deliver import sns
from foretell.deliver.channels.base import (
    Capabilities,
    ChannelKind,
    ChannelPlace,
    HookRequest,
    Outgoing,
    Receipt,
    Told,
    ToldKind,
)
from foretell.deliver.machines import is_machine
from foretell.deliver.mail_text import mail_of, our_id, sender_of
from foretell.deliver.reaching import secret_of
from foretell.deliver.signatures import require
from foretell.deliver.vendors import BATCH_SIZE, Vendor, VendorAnswer, VendorSettings, hand_over, receipt_for, refused

OUR_TAG = "foretell_message"
_PATH = "/v2/email/outbound-emails"
_MENDABLE = {
    "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException", "NotFoundException",
    "LimitExceededException", "AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException",
    "SignatureDoesNotMatch", "ExpiredTokenException", "MissingAuthenticationTokenException",
    "IncompleteSignatureException", "InvalidClientTokenId",
}  # fmt: skip
"""Account, sender or credentials: somebody can mend it, and nothing was sent."""
_ADDRESS_WORDS = re.compile(r"illegal address|missing final '@domain'|missing '@'|domain (starts|ends|contains)|"
                        r"local address (starts|contains)", re.IGNORECASE)  # fmt: skip
"""What SES says of a recipient that is no address; the code is that of any bad request."""
_KINDS: Mapping[str, ToldKind] = {
    "Send": "accepted",
    "Delivery": "delivered",
    "Complaint": "spam",
    "Reject": "failed",
    "Rendering Failure": "failed",
    "Open": "open",
    "Click": "click",
    "Subscription": "unsubscribe",
}


class SesSettings(VendorSettings):
    """Which account and region, and how its events come."""

    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="Region of the account, e.g. eu-west-1.")
    base_url: str = Field("", description="Address of the API; empty for the region's own.")
    access_key_id: str | None = Field(
        None, min_length=16, description="Access key; without one, the credentials of the machine (role, environment)."
    )
    secret_key_secret: str | None = Field(None, description="Name under `secrets` in foretell.yaml of its secret key.")
    configuration_set: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Configuration set with the event destination.",
    )
    topic_arn: str | None = Field(
        None, pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S+$", description="SNS topic whose messages are taken."
    )
    sns_url: str | None = Field(None, description="Another address of SNS, for tests; needs allow_private.")

    @model_validator(mode="before")
    @classmethod
    def _of_the_region(cls, told: Any) -> Any:
        if isinstance(told, Mapping) and not told.get("base_url"):
            region = told.get("region")
            end = ".com.cn" if str(region).startswith("cn-") else ".com"
            return {**told, "base_url": f"https://email.{region}.amazonaws{end}"}
        return told

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.access_key_id is None) != (self.secret_key_secret is None):
            raise ValueError("access_key_id and secret_key_secret belong together")
        if self.sns_url is not None and not self.allow_private:
            raise ValueError("sns_url is for tests, and needs allow_private")
        return self


class SesChannel:
    """Hands over one mail a request, several at a time."""

    def __init__(self, settings: SesSettings, place: ChannelPlace) -> None:
        require("botocore", "Amazon SES")
        self._settings, self._place, self._vendor = settings, place, Vendor(settings)
        self._secret = None
        if settings.secret_key_secret is not None:
            self._secret = secret_of(place.settings, settings.secret_key_secret)

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""
        signer, url = self._signer(), self._vendor.url_of(_PATH)

        def one(message: Outgoing) -> Receipt:
            try:
                body = json.dumps(self._mail(message, now)).encode()
            except (ValueError, UnicodeError) as error:
                return Receipt(message.message_id, "refused", error=f"it cannot be written as a mail: {error}")
            answer = self._vendor.ask("POST", _PATH, content=body, headers=_signed(signer, url, body))
            return _receipt(message.message_id, answer, now)

        return hand_over(messages, one, self._settings.connections)

    def probe(self) -> str:
        """Whether the account may send; raises OSError, UsageError."""
        path = "/v2/email/account"
        answer = self._vendor.ask("GET", path, headers=_signed(self._signer(), self._vendor.url_of(path), b"", "GET"))
        body = answer.json()
        told = body if isinstance(body, dict) else {}
        if not answer.ok or not told.get("SendingEnabled"):
            raise refused("Amazon SES", "sending is paused for the account" if answer.ok else answer.said())
        if not told.get("ProductionAccessEnabled"):
            return "Amazon SES knows the account; it is in its sandbox, and sends to verified addresses alone."
        return "Amazon SES knows the account, and it may send."

    def close(self) -> None:
        """End the connections."""
        self._vendor.close()

    def _mail(self, message: Outgoing, now: datetime) -> dict[str, Any]:
        raw = mail_of(message, self._place.settings, now).as_bytes(policy=SMTP_POLICY)
        told: dict[str, Any] = {
            "FromEmailAddress": sender_of(self._place.settings),
            "Destination": {"ToAddresses": [message.address]},
            "Content": {"Raw": {"Data": base64.b64encode(raw).decode()}},
            "EmailTags": [{"Name": OUR_TAG, "Value": message.message_id}],
        }
        if self._settings.configuration_set is not None:
            told["ConfigurationSetName"] = self._settings.configuration_set
        return told

    def _signer(self) -> Any:
        from botocore.auth import SigV4Auth
        from botocore.credentials import Credentials
        from botocore.session import Session

        if self._settings.access_key_id is not None:
            found = Credentials(self._settings.access_key_id, self._secret)
        else:
            found = Session().get_credentials()
        if found is None:
            raise OSError("this machine has no AWS credentials; write access_key_id and secret_key_secret")
        return SigV4Auth(found, "ses", self._settings.region)


def _signed(signer: Any, url: str, body: bytes, method: str = "POST") -> dict[str, str]:
    """The headers of a signed request; AWS holds its date against its own clock, so it is the machine's."""
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method, url, {"Content-Type": "application/json"}, data=body)
    signer.add_auth(request)
    return dict(request.headers.items())


def _receipt(message_id: str, answer: VendorAnswer, now: datetime) -> Receipt:
    body = answer.json()
    told = body if isinstance(body, dict) else {}
    if answer.ok:
        return Receipt(message_id, "accepted", accepted_id=str(told.get("MessageId") or ""))
    kind = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    words = str(told.get("message") or told.get("Message") or "")
    said = ": ".join(part for part in (kind, words) if part)
    if kind in _MENDABLE or answer.status in (401, 403):
        return Receipt(message_id, "later", error=answer.said(said), retry_after=timedelta(minutes=5))
    return receipt_for(message_id, answer, now, detail=said, bad_address=bool(_ADDRESS_WORDS.search(words)))


def _receive(settings: BaseModel, _place: ChannelPlace, request: HookRequest) -> list[Told]:
    """An SNS message: its signature is checked, a subscription to our own topic is confirmed, events are read."""
    assert isinstance(settings, SesSettings)
    message = sns.verified(settings, settings.topic_arn, request, settings.sns_url)
    if message["Type"] == "SubscriptionConfirmation":
        sns.confirm(settings, message, settings.sns_url)
    if message["Type"] != "Notification":
        return []
    try:
        event = json.loads(message["Message"])
    except ValueError:
        return []  # SES says in words that a topic was set up
    return _told(event, message["MessageId"], request.now) if isinstance(event, dict) else []


def _told(event: Mapping[str, Any], key: str, now: datetime) -> list[Told]:
    name = str(event.get("eventType") or event.get("notificationType") or "")
    mail = event.get("mail")
    ours = _our_id(mail) if isinstance(mail, dict) else ""
    part = event.get("bounce" if name == "Bounce" else name.lower().partition(" ")[0])
    part = part if isinstance(part, dict) else {}
    if not ours:
        return []
    at = _instant(part.get("timestamp"), now)
    if name == "Bounce":
        return [_bounce(part, key, at, ours)]
    if name not in _KINDS or part.get("complaintFeedbackType") == "not-spam":
        return []
    if name == "Subscription" and not _left_all(part):
        return []
    agent, url = part.get("userAgent"), part.get("link")
    machine = name in ("Open", "Click") and is_machine(agent if isinstance(agent, str) else None)
    error = str(part.get("reason") or part.get("errorMessage") or "")
    url = url if isinstance(url, str) else None
    return [Told(_KINDS[name], at, ours, key=key, error=error, url=url, machine=machine)]


def _bounce(part: Mapping[str, Any], key: str, at: datetime, ours: str) -> Told:
    """Only a permanent one says that the address takes nothing; ``Undetermined`` and ``Transient`` do not."""
    people = part.get("bouncedRecipients")
    first = people[0] if isinstance(people, list) and people and isinstance(people[0], dict) else {}
    words = (part.get("bounceType"), part.get("bounceSubType"), first.get("status"), first.get("diagnosticCode"))
    error = " ".join(str(word) for word in words if word)
    return Told("bounce" if part.get("bounceType") == "Permanent" else "soft_bounce", at, ours, key=key, error=error)


def _our_id(mail: Mapping[str, Any]) -> str:
    """From the tag; notifications of an identity have no tags, but the mail's own headers."""
    tags = mail.get("tags")
    values = tags.get(OUR_TAG) if isinstance(tags, dict) else None
    if isinstance(values, list) and values and isinstance(values[0], str):
        return values[0]
    headers = mail.get("commonHeaders")
    told = headers.get("messageId") if isinstance(headers, dict) else None
    return our_id(told) if isinstance(told, str) else ""


def _left_all(part: Mapping[str, Any]) -> bool:
    wanted = part.get("newTopicPreferences")
    return isinstance(wanted, dict) and wanted.get("unsubscribeAll") is True


def _instant(text: Any, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else now
    except ValueError:
        return now
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _open(settings: BaseModel, place: ChannelPlace) -> SesChannel:
    assert isinstance(settings, SesSettings)
    return SesChannel(settings, place)


CHANNEL = ChannelKind(
    "ses", Capabilities("email", idempotent=False, batch_size=BATCH_SIZE), SesSettings, _open, receive=_receive
)
