"""What has become of a segment since it was last looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import UNSENT, Engine, scratch
from foretell.errors import UsageError
from foretell.segment.beside import OverlapMatrix, overlap, unused
from foretell.segment.directory import memberships
from foretell.segment.document import spec_of
from foretell.segment.everybody import everybody
from foretell.segment.meaning import meaning_of
from foretell.segment.reviews.advice import Advice, Evidence, advise
from foretell.segment.reviews.against import Against, against
from foretell.segment.reviews.composition import Composition, compositions
from foretell.segment.reviews.members import Moment, grouped
from foretell.segment.reviews.rows import Review, review_history
from foretell.segment.trends.grid import first_event

MOST_TOLD = 8
_SILENT = f"""
SELECT count(*) AS silent FROM lost_people l WHERE NOT EXISTS (
  SELECT 1 FROM log_events e WHERE e.profile_key = l.profile_key AND e.ts > $since AND e.ts <= $now
    AND coalesce(e.source, '') NOT IN ({UNSENT}))"""


@dataclass(frozen=True)
class OverlapThen:
    """Another segment: how many people the two shared then and share now, and out of how many in either."""

    key: str
    then: int
    now: int
    jaccard_then: float
    jaccard_now: float

    @property
    def grew(self) -> bool:
        """Whether the two are more alike now, by a twentieth or more of the people in either."""
        return self.jaccard_now - self.jaccard_then >= 0.05


@dataclass(frozen=True)
class LostTo:
    """A segment in which people who left are now."""

    key: str
    people: int


@dataclass(frozen=True)
class Drift:
    """A segment then and now, both by today's condition.

    Args:
        since: the instant it is compared with: the last review, else one ``review_every`` ago.
        review: that review, where there is one.
        other_meaning: the condition, or what it leans on, is another one than at that review.
        then, now: people in it.
        could_be_then, could_be_now: people who could be.
        stayed, joined, lost: who was in both times, now alone, then alone.
        silent: of those lost, how many have done nothing since.
        lost_to: segments in which those lost are now, largest first.
        composition: traits and figures, the one that changed most first.
        against: churn, value and other predictions, against everybody else.
        overlaps: other segments, the one that grew most first.
    """

    key: str
    since: datetime
    at: datetime
    review: Review | None
    other_meaning: bool
    then: int
    now: int
    could_be_then: int
    could_be_now: int
    stayed: int
    joined: int
    lost: int
    silent: int
    lost_to: tuple[LostTo, ...]
    composition: tuple[Composition, ...]
    against: tuple[Against, ...]
    overlaps: tuple[OverlapThen, ...]
    advice: Advice


def drift(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    key: str,
    *,
    now: datetime,
    since: datetime | None = None,
    inside: pa.Table | None = None,
) -> Drift:
    """How segment ``key`` has changed since it was last looked at.

    Args:
        since: compare with this instant instead.
        inside: who is in which segment now (:func:`foretell.segment.memberships`), where that is known already.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``; ``NO_HISTORY`` where nothing had happened by ``since``.
    """
    spec = spec_of(catalog.get("segment", key))
    review = next(iter(review_history(engine, key)), None)
    start = _start(engine, catalog, key, review, now) if since is None else since
    _require_history(engine, start, now, key)
    before = memberships(catalog, reader, as_of=start)
    after = memberships(catalog, reader, as_of=now) if inside is None else inside
    was, is_ = _members(before, key), _members(after, key)
    lost = was.filter(pc.invert(pc.is_in(was, is_)))
    stayed = len(was) - len(lost)
    told = (Moment.of(pa.table({"profile_key": was}), start), Moment.of(pa.table({"profile_key": is_}), now))
    changed = compositions(f"{key}:{start.isoformat()}", told[0].rows.keys, told[1].rows.keys, grouped(reader, *told))
    standings = against(engine, (was, start), (is_, now))
    overlaps, alike = _overlaps(before, after, catalog, key)
    could_be = everybody(reader, of=spec.of, as_of=now).num_rows
    twin = next(iter(alike.of(key)), None)
    used = key not in {one.key for one in unused(catalog)}
    return Drift(
        key, start, now, review, review is not None and review.meaning != meaning_of(catalog, key),
        len(was), len(is_), everybody(reader, of=spec.of, as_of=start).num_rows, could_be,
        stayed, len(is_) - stayed, len(lost), _silent(reader, lost, start, now), _lost_to(after, lost, key),
        tuple(changed), tuple(standings), tuple(overlaps),
        advise(Evidence(len(was), len(is_), could_be, twin, standings, changed, used)),
    )  # fmt: skip


def _start(engine: Engine, catalog: Catalog, key: str, review: Review | None, now: datetime) -> datetime:
    if review is not None:
        return review.at
    every = Duration.parse(spec_of(catalog.get("segment", key)).review_every)
    ago = every.before(now, catalog.settings.zone_info)
    first = first_event(engine.analytics)
    return ago if first is None or first <= ago else first


def _require_history(engine: Engine, start: datetime, now: datetime, key: str) -> None:
    first = first_event(engine.analytics)
    if first is None or first > start or start >= now:
        told = "nothing has happened yet" if first is None else f"the first event is of {first:%Y-%m-%d %H:%M} UTC"
        raise UsageError(
            "NO_HISTORY",
            f"there is nothing to compare with at {start:%Y-%m-%d %H:%M} UTC: {told}",
            thing=f"segment {key}",
            next_step="Choose an instant between the first event and now.",
        )


def _members(inside: pa.Table, key: str) -> pa.Array:
    return inside.filter(pc.equal(inside["segment"], key))["profile_key"].combine_chunks()


def _overlaps(before: pa.Table, after: pa.Table, catalog: Catalog, key: str) -> tuple[list[OverlapThen], OverlapMatrix]:
    keys = [document.key for document in catalog.all("segment")]
    was, is_ = overlap(before, keys), overlap(after, keys)
    found = []
    for other in keys:
        if other != key:
            then, now = was.pair(key, other), is_.pair(key, other)
            found.append(OverlapThen(other, then.both, now.both, then.jaccard, now.jaccard))
    found.sort(key=lambda one: (one.jaccard_then - one.jaccard_now, one.key))
    return found, is_


def _silent(reader: Reader, lost: pa.Array, since: datetime, now: datetime) -> int:
    asked = {"since": naive_utc(since), "now": naive_utc(now)}
    found = reader.analytics.query(_SILENT, asked, {"lost_people": pa.table({"profile_key": lost})})
    return int(found["silent"][0].as_py())


def _lost_to(after: pa.Table, lost: pa.Array, key: str) -> tuple[LostTo, ...]:
    rows = after.filter(pc.is_in(after["profile_key"], lost))
    sql = "SELECT segment, count(*) AS people FROM rows GROUP BY segment ORDER BY people DESC, segment LIMIT $most"
    found = scratch(sql, {"rows": rows}, {"most": MOST_TOLD}).to_pylist()
    return tuple(LostTo(row["segment"], row["people"]) for row in found if row["segment"] != key)
