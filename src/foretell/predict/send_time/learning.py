"""Hours and channels by empirical Bayes: a person's own counts, shrunk to their persona's, shrunk to everybody's.

Hours are Dirichlet-multinomial: a person's clicks, and with a weight their other activity, are counts; the mean of the
prior is the persona's distribution, its strength in pseudo-counts. Strength and weight are those under which later
clicks were most probable. Channels are beta-binomial with a strength from the moments of people's rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from foretell.predict.send_time.habits import CHANNELS, HOURS, Floats, Habits, Ints
from foretell.stats import LEVEL

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 1000.0, 1e6)
WEIGHTS = (0.0, 0.05, 0.15, 0.4, 1.0)
GROUP_STRENGTHS = (50.0, 1e6)
"""Pseudo-counts of everybody in a persona's distribution; with the latter personas do not matter."""
_OF_GROUP = 50.0
_FLAT = 0.5
"""Of every hour, so that no hour is impossible."""
MOST_PEOPLE = 50_000


@dataclass(frozen=True)
class Settings:
    """How much a person's own counts weigh.

    Args:
        strength: pseudo-counts of people like them.
        weight: of an active hour beside an hour with a click.
        group: pseudo-counts of everybody beside their persona's.
    """

    strength: float = 10.0
    weight: float = 0.15
    group: float = _OF_GROUP


@dataclass(frozen=True)
class Priors:
    """What is expected of people of whom nothing is known.

    Args:
        hours: everybody's distribution over the hours, (24,).
        by_group: each persona's, (g, 24).
        rates: everybody's answers a message by channel, (4,); NaN where there were no messages.
        rates_by_group: each persona's, (g, 4).
        strengths: pseudo-messages of those rates, (4,).
    """

    hours: Floats
    by_group: Floats
    rates: Floats
    rates_by_group: Floats
    strengths: Floats


def priors_of(known: Habits, settings: Settings) -> Priors:
    """From everybody's habits."""
    counts = known.responses + settings.weight * known.active
    total = counts.sum(axis=0) + _FLAT
    hours = total / total.sum()
    groups = _summed(counts, known.group, len(known.groups)) + settings.group * hours
    sent, answered = known.messages.sum(axis=0), known.answers.sum(axis=0)
    rates = np.where(sent > 0, (answered + 0.5) / (sent + 1), np.nan)
    strengths = np.array([_strength(known.messages[:, at], known.answers[:, at]) for at in range(len(CHANNELS))])
    few = np.nan_to_num(rates) * _OF_GROUP
    sent_by, answered_by = (_summed(one, known.group, len(known.groups)) for one in (known.messages, known.answers))
    return Priors(hours, groups / groups.sum(axis=1, keepdims=True), rates, (answered_by + few) / (sent_by + _OF_GROUP),
                  strengths)  # fmt: skip


def hours_of(known: Habits, priors: Priors, settings: Settings) -> Floats:
    """P(the next click is in this hour), (n, 24)."""
    counts = known.responses + settings.weight * known.active
    found = counts + settings.strength * _mean(priors.hours, priors.by_group, known.group)
    shares: Floats = found / found.sum(axis=1, keepdims=True)
    return shares


def channels_of(known: Habits, priors: Priors) -> tuple[Floats, Floats, Floats]:
    """Expected answers a message by channel with a 90 % interval, each (n, 4); NaN where nobody gets messages."""
    from scipy.special import betaincinv  # loads slowly, and a look at what is due needs it not

    mean = np.clip(_mean(priors.rates, priors.rates_by_group, known.group), 1e-6, 1 - 1e-6)
    a = known.answers + priors.strengths * mean
    b = known.messages - known.answers + priors.strengths * (1 - mean)
    tail = (1 - LEVEL) / 2
    never = np.broadcast_to(np.isnan(priors.rates), a.shape)
    low, high = betaincinv(a, b, tail), betaincinv(a, b, 1 - tail)
    return tuple(np.where(never, np.nan, one) for one in (a / (a + b), low, high))  # type: ignore[return-value]


