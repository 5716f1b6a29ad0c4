"""Everything that is kept ready in memory: a function of the log up to an event, and of an instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from foretell.condition import Scope
from foretell.engine import Analytics, integers
from foretell.segment.live.arena import Arena, Hits, Places
from foretell.segment.live.loading import LATER, Matching, Tail, sightings
from foretell.segment.live.people import People, packed, unpacked, width
from foretell.segment.live.plan import OWN_EVENTS, Plan
from foretell.segment.live.runs import Truth
from foretell.segment.live.upkeep import AT_ONCE, Changes, Upkeep
from foretell.segment.live.windows import NEVER


@dataclass
class State:
    """What is kept ready.

    Args:
        as_of: the instant up to which all was looked at, microseconds.
        seq: the last event taken in.
        epoch: see ``live_epoch``.
        atoms: what the atoms of the arena are; the same text finds the same events.
        enough: by atom how many hits are kept, and for how long (microseconds).
        moves: the last of ``live_moves`` that was followed.
        later: events dated after ``as_of``: what is asked of their people may change when they have happened.
        asked_at: when a part was last asked about for everybody, by its print.
    """

    plan: Plan
    matching: Matching
    arena: Arena
    people: People
    as_of: int
    seq: int
    epoch: int
    atoms: list[str]
    enough: list[tuple[int, int]]
    moves: int = 0
    later: pa.Table = field(default_factory=LATER.empty_table)
    asked_at: dict[str, int] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)

    def happened(self, now: int) -> Places:
        """Whose events that lay ahead have happened by ``now``."""
        came = integers(self.later["t"]) <= now
        places = self.people.places(integers(self.later["profile_key"])[came])
        self.later = self.later.filter(pa.array(~came))
        found: Places = np.unique(places[places >= 0])
        return found

    @property
    def upkeep(self) -> Upkeep:
        """Looks at people."""
        return Upkeep(self.plan, self.arena, self.people)

    @property
    def megabytes(self) -> float:
        """Memory that the state takes."""
        own = (self.arena.begin, self.arena.count, self.arena.atom, self.arena.t, self.arena.v)
        return self.people.megabytes + sum(one.nbytes for one in own) / 2**20

    def everybody(self, at: int) -> Changes:
        """Look at everybody as of an instant."""
        found = [self._whole(who, np.full(len(who), at, np.int64), exact=False) for who in self._chunks()]
        self.arena.compact()
        return Changes.together(found)

    def hold_against_told(self) -> Changes:
        """Hold what is kept of everybody against what was told."""
        return Changes.together([self.upkeep.hold_against_told(who, self.as_of) for who in self._chunks()])

    def _chunks(self) -> Iterator[Places]:
        for start in range(0, len(self.people), AT_ONCE):
            yield np.arange(start, min(start + AT_ONCE, len(self.people)), dtype=np.int64)

    def lapsed(self, now: int) -> Changes:
        """Look at whoever's windows lapse by ``now``, at each instant at which they do."""
        found = []
        while len(due := self.people.due(now)):
            found.append(self._whole(due, self.people.look_at[due], exact=True))
        return Changes.together(found)

    def _whole(self, who: Places, at: Places, exact: bool) -> Changes:
        return self.upkeep.look(who, at, Hits.none(), np.ones(len(who), bool), exact=exact)

    def arrived(self, who: Places, hits: Hits, now: int, whole: Places) -> Changes:
        """Take in new hits and look at people.

        Args:
            who: at whom to look, beside the owners of ``hits``.
            hits: their ``owner`` is the person's place.
            whole: of whom all atoms are looked at.
        """
        people = self.people
        who = np.unique(np.concatenate([who, hits.owner, whole]))
        due = people.look_at[who] <= now
        # Who is due is looked at as of then, and hits that came later each in their turn.
        at = np.where(due, people.look_at[who], now)
        wholly = due.copy()
        wholly[np.searchsorted(who, whole)] = True
        owner = np.searchsorted(who, hits.owner)
        hits = hits.owned(owner).take(np.argsort(owner, kind="stable"))
        found = []
        for these, exact in ((np.flatnonzero(due), True), (np.flatnonzero(~due), False)):
            if len(these):
                own = np.zeros(len(who), bool)
                own[these] = True
                mine = hits.take(own[hits.owner])
                mine = mine.owned(np.searchsorted(these, mine.owner))
                found.append(self.upkeep.look(who[these], at[these], mine, wholly[these], exact=exact))
        return Changes.together(found)

    def replace_hits(self, places: Places, tail: Tail) -> Hits:
        """Forget the hits of people; returns those of ``tail`` to be taken in."""
        self.arena.put(places, Hits.none())
        return tail.hits(range(len(self.plan.atoms)), self.people)


