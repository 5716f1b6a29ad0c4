"""Asking vendors over HTTP: one client a channel, and what an answer, or none, means for a message.

What matters is how far a request came. A connection that was never made sent nothing: the message is tried again. Once
a request is on its way and no answer comes, nobody knows: a vendor that keys on an id of ours is asked again, any other
leaves the message ``uncertain``. Redirects are not followed, since they may lead anywhere, and a name that means an
address of a private network is not asked unless ``allow_private``: the very address that was looked at is the one
connected to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Self
from urllib.parse import urlencode, urlsplit

import httpcore
from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.deliver.channels.base import Outgoing, Receipt
from foretell.deliver.reaching import checked_address, trusting
from foretell.errors import UsageError

BATCH_SIZE = 8
"""Messages that vendors without an idempotency key are handed at once: so many are in doubt where a process dies."""
MOST_WAIT = timedelta(days=1)
"""A vendor that asks for a longer pause is not believed."""
_AGAIN = {408, 425, 429}
"""Answers below 500 after which trying again may help (RFC 9110; RFC 6585; RFC 8470)."""
_GATEWAY = {502, 504}
"""Answers of a gateway whose server behind it gave none (RFC 9110, 15.6.3 and 15.6.5): it may have done it."""
_MOST_SAID = 300
_NOTHING_SENT = (
    httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout, httpcore.ProxyError,
    httpcore.UnsupportedProtocol, httpcore.LocalProtocolError,
)  # fmt: skip


class Unreached(OSError):
    """Nothing was sent: no connection was made."""


class Unanswered(OSError):
    """The request was on its way, and no answer came."""


class VendorSettings(BaseModel):
    """Settings of every channel that speaks to a vendor; a channel gives ``base_url`` its own default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="Address of the vendor's API; another one for a region, or for tests.")
    allow_private: bool = Field(False, description="Let it be a server of the own network or machine.")
    timeout_seconds: float = Field(30.0, gt=0, le=600, description="So long an answer may take.")
    connections: int = Field(8, ge=1, le=64, description="So many requests run at the same time.")

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        found = urlsplit(self.base_url)
        if found.scheme not in ("https", "http") or not found.hostname or found.username or found.password:
            raise ValueError("base_url is to be https://HOST, without a name or password in it")
        if found.scheme == "http" and not self.allow_private:
            raise ValueError("what is known of people is never sent unencrypted; use https, or allow_private")
        return self


@dataclass(frozen=True)
class VendorAnswer:
    """What a vendor answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def retry_after(self, now: datetime) -> timedelta | None:
        """How long the vendor asks to wait: ``Retry-After`` in seconds or as a date (RFC 9110, 10.2.3)."""
        return wait_of(self.headers.get("retry-after", ""), now)

    def said(self, detail: str = "") -> str:
        """Status and what the vendor wrote, for people; at most some hundred characters."""
        text = detail or " ".join(self.body.decode("utf-8", "replace").split())
        return f"it answered {self.status}" + (f": {text[:_MOST_SAID]}" if text else "")


def wait_of(text: str, now: datetime) -> timedelta | None:
    """What a ``Retry-After`` means at ``now``; None where it says nothing that can be read."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), MOST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), MOST_WAIT)


