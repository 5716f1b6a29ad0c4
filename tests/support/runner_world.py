"""A shop whose runner is killed again and again, with a provider that fails half of the time.

One provider knows a message by its key (a webhook), the other cannot (SMTP). Both live in the test's process, so that
they remember what was handed over before a death.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from aiosmtpd.smtp import SMTP, Envelope, Session

from foretell.testing.mail_server import MailServer, mail_server
from foretell.testing.vendor_server import Answered, Asked, Moods, answered, vendor_server
from tests.support import warm_start
from tests.support.journey_shop import DOCUMENTS, apply, with_people
from tests.support.killed_runner import opened
from tests.support.pairs import Pair
from tests.support.small_workspace import write

PEOPLE = ("ann", "bob", "cara", "dora", "eve", "finn")
_SETTINGS = (
    "name: Shop\ncurrency: EUR\nzone: UTC\nsecrets: {hook: '${HOOK}'}\n"
    "sending: {base_url: https://shop.example, from_email: shop@company.example, attempts: 50}\n"
)
_SECRET = "0123456789abcdef0123456789abcdef"
_EVENTS = "SELECT event, count(*) AS n, count(DISTINCT message_id) AS ids FROM events GROUP BY event ORDER BY event"


@dataclass
class KeyedProvider:
    """Takes each key once, whatever comes again; half of what it is asked it does not look at."""

    taken: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)

    def answer(self, asked: Asked) -> Answered:
        """A request that was looked at."""
        key = asked.headers["idempotency-key"]
        (self.repeated if key in self.taken else self.taken)[key] += 1
        return answered(200, {"id": key}, took=True)


class HalfDeaf(MailServer):
    """Asks every other mail to come back later."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer DATA."""
        self._asked += 1
        if self._asked % 2:
            return "451 4.3.0 come back later"
        return await super().handle_DATA(server, session, envelope)


@contextmanager
def keyed() -> Iterator[tuple[KeyedProvider, str]]:
    """The provider with keys, and the document of a channel to it; the answer to a fifth of what it took is lost."""
    provider = KeyedProvider()
    with vendor_server(provider.answer, Moods(fails_every=2, loses_every=5)) as server:
        yield (
            provider,
            (
                "kind: channel\nkey: email\nspec:\n  uses: webhook_email\n  settings:\n"
                f"    {{url: '{server.url}/mail', allow_private: true, signing_secret: hook, timeout_seconds: 5}}\n"
            ),
        )


@contextmanager
def unkeyed() -> Iterator[tuple[MailServer, str]]:
    """The mail server, and the document of a channel to it."""
    with mail_server(HalfDeaf()) as server:
        yield (
            server,
            (
                "kind: channel\nkey: email\nspec:\n  uses: smtp\n  settings:\n"
                f"    {{host: 127.0.0.1, port: {server.port}, security: none, timeout_seconds: 5}}\n"
            ),
        )


def prepare(root: Path, pair: Pair, channel: str, people: Sequence[str] = PEOPLE) -> dict[str, str]:
    """People who are about to enter; returns the environment of processes that work there."""
    write(root, {**DOCUMENTS, "foretell.yaml": _SETTINGS, "channels/email.yaml": channel})
    place = pair.settings(root / "data").postgres
    where = (
        {"HOOK": _SECRET} if place is None else {"HOOK": _SECRET, "PLACE_URL": place.url, "PLACE_SCHEMA": place.schema}
    )
    with mock.patch.dict(os.environ, where), opened(root) as shop:
        apply(shop)
        with_people(shop, *people)
    return where


def lived(root: Path, where: dict[str, str], role: str, kill_at: str = "0", record: Path | None = None) -> int:
    """A process of that role; returns its exit code, -9 where it died at ``kill_at`` (``N`` or ``NAME:N``).

    Args:
        record: file to which the points that it passed are written.
    """
    words = ["-W", "error", "-m", "tests.support.killed_runner", str(root), role]
    environment = os.environ | where | {"FORETELL_KILL_AT": kill_at}
    if record is not None:
        environment |= {"FORETELL_CRASH_POINTS": str(record)}
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=environment)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def state(root: Path, where: dict[str, str]) -> dict[str, Any]:
    """Everything that a death could have lost or doubled, but for how often and when something was tried."""
    with mock.patch.dict(os.environ, where), opened(root) as shop:
        shop.engine.apply_pending()
        ops, analytics = shop.engine.ops.query, shop.engine.analytics.query
        return {
            "runs": ops("SELECT run, state, step, entered_at, ended_at, due_at FROM journey_runs ORDER BY run"),
            "messages": ops("SELECT message_id, step, at, state FROM messages ORDER BY message_id"),
            "codes": ops("SELECT run FROM offer_codes ORDER BY run"),
            "audience": ops("SELECT profile_key, left_at FROM audience_members ORDER BY profile_key"),
            "cases": ops("SELECT case_id FROM cases ORDER BY case_id"),
            "steps": analytics(
                "SELECT run, step, happened_at, outcome FROM journey_step_rows ORDER BY run, happened_at, step, outcome"
            ).to_pylist(),
            "decisions": analytics("SELECT message_id, decision FROM decision_rows ORDER BY 1, 2").to_pylist(),
            "events": analytics(_EVENTS).to_pylist(),
        }
