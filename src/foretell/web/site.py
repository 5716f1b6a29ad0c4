"""What a running server holds: the opened workspace, the worker, and what was computed lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import Depends, Request

from foretell import predict, segment
from foretell.app import Workspace
from foretell.engine import Process
from foretell.web.access import Access
from foretell.web.caching import Cache
from foretell.web.ready_cards import ReadyCards
from foretell.web.senders import Senders
from foretell.web.worker import Worker
from foretell.web.works import Works

if TYPE_CHECKING:
    from foretell.web.commanding import Commands


@dataclass
class Site:
    """What the routes work with.

    Args:
        assets: folder of the built app.
        commands: what runs commands of the terminal; None where there is nobody to ask for it.
        role: what this process is there for, as ``serve --role`` says it.
        leader: whoever answers what this process cannot, as last heard; None where it was not heard of.
    """

    workspace: Workspace
    worker: Worker
    access: Access
    cache: Cache
    assets: Path
    commands: Commands | None = None
    role: str = "all"
    command_token: str = field(default="", repr=False)
    leader: Process | None = None
    senders: Senders = field(init=False)
    cards: ReadyCards = field(init=False)
    works: Works = field(init=False)

    def __post_init__(self) -> None:
        self.senders = Senders(self.workspace, self.access)
        self.cards = ReadyCards(self)
        self.works = Works()

    @property
    def now(self) -> datetime:
        """The present, by the workspace's clock."""
        return self.workspace.clock.now()

    def directory(self) -> pa.Table:
        """Everybody, see :func:`foretell.segment.directory`."""
        place = self.workspace
        return self.cache.get("directory", lambda: segment.directory(place.engine, place.catalog, as_of=self.now))

    def headcount(self) -> segment.Headcount:
        """How many people there are: what is shown everywhere needs no row of each of them."""
        analytics = self.workspace.engine.analytics
        return self.cache.get("headcount", lambda: segment.headcount(analytics))

    def memberships(self) -> pa.Table:
        """Who is in which segment, see :func:`foretell.segment.memberships`."""
        place = self.workspace
        return self.cache.get("memberships", lambda: segment.memberships(place.catalog, place.reader, as_of=self.now))

    def scores(self) -> pa.Table:
        """Everybody's last scores, see :func:`foretell.predict.latest_scores`."""
        analytics = self.workspace.engine.analytics
        return self.cache.get("scores", lambda: predict.latest_scores(analytics, as_of=self.now))

    def rows_of(self, profile_keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The rows of a few people in the directory, by profile key."""
        return {row["profile_key"]: row for row in self.few(profile_keys).to_pylist()}

    def few(self, profile_keys: Sequence[int]) -> pa.Table:
        """The rows of a few people in the directory; it is not made for them."""
        keys, place = sorted(set(profile_keys)), self.workspace
        everybody: pa.Table | None = self.cache.there("directory")
        if everybody is None:
            return segment.directory(place.engine, place.catalog, as_of=self.now, people=keys)
        return everybody.filter(pc.is_in(everybody["profile_key"], pa.array(keys, pa.int64())))

    def names_of(self, profile_ids: Sequence[str]) -> dict[str, str | None]:
        """How a few people of the directory are called, by profile id."""
        keys = segment.keys_of(self.workspace.engine.analytics, sorted(set(profile_ids)))
        return {row["profile_id"]: self.name_in(row) for row in self.few(keys).to_pylist()}

    @staticmethod
    def name_in(row: Mapping[str, Any]) -> str | None:
        """How a person of the directory is called: name, e-mail or user id; None where nothing is known."""
        return row.get("name") or row.get("email") or row.get("user_id")


async def site_of(request: Request) -> Site:
    """The site that a request came to. It waits for nothing; as a plain function it would cost a change of threads."""
    site = request.state.site
    assert isinstance(site, Site)
    return site


Here = Annotated[Site, Depends(site_of)]
"""A route's parameter: the site."""
