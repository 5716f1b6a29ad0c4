"""For every kind of channel the outside world that its contract is checked against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell import deliver
from foretell.deliver.inbox_channel import BOUNCES, LATER, REFUSES
from foretell.testing import mail_server, webhook_receiver
from tests.support.small_sending import catalog, open_sending


@dataclass(frozen=True)
class World:
    """A channel's outside world.

    Args:
        settings: of the channel, to reach it.
        received: message ids that arrived, once for each time.
        good: two addresses that take everything.
        bounces, refuses, later: addresses that answer so.
        silent: an address after whose message the connection dies; None where there is none.
        unreachable: settings with which nothing answers; None where the world is in the workspace.
    """

    place: deliver.ChannelPlace
    settings: Mapping[str, Any]
    received: Callable[[], list[str]]
    good: tuple[str, str]
    bounces: str
    refuses: str
    later: str
    silent: str | None = None
    unreachable: Mapping[str, Any] | None = None


@contextmanager
def _mail(data: Path) -> Iterator[World]:
    with mail_server.mail_server() as server, open_sending(data) as engine:
        yield World(
            deliver.ChannelPlace(_settings(data), engine.ops),
            {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout_seconds": 5},
            lambda: [str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in server.mails],
            ("a@people.example", "b@people.example"),
            mail_server.BOUNCES,
            mail_server.REFUSES,
            mail_server.LATER,
            mail_server.SILENT,
            {"port": 1},
        )


@contextmanager
def _webhook(data: Path) -> Iterator[World]:
    with webhook_receiver.webhook_receiver("shared") as receiver, open_sending(data) as engine:
        settings = catalog(data, settings={"secrets": {"hook": "shared"}}).settings
        yield World(
            deliver.ChannelPlace(settings, engine.ops),
            {"url": receiver.url, "signing_secret": "hook", "allow_private": True, "timeout_seconds": 5},
            lambda: list(receiver.taken),
            ("a1", "b2"),
            "nobody",
            "refused",
            "later",
            unreachable={"url": "http://127.0.0.1:1/"},
        )


def _inbox(mark: str) -> Callable[[Path], AbstractContextManager[World]]:
    """``mark``: @ for e-mail addresses, + for numbers."""

    def address(choices: frozenset[str]) -> str:
        return next(one for one in sorted(choices) if mark in one)

    @contextmanager
    def opened(data: Path) -> Iterator[World]:
        with open_sending(data) as engine:
            yield World(
                deliver.ChannelPlace(_settings(data), engine.ops),
                {},
                lambda: [row[0] for row in engine.ops.query("SELECT message_id FROM inbox ORDER BY message_id")],
                ("a@people.example", "+4917012345"),
                address(BOUNCES),
                address(REFUSES),
                address(LATER),
            )

    return opened


def _settings(data: Path) -> Any:
    return catalog(data, settings={"sending": {"from_email": "shop@company.example"}}).settings


WORLDS: Mapping[str, Callable[[Path], AbstractContextManager[World]]] = {
    "smtp": _mail,
    "webhook": _webhook,
    "inbox_sms": _inbox("+"),
    **dict.fromkeys(("inbox_email", "inbox_ads", "inbox_alert", "inbox_push"), _inbox("@")),
}
"""By the channel's name; a channel without one here fails the contract."""
