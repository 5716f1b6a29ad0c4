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
from foretell.web.access import Access
from foretell.web.caching import Cache
from foretell.web.ready_cards import ReadyCards
from foretell.web.senders import Senders
from foretell.web.worker import Worker

if TYPE_CHECKING:
    from foretell.web.commanding import Commands


@dataclass
class Site:
    """What the routes work with.

    Args:
        assets: folder of the built app.
        commands: what runs commands of the terminal; None where there is nobody to ask for it.
    """

    workspace: Workspace
    worker: Worker
    access: Access
    cache: Cache
    assets: Path
    commands: Commands | None = None
    command_token: str = field(default="", repr=False)
    senders: Senders = field(init=False)
    cards: ReadyCards = field(init=False)

    def __post_init__(self) -> None:
        self.senders = Senders(self.workspace, self.access)
        self.cards = ReadyCards(self)

    @property
    def now(self) -> datetime:
        """The present, by the workspace's clock."""
        return self.workspace.clock.now()

    def directory(self) -> pa.Table:
        """Everybody, see :func:`foretell.segment.directory`."""
        place = self.workspace
        return self.cache.get("directory", lambda: segment.directory(place.engine, place.catalog, as_of=self.now))

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
        everybody = self.directory()
        wanted = pa.array(sorted(set(profile_keys)), pa.int64())
        found = everybody.filter(pc.is_in(everybody["profile_key"], wanted)).to_pylist()
        return {row["profile_key"]: row for row in found}

    def names_of(self, profile_ids: Sequence[str]) -> dict[str, str | None]:
        """How a few people of the directory are called, by profile id."""
        everybody = self.directory()
        found = everybody.filter(pc.is_in(everybody["profile_id"], pa.array(sorted(set(profile_ids)), pa.string())))
        told = found.select(["profile_id", "name", "email", "user_id"]).to_pylist()
        return {row["profile_id"]: self.name_in(row) for row in told}

    @staticmethod
    def name_in(row: Mapping[str, Any]) -> str | None:
        """How a person of the directory is called: name, e-mail or user id; None where nothing is known."""
        return row.get("name") or row.get("email") or row.get("user_id")


async def site_of(request: Request) -> Site:
    """The site that a request came to. It waits for nothing; as a plain function it would cost a change of threads."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


Here = Annotated[Site, Depends(site_of)]
"""A route's parameter: the site."""
