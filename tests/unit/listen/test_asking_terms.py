"""Under which terms a survey asks: samples, and what an event says it is about."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from foretell.ids import stable_id
from foretell.listen import asking

IDS = [stable_id("p", str(number)) for number in range(20_000)]


def test_a_sample_is_as_large_as_it_says_and_always_the_same() -> None:
    inside = asking.in_sample("nps", 0.25, IDS)
    assert inside.mean() == pytest.approx(0.25, abs=0.01)
    assert (asking.in_sample("nps", 0.25, IDS[::-1])[::-1] == inside).all(), "whoever else is asked about"
    wider = asking.in_sample("nps", 0.5, IDS)
    assert (wider | ~inside).all(), "a larger sample holds the smaller one"


def test_samples_of_two_surveys_are_independent() -> None:
    nps, csat = (asking.in_sample(name, 0.5, IDS) for name in ("nps", "csat"))
    assert np.mean(nps & csat) == pytest.approx(0.25, abs=0.015)


def test_everybody_and_nobody() -> None:
    assert asking.in_sample("nps", 1.0, IDS).all()
    assert len(asking.in_sample("nps", 0.1, [])) == 0


@pytest.mark.parametrize(
    ("event", "about"),
    [
        ({"order_id": 12, "product_id": "A"}, {"order_id": "12", "product_id": "A"}),
        (
            {"order_id": "o", "products": [{"product_id": "A", "name": "Shoe"}, {"product_id": "B"}]},
            {"order_id": "o", "product_id": "A", "product_name": "Shoe"},
        ),
        ({"ticket_id": 7, "agent": "Kim"}, {"ticket_id": "7", "agent": "Kim"}),
        ({"products": [], "order_id": None}, {}),
        ({"products": "none", "agent": {"name": "Kim"}, "order_id": ["a"]}, {}),
        ({}, {}),
    ],
)
def test_what_an_event_is_about(event: dict[str, object], about: dict[str, str]) -> None:
    assert asking.about(event) == about


def test_a_message_carries_what_its_page_has_to_know_and_nothing_empty() -> None:
    terms = asking.Terms("nps", "marketing", None, 1.0, timedelta(days=90), (), False)
    told = asking.carried(terms, {"order_id": "o"}, thread="m1", reminder=2)
    assert told == {"survey": "nps", "again_us": 7_776_000_000_000, "thread": "m1", "reminder": 2, "order_id": "o"}
    assert asking.carried(terms, {}, touchpoint="till")["touchpoint"] == "till"
