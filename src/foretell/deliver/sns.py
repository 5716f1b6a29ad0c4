"""Messages that Amazon SNS posts: whose they are, and the confirmation of a subscription.

Nothing of a message is believed before its signature holds, and the certificate that proves it comes from SNS's own
host: the address in the message is only asked where it is one of AWS. A subscription is confirmed for the channel's own
topic alone, so that nobody makes this server ask anything for theirs.
"""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from foretell.deliver.channels.base import HookRequest
from foretell.deliver.signatures import bad_signature, is_rsa_signed, require
from foretell.deliver.vendors import Vendor, VendorSettings
from foretell.errors import ForetellError, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?\Z")
_DIGESTS = {"1": "sha1", "2": "sha256"}
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_MOST_KEPT = 32
_KEPT: dict[str, Certificate] = {}
"""Certificates by their address: AWS gives a new one a new address."""
_KEEPING = threading.Lock()
_LOOK = "the topic is the channel's topic_arn, and raw message delivery is off"


def verified(settings: VendorSettings, topic: str | None, request: HookRequest, sns_url: str | None) -> dict[str, str]:
    """The fields of a message that is SNS's own and of ``topic``.

    Args:
        settings: how AWS may be asked.
        sns_url: the only address that is asked, in tests; else that of AWS.

    Raises:
        UsageError: ``BAD_SIGNATURE``, ``BAD_JSON``, ``SECRET_MISSING`` where the channel names no topic.
        ForetellError: ``VENDOR_UNREACHABLE`` where the certificate cannot be had now.
    """
    require("cryptography", "a message of Amazon SNS")
    if topic is None:
        raise UsageError(
            "SECRET_MISSING",
            "the channel has no topic_arn, so no message can be trusted",
            next_step="Write the ARN of the SNS topic into the channel's settings.",
        )
    told = _read(request.body)
    kind = told.get("Type", "")
    names, digest = _SIGNED.get(kind, ()), _DIGESTS.get(told.get("SignatureVersion", ""))
    if told.get("TopicArn") != topic or not names or digest is None:
        raise bad_signature("the message", _LOOK)
    text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    certificate = _certificate(settings, told.get("SigningCertURL", ""), sns_url, request.now)
    if not is_rsa_signed(certificate, text.encode(), told.get("Signature", ""), digest):
        raise bad_signature("the message", _LOOK)
    return told


def confirm(settings: VendorSettings, message: dict[str, str], sns_url: str | None) -> None:
    """Confirm the subscription of a verified message; raises ``BAD_SIGNATURE``, ``VENDOR_UNREACHABLE``."""
    _fetched(settings, message.get("SubscribeURL", ""), sns_url)


def _read(body: bytes) -> dict[str, str]:
    try:
        told: Any = json.loads(body)
    except ValueError as error:
        raise UsageError("BAD_JSON", f"the body is no JSON: {error}", next_step="Send it as SNS does.") from error
    if not isinstance(told, dict):
        raise UsageError("BAD_JSON", "the body is no JSON object", next_step="Send it as SNS does.")
    return {name: value for name, value in told.items() if isinstance(value, str)}


def _certificate(settings: VendorSettings, url: str, sns_url: str | None, now: datetime) -> Certificate:
    from cryptography.x509 import load_pem_x509_certificate

    with _KEEPING:
        kept = _KEPT.get(url)
    if kept is None:
        if not urlsplit(url).path.endswith(".pem"):
            raise bad_signature("the message", _LOOK)
        try:
            kept = load_pem_x509_certificate(_fetched(settings, url, sns_url))
        except ValueError as error:
            raise bad_signature("the message", _LOOK) from error
        with _KEEPING:
            if len(_KEPT) >= _MOST_KEPT:
                _KEPT.clear()
            _KEPT[url] = kept
    if not kept.not_valid_before_utc <= now <= kept.not_valid_after_utc:
        raise bad_signature("the message", "its certificate is valid at this time")
    return kept


def _fetched(settings: VendorSettings, url: str, sns_url: str | None) -> bytes:
    """What lies at an address of SNS, and of nobody else."""
    parts = urlsplit(url)
    if sns_url is not None:
        ours = urlsplit(sns_url)
        trusted = (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc)
    else:
        trusted = parts.scheme == "https" and bool(_HOST.match(parts.netloc))
    if not trusted:
        raise bad_signature("the message", _LOOK)
    try:
        with Vendor(settings) as vendor:
            answer = vendor.ask("GET", url, headers={"Accept": "*/*"})
    except OSError as error:
        raise _unreachable(str(error)) from error
    if not answer.ok:
        raise _unreachable(answer.said())
    return answer.body


def _unreachable(why: str) -> ForetellError:
    return ForetellError("VENDOR_UNREACHABLE", f"Amazon SNS cannot be asked: {why}", transient=True)
