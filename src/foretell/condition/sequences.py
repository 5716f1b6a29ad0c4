"""``sequence``: events that follow each other, found in one pass for each step.

Every event of a step knows the event before it that lets it stand there (``v2`` holds the place of that of the first
step, and so on). Of those that could, the latest is nearest, and the fewest events lie between; so it is enough to know
it. Where a ``did_not`` in between looks a limited time ahead, an earlier event may do and the latest not: then the
latest of those after which that time stayed clean is known too.
"""

from __future__ import annotations

from collections.abc import Sequence as Ordered
from dataclasses import dataclass, replace
from itertools import combinations

from foretell.clock import Duration
from foretell.condition import sql
from foretell.condition.deadlines import with_deadlines
from foretell.condition.keys import keyed
from foretell.condition.nodes import Sequence
from foretell.condition.people import People
from foretell.condition.scope import Scope
from foretell.condition.where import named, selected

_BEFORE = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
_AFTER = "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"


@dataclass(frozen=True)
class Link:
    """A positive step with what may not happen before it; numbers are places among the steps."""

    step: int
    missing: tuple[int, ...]


def sequence(part: Sequence, scope: Scope) -> People:
    """Who has events that fulfil every step."""
    query = f"SELECT DISTINCT r.profile_key FROM ({chains(part, scope)}) AS r WHERE {ended(part, scope)}"
    return People(query)


def links(part: Sequence) -> tuple[list[Link], tuple[int, ...]]:
    """The positive steps after the first in order, and the negated ones at the end."""
    found, missing = [], []
    for number, step in enumerate(part.steps[1:], start=1):
        if step.negated:
            missing.append(number)
        else:
            found.append(Link(number, tuple(missing)))
            missing = []
    return found, tuple(missing)


def chains(part: Sequence, scope: Scope) -> str:
    """SQL: the events of all steps with their ``place`` in order, for each combination of the values of ``same``.

    ``profile_key``, the values ``k0`` …, ``seq ts message_id``, ``m0`` … (1: it may stand at that step), ``place``,
    ``v0`` … for each positive step (the place of the event before it in a chain, of the first step its own; null: it
    cannot stand there), ``next…`` for negated ones (the time of the next such event) and ``until…`` (when the time for
    a step that follows this event is over).
    """
    keys = [f"k{number}" for number in range(len(part.same))]
    window = f"PARTITION BY {', '.join(f't.{name}' for name in ('profile_key', *keys))} ORDER BY t.ts, t.message_id"
    following, closing = links(part)
    ahead = [
        f"min(CASE WHEN t.m{step} = 1 THEN t.ts END) OVER ({window} {_AFTER}) AS next{step}"
        for step in [*(one for link in following for one in link.missing if _limited(part, one)), *closing]
    ]
    placed = ", ".join(["t.*", f"row_number() OVER ({window}) AS place", *ahead])
    lengths = {f"until{number}": length for number, length in _lengths(part).items()}
    numbered = f"SELECT {placed} FROM ({with_deadlines(_tagged(part, scope), lengths, scope)}) AS t"
    rows = f"SELECT t.*, CASE WHEN t.m0 = 1 THEN t.place END AS v0 FROM ({numbered}) AS t"
    before = 0
    for link in following:
        rows = _linked(part, link, before, rows, window)
        before = link.step
    return rows


def ended(part: Sequence, scope: Scope) -> str:
    """SQL over the rows ``r`` of :func:`chains`: a chain of all positive steps ends here, and what closes it holds."""
    following, closing = links(part)
    tests = [f"r.v{following[-1].step if following else 0} IS NOT NULL"]
    for number in closing:
        if not _limited(part, number):
            tests.append(f"r.next{number} IS NULL")
            continue
        tests.append(_stays_clean("r", number))
        if not part.open:
            tests.append(f"r.until{number} <= {sql.instant(scope.end)}")
    return sql.both(tests)


