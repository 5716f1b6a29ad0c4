"""A served workspace in which a mail lies in the inbox, for a person who agreed to get it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from foretell import deliver
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_sending import TEMPLATE, ask
from tests.support.small_workspace import write_documents

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}


@contextmanager
def with_mail(folder: Path) -> Iterator[Served]:
    """``ann`` got the mail ``m1``."""
    write_documents(folder)
    (folder / "templates").mkdir()
    (folder / "templates" / "hello.yaml").write_text(json.dumps(TEMPLATE))
    at = (NOW - timedelta(days=1)).isoformat()
    person = {"userId": "ann", "timestamp": at, "originalTimestamp": at}
    granted = {"channel": "email", "purpose": "marketing", "state": "granted"}
    traits = {"email": "ann@customers.example", "first_name": "Ann"}
    told = [
        {"type": "identify", "messageId": "i1", **person, "traits": traits},
        {"type": "track", "messageId": "c1", **person, "event": "Consent Updated", "properties": granted},
    ]
    with served(folder, events="\n".join(map(json.dumps, told)), clock=FixedClock(NOW)) as site:
        place = site.site.workspace
        assert not place.problems
        assert ask(place.engine, place.catalog, {"id": "m1", "who": "ann"}) == [("send", "ok")]
        deliver.dispatch(place.engine, place.catalog, now=NOW)
        site.site.cache.forget()
        yield site


def link(site: Served, kind: str) -> str:
    """The path of the mail's link: ``o`` (picture), ``c`` (click), ``u`` (unsubscribe), ``p`` (preferences)."""
    mail = site.get("inbox/m1")
    found = re.search(rf"https?://[^\"'<>\s]+/s/{kind}/[^\"'<>\s]+", mail["html"] + json.dumps(mail["headers"]))
    assert found, mail
    return urlsplit(found[0]).path


def told(site: Served, event: str) -> list[dict[str, Any]]:
    """The properties of own events with this name."""
    rows = site.site.workspace.engine.analytics.query(
        "SELECT properties FROM events WHERE event = $event AND source = 'foretell' ORDER BY message_id",
        {"event": event},
    )
    return [json.loads(text) for text in rows["properties"].to_pylist()]
