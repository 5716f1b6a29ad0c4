"""Who may ask: nobody but this machine, unless a token is set; and no other site through somebody's browser."""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookies import SimpleCookie
from ipaddress import ip_address
from urllib.parse import urlsplit

from foretell.definitions import WorkspaceSettings
from foretell.errors import UsageError

TOKEN_VARIABLE, TOKEN_SECRET = "FORETELL_TOKEN", "api_token"
METRICS_VARIABLE, METRICS_SECRET = "FORETELL_METRICS_TOKEN", "metrics_token"
WRITE_KEY = "write_key"
"""Secrets of ``foretell.yaml`` with this name or with it before an underscore are write keys."""
COOKIE = "foretell_session"
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def is_loopback(host: str) -> bool:
    """True for addresses that this machine alone reaches."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Access:
    """The rules of a server.

    Args:
        token: what ``/api`` and the app ask for; empty where this machine alone reaches the server.
        hosts: names by which the server may be called, where there is no token.
        write_keys: key → name of the source whose events it brings; empty where any key is accepted.
        origins: source → origins (lower case) of the pages that may send its events; all where it is missing.
        metrics_token: lets a program read ``/metrics`` and nothing else; empty where only ``token`` does.
    """

    token: str = field(default="", repr=False)
    hosts: frozenset[str] = frozenset(_LOCAL)
    write_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    origins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    metrics_token: str = field(default="", repr=False)

    @classmethod
    def of(cls, settings: WorkspaceSettings, host: str, names: frozenset[str] = frozenset()) -> Access:
        """The rules for a server that listens on ``host``.

        Raises:
            UsageError: ``TOKEN_MISSING`` where others can reach it and nothing would keep them out.
        """
        secrets = {name: value.get_secret_value() for name, value in settings.secrets.items()}
        token = os.environ.get(TOKEN_VARIABLE, "") or secrets.get(TOKEN_SECRET, "")
        if not token and not is_loopback(host):
            raise UsageError(
                "TOKEN_MISSING",
                f"others could reach the server at {host}, and nothing would keep them out",
                next_step=f"Set the environment variable {TOKEN_VARIABLE} to a long random text.",
            )
        keys = {value: name.removeprefix(WRITE_KEY).strip("_") or "api" for name, value in secrets.items()
                if name == WRITE_KEY or name.startswith(f"{WRITE_KEY}_")}  # fmt: skip
        metrics = os.environ.get(METRICS_VARIABLE, "") or secrets.get(METRICS_SECRET, "")
        return cls(token, frozenset(_LOCAL | {host} | names), keys, metrics_token=metrics)

    @property
    def session(self) -> str:
        """What the cookie of somebody who signed in holds: not the token itself."""
        return hmac.new(self.token.encode(), b"foretell session", hashlib.sha256).hexdigest()

    def knows(self, token: str) -> bool:
        """True where ``token`` is the right one."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def admits(self, headers: Mapping[str, str]) -> bool:
        """True where the request may use ``/api`` and the app."""
        if not self.token:
            return True
        if self.knows(bearer(headers)):
            return True
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self.session.encode())

    def admits_scrape(self, headers: Mapping[str, str]) -> bool:
        """True where the request may read ``/metrics``: with the token of its own, or as whoever may use ``/api``."""
        given = bearer(headers)
        own = bool(self.metrics_token) and hmac.compare_digest(given.encode(), self.metrics_token.encode())
        return own or self.admits(headers)

    def serves(self, headers: Mapping[str, str]) -> bool:
        """False where the request names a host that is not ours: a foreign name that was pointed at us."""
        return bool(self.token) or host_name(headers.get("host", "")) in self.hosts

    def source_of(self, write_key: str) -> str | None:
        """The source whose events come with ``write_key``; None where it is not accepted."""
        if not self.write_keys:
            return None if self.token else "api"
        found = [name for key, name in self.write_keys.items() if hmac.compare_digest(key.encode(), write_key.encode())]
        return found[0] if found else None


def bearer(headers: Mapping[str, str]) -> str:
    """The token that the request brings; empty without one."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if kind.lower() == "bearer" else ""


def is_foreign(headers: Mapping[str, str]) -> bool:
    """True where a browser sends the request for another site."""
    if headers.get("sec-fetch-site", "none") in ("cross-site", "same-site"):
        return True
    origin = headers.get("origin")
    return origin is not None and origin.lower().partition("://")[2] != headers.get("host", "").lower()


@lru_cache(maxsize=64)
def host_name(host: str) -> str:
    """A ``Host`` header without its port; empty where it is no host."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


@lru_cache(maxsize=64)
def basic_user(authorization: str) -> str:
    """The user name of Basic authentication: Segment's libraries send the write key so; empty without one."""
    kind, _, given = authorization.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return b64decode(given.strip(), validate=True).decode().partition(":")[0]
    except ValueError:
        return ""