@dataclass
class Vendor:
    """A client of one vendor's API; threads may share it.

    Args:
        headers: sent with every request.
    """

    settings: VendorSettings
    headers: Mapping[str, str] = field(default_factory=dict)
    _pool: httpcore.ConnectionPool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusting(),
            max_connections=self.settings.connections,
            keepalive_expiry=15.0,
            network_backend=_Backend(self.settings.allow_private),
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json_body: Any = None,
        form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> VendorAnswer:
        """Send one request and read its answer.

        Args:
            path: below ``base_url``, or a whole address of the same server.
            json_body, form, content: at most one of them.

        Raises:
            Unreached: nothing was sent.
            Unanswered: nobody knows what the vendor did.
        """
        told = {"Accept": "application/json", "User-Agent": "Foretell", **self.headers}
        if json_body is not None:
            content = json.dumps(json_body, ensure_ascii=False, separators=(",", ":")).encode()
            told["Content-Type"] = "application/json"
        elif form is not None:
            content = urlencode(form if isinstance(form, Mapping) else list(form)).encode()
            told["Content-Type"] = "application/x-www-form-urlencoded"
        told |= headers or {}
        return self._asked(method, self.url_of(path, query), told, content)

    def url_of(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The whole address of ``path``."""
        url = path if "://" in path else self.settings.base_url.rstrip("/") + path
        return url + (("&" if "?" in url else "?") + urlencode(query) if query else "")

    def _asked(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> VendorAnswer:
        seconds = self.settings.timeout_seconds
        limits = {"timeout": {"connect": seconds, "read": seconds, "write": seconds, "pool": None}}
        told = {"Host": urlsplit(url).netloc, **headers}
        if content is not None:
            told["Content-Length"] = str(len(content))
        pairs = [(name.encode(), value.encode()) for name, value in told.items()]
        try:
            answer = self._pool.request(method, url, headers=pairs, content=content, extensions=limits)
        except _NOTHING_SENT as error:
            raise Unreached(f"{urlsplit(url).hostname} cannot be reached: {_said(error)}") from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise Unanswered(_said(error)) from error
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        return VendorAnswer(answer.status, names, answer.content)

    def close(self) -> None:
        """End all connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def receipt_for(message_id: str, answer: VendorAnswer, now: datetime, *, detail: str = "", **more: Any) -> Receipt:
    """What an answer means where the vendor documents nothing else: 2xx took it, 408, 425, 429 and 5xx may take it
    later, 502 and 504 leave it open, anything else refuses.

    Args:
        detail: the vendor's own words, where they could be read.
        more: further fields of the receipt.
    """
    outcome: Literal["accepted", "refused", "later", "uncertain"]
    if answer.ok:
        return Receipt(message_id, "accepted", **more)
    if answer.status in _GATEWAY:
        outcome = "uncertain"
    else:
        outcome = "later" if answer.status in _AGAIN or answer.status >= 500 else "refused"
    wait = answer.retry_after(now) if outcome == "later" else None
    told = more if outcome == "refused" else {}
    return Receipt(message_id, outcome, error=answer.said(detail), retry_after=wait, **told)


def hand_over(
    messages: Sequence[Outgoing], one: Callable[[Outgoing], Receipt], connections: int, *, idempotent: bool = False
) -> list[Receipt]:
    """Hand over messages, several at a time; a receipt each, in their order.

    Once the vendor cannot be reached, or says how long to stay away, the messages that have not gone yet wait too: they
    would fare no better.

    Args:
        one: sends one message; may raise :class:`Unreached` and :class:`Unanswered`.
        idempotent: the vendor keys on our id, so that what is open is simply sent again.
    """
    stop: list[Receipt] = []

    def judged(message: Outgoing) -> Receipt:
        if stop:
            why = f"not sent: {stop[0].error}"
            return Receipt(message.message_id, "later", error=why, retry_after=stop[0].retry_after)
        try:
            receipt = one(message)
        except Unreached as error:
            receipt = Receipt(message.message_id, "later", error=str(error))
            stop.append(receipt)
        except Unanswered as error:
            outcome: Literal["later", "uncertain"] = "later" if idempotent else "uncertain"
            receipt = Receipt(message.message_id, outcome, error=f"no answer: {error}")
            stop.append(receipt)
        else:
            if receipt.outcome == "later" and receipt.retry_after is not None:
                stop.append(receipt)
        return receipt

    if len(messages) == 1 or connections == 1:
        return [judged(message) for message in messages]
    with ThreadPoolExecutor(min(connections, len(messages))) as workers:
        return list(workers.map(judged, messages))


def refused(vendor: str, why: str) -> UsageError:
    """The error of a vendor that does not let us send."""
    return UsageError("VENDOR_REFUSED", f"{vendor} says: {why}", next_step="Look at the key and the account there.")


class _Backend(httpcore.NetworkBackend):
    """Connects to the address that was looked at, and to no private one."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            address = checked_address(host, port, self._allow_private)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
