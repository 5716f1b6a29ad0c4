"""When segments are looked at again: a quarter after the last time, unless the owner says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.definitions import Catalog, current
from foretell.engine import Engine
from foretell.segment.beside import uses
from foretell.segment.beside.uses import Use, title_of
from foretell.segment.document import SegmentSpec, spec_of
from foretell.segment.reviews.rows import Review, last_reviews


@dataclass(frozen=True)
class Due:
    """When a segment is to be looked at.

    Args:
        due: the day; None for one that is not in force yet.
        days: until then, negative where it is past; None without ``due``.
        every: how often, as written.
        last: the latest review.
        used_in: the documents that name it.
    """

    key: str
    title: str
    owner: str | None
    due: date | None
    days: int | None
    every: str
    last: Review | None
    used_in: tuple[Use, ...]

    @property
    def overdue(self) -> bool:
        """Whether the day has come."""
        return self.days is not None and self.days <= 0


def review_list(engine: Engine, catalog: Catalog, *, now: datetime) -> list[Due]:
    """Every segment with the day it is to be looked at, the earliest first; those without a day last."""
    last, named = last_reviews(engine), uses(catalog)
    in_force = {one.key: min(one.applied_at, now) for one in current(engine.ops) if one.kind == "segment"}
    zone = catalog.settings.zone_info
    today = now.astimezone(zone).date()
    found = []
    for document in catalog.all("segment"):
        key, spec = document.key, spec_of(document)
        day = due_on(spec, last.get(key), in_force.get(key), zone)
        days = None if day is None else (day - today).days
        title = title_of(document)
        found.append(Due(key, title, spec.owner, day, days, spec.review_every, last.get(key), named[key]))
    return sorted(found, key=lambda one: (one.due or date.max, one.key))


def due_on(spec: SegmentSpec, last: Review | None, in_force: datetime | None, zone: ZoneInfo) -> date | None:
    """The day: what the document says, where that was not looked at yet; else what the last review said; else
    ``review_every`` after the last review, or after today's wording was put in force."""
    looked = None if last is None else last.at.astimezone(zone).date()
    if spec.review is not None and (looked is None or spec.review > looked):
        return spec.review
    if last is not None and last.next_review is not None:
        return last.next_review
    since = in_force if last is None else last.at
    return None if since is None else Duration.parse(spec.review_every).after(since, zone).astimezone(zone).date()