def settled(before: Habits, later: Habits) -> Settings:
    """What made the clicks of ``later`` most probable given the habits ``before``.

    Of settings within one standard error of the best the one that shrinks most: few clicks show nothing of persons.
    """
    asked, clicks = matched(before, later)
    if clicks.sum() < HOURS:
        return Settings()
    found = [Settings(*parts) for parts in product(STRENGTHS, WEIGHTS, GROUP_STRENGTHS)]
    losses = [-(clicks * np.log(hours_of(asked, priors_of(before, one), one))).sum(axis=1) for one in found]
    best = losses[int(np.argmin([one.sum() for one in losses]))]
    as_good = [one for one, loss in zip(found, losses, strict=True) if _as_good(loss - best)]
    return max(as_good, key=lambda one: (one.strength, one.group, -one.weight))


def _as_good(worse: Floats) -> bool:
    """Whether people's differences of log-loss (n,) add up to no more than one standard error."""
    return float(worse.sum()) <= float(np.sqrt((worse**2).sum()))


def log_loss(p: Floats, clicks: Floats) -> float:
    """Mean surprise (nats) of an hour with a click, given probabilities of hours, both (n, 24)."""
    total = float(clicks.sum())
    return float(-(clicks * np.log(p)).sum() / total) if total else float("nan")


def matched(before: Habits, later: Habits) -> tuple[Habits, Floats]:
    """Those who clicked later as they were ``before``, at most :data:`MOST_PEOPLE`, and their later clicks (n, 24)."""
    clicked = np.flatnonzero(later.responses.sum(axis=1) > 0)[:MOST_PEOPLE]
    people, clicks = later.people[clicked], later.responses[clicked]
    return of_people(before, people), clicks


def of_people(known: Habits, people: Ints) -> Habits:
    """The habits of ``people``; those of whom nothing is known have none, and no persona."""
    if not len(known):
        place, there = np.zeros(people.size, np.int64), np.zeros(people.size, bool)
    else:
        place = np.minimum(np.searchsorted(known.people, people), len(known) - 1)
        there = known.people[place] == people

    def taken(values: Floats) -> Floats:
        found = np.zeros((people.size, values.shape[1]))
        found[there] = values[place[there]]
        return found

    groups = np.full(people.size, -1, np.int64)
    groups[there] = known.group[place[there]]
    return Habits(people, taken(known.responses), taken(known.active), groups, known.groups, taken(known.messages),
                  taken(known.answers))  # fmt: skip


def judgement(before: Habits, later: Habits, settings: Settings) -> Mapping[str, Any]:
    """How probable later clicks were, beside "everybody at the hours of all" and "any hour is the same"."""
    asked, clicks = matched(before, later)
    priors = priors_of(before, settings)
    p = hours_of(asked, priors, settings)
    total = max(float(clicks.sum()), 1.0)
    everybody = np.broadcast_to(priors.hours, p.shape)
    at = np.arange(len(asked))
    best, usual = float(clicks[at, p.argmax(axis=1)].sum()), float(clicks[:, int(priors.hours.argmax())].sum())
    return {
        "people": len(asked),
        "clicks": int(clicks.sum()),
        "log_loss": log_loss(p, clicks),
        "everybody": log_loss(everybody, clicks),
        "any_hour": float(np.log(HOURS)),
        "in_best_hour": best / total,
        "in_everybodys_best_hour": usual / total,
    }


def _mean(everybody: Floats, by_group: Floats, group: Ints) -> Floats:
    """The prior's mean for each person (n, k): their persona's, else everybody's."""
    return np.vstack([by_group, everybody[None, :]])[np.where(group >= 0, group, len(by_group))]


def _summed(values: Floats, group: Ints, groups: int) -> Floats:
    """Sums (g, k) of the rows of each group."""
    found = np.zeros((groups, values.shape[1]))
    known = group >= 0
    np.add.at(found, group[known], values[known])
    return found


def _strength(messages: Floats, answers: Floats) -> float:
    """Pseudo-messages of the beta distribution of people's rates, by the method of moments (Kleinman 1973)."""
    some = messages > 0
    n, rate = messages[some], answers[some] / np.maximum(messages[some], 1)
    if n.size < 10:
        return 20.0
    mean = float(answers[some].sum() / n.sum())
    spread = float((n * (rate - mean) ** 2).sum())
    usual = mean * (1 - mean)
    top = spread - usual * (n.size - 1)
    bottom = usual * float(n.sum() - (n**2).sum() / n.sum() - (n.size - 1))
    if usual <= 0 or bottom <= 0:
        return 20.0
    between = min(max(top / bottom, 1e-3), 0.5)
    return 1 / between - 1