def _tagged(part: Sequence, scope: Scope) -> str:
    """SQL: the events that may stand at some step, and at which."""
    found = keyed(part.same, scope)
    first = replace(part.steps[0].selection, within=part.within or part.steps[0].selection.within)
    selections = [first, *(replace(step.selection, within=None) for step in part.steps[1:])]
    flags = [
        f"CASE WHEN {found.test(one.where, selected(one, scope))} THEN 1 ELSE 0 END AS m{number}"
        for number, one in enumerate(selections)
    ]
    keys = [f"{one} AS k{number}" for number, one in enumerate(found.keys)]
    names = sql.either(f"({named(one, scope)})" for one in selections)
    kept = sql.both([names, *scope.events("e", first.within), found.known()])
    columns = ", ".join(["e.profile_key", *keys, "e.seq", "e.ts", "e.message_id", *flags])
    rows = f"SELECT {columns} FROM {scope.log('log_events')} AS e{found.joins} WHERE {kept}"
    if not part.same:
        return rows
    # An event is there once for each value, though several of its elements have it.
    columns = ", ".join(["d.profile_key", *(f"d.k{one}" for one in range(len(keys))), "d.seq", "d.ts", "d.message_id"])
    tags = ", ".join(f"max(d.m{number}) AS m{number}" for number in range(len(selections)))
    return f"SELECT {columns}, {tags} FROM ({rows}) AS d GROUP BY {columns}"


def _linked(part: Sequence, link: Link, before: int, rows: str, window: str) -> str:
    """SQL: ``rows`` with ``v`` of one more step: the place of the event before it."""
    limited = [one for one in link.missing if _limited(part, one)]
    columns, choices = [], []
    for number, clean in enumerate(_subsets(limited)):
        stands = sql.both([f"t.v{before} IS NOT NULL", *(_stays_clean("t", one) for one in clean)])
        wanted = [("place", "t.place"), *([("end", f"t.until{link.step}")] if _limited(part, link.step) else [])]
        for name, value in wanted:
            columns.append(f"max(CASE WHEN {stands} THEN {value} END) OVER ({window} {_BEFORE}) AS {name}{number}")
        between = [one for one in link.missing if one not in clean]
        tests = [f"u.place{number} IS NOT NULL", *(f"coalesce(u.last{one}, 0) <= u.place{number}" for one in between)]
        if _limited(part, link.step):
            tests.append(f"u.ts <= u.end{number}")
        choices.append(f"WHEN {sql.both(tests)} THEN u.place{number}")
    columns += [
        f"max(CASE WHEN t.m{one} = 1 THEN t.place END) OVER ({window} {_BEFORE}) AS last{one}" for one in link.missing
    ]
    known = ", ".join(f"u.{name}" for name in _columns(part, before))
    inner = f"SELECT t.*, {', '.join(columns)} FROM ({rows}) AS t"
    found = f"CASE WHEN u.m{link.step} = 1 THEN CASE {' '.join(choices)} END END AS v{link.step}"
    return f"SELECT {known}, {found} FROM ({inner}) AS u"


def _columns(part: Sequence, before: int) -> list[str]:
    """The columns of :func:`chains` up to a step."""
    following, closing = links(part)
    ahead = [*(one for link in following for one in link.missing if _limited(part, one)), *closing]
    return [
        *("profile_key", *(f"k{number}" for number in range(len(part.same))), "seq", "ts", "message_id"),
        *(f"m{number}" for number in range(len(part.steps))),
        "place",
        *(f"next{number}" for number in ahead),
        *(f"until{number}" for number in _lengths(part)),
        *(f"v{number}" for number in (0, *(link.step for link in following)) if number <= before),
    ]


def _subsets(steps: Ordered[int]) -> list[tuple[int, ...]]:
    return [some for size in range(len(steps) + 1) for some in combinations(steps, size)]


def _limited(part: Sequence, number: int) -> bool:
    return part.steps[number].selection.within is not None


def _lengths(part: Sequence) -> dict[int, Duration]:
    """How long each step counts from the one before it."""
    told = {number: step.selection.within for number, step in enumerate(part.steps) if number}
    return {number: length for number, length in told.items() if length is not None}


def _stays_clean(row: str, number: int) -> str:
    return f"({row}.next{number} IS NULL OR {row}.next{number} > {row}.until{number})"
