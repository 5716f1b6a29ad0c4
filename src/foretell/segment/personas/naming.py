"""What distinguishes a kind of people, and the name that says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretell.segment.personas.behaviours import Behaviour, Form
from foretell.segment.personas.clustering import Labels
from foretell.segment.personas.reading import Behaved
from foretell.segment.personas.scaling import Scaled
from foretell.stats import Floats

_TELLS = 0.25
"""A difference below a quarter of the spread is not named."""
_MOST_NAMED = 2


@dataclass(frozen=True)
class Difference:
    """How a kind of people differs from all others in one behaviour.

    Args:
        effect: difference of the means in spreads (winsorised, logarithmised); positive: they do more.
        median, others: medians of the plain numbers among them and among all others; of shares the shares of all
            counts together. None where there is nothing.
    """

    behaviour: str
    title: str
    form: Form
    money: bool
    effect: float
    median: float | None
    others: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return dict(vars(self))


def differences(scaled: Scaled, behaved: Behaved, labels: Labels, kind: int) -> list[Difference]:
    """What distinguishes a kind, the most first."""
    inside = labels == kind
    found = []
    for place, one in enumerate(scaled.used):
        column = scaled.points[:, place]
        effect = float(column[inside].mean() - column[~inside].mean())
        middle, others = _middle(behaved, one, inside), _middle(behaved, one, ~inside)
        found.append(Difference(one.key, one.title, one.form, one.money, effect, middle, others))
    return sorted(found, key=lambda one: (-abs(one.effect), one.behaviour))


def _middle(behaved: Behaved, one: Behaviour, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> float | None:
    if one.form == "share":
        bottom = float(behaved.bottoms[one.key][chosen].sum())
        return float(behaved.tops[one.key][chosen].sum()) / bottom if bottom > 0 else None
    values: Floats = behaved.values[one.key][chosen]
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else None


def titles(told: list[list[Difference]], behaviours: tuple[Behaviour, ...]) -> list[str]:
    """A name for each kind from its two most distinguishing behaviours; a third where two names would be the same."""
    words = {one.key: one for one in behaviours}
    made: list[str] = []
    for kind in told:
        named = [_word(words[one.behaviour], one.effect) for one in kind if abs(one.effect) >= _TELLS]
        count = _MOST_NAMED
        title = _title(named[:count])
        while title in made and count < len(named):
            count += 1
            title = _title(named[:count])
        number = 2
        while title in made:
            title, number = f"{_title(named[:_MOST_NAMED])} {number}", number + 1
        made.append(title)
    return made


def _word(behaviour: Behaviour, effect: float) -> str:
    known = behaviour.high if effect > 0 else behaviour.low
    return known or f"{'many' if effect > 0 else 'few'} {behaviour.title}"


def _title(words: list[str]) -> str:
    if not words:
        return "Everyday customers"
    text = f"{', '.join(words)} customers"
    return text[:1].upper() + text[1:]


def key_of(title: str, taken: set[str]) -> str:
    """A key that nobody has had: lower-case words of the title with ``_`` between."""
    words = re.sub(r"[^a-z0-9]+", "_", title.lower().removesuffix(" customers")).strip("_")[:48].strip("_")
    base = words if words[:1].isalpha() else f"p_{words}".strip("_")
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    return key
