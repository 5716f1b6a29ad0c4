"""What one tick works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx
from foretell.journey.holding import Holding
from foretell.journey.news import News
from foretell.journey.published import Revisions


@dataclass(frozen=True)
class Work:
    """The stores, the definitions and the present of one tick."""

    engine: Engine
    catalog: Catalog
    reader: Reader
    now: datetime
    revisions: Revisions
    holds: Holding = field(init=False)
    news: News = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", Holding(self.reader))
        object.__setattr__(self, "news", News(self.engine, self.now))

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's zone, for calendar steps."""
        return self.catalog.settings.zone_info

    def act(self, change: Callable[[Tx, Batch], None]) -> None:
        """One recorded batch: state, decisions, messages and events together, or nothing of it."""
        self.engine.act("journey", change, now=self.now)
