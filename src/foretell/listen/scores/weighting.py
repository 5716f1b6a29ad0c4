"""Weights for who stayed silent: whoever was less likely to answer stands for more people.

The weight is one over the probability of an answer (Rosenbaum and Rubin 1983; Little 1986), from
:mod:`~foretell.listen.scores.propensity`, trimmed at five times the mean (Potter 1990) so that nobody carries the
score. It makes up for what is known of the silent and for nothing else: :attr:`Weighting.words` says when that cannot
help.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Engine
from foretell.listen.scores.answers import People, Whose, Window, answers_sql, bounds
from foretell.listen.scores.asked import Frame, FrameKind, frame_of
from foretell.listen.scores.known import TRAITS, Known, known_of
from foretell.listen.scores.propensity import fit
from foretell.stats import Floats

TRIM = 5.0
"""The heaviest weight, in means."""
LEAST = 30
"""People who answered, and people who did not, that weights need."""
_ALIKE, _SAYS_LITTLE = 0.02, 0.01
_APART = 0.1
"""So far from those who were asked may the share of a level be with weights."""


@dataclass(frozen=True)
class Balance:
    """A level of a trait: its share of those who were asked, of those who answered, and of these with weights."""

    trait: str
    level: str
    asked: float
    answered: float
    weighted: float


@dataclass(frozen=True)
class Weighting:
    """What is known of the silent, and what weights make of it.

    Args:
        frame: ``asked`` (by us), ``orders`` (people with an order stand in), ``none``.
        asked, answered: people in the frame, and those of them who answered.
        reason: why there are no weights (``no_frame all_answered too_few``), or what they cannot do (``alike
            says_little apart``); empty where nothing is to be said.
        words: the same in words; never empty, as weights make up for nothing that is not known.
        explained: share of the variance of the score that the traits explain, 0 to 1, less what chance would.
        trimmed: people whose weight was cut; ``heaviest`` the weight that remained, in means.
    """

    frame: FrameKind
    asked: int
    answered: int
    reason: str
    words: str
    explained: float | None = None
    trimmed: int = 0
    heaviest: float = 1.0
    balance: tuple[Balance, ...] = ()

    @property
    def applied(self) -> bool:
        """True where there are weights."""
        return bool(self.balance)

    @property
    def rate(self) -> float | None:
        """Share of those asked who answered."""
        return self.answered / self.asked if self.asked else None


def weigh(
    engine: Engine, whose: Whose, window: Window, people: People, *, now: datetime
) -> tuple[Weighting, Floats | None]:
    """What is to be said of the silent, and a weight for each of ``people`` (n,), of mean 1; None where none can be."""
    answering = _answering(engine, whose, window)
    frame = frame_of(engine, whose, window, answering["profile_id"].combine_chunks(), now=now)
    answered = frame.answered
    total, hits = answered.size, int(answered.sum())
    refused = _refused(frame.kind, total, hits)
    if refused:
        return Weighting(frame.kind, total, hits, *refused), None
    beside = answering.filter(pc.invert(pc.is_in(answering["profile_id"], frame.rows["profile_id"].combine_chunks())))
    columns = ["profile_key", "profile_id", "as_of"]
    rows = pa.concat_tables(
        [frame.rows.select(columns), beside.select(columns).cast(frame.rows.select(columns).schema)]
    )
    known = known_of(engine, whose.measure, rows)
    among = known.of(np.arange(total))
    chance = fit(among, answered).of(known)
    place = pc.index_in(people.names, rows["profile_id"].combine_chunks())
    found = np.asarray(pc.fill_null(place, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    weights, trimmed = _trimmed(np.where(found >= 0, 1 / chance[np.maximum(found, 0)], np.nan))
    explained = _explained(known, found, people, whose)
    balance = _balance(known, total, found, weights)
    reason, words = _verdict(frame, balance, explained)
    told = Weighting(
        frame.kind, total, hits, reason, words, explained, trimmed, float(weights.max(initial=1.0)), balance
    )
    return told, weights


def _answering(engine: Engine, whose: Whose, window: Window) -> pa.Table:
    """Named people who answered, with their first answer of the window: ``profile_key profile_id as_of``."""
    found: pa.Table = engine.analytics.query(
        "SELECT n.node_key AS profile_key, a.profile_id, min(a.answered_at) AS as_of "
        f"FROM ({answers_sql(whose, window)}) AS a JOIN nodes n ON n.profile_id = a.profile_id "
        "WHERE a.profile_id <> '' GROUP BY n.node_key, a.profile_id ORDER BY n.node_key",
        bounds(window),
    )
    return found


def _refused(kind: FrameKind, total: int, hits: int) -> tuple[str, str] | None:
    if kind == "none":
        return "no_frame", (
            "Nothing tells who stayed silent: most of those who answered were not asked by us and had no order before. "
            "The score is that of those who answered."
        )
    if hits == total:
        return "all_answered", "Everybody who was asked answered: there is nobody to make up for."
    if min(hits, total - hits) < LEAST:
        return "too_few", (
            f"Weights need {LEAST} people who answered and {LEAST} who did not; there are {hits} and {total - hits}."
        )
    return None


def _trimmed(raw: Floats) -> tuple[Floats, int]:
    """Weights of mean 1, none above :data:`TRIM`; people of whom nothing is known weigh 1."""
    known = np.isfinite(raw)
    weights = np.ones(raw.size)
    if not known.any():
        return weights, 0
    inner = raw[known] / raw[known].mean()
    cut = inner > TRIM
    for _ in range(20):
        inner = np.where(cut, TRIM, inner)
        rest = inner[~cut].sum()
        inner = np.where(cut, TRIM, inner * (inner.size - TRIM * cut.sum()) / rest) if rest > 0 else inner
        more = cut | (inner > TRIM)
        if (more == cut).all():
            break
        cut = more
    weights[known] = inner
    return weights, int(cut.sum())


def _balance(known: Known, total: int, found: npt.NDArray[np.int64], weights: Floats) -> tuple[Balance, ...]:
    rows = found[found >= 0]
    own = weights[found >= 0]
    told = []
    for number, trait in enumerate(TRAITS):
        labels, codes = known.labels[number], known.codes[:, number]
        asked = np.bincount(codes[:total], minlength=len(labels)) / max(total, 1)
        answered = np.bincount(codes[rows], minlength=len(labels)) / max(rows.size, 1)
        weighted = np.bincount(codes[rows], own, len(labels)) / max(own.sum(), 1e-12)
        told += [
            Balance(trait.key, label, *(float(part[place]) for part in (asked, answered, weighted)))
            for place, label in sorted(enumerate(labels), key=lambda one: one[1])
        ]
    return tuple(told)


def _explained(known: Known, found: npt.NDArray[np.int64], people: People, whose: Whose) -> float | None:
    """Adjusted R² of people's mean score by the levels of the traits."""
    figure = whose.measure.main
    rows = found >= 0
    num, den = (part[rows] for part in people.pairs(figure))
    codes = known.codes[found[rows]]
    sizes = [len(labels) for labels in known.labels]
    columns = [np.eye(size)[codes[:, number]][:, 1:] for number, size in enumerate(sizes)]
    design = np.concatenate([np.ones((den.size, 1)), *columns], axis=1)
    free = den.size - design.shape[1]
    value = num / den
    spread = float(((value - value.mean()) ** 2).sum()) if den.size else 0.0
    if free < 1 or not spread > 0:
        return None
    inner = design.T @ design + 1e-9 * np.eye(design.shape[1])
    left = value - design @ np.linalg.solve(inner, design.T @ value)
    unexplained = float((left**2).sum()) / free
    return max(float(1 - unexplained / (spread / (int(den.size) - 1))), 0.0)


