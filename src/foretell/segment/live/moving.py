"""What has come since the last look: events, people seen anew, people who became one or two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from foretell.engine import Engine, integers
from foretell.segment.live.arena import Hits, Places
from foretell.segment.live.loading import sightings
from foretell.segment.live.people import People
from foretell.segment.live.state import State
from foretell.segment.live.windows import NEVER

_OWNERS = "SELECT m.node_key, m.profile_key FROM merged AS m SEMI JOIN w ON w.node_key = m.node_key"


@dataclass(frozen=True)
class Arrivals:
    """What has come.

    Args:
        who: to whom something happened.
        hits: of these; ``owner`` is the person's place.
        whole: of whom all atoms are looked at.
        events: how many have come.
        moves: number of the last move.
        later: events dated after the instant, see :data:`~foretell.segment.live.loading.LATER`.
    """

    who: Places
    hits: Hits
    whole: Places
    events: int
    moves: int
    later: pa.Table


def arrivals(engine: Engine, state: State, until: int, now: int) -> Arrivals | None:
    """What has come since the state's last event, up to event ``until``; None where nothing has.

    People who became another's are nobody from then on, and the other has their hits.
    """
    moves = engine.ops.query(
        "SELECT number, node_key, profile_key, apart FROM live_moves WHERE number > ? ORDER BY number", (state.moves,)
    )
    if until <= state.seq and not moves:
        return None
    people, analytics = state.people, engine.analytics
    tail = state.matching.tail(analytics, state.seq, until)
    moved = _Moves(engine, moves) if moves else None
    asked = [_unseen(people, tail.keys, state.as_of)]
    if moved is not None:
        asked.append(moved.keys)
    before = len(people)
    seen = _sighted(engine, state, np.unique(np.concatenate(asked)))
    hits = [tail.hits(range(len(state.plan.atoms)), people)]
    whole = np.arange(before, len(people), dtype=np.int64)
    if moved is not None:
        hits.append(moved.follow(state, until))
        hits[0] = hits[0].take(~np.isin(hits[0].owner, people.places(moved.reread)))
        places = people.places(moved.keys)
        whole = np.union1d(whole, places[places >= 0])
    happened = people.places(tail.keys)
    who = np.unique(np.concatenate([happened[happened >= 0], seen, whole]))
    return Arrivals(who, Hits.together(hits), whole, len(tail), moves[-1][0] if moves else state.moves, tail.later(now))


def _unseen(people: People, keys: Places, as_of: int) -> Places:
    """Of whom it is not settled yet that they were seen, and with a known identifier."""
    places = people.places(keys)
    there = places >= 0
    again = ~there
    again[there] = (people.known[places[there]] > as_of) | (people.seen[places[there]] > as_of)
    return np.unique(keys[again])


def _sighted(engine: Engine, state: State, keys: Places) -> Places:
    """Read first sightings of people anew; returns the places of whoever has, or had, any."""
    if not len(keys):
        return np.zeros(0, np.int64)
    people = state.people
    had = people.places(keys)
    had = had[had >= 0]
    seen, known = people.seen[had].copy(), people.known[had].copy()
    people.seen[had] = people.known[had] = NEVER
    before = len(people)
    people.note_sightings(sightings(engine.analytics, keys))
    state.arena.grow(len(people))
    changed = had[(people.seen[had] != seen) | (people.known[had] != known)]
    return np.concatenate([changed, np.arange(before, len(people), dtype=np.int64)])


class _Moves:
    """Who became another's, and who is their own again."""

    def __init__(self, engine: Engine, rows: list[tuple[int, int, int, int]]) -> None:
        self._engine = engine
        self.keys = np.unique(np.array([row[1:3] for row in rows], np.int64).ravel())
        apart = np.unique(np.array([row[1:3] for row in rows if row[3]], np.int64).ravel())
        found = engine.analytics.query(_OWNERS, tables={"w": pa.table({"node_key": self.keys})})
        self._gone = integers(found["node_key"])
        self._owners = integers(found["profile_key"])
        self.keys = np.union1d(self.keys, self._owners)
        owners = dict(zip(self._gone.tolist(), self._owners.tolist(), strict=True))
        self.reread = np.unique(np.array([owners.get(key, key) for key in apart.tolist()], np.int64))

    def follow(self, state: State, until: int) -> Hits:
        """Take the hits of who is gone away; returns those that their owners get."""
        people, arena = state.people, state.arena
        gone = people.places(self._gone)
        owners = people.places(self._owners)
        there = (gone >= 0) & (owners >= 0) & ~np.isin(self._owners, self.reread)
        theirs = arena.of(gone[there])
        carried = theirs.owned(owners[there][theirs.owner])
        arena.put(gone[gone >= 0], Hits.none())
        reread = people.places(self.reread)
        reread = reread[reread >= 0]
        if not len(reread):
            return carried
        tail = state.matching.of_people(self._engine.analytics, people.keys[reread], until)
        return Hits.together([carried, state.replace_hits(reread, tail)])
