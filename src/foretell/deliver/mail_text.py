"""A message as a mail: what SMTP and services that take raw mail are handed (RFC 5322, RFC 2045)."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr

from foretell.definitions import WorkspaceSettings
from foretell.deliver.channels.base import Outgoing

_MESSAGE_ID = re.compile(r"<?([^@<>\s]+)@")


def mail_of(message: Outgoing, workspace: WorkspaceSettings, now: datetime) -> EmailMessage:
    """Text and HTML as alternatives; raises ValueError or UnicodeError where an address or subject is none."""
    sending = workspace.sending
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender_of(workspace)
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.message_id}@{sending.from_email.rpartition('@')[2]}>"
    if sending.reply_to:
        mail["Reply-To"] = sending.reply_to
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail


def sender_of(workspace: WorkspaceSettings) -> str:
    """Name and address of the sender, as a mail names them."""
    return formataddr((workspace.sending.from_name or workspace.name, workspace.sending.from_email))


def our_id(message_id_header: str) -> str:
    """Our id from the header ``Message-ID`` of a mail made here; empty where it holds none."""
    found = _MESSAGE_ID.match(message_id_header.strip())
    return found[1] if found else ""
