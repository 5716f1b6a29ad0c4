"""The whole of it: who waits, how long it takes, what is left afterwards, what went with it."""

from __future__ import annotations

from datetime import datetime

from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.listen.loop.before_after import follow
from foretell.listen.loop.cases import cases
from foretell.listen.loop.effect import closing_effect
from foretell.listen.loop.improving import improvement, improvements
from foretell.listen.loop.model import Followed, LoopQuery, LoopReport
from foretell.listen.loop.times import promptness, times, times_by


def loop_report(engine: Engine, catalog: Catalog, asked: LoopQuery, *, now: datetime) -> LoopReport:
    """How the loop is closed for cases and answers of a span; months are those of the workspace's time zone."""
    rows = cases(engine, asked, now, zone=catalog.settings.zone_info)
    groups = () if asked.by is None else tuple(times_by(rows, asked.by))
    effect = closing_effect(engine, rows, now, currency=catalog.settings.currency)
    return LoopReport(now, promptness(engine, asked, now), times(rows), groups, effect)


def followed(engine: Engine, *, now: datetime) -> list[Followed]:
    """All improvements with what came of them."""
    return [follow(engine, one, now) for one in improvements(engine)]


def followed_one(engine: Engine, improvement_id: str, *, now: datetime) -> Followed:
    """One improvement with what came of it; raises ``UNKNOWN_IMPROVEMENT``."""
    return follow(engine, improvement(engine, improvement_id), now)
