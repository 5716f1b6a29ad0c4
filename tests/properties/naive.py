"""Conditions evaluated the slow and obvious way: one person, one event at a time.

Independent of the compiler: it shares only the syntax tree with it. What is meant by each part is
worked out in ``naive_events``, ``naive_sequences`` and ``naive_people``, values and times in
``naive_terms``, each from plain dictionaries.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

from foretell.condition import (
    Account,
    All,
    AnyOf,
    Bucket,
    Condition,
    Consent,
    Context,
    Did,
    Figure,
    Measure,
    Message,
    Near,
    Not,
    Persona,
    Pick,
    Prediction,
    Property,
    Ratio,
    Segment,
    Sequence,
    Table,
    Trait,
)
from foretell.condition import Event as EntryEvent
from tests.properties.naive_accounts import accounts_of, rows_of, seen_by_account
from tests.properties.naive_events import did, did_with, figure_of, keys_of, pick, ratio, selected, where
from tests.properties.naive_people import asked, bucket, clock_of, consent, entry, message, near, persona, score, trait
from tests.properties.naive_sequences import sequence
from tests.properties.naive_terms import Asked, At, Event, History, fulfils, moved, numeric, universe

__all__ = ["Asked", "At", "Event", "History", "measured", "members", "moved"]


def members(tree: Condition, history: History, at: At, of: str) -> set[int]:
    """The profiles of the universe for whom ``tree`` holds."""
    here = replace(at, of=of)
    wanted = universe(history, here)
    if at.people is not None:
        wanted = wanted & set(at.people)
    return {one for one in wanted if _holds(tree, one, history, replace(here, clock=clock_of(one, history, here)))}


def measured(part: Measure, history: History, at: At) -> dict[int, Decimal | int | None]:
    """The number of everybody with selected events."""
    found: dict[int, Decimal | int | None] = {}
    for person in history.by_person:
        events = selected(part.selection, person, history, at)
        if events:
            found[person] = figure_of(Figure(part.function, part.name), part.selection, events)
    return found


def _holds(tree: Condition, person: int, history: History, at: At) -> bool:
    match tree:
        case All():
            return _all(tree, person, history, at)
        case AnyOf():
            return any(_holds(part, person, history, at) for part in tree.parts)
        case Not():
            return not _holds(tree.part, person, history, at)
        case Did():
            return did(tree, person, history, at) != tree.negated
        case Pick():
            return pick(tree, person, history, at)
        case Sequence():
            return sequence(tree, person, history, at)
        case Ratio():
            return ratio(tree, person, history, at)
        case Segment():
            inner, of = at.segments[tree.key]
            here = replace(_without_run(at), of=of)
            return person in universe(history, here) and _holds(inner, person, history, here)
        case _:
            return _is(tree, person, history, at)


def _is(tree: Condition, person: int, history: History, at: At) -> bool:
    """Of everything that is no matter of selected events."""
    match tree:
        case Trait():
            return fulfils(tree.test, trait(tree.name, person, history, at), at)
        case Prediction():
            return numeric(tree.test, score(tree, person, history, at))
        case Persona():
            return persona(tree, person, history, at)
        case Near():
            return near(tree, person, history, at)
        case Bucket():
            return bucket(tree, person, history.profile_id)
        case Consent():
            return consent(tree, person, history, at) == "granted"
        case Table():
            rows = [row for row in rows_of(tree.key, person, history, at) if where(tree.where, row, at)]
            return numeric(tree.times, len(rows))
        case Account():
            return _of_account(tree, person, history, at)
        case _:
            return _of_run(tree, person, history, at)


def _of_account(tree: Account, person: int, history: History, at: At) -> bool:
    inside, of_accounts = replace(at, people=None, bound={}), seen_by_account(history, at)
    return any(
        _holds(tree.part, one, of_accounts, replace(inside, clock=clock_of(one, of_accounts, inside)))
        for one in accounts_of(person, history, at)
    )


def _of_run(tree: Condition, person: int, history: History, at: At) -> bool:
    match tree:
        case Message():
            return message(tree, person, history, at) != tree.negated
        case Context():
            return fulfils(tree.test, asked(person, at).context.get(tree.name), at)
        case EntryEvent():
            begun = entry(person, history, at)
            if begun is None:
                return all(check.negated for check in tree.test)
            return where([Property(tree.name, tree.test)], begun, at)
        case _:
            raise AssertionError(tree)


def _all(tree: All, person: int, history: History, at: At) -> bool:
    """Every part, for one and the same value of each bound name."""
    binding = [part for part in tree.parts if isinstance(part, Did) and part.bind is not None]
    others = [part for part in tree.parts if part not in binding]
    if not binding:
        return all(_holds(part, person, history, at) for part in others)
    events = history.by_person.get(person, [])
    values = [
        {key for event in events for key in keys_of({**event, "where": (), "at": at}, part.per or "")}
        for part in binding
    ]
    for chosen in product(*values):
        pairs = list(zip(binding, chosen, strict=True))
        here = replace(at, bound={**at.bound, **{part.bind or "": value for part, value in pairs}})
        if all(did_with(part, value, person, history, here) for part, value in pairs) and all(
            _holds(part, person, history, here) for part in others
        ):
            return True
    return False


def _without_run(at: At) -> At:
    """Inside a segment nothing is known of runs, nor of what is bound outside."""
    people = at.people and {key: Asked(run=told.run, entry=told.entry) for key, told in at.people.items()}
    return replace(at, people=people, bound={})
