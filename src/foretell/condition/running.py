"""``message`` and ``event``: what a person's run through a journey knows, read from the event log.

The table of the people asked about says which run is meant and which event began it. A property that
no event has had yet has no column: then nothing was opened, and the test of it is false.
"""

from __future__ import annotations

from collections.abc import Iterable

from foretell.condition import sql
from foretell.condition.nodes import Event, Message, MessageState, Property
from foretell.condition.people import People
from foretell.condition.scope import ASKED, Asked, Scope
from foretell.condition.values import MISSING, Value
from foretell.condition.where import properties
from foretell.errors import UsageError

CHANNELS = ("Email", "SMS", "Push", "Message")
ENDINGS: dict[MessageState, tuple[str, ...]] = {
    "sent": ("Sent",),
    "delivered": ("Delivered",),
    "opened": ("Opened", "Link Clicked", "Replied"),
    "clicked": ("Link Clicked",),
    "replied": ("Replied",),
    "bounced": ("Bounced",),
}
"""How the names of the events end that make a message so; a click and a reply say that it was opened."""


def message(part: Message, scope: Scope) -> People:
    """Whose run had (not) this said of the message of a step."""
    query = f"SELECT DISTINCT a.profile_key {message_events(part, scope)}"
    people = People(query)
    return people.complement() if part.negated else people


def message_event_names(part: Message) -> list[str]:
    """The names of the events that make a message so."""
    return [f"{channel} {ending}" for channel in CHANNELS for ending in ENDINGS[part.state]]


def message_events(part: Message, scope: Scope) -> str:
    """SQL from ``FROM``: the events ``e`` that make the message so, with the people ``a`` asked about."""
    _asked(scope, "message")
    names = message_event_names(part)
    machine = f"e.event IN ({_texts(f'{channel} Opened' for channel in CHANNELS)}) AND {_plain(scope, 'machine').text}"
    tests = [
        f"e.event IN ({_texts(names)})",
        f"{_plain(scope, 'step').text} = {sql.text(part.step)}",
        sql.negation(f"({machine} = 'true')"),
        *scope.rows("e"),
    ]
    join = f"a.profile_key = e.profile_key AND a.run = {_plain(scope, 'run').text}"
    return f"FROM log_events AS e JOIN {ASKED} AS a ON {join} WHERE {sql.both(tests)}"


def event(part: Event, scope: Scope) -> People:
    """Whose run was begun by an event with such a property."""
    at_nothing = all(check.negated for check in part.test)
    test = properties((Property(part.name, part.test),), scope).all()
    kept = sql.negation(f"({test})") if at_nothing else f"({test})"
    return People(f"SELECT DISTINCT e.profile_key {entry_event(scope)} AND {kept}", inverted=at_nothing)


def entry_event(scope: Scope) -> str:
    """SQL from ``FROM``: the events ``e`` that began the runs of the people ``a`` asked about."""
    _asked(scope, "event")
    join = "a.profile_key = e.profile_key AND a.entry_message_id = e.message_id"
    return f"FROM log_events AS e JOIN {ASKED} AS a ON {join} WHERE {sql.both(scope.rows('e'))}"


def _asked(scope: Scope, head: str) -> None:
    asked = scope.asked or Asked()
    if not (asked.run if head == "message" else asked.entry):
        raise UsageError(
            "ONLY_IN_JOURNEYS",
            f"{head!r} speaks of a person's run through a journey, and here there is none",
            next_step="Ask about people with their run and the event that began it.",
        )


def _plain(scope: Scope, name: str) -> Value:
    array, value = scope.value(name)
    return value if array is None else MISSING


def _texts(names: Iterable[str]) -> str:
    return ", ".join(sql.text(name) for name in names)
