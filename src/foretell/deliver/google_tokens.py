"""Access tokens for Google's APIs, from the credentials that Google hands out as a JSON file.

Source: Google, *Using OAuth 2.0 for server to server applications* (JWT bearer grant, RFC 7523, RS256) for a service
account; *Using OAuth 2.0 to access Google APIs* (refresh token grant, RFC 6749, 6) for a person's authorisation.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from foretell.deliver.list_changes import NotTold
from foretell.deliver.vendors import Vendor, VendorAnswer, VendorSettings
from foretell.errors import UsageError

SCOPE = "https://www.googleapis.com/auth/datamanager"
_TOKEN_URL = "https://oauth2.googleapis.com/token"
_LIFE_SECONDS = 3600
_SPARE = timedelta(minutes=5)
_NEEDED = {
    "service_account": ("client_email", "private_key"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}


class GoogleToken:
    """Gets an access token when it is first needed, and another where that one is not taken any more.

    Args:
        credentials: JSON text of a key file (``type`` ``service_account`` or ``authorized_user``).
        known: tokens that were got before, and until when they are good.

    Raises:
        UsageError: ``BAD_CREDENTIALS``.
    """

    def __init__(
        self, credentials: str, settings: VendorSettings, known: MutableMapping[tuple[str, ...], Any] | None = None
    ) -> None:
        self._known = _read(credentials)
        self._settings = settings
        self._tokens = {} if known is None else known
        self._key = ("google token", sha256(credentials.encode()).hexdigest())

    def header(self, now: datetime) -> dict[str, str]:
        """The header that goes with a request.

        Raises:
            NotTold: ``NOT_AUTHORISED``.
            OSError: there is no answer.
        """
        token, until = self._tokens.get(self._key, ("", now))
        if until <= now:
            token, life = self._fetched(now)
            self._tokens[self._key] = (token, now + life - _SPARE)
        return {"Authorization": f"Bearer {token}"}

    def forget(self) -> None:
        """The token was not taken."""
        self._tokens.pop(self._key, None)

    def _fetched(self, now: datetime) -> tuple[str, timedelta]:
        url = str(self._known.get("token_uri") or _TOKEN_URL)
        place = self._settings.model_copy(update={"base_url": f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"})
        with Vendor(place) as vendor:
            answer = vendor.ask("POST", url, form=self._grant(url, now))
        said: Any = answer.json()
        token = said.get("access_token") if isinstance(said, dict) else None
        if not answer.ok or not token:
            raise NotTold(
                "NOT_AUTHORISED",
                f"Google gives no access token: {answer.said(_why(answer))}",
                next_step="Look at the credentials, and at who may use the account in Google Ads.",
                retry_after=answer.retry_after(now),
            )
        seconds = said.get("expires_in")
        return str(token), timedelta(seconds=seconds if isinstance(seconds, int) else 0)

    def _grant(self, url: str, now: datetime) -> dict[str, str]:
        if self._known["type"] == "authorized_user":
            names = ("client_id", "client_secret", "refresh_token")
            return {"grant_type": "refresh_token"} | {name: str(self._known[name]) for name in names}
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self._assertion(url, now)}

    def _assertion(self, url: str, now: datetime) -> str:
        if find_spec("cryptography") is None:
            raise UsageError(
                "LIBRARY_MISSING",
                "a service account signs with the library cryptography, which is not installed",
                next_step="Install it: pip install cryptography.",
            )
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        issued = int(now.timestamp())
        header = {"alg": "RS256", "typ": "JWT"} | _some(self._known, "kid", "private_key_id")
        claims = {"iss": self._known["client_email"], "scope": SCOPE, "aud": url}
        claims |= {"iat": issued, "exp": issued + _LIFE_SECONDS}
        text = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
        key = load_pem_private_key(str(self._known["private_key"]).encode(), None)
        if not isinstance(key, RSAPrivateKey):
            raise _bad("its private_key is no RSA key")
        return f"{text}.{_encoded(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _read(credentials: str) -> Mapping[str, Any]:
    try:
        known = json.loads(credentials)
    except ValueError as error:
        raise _bad("they are no JSON") from error
    needed = _NEEDED.get(known.get("type") if isinstance(known, dict) else None)  # type: ignore[arg-type]
    if needed is None:
        raise _bad(f"their type is none of {', '.join(_NEEDED)}")
    missing = [name for name in needed if not known.get(name)]
    if missing:
        raise _bad(f"they lack {', '.join(missing)}")
    return dict(known)


def _bad(why: str) -> UsageError:
    return UsageError(
        "BAD_CREDENTIALS",
        f"the credentials of Google cannot be used: {why}",
        next_step="Put the JSON of a service account's key, or of an authorised user, under secrets in foretell.yaml.",
    )


def _why(answer: VendorAnswer) -> str:
    said = answer.json()
    return str(said.get("error_description") or said.get("error") or "") if isinstance(said, dict) else ""


def _some(known: Mapping[str, Any], name: str, of: str) -> dict[str, str]:
    return {name: str(known[of])} if known.get(of) else {}


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
