"""A feature that is the outcome in disguise is refused with its name.

Point-in-time features cannot see what comes after the instant, but a trait can be told late and dated early, and an
event can be written when the outcome is already decided. Such a feature does not predict. Two signs give it away on
people whom nothing was learnt from, and both ask whether the other features know it too, so that a merely strong one
passes:

- alone it nearly decides the outcome, and the error of the ranking by all others is several times its own;
- having one of its values (or having it at all) nearly means the outcome, for a good part of those who have the
  outcome, while the others would not have said so of these people.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from foretell.errors import ForetellError
from foretell.predict.binary.boosted import grow, logits
from foretell.predict.binary.rows import Floats, Ints, Rows
from foretell.stats import expit, roc_auc

DECIDES = 0.97
"""Area under the curve from which on one feature alone nearly decides."""
TIMES = 4.0
"""So many times its error (1 - AUC) is that of all others together."""
MEANS = 0.97
"""Share with the outcome from which on a value nearly means it."""
PART = 0.1
"""Of the people with the outcome, that must have such a value."""
LEAST = 20
"""People who must have it."""
UNAWARE = 0.75
"""Mean probability, by all other features, of the people with such a value up to which these do not know it."""
FEW = 2
_VALUES = 20
_MOST_ROWS = 20_000
_ROUNDS = 60


@dataclass(frozen=True)
class Leak:
    """A feature in disguise, and what gave it away in words."""

    name: str
    why: str


def refuse_leaks(
    known: Rows, test: Rows, names: tuple[str, ...], told: Collection[str], accepted: Collection[str], thing: str
) -> None:
    """Raise ``LEAK`` where features are the outcome in disguise and not ``accepted``; arguments as of :func:`leaks`."""
    found = leaks(known, test, names, told, accepted)
    if not found:
        return
    listed = ", ".join(_written(leak.name) for leak in found)
    raise ForetellError(
        "LEAK",
        f"{found[0].name} looks like the outcome in disguise: {found[0].why}",
        thing=thing,
        next_step=f"Leave it out with without: [{listed}], or, where it is known before the outcome, write "
        f"accept_leaks: [{listed}].",
    )


def _written(name: str) -> str:
    """A name as an entry of a list in YAML."""
    return name if name.isidentifier() else "'" + name.replace("'", "''") + "'"


def leaks(
    known: Rows, test: Rows, names: tuple[str, ...], told: Collection[str] = (), accepted: Collection[str] = ()
) -> list[Leak]:
    """The features that give themselves away, in the order of ``names``.

    Args:
        known: what the judged model learns from; ``test``: whom it is judged by.
        told: features that somebody tells of a person (traits), which may be dated wrongly. Of what people did, one
            feature or two may be miracles; where more of them nearly decide, the outcome is easy to foresee.
    """
    known, test = _some(known), _some(test)
    alone = [_Alone.of(known, test, place) for place in range(len(names))]
    suspects = [place for place, one in enumerate(alone) if one.suspect and names[place] not in accepted]
    done = [place for place in suspects if names[place] not in told]
    if len(done) > FEW:
        suspects = [place for place in suspects if place not in done]
    if not suspects or min(np.unique(test.y).size, np.unique(known.y).size) < 2:
        return []
    p = _by_others(known, test, [place for place in range(len(names)) if place not in suspects])
    rest = roc_auc(test.y, p) if p.size else 0.5
    said = [(names[place], alone[place].gives_away(p, rest)) for place in suspects]
    return [Leak(name, why) for name, why in said if why]


@dataclass(frozen=True)
class _Alone:
    """What one feature says by itself.

    Args:
        auc: of the test rows, by the rate of known rows of the same value.
        having: test rows (n,) with a value that nearly means the outcome.
        y: outcomes of the test rows (n,).
    """

    auc: float
    having: np.ndarray[tuple[int], np.dtype[np.bool_]]
    y: Floats

    @classmethod
    def of(cls, known: Rows, test: Rows, place: int) -> _Alone:
        """By the feature in column ``place``."""
        edges = _edges(known.x[:, place])
        then, now = _bins(known.x[:, place], edges), _bins(test.x[:, place], edges)
        n = np.bincount(then, minlength=edges.size + 2)
        hits = np.bincount(then, known.y, minlength=edges.size + 2)
        rate = (hits + known.y.mean()) / (n + 1)
        return cls(roc_auc(test.y, rate[now]), (rate[now] >= MEANS - 1 / (n[now] + 1)) & (n[now] >= LEAST), test.y)

    @property
    def suspect(self) -> bool:
        """Whether it is worth asking the other features."""
        return self.auc >= DECIDES or self._means_it

    @property
    def _means_it(self) -> bool:
        n, hits = int(self.having.sum()), float(self.y[self.having].sum())
        return n >= LEAST and hits / n >= MEANS and hits >= PART * float(self.y.sum())

    def gives_away(self, p: Floats, rest: float) -> str:
        """Why it is a leak; empty where the other features know it too.

        Args:
            p: probabilities (n,) of the test rows by the features that are not suspected; empty without such.
            rest: the area under their curve.
        """
        if self.auc >= DECIDES and 1 - rest >= TIMES * (1 - self.auc):
            return f"alone it ranks with an AUC of {self.auc:.3f}, all others together with {rest:.3f}"
        if p.size and self._means_it and float(p[self.having].mean()) <= UNAWARE:
            share = float(self.y[self.having].mean())
            return (
                f"{share:.0%} of the {int(self.having.sum())} people with it have the outcome, and the others would "
                f"have said {float(p[self.having].mean()):.0%}"
            )
        return ""


def _by_others(known: Rows, test: Rows, places: list[int]) -> Floats:
    """Probabilities (n,) of the test rows by the features in these columns; empty where there are none."""
    if not places:
        return np.zeros(0)
    some = Rows(known.x[:, places], known.y, known.people, known.origin)
    return expit(logits(grow(some, _ROUNDS, 0, {"eta": 0.1}), test.x[:, places]))


def _edges(values: np.ndarray[tuple[int], np.dtype[np.float32]]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Edges of at most so many bins as hold equal shares; each common value has its own."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.zeros(0, np.float32)
    distinct = np.unique(known)
    if distinct.size > _VALUES:
        distinct = np.unique(np.quantile(known, np.linspace(0, 1, _VALUES + 1)[1:-1]).astype(np.float32))
    return distinct


def _bins(
    values: np.ndarray[tuple[int], np.dtype[np.float32]], edges: np.ndarray[tuple[int], np.dtype[np.float32]]
) -> Ints:
    """The bin of each value; what is not known has the last one to itself."""
    place = np.searchsorted(edges, values, side="left").astype(np.int64)
    return np.where(np.isfinite(values), place, edges.size + 1)


def _some(rows: Rows) -> Rows:
    """At most so many rows, evenly taken."""
    if len(rows) <= _MOST_ROWS:
        return rows
    chosen = np.zeros(len(rows), np.bool_)
    chosen[np.linspace(0, len(rows) - 1, _MOST_ROWS).astype(np.int64)] = True
    return rows.where(chosen)
