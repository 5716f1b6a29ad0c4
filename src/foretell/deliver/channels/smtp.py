"""E-mail over SMTP, by any server.

SMTP has no idempotency: once a message's data are on their way, a lost connection leaves open whether the
server took it. Such a message is answered ``uncertain`` and never sent again by itself. RFC 5321 (4.5.3.2.6:
the pause before the final answer), RFC 8058 (one-click unsubscribe headers come with the message).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from email.policy import SMTP as SMTP_POLICY
from typing import Literal

import aiosmtplib
from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import WorkspaceSettings
from foretell.deliver.channels.base import Capabilities, ChannelKind, ChannelPlace, Outcome, Outgoing, Receipt
from foretell.deliver.mail_text import mail_of
from foretell.deliver.reaching import secret_of
from foretell.deliver.vendors import refused

_BAD_ADDRESS = {550, 551, 553, 521, 556}
"""Permanent answers to RCPT that speak of the address (RFC 5321, 4.2.3; RFC 7504)."""


class SmtpSettings(BaseModel):
    """Which server, and how to speak to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, description="Name of the server.")
    port: int | None = Field(None, ge=1, le=65535, description="Default: 587, or 465 with tls, 25 with none.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls (from the start), none."
    )
    username: str | None = Field(None, description="Name to log in with.")
    password_secret: str | None = Field(None, description="Name under `secrets` in foretell.yaml of the password.")
    timeout_seconds: float = Field(30.0, gt=0, le=600, description="So long an answer may take.")

    @model_validator(mode="after")
    def _both(self) -> SmtpSettings:
        if (self.username is None) != (self.password_secret is None):
            raise ValueError("username and password_secret belong together")
        if self.username is not None and self.security == "none":
            raise ValueError("a password is never sent without encryption; use starttls or tls")
        return self


class SmtpChannel:
    """Hands messages to a server over one connection, which stays until the channel is closed or it breaks."""

    def __init__(self, settings: SmtpSettings, workspace: WorkspaceSettings) -> None:
        self._settings = settings
        self._workspace = workspace
        self._password = secret_of(workspace, settings.password_secret) if settings.password_secret else None
        self._running: asyncio.Runner | None = None
        self._client: aiosmtplib.SMTP | None = None

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""
        self._running = self._running or asyncio.Runner()
        return self._running.run(self._send(messages, now))

    def probe(self) -> str:
        """Connect and log in; raises OSError, UsageError."""
        self._running = self._running or asyncio.Runner()
        try:
            self._running.run(self._connected())
        except aiosmtplib.SMTPException as error:
            raise refused(self._settings.host, _said(error)) from error
        return f"{self._settings.host} answers, and lets us in."

    def close(self) -> None:
        """Take leave of the server."""
        if self._running is not None:
            client, running = self._client, self._running
            self._client = self._running = None
            if client is not None:
                running.run(_leave(client))
            running.close()

    async def _send(self, messages: Sequence[Outgoing], now: datetime) -> list[Receipt]:
        receipts: list[Receipt] = []
        try:
            client = await self._connected()
        except (aiosmtplib.SMTPException, OSError) as error:
            return [Receipt(message.message_id, "later", error=_said(error)) for message in messages]
        for message in messages:
            receipts.append(await self._hand_over(client, message, now))
            if not client.is_connected:
                break
        rest = messages[len(receipts) :]
        return receipts + [Receipt(one.message_id, "later", error="the connection was lost before it") for one in rest]

    async def _connected(self) -> aiosmtplib.SMTP:
        """The connection, asked whether it is still there: servers end one that was silent."""
        if self._client is not None:
            try:
                await self._client.noop()
                return self._client
            except (aiosmtplib.SMTPException, OSError):
                self._client.close()
        self._client = aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            use_tls=self._settings.security == "tls",
            start_tls=self._settings.security == "starttls",
            username=self._settings.username,
            password=self._password,
            timeout=self._settings.timeout_seconds,
        )
        await self._client.connect()
        return self._client

    async def _hand_over(self, client: aiosmtplib.SMTP, message: Outgoing, now: datetime) -> Receipt:
        """MAIL, RCPT and DATA apart, since only what fails after DATA is uncertain."""
        try:
            data = mail_of(message, self._workspace, now).as_bytes(policy=SMTP_POLICY)
        except Exception as error:  # noqa: BLE001 - an address or subject that is none must not stop the others
            return Receipt(message.message_id, "refused", error=f"it cannot be written as a mail: {_said(error)}")
        try:
            await client.mail(self._workspace.sending.from_email)
        except (aiosmtplib.SMTPException, OSError, UnicodeError) as error:
            return await self._failed(client, message, error)
        try:
            await client.rcpt(message.address)
        except (aiosmtplib.SMTPException, OSError, UnicodeError) as error:
            return await self._failed(client, message, error, rcpt=True)
        try:
            answer = await client.data(data)
        except aiosmtplib.SMTPResponseException as error:
            return await self._failed(client, message, error)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return Receipt(message.message_id, "uncertain", error=f"no answer after the data: {_said(error)}")
        return Receipt(message.message_id, "accepted", accepted_id=str(answer.message))

    async def _failed(
        self, client: aiosmtplib.SMTP, message: Outgoing, error: Exception, *, rcpt: bool = False
    ) -> Receipt:
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
        unwritable = isinstance(error, UnicodeError | aiosmtplib.SMTPNotSupported | ValueError)
        sender = isinstance(error, aiosmtplib.SMTPSenderRefused)  # wrong settings, which somebody can mend
        outcome: Outcome = "refused" if (code >= 500 and not sender) or unwritable else "later"
        if client.is_connected:
            try:
                await client.rset()
            except (aiosmtplib.SMTPException, OSError):
                client.close()
        return Receipt(message.message_id, outcome, error=_said(error), bad_address=rcpt and code in _BAD_ADDRESS)


async def _leave(client: aiosmtplib.SMTP) -> None:
    if client.is_connected:
        try:
            await client.quit()
        except (aiosmtplib.SMTPException, OSError):
            client.close()


def _said(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__


def _open(settings: BaseModel, place: ChannelPlace) -> SmtpChannel:
    assert isinstance(settings, SmtpSettings)
    return SmtpChannel(settings, place.settings)


CHANNEL = ChannelKind("smtp", Capabilities("email", idempotent=False, batch_size=1), SmtpSettings, _open)
