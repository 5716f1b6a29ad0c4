"""The latent kinds of people, and how each kind answers to messages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foretell.demo.shop.draws import Floats


@dataclass(frozen=True)
class Persona:
    """One kind of people.

    Args:
        share: of all people.
        gap_days: median time between two orders while nothing is wrong.
        conversion: share of visits that end in an order.
        leaving: factor on the hazard of beginning to leave.
        openness: share of mails that are opened.
        price_sensitivity: 0 to 1; how much a discount adds to the answer.
        fondness: mean opinion of the shop while nothing is wrong, 0 to 10.
        answering: how readily they answer what they are asked; logits.
        winback, service, news: mean chance that such a message, once seen, brings somebody back; where
            negative, the chance that it drives them away (sleeping dogs).
    """

    name: str
    share: float
    gap_days: float
    conversion: float
    leaving: float
    openness: float
    price_sensitivity: float
    winback: float
    service: float
    news: float
    fondness: float
    answering: float


PERSONAS = (
    Persona("devoted", 0.24, 33, 0.40, 0.7, 0.62, 0.25, 0.24, 0.22, 0.03, 9.4, 0.3),
    Persona("bargain", 0.24, 52, 0.32, 1.2, 0.58, 0.80, 0.26, 0.06, 0.02, 8.4, 0.0),
    Persona("explorer", 0.20, 62, 0.22, 1.0, 0.66, 0.45, 0.22, 0.10, 0.04, 8.8, 0.1),
    Persona("occasional", 0.20, 78, 0.42, 1.2, 0.42, 0.40, 0.16, 0.08, 0.00, 8.1, -0.15),
    Persona("private", 0.12, 45, 0.38, 1.0, 0.36, 0.15, -0.30, 0.00, -0.04, 7.9, -0.3),
)

STATES = ("steady", "drifting", "gone")
STEADY, DRIFTING, GONE = range(3)
VISITING = np.array([1.0, 0.40, 0.015])
"""Factor on visits by state."""
READING = np.array([1.0, 0.55, 0.15])
"""Factor on opens of the newsletter by state."""
READING_PERSONAL = np.array([1.0, 0.90, 0.75])
"""Factor on opens of a mail that is meant for oneself."""


def of_each(name: str) -> Floats:
    """One field of all personas, in their order."""
    return np.array([getattr(persona, name) for persona in PERSONAS], np.float64)
