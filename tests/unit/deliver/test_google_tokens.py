"""Access tokens from the credentials that Google hands out."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from foretell.deliver.channels.google_ads import GoogleAdsSettings
from foretell.deliver.google_tokens import SCOPE, GoogleToken
from foretell.deliver.list_changes import NotTold
from foretell.errors import UsageError
from foretell.testing.google import ACCOUNT, CREDENTIALS, google
from tests.support.small_events import NOW


def settings(url: str) -> GoogleAdsSettings:
    told: dict[str, Any] = {"base_url": url, "allow_private": True, "account": ACCOUNT, "terms_accepted": True}
    return GoogleAdsSettings(credentials_secret="google", **told)


def test_a_service_account_signs_for_itself() -> None:
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with google() as vendor:
        known = {
            "type": "service_account",
            "client_email": "cx@shop.example",
            "private_key": pem,
            "private_key_id": "k1",
        }
        token = GoogleToken(json.dumps({**known, "token_uri": f"{vendor.url}/token"}), settings(vendor.url))
        assert token.header(NOW) == {"Authorization": "Bearer ya29.0"}
        assert token.header(NOW) == {"Authorization": "Bearer ya29.0"}, "one is enough as long as it is taken"
        token.forget()
        assert token.header(NOW) == {"Authorization": "Bearer ya29.1"}
        told = vendor.assertions[0]
    assert (told["alg"], told["kid"], told["iss"], told["scope"]) == ("RS256", "k1", "cx@shop.example", SCOPE)
    assert (told["iat"], told["exp"]) == (int(NOW.timestamp()), int(NOW.timestamp()) + 3600)
    text, _, signature = told["assertion"].rpartition(".")
    key.public_key().verify(base64.urlsafe_b64decode(signature + "=="), text.encode(), PKCS1v15(), SHA256())


def test_what_is_no_credential_is_told_without_its_content() -> None:
    for text, told in (
        ("s3cret", "no JSON"),
        ('{"type": "key"}', "type is none of"),
        ('{"type": "service_account", "client_email": "cx@shop.example"}', "they lack private_key"),
        ("[]", "type is none of"),
    ):
        with pytest.raises(UsageError, match=told) as refused:
            GoogleToken(text, settings("http://127.0.0.1:1"))
        assert refused.value.code == "BAD_CREDENTIALS"
        assert "s3cret" not in str(refused.value)


def test_google_says_no_or_has_too_much_to_do() -> None:
    with google() as vendor:
        place = {"token_uri": f"{vendor.url}/token"}
        wrong = GoogleToken(json.dumps({**CREDENTIALS, "refresh_token": "old", **place}), settings(vendor.url))
        with pytest.raises(NotTold, match="Bad Request"):
            wrong.header(NOW)
        vendor.moods.busy = 1
        good = GoogleToken(json.dumps({**CREDENTIALS, **place}), settings(vendor.url))
        with pytest.raises(NotTold) as busy:
            good.header(NOW)
        assert busy.value.retry_after == timedelta(seconds=vendor.moods.retry_after_seconds)
        assert good.header(NOW)["Authorization"].startswith("Bearer ya29.")
