"""Signed requests to servers of others: what audiences and exports post, and where nothing is ever posted.

Each request has an ``Idempotency-Key``, by which a receiver knows one that comes again. The signature is the one that
Foretell's own ``timestamped`` webhooks take (as Stripe documents it: ``t=`` seconds, ``v1=`` HMAC-SHA256 over them, a
dot and the body).
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from foretell.definitions import WorkspaceSettings
from foretell.deliver.reaching import checked_address, secret_of, trusting

SIGNATURE, KEY = "Foretell-Signature", "Idempotency-Key"
UNREACHABLE = (OSError, http.client.HTTPException)
"""What a request raises that got no answer."""
_AGAIN = {408, 425, 429}
"""Answers below 500 after which trying again may help (RFC 9110; RFC 6585; RFC 8470)."""
_NOBODY = 422
_MOST_SECONDS = 86_400


class Target(BaseModel):
    """Where requests go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="Address that takes a POST; https, or http with allow_private.")
    allow_private: bool = Field(False, description="Let it be a server of the own network or machine.")
    timeout_seconds: float = Field(10.0, gt=0, le=60, description="So long an answer may take.")

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        found = urlsplit(url)
        if found.scheme not in ("https", "http") or not found.hostname or found.username or found.password:
            raise ValueError("the url is to be https://HOST/PATH, without a name or password in it")
        assert found.port is None or found.port > 0
        return url

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if urlsplit(self.url).scheme == "http" and not self.allow_private:
            raise ValueError("what is known of people is never sent unencrypted; use https, or allow_private")
        return self


@dataclass(frozen=True)
class Answer:
    """What a server says to a request.

    Args:
        retry_after: how long it asks to wait, with ``later``.
        nobody: it refuses since it does not know the address.
    """

    outcome: Literal["accepted", "later", "refused"]
    error: str = ""
    retry_after: timedelta | None = None
    nobody: bool = False


class Posting:
    """Posts bodies one after the other over one connection, to the very address that was looked at: the name may
    mean another one a moment later.

    Raises:
        UsageError: ``SECRET_MISSING``.
    """

    def __init__(self, target: Target, secret: str, workspace: WorkspaceSettings) -> None:
        self._target, self._url = target, urlsplit(target.url)
        self._secret = secret_of(workspace, secret).encode()
        self._connection: http.client.HTTPConnection | None = None

    def post(self, key: str, told: Mapping[str, Any], now: datetime) -> Answer:
        """Post ``told`` as JSON; connects where it has not yet.

        Raises:
            OSError, http.client.HTTPException: there is no answer (:data:`UNREACHABLE`), or the server lies in a
                private network and may not.
        """
        self._connection = self._connection or self._connected()
        body = json.dumps(told, ensure_ascii=False).encode()
        stamp = str(int(now.timestamp()))
        signed = hmac.new(self._secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", KEY: key, SIGNATURE: f"t={stamp},v1={signed}"}
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        if self._connection.sock is None:  # the server has ended it; the next request is another connection's
            self._connection = None
        return _answer(answer.status, answer.getheader("Retry-After") or "")

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        url, seconds = self._url, self._target.timeout_seconds
        assert url.hostname is not None
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        sock = socket.create_connection(
            (checked_address(url.hostname, port, self._target.allow_private), port), seconds
        )
        try:
            if secure:
                sock = trusting().wrap_socket(sock, server_hostname=url.hostname)
        except BaseException:
            sock.close()
            raise
        made = http.client.HTTPConnection(url.hostname, url.port, timeout=seconds)
        made.default_port = 443 if secure else 80
        made.sock = sock
        made.auto_open = 0  # it would look the name up again
        return made


def _answer(status: int, pause: str) -> Answer:
    """2xx is taken; a redirect is not followed, since it may lead anywhere."""
    if 200 <= status < 300:
        return Answer("accepted")
    if status in _AGAIN or status >= 500:
        wait = timedelta(seconds=min(int(pause), _MOST_SECONDS)) if pause.isascii() and pause.isdigit() else None
        return Answer("later", f"it answered {status}", wait)
    return Answer("refused", f"it answered {status}", nobody=status == _NOBODY)