def empty(plan: Plan, scope: Scope, *, epoch: int) -> State:
    """A state that knows nobody."""
    people = People(len(plan.parts), len(plan.segments))
    return State(plan, Matching([], scope), Arena(), people, 0, 0, epoch, [], [])


def matching_of(plan: Plan, scope: Scope) -> Matching:
    """How the events of the plan's atoms are found."""
    return Matching(plan.atoms, scope, () if plan.reads_own else OWN_EVENTS)


def adapted(state: State, plan: Plan, scope: Scope, analytics: Analytics) -> tuple[State, bool]:
    """``state`` for another plan: only atoms that it lacks, or has too little of, are read from the log.

    Says also whether there was anything to do: then everybody is to be looked at. Who is inside is kept of segments
    that stay.
    """
    matching = matching_of(plan, scope)
    names = [f"{atom!r} {said}" for atom, said in zip(plan.atoms, matching.prints(), strict=True)]
    need = [(int(plan.most[place]), int(plan.reach_us[place])) for place in range(len(names))]
    same = names == state.atoms and need == state.enough and plan.prints == state.plan.prints
    if same and [(one.key, one.print) for one in plan.segments] == [
        (one.key, one.print) for one in state.plan.segments
    ]:
        state.plan, state.matching = plan, matching
        return state, False
    old = {name: place for place, name in enumerate(state.atoms)}
    numbers, drop = np.zeros(len(state.atoms) + 1, np.uint16), np.ones(len(state.atoms) + 1, bool)
    fresh = []
    for place, name in enumerate(names):
        before = old.get(name)
        if before is not None and all(
            has >= wants for has, wants in zip(state.enough[before], need[place], strict=True)
        ):
            numbers[before], drop[before] = place, False
        else:
            fresh.append(place)
    people = _people_for(state, plan)
    if len(people) == 0:
        people.note_sightings(sightings(analytics))
    state.arena.grow(len(people))
    if drop[:-1].any() or (numbers[:-1] != np.arange(len(state.atoms))).any():
        state.arena.without(drop, numbers)
    floor = state.as_of
    read = [_newest(matching, analytics, plan, place, state.seq, floor, people) for place in fresh]
    if read:
        everybody = np.arange(len(people), dtype=np.int64)
        state.arena.put(everybody, Hits.together([state.arena.of(everybody), *read]))
        state.arena.compact()
    kept = {print_: at for print_, at in state.asked_at.items() if print_ in plan.prints}
    made = replace(state, plan=plan, matching=matching, people=people, atoms=names, enough=need, asked_at=kept)
    return made, True


def _covers(has: tuple[int, int], wants: tuple[int, int]) -> bool:
    return has[0] >= wants[0] and has[1] >= wants[1]


def _people_for(state: State, plan: Plan) -> People:
    """The same people with room for the parts and segments of ``plan``, in its order."""
    people, old = state.people, state.plan
    parts, inside = unpacked(people.parts, len(old.parts)), unpacked(people.inside, len(old.segments))
    people.parts = packed(_rows(parts, old.prints, plan.prints))
    keys = [kept.key for kept in old.segments]
    people.inside = packed(_rows(inside, keys, [kept.key for kept in plan.segments]))
    for name, bits in (("parts", len(plan.parts)), ("inside", len(plan.segments))):
        if not len(people):
            setattr(people, name, np.zeros((0, width(bits)), np.uint8))
    return people


def _rows(truth: Truth, before: list[str], after: list[str]) -> Truth:
    found = np.zeros((len(after), truth.shape[1]), bool)
    for place, name in enumerate(after):
        if name in before:
            found[place] = truth[before.index(name)]
    return found


def _newest(
    matching: Matching, analytics: Analytics, plan: Plan, atom: int, until: int, as_of: int, people: People
) -> Hits:
    """The hits of an atom that are worth keeping, read from the log, by person and time."""
    keep, most, reach_us = plan.keep_of(atom)
    hits = matching.all_of(analytics, atom, until, max(as_of - reach_us, -int(NEVER)), people)
    hits = hits.take(np.lexsort((hits.t, hits.owner)))
    if keep == "all" or not len(hits):
        return hits
    begin = np.flatnonzero(np.r_[True, hits.owner[1:] != hits.owner[:-1]])
    length = np.diff(np.r_[begin, len(hits)])
    past = begin + np.add.reduceat(hits.t <= as_of, begin, dtype=np.int64)
    place = np.arange(len(hits))
    future = place >= np.repeat(past, length)
    if keep == "newest":
        return hits.take(future | (np.repeat(past, length) - place <= most))
    return hits.take(future | (place - np.repeat(begin, length) < most))