def _verdict(frame: Frame, balance: tuple[Balance, ...], explained: float | None) -> tuple[str, str]:
    who = "were asked" if frame.kind == "asked" else "had an order, who stand in for those who were asked"
    apart = max((abs(one.asked - one.answered) for one in balance), default=0.0)
    only = "What is not known of the silent, weights cannot make up for."
    if apart < _ALIKE:
        return "alike", f"In what is known, those who answered are like those who {who}: weights change little. {only}"
    left = max(balance, key=lambda one: abs(one.asked - one.weighted))
    if abs(left.asked - left.weighted) > _APART:
        title = next(trait.title for trait in TRAITS if trait.key == left.trait)
        return "apart", (
            f"Too few of some kinds of people answered: '{title}: {left.level}' is said of {left.asked:.0%} of those "
            f"who {who}, of {left.answered:.0%} of those who answered and of {left.weighted:.0%} with weights, as "
            f"nobody may stand for more than {TRIM:.0f} times as many as usual. The weighted score is not that of all. "
            f"{only}"
        )
    if explained is not None and explained < _SAYS_LITTLE:
        return "says_little", (
            f"What is known of people says little about their score, so weights by it cannot correct much. {only}"
        )
    return "", f"Weighted so that those who answered are like those who {who}. {only}"
