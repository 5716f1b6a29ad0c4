"""An SMTP server that behaves as its addressees ask: it takes, refuses, asks to wait, or hangs up.

Needs ``aiosmtpd``, which the product does not.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

BOUNCES, REFUSES, LATER, SILENT = (f"{name}@vendor.example" for name in ("bounce", "refuse", "later", "silent"))


@dataclass
class MailServer:
    """What the server took; ``port`` on 127.0.0.1."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer RCPT."""
        if address == BOUNCES:
            return "550 5.1.1 no such mailbox"
        if address == LATER:
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer DATA: the mail is taken unless its recipient says otherwise."""
        (recipient,) = envelope.rcpt_tos
        if recipient == REFUSES:
            return "554 5.7.1 no spam here"
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self.mails.append(message_from_bytes(content, policy=policy.default))
        self.recipients.append(recipient)
        if recipient == SILENT and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 taken"


@contextmanager
def mail_server(handler: MailServer | None = None) -> Iterator[MailServer]:
    """A server on a free port of the loopback interface while the block runs.

    Args:
        handler: answers as it likes; without it as :class:`MailServer` does.
    """
    handler = handler or MailServer()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(handler, hostname="mail.test", loop=loop), "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        tasks = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task(loop)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        handler.port = server.sockets[0].getsockname()[1]
        yield handler
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
