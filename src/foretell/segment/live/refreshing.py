"""``refresh``: take in what has happened, look at whom it concerns, tell who entered and left."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine, integers, naming, reached, undisturbed
from foretell.segment.live import snapshot
from foretell.segment.live.arena import Hits, Places
from foretell.segment.live.asking import refresh_asked
from foretell.segment.live.loading import ahead
from foretell.segment.live.moving import arrivals
from foretell.segment.live.people import unpacked
from foretell.segment.live.plan import Kept, Plan, plan_of
from foretell.segment.live.state import State, adapted, empty
from foretell.segment.live.telling import Told, ended, events_of, recall, rows_of, tell, told_inside
from foretell.segment.live.upkeep import Changes

SNAPSHOT_EVERY_US = 600_000_000
"""How long a snapshot may be behind: so much is looked at again after a restart."""


@dataclass(frozen=True)
class Refreshed:
    """What a look has found; all are numbers.

    Args:
        segments: that are kept.
        events: taken in.
        people: looked at because of an event, or because something lapsed.
        entered: told; ``exited`` likewise.
    """

    segments: int = 0
    events: int = 0
    people: int = 0
    entered: int = 0
    exited: int = 0


@dataclass
class _Keeper:
    """What is kept ready for one engine, and whose turn it is."""

    turn: threading.RLock = field(default_factory=threading.RLock)
    state: State | None = None
    catalog: Catalog | None = None
    plan: Plan | None = None
    columns: int = -1
    snapshot_at: int = 0
    moves: int = 0


_keepers: WeakKeyDictionary[Engine, _Keeper] = WeakKeyDictionary()
_making = threading.Lock()


def keeper_of(engine: Engine) -> _Keeper:
    """What is kept ready for an engine."""
    with _making:
        return _keepers.setdefault(engine, _Keeper())


def refresh(engine: Engine, catalog: Catalog, reader: Reader, *, now: datetime) -> Refreshed:
    """Bring all segments to ``now``: what was applied since is taken in, what has lapsed is told at its instant.

    Of segments that are new nobody is told to have entered: they begin with who is in. Doing it again at the same
    instant does nothing; an instant before the last one neither. A crash leaves all of it told, or nothing.
    """
    keeper = keeper_of(engine)
    with keeper.turn, undisturbed(engine), naming("segments kept fresh"):
        try:
            return _Turn(engine, catalog, reader, keeper, now).take()
        except BaseException:
            keeper.state = None  # it may hold what was not told
            raise


class _Turn:
    """One look."""

    def __init__(self, engine: Engine, catalog: Catalog, reader: Reader, keeper: _Keeper, now: datetime) -> None:
        self._engine, self._reader, self._keeper, self._now = engine, reader, keeper, now
        if keeper.catalog is not catalog or keeper.plan is None:
            keeper.catalog, keeper.plan = catalog, plan_of(catalog)
        self._plan = keeper.plan

    def take(self) -> Refreshed:
        """Take the turn."""
        ops, now = self._engine.ops, micros(self._now)
        known = dict(ops.query("SELECT segment, meaning FROM live_segments"))
        clock = ops.query("SELECT as_of, seq FROM live_clock")
        if (clock and clock[0][0] > now) or not (known or self._plan.segments):
            return Refreshed()
        state = self._keeper.state = self._state(clock[0] if clock else (now, 0))
        fresh = [place for place, kept in enumerate(self._plan.segments) if known.get(kept.key) != kept.print]
        told = self._told(fresh)
        changes, events, people = self._bring(state, self._engine.readable_seq(), now)
        changes = Changes.together([one for one in (self._first, changes) if one is not None])
        changes = changes.take(~np.isin(changes.segment, fresh))
        self._tell(state, changes, fresh, told, known)
        self._snapshot(state, bool(fresh))
        shown = changes.take(~np.isin(changes.segment, self._plan.watched))
        entered = int(np.count_nonzero(shown.entered))
        kept = len(self._plan.segments) - len(self._plan.watched)
        return Refreshed(kept, events, people, entered, len(shown) - entered)

    def _tell(self, state: State, changes: Changes, fresh: list[int], told: pa.Table, known: dict[str, str]) -> None:
        segments, people = self._plan.segments, state.people
        rows = [rows_of(changes, people, segments, self._now, "event")]
        rows += self._settled(state, fresh, told, known)
        gone = tuple(sorted(set(known) - {kept.key for kept in segments}))
        if gone:
            rows.append(ended(self._engine, list(gone), self._now))
        begun = tuple(segments[place] for place in fresh)
        shown = changes.take(~np.isin(changes.segment, self._plan.watched))
        events = events_of(shown, people, segments, self._now)
        whole = Told(pa.concat_tables(rows), events, state.as_of, state.seq, self._keeper.moves, begun, gone)
        tell(self._engine, whole, now=self._now)
        reached("live.told")

    def _told(self, fresh: list[int]) -> pa.Table | None:
        """Who was told to be in the segments that are new, or mean something else."""
        return told_inside(self._engine) if fresh else None

    def _state(self, clock: tuple[int, int]) -> State:
        """The state as it was left, restored, or made anew; what it holds against what was told goes to ``_first``."""
        engine, keeper = self._engine, self._keeper
        epoch, moves = engine.ops.query("SELECT epoch, moves FROM live_epoch")[0]
        columns = int(engine.ops.query("SELECT count(*) FROM property_columns")[0][0])
        state = keeper.state
        if state is not None and state.epoch == epoch and state.plan is self._plan and columns == keeper.columns:
            return state
        keeper.columns = columns
        scope = self._reader.scope(self._now)
        lost = state is None or state.epoch != epoch
        if lost:
            state = snapshot.restored(engine.data, self._plan, scope, epoch, clock)
        if state is None:
            state = empty(self._plan, scope, epoch=epoch)
            state.as_of, state.seq, state.moves = clock[0], engine.readable_seq(), moves
        elif lost:  # what was told after it was written is not told again
            self._bring(state, clock[1], clock[0])
        state, other = adapted(state, self._plan, scope, engine.analytics)
        if other or lost:
            state.later = ahead(engine.analytics, from_micros(state.as_of))
            recall(engine, state.people, self._plan.segments)
            state.arena.grow(len(state.people))
            refresh_asked(engine, self._reader, state, np.zeros(0, np.int64), as_of=self._now)
            self._first = state.everybody(state.as_of) if other else state.hold_against_told()
        return state

    _first: Changes | None = None

    def _bring(self, state: State, until: int, now: int) -> tuple[Changes, int, int]:
        """Bring a state to an event and an instant: what has changed, and how many events and people it took."""
        came = arrivals(self._engine, state, until, now)
        who = hits = whole = None
        if came is not None:
            who, hits, whole = came.who, came.hits, came.whole
            state.seq = max(until, state.seq)
        touched = state.happened(now) if who is None else np.union1d(state.happened(now), who)
        if came is not None:
            moved = came.moves != state.moves
            state.later = ahead(self._engine.analytics, from_micros(now)) if moved else _both(state.later, came.later)
            state.moves = came.moves
        said = refresh_asked(self._engine, self._reader, state, touched, as_of=self._now)
        looked = np.union1d(touched, said)
        found = []
        if len(looked):
            nobody = np.zeros(0, np.int64)
            found.append(
                state.arrived(looked, Hits.none() if hits is None else hits, now, nobody if whole is None else whole)
            )
        due = state.people.due(now)
        found.append(state.lapsed(now))
        state.arena.compact()
        state.as_of = now
        return Changes.together(found), 0 if came is None else came.events, len(np.union1d(looked, due))

    def _settled(self, state: State, fresh: list[int], told: pa.Table | None, known: dict[str, str]) -> list[pa.Table]:
        """The rows by which segments begin, or go on with another meaning."""
        if told is None:
            return []
        people, segments = state.people, self._plan.segments
        inside = unpacked(people.inside, len(segments))
        places = people.places(integers(told["node_key"]))
        rows = []
        for place in fresh:
            kept, before = segments[place], np.zeros(len(people), bool)
            theirs = places[pc.equal(told["segment"], kept.key).to_numpy()]
            before[theirs[theirs >= 0]] = True
            who = np.flatnonzero(inside[place] != before)
            at = np.maximum(micros(self._now), people.told_at[who] + 1)
            people.told_at[who] = at
            changes = Changes(who, np.full(len(who), place), inside[place, who], at)
            rows.append(rows_of(changes, people, segments, self._now, "edited" if kept.key in known else "held"))
        return rows

    def _snapshot(self, state: State, wanted: bool) -> None:
        if wanted or abs(state.as_of - self._keeper.snapshot_at) >= SNAPSHOT_EVERY_US:
            snapshot.write(self._engine.data, state)
            self._keeper.snapshot_at, self._keeper.moves = state.as_of, state.moves


def _both(one: pa.Table, other: pa.Table) -> pa.Table:
    return pa.concat_tables([one, other]) if other.num_rows else one


def kept_state(engine: Engine) -> State:
    """What is kept ready, after a look; raises LookupError before. It is for reading and measuring alone."""
    state = keeper_of(engine).state
    if state is None:
        raise LookupError("nothing was looked at yet")
    return state


def forget_state(engine: Engine) -> None:
    """Let go of what is kept in memory, as the end of a process does; the next look restores it."""
    keeper_of(engine).state = None


def current(engine: Engine, key: str) -> pa.Table:
    """Who is in segment ``key`` by the last look: ``profile_key`` and ``since`` (timestamp, UTC)."""
    return engine.analytics.query(
        "SELECT c.node_key AS profile_key, max(c.ts) AS since FROM segment_changes AS c WHERE c.segment = $key "
        "GROUP BY c.node_key HAVING sum(CASE WHEN c.entered THEN 1 ELSE -1 END) > 0 ORDER BY c.node_key",
        {"key": key},
    )


def inside(engine: Engine, key: str) -> Places:
    """Profile keys (n,), in no order, of who is in segment ``key`` by the last look, or for whom a watched condition
    holds, see :func:`~foretell.segment.live.plan.watched_key`."""
    keeper = keeper_of(engine)
    with keeper.turn:
        state = keeper.state
        places = [] if state is None else [at for at, kept in enumerate(state.plan.segments) if kept.key == key]
        if state is not None and places:
            column = state.people.inside[:, places[0] // 8]
            found: Places = state.people.keys[(column & np.uint8(1 << places[0] % 8)) != 0]
            return found
    return integers(current(engine, key)["profile_key"])


def is_current(engine: Engine, now: datetime) -> bool:
    """Whether all that was taken in was looked at, as of ``now``."""
    found = engine.ops.query("SELECT as_of, seq FROM live_clock")
    return bool(found) and tuple(found[0]) == (micros(now), engine.log.last_seq())


def looked_at(engine: Engine) -> datetime | None:
    """The instant of the last look; None where there was none."""
    found = engine.ops.query("SELECT as_of FROM live_clock")
    return from_micros(found[0][0]) if found else None


def kept_segments(engine: Engine) -> frozenset[str]:
    """Keys of the segments that the last look kept; of others nobody knows yet who is in."""
    return frozenset(key for (key,) in engine.ops.query("SELECT segment FROM live_segments"))


def freshness(catalog: Catalog) -> dict[str, Kept]:
    """How each segment is kept fresh, by key."""
    return {kept.key: kept for kept in plan_of(catalog).segments}
