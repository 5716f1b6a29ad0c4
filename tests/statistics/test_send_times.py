"""Send times against a world whose habits are known: own counts, shrunk, foresee later clicks better than one hour."""

from __future__ import annotations

import numpy as np

from foretell.predict.send_time.habits import CHANNELS, HOURS, Habits
from foretell.predict.send_time.learning import (
    Settings,
    channels_of,
    hours_of,
    judgement,
    log_loss,
    matched,
    priors_of,
    settled,
)


def _world(seed: int, people: int = 3_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True hours (n, 24) around two personas' evenings and mornings, persona (n,), and clicks to expect (n,)."""
    random = np.random.default_rng(seed)
    group = random.integers(0, 2, people)
    hour = np.arange(HOURS)
    bumps = np.stack([np.exp(-(((hour - at + 12) % 24 - 12) ** 2) / 18) for at in (8, 20)])
    means = 0.9 * bumps / bumps.sum(axis=1, keepdims=True) + 0.1 / HOURS
    truth = np.stack([random.dirichlet(8 * mean) for mean in means[group]])
    return truth, group, random.gamma(0.5, 6, people)


def _seen(truth: np.ndarray, group: np.ndarray, rate: np.ndarray, seed: int) -> Habits:
    random = np.random.default_rng(seed)
    responses = random.poisson(rate[:, None] * truth).astype(float)
    active = responses + random.poisson(4 * rate[:, None] * (0.6 * truth + 0.4 / HOURS))
    none = np.zeros((len(group), len(CHANNELS)))
    return Habits(np.arange(len(group)), responses, active, group, ("mornings", "evenings"), none, none)


def test_later_clicks_are_likelier_at_own_hours_than_at_everybodys() -> None:
    truth, group, rate = _world(1)
    earlier, middle = _seen(truth, group, rate, 2), _seen(truth, group, rate / 4, 3)
    before, later = _seen(truth, group, rate, 4), _seen(truth, group, rate / 4, 5)
    settings = settled(earlier, middle)
    found = judgement(before, later, settings)
    asked, clicks = matched(before, later)
    best_possible = log_loss(np.maximum(truth[asked.people], 1e-9), clicks)
    alone = log_loss(hours_of(asked, priors_of(before, settings), Settings(1.0, 0.0)), clicks)
    group_only = log_loss(hours_of(asked, priors_of(before, settings), Settings(1e6, 0.0)), clicks)
    assert best_possible < found["log_loss"] < found["everybody"] - 0.1 < found["any_hour"]
    assert found["log_loss"] < min(alone, group_only), "shrinking beats both own counts alone and the persona alone"
    assert found["in_best_hour"] > 1.3 * found["in_everybodys_best_hour"]


def test_intervals_of_answers_hold_the_true_rates() -> None:
    random = np.random.default_rng(7)
    n = 4_000
    truth = random.beta(2, 18, n)
    messages = np.zeros((n, len(CHANNELS)))
    messages[:, 0] = random.integers(0, 60, n)
    answers = random.binomial(messages.astype(int), truth[:, None]).astype(float)
    none = np.zeros((n, HOURS))
    known = Habits(np.arange(n), none, none, np.full(n, -1), (), messages, answers)
    expected, low, high = (one[:, 0] for one in channels_of(known, priors_of(known, Settings())))
    covered = float(((low <= truth) & (truth <= high)).mean())
    raw = (answers[:, 0] + 0.5) / (messages[:, 0] + 1)
    assert 0.87 < covered < 0.93
    assert ((expected - truth) ** 2).mean() < 0.6 * ((raw - truth) ** 2).mean()
