"""E-mail over SMTP, by any server.

SMTP has no idempotency: once a message's data are on their way, a lost connection leaves open whether the
server took it. Such a message is answered ``uncertain`` and never sent again by itself. RFC 5321 (4.5.3.2.6:
the pause before the final answer), RFC 8058 (one-click unsubscribe headers come with the message).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Literal

import aiosmtplib
from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import WorkspaceSettings
from foretell.deliver.channels.base import Capabilities, ChannelKind, ChannelPlace, Outcome, Outgoing, Receipt
from foretell.errors import UsageError

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
    """Hands messages to a server, one connection a call."""

    def __init__(self, settings: SmtpSettings, workspace: WorkspaceSettings) -> None:
        self._settings = settings
        self._sending = workspace.sending
        self._sender = formataddr((workspace.sending.from_name or workspace.name, workspace.sending.from_email))
        secret = None
        if settings.password_secret is not None:
            secret = workspace.secrets.get(settings.password_secret)
            if secret is None:
                raise UsageError(
                    "SECRET_MISSING",
                    f"there is no secret called {settings.password_secret!r}",
                    next_step=f"Write it under secrets in foretell.yaml: {settings.password_secret}: ${{VARIABLE}}.",
                )
        self._password = secret.get_secret_value() if secret else None

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""
        return asyncio.run(self._send(messages, now))

    async def _send(self, messages: Sequence[Outgoing], now: datetime) -> list[Receipt]:
        client = aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            use_tls=self._settings.security == "tls",
            start_tls=self._settings.security == "starttls",
            username=self._settings.username,
            password=self._password,
            timeout=self._settings.timeout_seconds,
        )
        receipts: list[Receipt] = []
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            return [Receipt(message.message_id, "later", error=_said(error)) for message in messages]
        try:
            for message in messages:
                receipts.append(await self._hand_over(client, message, now))
                if not client.is_connected:
                    break
        finally:
            await _leave(client)
        rest = messages[len(receipts) :]
        return receipts + [Receipt(one.message_id, "later", error="the connection was lost before it") for one in rest]

    async def _hand_over(self, client: aiosmtplib.SMTP, message: Outgoing, now: datetime) -> Receipt:
        """MAIL, RCPT and DATA apart, since only what fails after DATA is uncertain."""
        try:
            data = self.mime(message, now).as_bytes(policy=SMTP_POLICY)
        except Exception as error:  # noqa: BLE001 - an address or subject that is none must not stop the others
            return Receipt(message.message_id, "refused", error=f"it cannot be written as a mail: {_said(error)}")
        try:
            await client.mail(self._sending.from_email)
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

    def mime(self, message: Outgoing, now: datetime) -> EmailMessage:
        """The message as it goes over the wire: text and HTML as alternatives."""
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = self._sender
        mail["To"] = message.address
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{message.message_id}@{self._sending.from_email.rpartition('@')[2]}>"
        if self._sending.reply_to:
            mail["Reply-To"] = self._sending.reply_to
        for name, value in message.headers.items():
            mail[name] = value
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        return mail


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


CHANNEL = ChannelKind("smtp", Capabilities("email", idempotent=False, batch_size=50), SmtpSettings, _open)
