"""Everybody who is spoken of, by place; and people at instants."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from foretell.clock import from_micros, naive_utc
from foretell.engine import Analytics, integers
from foretell.segment.live.arena import Places
from foretell.segment.live.people import MOST_KEY
from foretell.segment.live.runs import Truth
from foretell.segment.live.windows import NEVER, Instants

_SEEN = (
    "SELECT s.profile_key, min(greatest(epoch_us(s.ts), epoch_us(s.known_at))) AS seen, "
    "min(CASE WHEN s.known THEN greatest(epoch_us(s.ts), epoch_us(s.known_at)) END) AS known "
    "FROM log_sightings AS s WHERE s.ts <= $until AND s.known_at <= $until AND s.profile_key > 0 "
    "AND s.profile_key < $most GROUP BY s.profile_key ORDER BY s.profile_key"
)


@dataclass(frozen=True)
class Crowd:
    """Everybody who had been seen by the end of the past that is looked at.

    Args:
        keys: profile keys, ascending; a person's place is their place among them.
        seen: since when it was known that there is such a person (microseconds).
        known: since when, with a known identifier; :data:`NEVER` where never.
    """

    keys: Places
    seen: Instants
    known: Instants

    def __len__(self) -> int:
        return len(self.keys)

    def places(self, keys: Places) -> Places:
        """The places of people; -1 for who is not there."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, place, -1)


def crowd_of(analytics: Analytics, until: int) -> Crowd:
    """Everybody seen by ``until`` (microseconds), after all merges known today."""
    rows = analytics.query(_SEEN, {"until": naive_utc(from_micros(until)), "most": MOST_KEY})
    return Crowd(integers(rows["profile_key"]), integers(rows["seen"]), integers(rows["known"].fill_null(int(NEVER))))


@dataclass(frozen=True)
class Pairs:
    """People at instants, a person as often as they are asked about.

    Args:
        person: places in the crowd.
        at: the instants, microseconds: what had happened by then, as known then, counts.
        since: events up to that instant do not count (microseconds); None: all do.
        row: what the caller calls each of them.
    """

    person: Places
    at: Instants
    since: Instants | None = None
    row: Places | None = None

    def __len__(self) -> int:
        return len(self.person)

    def take(self, which: Truth | Places) -> Pairs:
        """Some of them."""
        since = None if self.since is None else self.since[which]
        return Pairs(self.person[which], self.at[which], since, None if self.row is None else self.row[which])

    def moved(self, at: Instants) -> Pairs:
        """The same at other instants."""
        return replace(self, at=at)
