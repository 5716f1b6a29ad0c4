"""Looking at people: their new hits taken in, parts said anew, and who entered or left a segment when.

Of a person only the atoms that were hit are looked at, unless something may have lapsed: then all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from foretell.segment.live.arena import Arena, Hits, Places
from foretell.segment.live.formula import ANYBODY, KNOWN, Parts
from foretell.segment.live.people import People, packed, unpacked
from foretell.segment.live.plan import Plan
from foretell.segment.live.runs import Runs, Truth
from foretell.segment.live.windows import NEVER, Instants

AT_ONCE = 2**14
"""People that are looked at in one go: what is worked on stays in the processor's caches."""


@dataclass(frozen=True)
class Changes:
    """Who entered and left which segments.

    Args:
        person: places of people.
        segment: places of segments in the plan.
        entered: false: left.
        at: when, microseconds.
    """

    person: Places
    segment: Places
    entered: Truth
    at: Instants

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: Truth) -> Changes:
        """Some of them."""
        return Changes(self.person[rows], self.segment[rows], self.entered[rows], self.at[rows])

    @classmethod
    def together(cls, parts: list[Changes]) -> Changes:
        """Several, in their order."""
        if not parts:
            nothing = np.zeros(0, np.int64)
            return cls(nothing, nothing, nothing.astype(bool), nothing)
        columns = (
            np.concatenate([getattr(one, name) for one in parts]) for name in ("person", "segment", "entered", "at")
        )
        return cls(*columns)


class Upkeep:
    """Looks at people by a plan."""

    def __init__(self, plan: Plan, arena: Arena, people: People) -> None:
        self._plan, self._arena, self._people = plan, arena, people

    def look(self, who: Places, at: Instants, hits: Hits, whole: Truth, *, exact: bool) -> Changes:
        """Look at people as of an instant each.

        Args:
            who: places, ascending, each once.
            hits: new hits; ``owner`` is the place in ``who``.
            whole: of which people all atoms are looked at.
            exact: what has changed changed at the instant itself; otherwise with the event that brought it about.
        """
        parts = []
        for start in range(0, len(who), AT_ONCE):
            chunk = slice(start, start + AT_ONCE)
            low, high = np.searchsorted(hits.owner, [start, start + AT_ONCE]) if len(hits) else (0, 0)
            own = hits.take(slice(low, high)) if len(hits) else hits  # type: ignore[arg-type]
            own = own.owned(own.owner - start)
            parts.append(self._chunk(who[chunk], at[chunk], own, whole[chunk], exact))
        return Changes.together(parts)

    def _chunk(self, who: Places, at: Instants, hits: Hits, whole: Truth, exact: bool) -> Changes:
        plan, people = self._plan, self._people
        before = unpacked(people.parts[who], len(plan.parts))
        look = _Chunk(plan, at, before.copy(), whole)
        look.open_atoms(hits)
        kept = look.said_by(self._arena.of(who), hits)
        if kept is not None:
            self._arena.put(who, kept)
        look.seen(people.seen[who], people.known[who])
        again = np.maximum(look.again, at + 1)
        people.look_at[who] = np.where(whole, again, np.minimum(people.look_at[who], again))
        people.parts[who] = packed(look.truth)
        since = {} if exact else look.since
        return self.compare(who, Parts(look.truth, before, at, since, np.zeros(0, np.int64)))

    def hold_against_told(self, who: Places, at: int) -> Changes:
        """What parts say of people already, held against what was told of them."""
        truth = unpacked(self._people.parts[who], len(self._plan.parts))
        parts = Parts(truth, truth, np.full(len(who), at, np.int64), {}, np.zeros(0, np.int64))
        return self.compare(who, parts)

    def compare(self, who: Places, parts: Parts) -> Changes:
        """Hold what parts say of people against what was told of them, which changes with it."""
        people, segments = self._people, self._plan.segments
        if not segments:
            return Changes.together([])
        inside = np.stack([kept.formula.holds(parts.truth) for kept in segments])
        told = unpacked(people.inside[who], len(segments))
        changed = inside != told
        if not changed.any():
            return Changes.together([])
        found = []
        for place in np.flatnonzero(changed.any(axis=1)).tolist():
            own = np.flatnonzero(changed[place])
            since, at = segments[place].formula.since(replace(parts, own=own)), parts.at[own]
            since = np.where(since == -NEVER, at, np.minimum(since, at))
            since = np.maximum(since, people.told_at[who[own]] + 1)
            found.append(Changes(who[own], np.full(len(own), place), inside[place, own], since))
        people.inside[who] = packed(inside)
        changes = Changes.together(found)
        np.maximum.at(people.told_at, changes.person, changes.at)
        return changes


