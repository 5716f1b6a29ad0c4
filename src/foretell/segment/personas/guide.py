"""What to ask somebody: what is surprising about them, what happened to them, and what is not known of their kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from foretell.clock import Duration
from foretell.segment.personas.behaviours import Behaviour
from foretell.segment.personas.clustering import Labels
from foretell.segment.personas.interviews import Picked
from foretell.segment.personas.reading import Behaved
from foretell.segment.personas.scaling import Scaled

Question = Mapping[str, str]

_SURPRISES = 2
_SURPRISING = 1.0
"""Spreads of their persona's people from its middle."""
_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_MORE = "You do this far more than others like you. What leads you to it?"
_LESS = "You do this far less than others like you. What keeps you from it?"
_WANTED = {
    "motivation": "What do you want to get done when you come to us, and what else could you do instead?",
    "trigger": "Think of the last time: what had happened just before you came to us?",
    "habit": "When and where do you usually do this, and who else has a say in it?",
}


def guides(
    picked: Sequence[Picked],
    behaved: Behaved,
    scaled: Scaled,
    labels: Labels,
    *,
    pains: Mapping[str, frozenset[int]],
    known: Mapping[str, frozenset[str]],
    window: str,
    currency: str,
    as_of: datetime,
) -> list[list[Question]]:
    """The questions for each of ``picked``.

    Args:
        pains: what went wrong → keys of the people for whom it did.
        known: persona → the kinds of findings (motivation, trigger, habit) that there are of it.
    """
    places = np.searchsorted(behaved.people, [one.profile_key for one in picked])
    return [
        [
            _opening(one, as_of),
            *_surprises(int(place), behaved, scaled, labels, window, currency),
            *_happened(one, pains),
            *_missing(known.get(one.persona, frozenset())),
            _closing(one),
        ]
        for one, place in zip(picked, places, strict=True)
    ]


def _opening(one: Picked, as_of: datetime) -> Question:
    days = (one.last_at - one.first_at).days
    gap = max(1, round(days / (one.times - 1))) if one.times > 1 else 0
    if one.cause == "loyal":
        about = f"{one.times:,} times since {one.first_at:%d %B %Y}, about every {gap} days"
        return {"about": about, "question": "What brought you here the first time, and what makes you come back?"}
    silent = (as_of - one.last_at).days
    about = f"{one.times:,} times, about every {gap} days; silent since {one.last_at:%d %B %Y} ({silent} days)"
    return {"about": about, "question": f"What was going on around {one.last_at:%B %Y}, and where do you go now?"}


def _closing(one: Picked) -> Question:
    if one.cause == "loyal":
        return {"about": "what keeps them", "question": "What would have to happen for you to stop coming?"}
    return {"about": "what would bring them back", "question": "What would have to be different for you to come back?"}


def _surprises(
    place: int, behaved: Behaved, scaled: Scaled, labels: Labels, window: str, currency: str
) -> list[Question]:
    """Where somebody is unlike others of their persona, the most first."""
    own = scaled.points[labels == labels[place]]
    spread = np.maximum(own.std(axis=0), 1e-9)
    far = (scaled.points[place] - own.mean(axis=0)) / spread
    found: list[Question] = []
    for column in np.argsort(-np.abs(far), kind="stable"):
        behaviour = scaled.used[int(column)]
        value = float(behaved.values[behaviour.key][place])
        if abs(far[column]) < _SURPRISING or len(found) == _SURPRISES:
            break
        if np.isnan(value):
            continue
        others = behaved.values[behaviour.key][labels == labels[place]]
        middle = float(np.nanmedian(others))
        told = (worded(behaviour, value, currency), worded(behaviour, middle, currency))
        more = far[column] > 0
        side = "or less" if more else "or more"
        about = f"{behaviour.title} in the last {span(window)}: {told[0]}; half of their persona {told[1]} {side}"
        question = _MORE if more else _LESS
        found.append({"about": about, "question": question})
    return found


def _happened(one: Picked, pains: Mapping[str, frozenset[int]]) -> list[Question]:
    return [
        {"about": f"they {pain}", "question": "How was that for you, and what did it change between us?"}
        for pain, people in pains.items()
        if one.profile_key in people
    ]


def _missing(known: frozenset[str]) -> list[Question]:
    """What is not known of a persona is asked."""
    return [
        {"about": f"no {kind} is known of this persona", "question": question}
        for kind, question in _WANTED.items()
        if kind not in known
    ]


def span(window: str) -> str:
    """A length of time in words: ``year``, ``90 days``."""
    length = Duration.parse(window)
    unit = _UNITS[length.unit]
    return unit if length.count == 1 else f"{length.count} {unit}s"


def worded(behaviour: Behaviour, value: float, currency: str) -> str:
    """A number as people say it."""
    if behaviour.form == "share":
        return f"{round(100 * value):,} %"
    if behaviour.money:
        return f"{value:,.2f} {currency}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