class _Chunk:
    """One go of people while they are looked at."""

    def __init__(self, plan: Plan, at: Instants, truth: Truth, whole: Truth) -> None:
        self._plan, self._at, self._whole = plan, at, whole
        self.truth = truth
        self.since: dict[int, Instants] = {}
        self.again = np.full(len(at), NEVER, np.int64)

    def open_atoms(self, hits: Hits) -> None:
        """Say which atoms of which people are looked at; without hits they say what they say of nothing."""
        if self._whole.all():
            self._open = np.ones((len(self._plan.atoms), len(self._at)), bool)
            self.truth[self._plan.kept] = self._plan.at_nothing[self._plan.kept, None]
            return
        self._open = np.zeros((len(self._plan.atoms), len(self._at)), bool)
        self._open[hits.atom, hits.owner] = True
        self._open[:, self._whole] = True
        for atom in range(len(self._plan.atoms)):
            row = self._open[atom]
            for place, part in self._plan.over(atom):
                self.truth[place, row] = part.at_nothing

    def said_by(self, old: Hits, new: Hits) -> Hits | None:
        """Let the parts over what is open say what they say; returns all hits that are kept, None for the old ones."""
        is_open = self._open[old.atom, old.owner] if len(old) else np.zeros(0, bool)
        hits = Hits.together([old.take(is_open), new])
        # Within a person and an atom what is kept is in the order of time already, and people are in theirs.
        hits = hits.take(_by_atom(hits) if len(new) else np.argsort(hits.atom, kind="stable"))
        kept = np.ones(len(hits), bool)
        edges = np.searchsorted(hits.atom, np.arange(len(self._plan.atoms) + 1))
        for atom in np.flatnonzero(np.diff(edges)).tolist():
            rows = slice(int(edges[atom]), int(edges[atom + 1]))
            kept[rows] = self._atom(atom, hits.owner[rows], hits.t[rows], hits.v[rows])
        if not len(new) and kept.all():
            return None
        return Hits.together([old.take(~is_open), hits.take(kept)])

    def _atom(self, atom: int, owner: Places, t: Instants, v: Instants) -> Truth:
        """Which hits of an atom are worth keeping."""
        begin = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        end = np.r_[begin[1:], len(owner)]
        people = owner[begin]
        at = self._at[people]
        reached = np.add.reduceat(t <= np.repeat(at, end - begin), begin, dtype=np.int64)
        runs = Runs(t, v, begin, begin + reached, end, at)
        again = np.where(runs.past < end, t[np.minimum(runs.past, len(t) - 1)], NEVER)
        for place, part in self._plan.over(atom):
            look = part.look(runs)
            self.truth[place, people] = look.truth
            self.since.setdefault(place, self._at.copy())[people] = look.since
            again = np.minimum(again, look.changes)
        self.again[people] = np.minimum(self.again[people], again)
        return self._worth(atom, runs)

    def _worth(self, atom: int, runs: Runs) -> Truth:
        keep, most, reach_us = self._plan.keep_of(atom)
        length = runs.end - runs.begin
        place = np.arange(len(runs.t), dtype=np.int64)
        future = place >= np.repeat(runs.past, length)
        found: Truth = runs.t > np.repeat(runs.at, length) - reach_us
        if keep == "newest":
            found &= np.repeat(runs.past, length) - place <= most
        elif keep == "oldest":
            found &= place - np.repeat(runs.begin, length) < most
        return found | future

    def seen(self, seen: Instants, known: Instants) -> None:
        """What is said of when people were seen, at the instant."""
        for place, instant in ((ANYBODY, seen), (KNOWN, known)):
            self.truth[place] = instant <= self._at
            self.since[place] = instant
            self.again = np.minimum(self.again, np.where(instant > self._at, instant, NEVER))


def _by_atom(hits: Hits) -> Places:
    """The order by atom, person and time."""
    order = np.argsort(hits.t, kind="stable")
    order = order[np.argsort(hits.owner[order].astype(np.uint16), kind="stable")]
    return order[np.argsort(hits.atom[order], kind="stable")]
