"""Draws: even, independent of each other, and the same in any order."""

from __future__ import annotations

import numpy as np

from foretell.demo.shop.draws import Draws

PEOPLE = np.arange(20_000, dtype=np.int64)


def test_units_are_even_and_different_for_every_purpose_person_index_and_seed() -> None:
    draws = Draws(1)
    base = draws.unit("visit", PEOPLE, 5)
    assert abs(base.mean() - 0.5) < 0.01
    assert abs(np.histogram(base, 10, (0.0, 1.0))[0] / len(PEOPLE) - 0.1).max() < 0.01
    others = (
        draws.unit("buys", PEOPLE, 5),
        draws.unit("visit", PEOPLE, 6),
        draws.unit("visit", PEOPLE + 1, 5),
        Draws(2).unit("visit", PEOPLE, 5),
    )
    assert all(abs(np.corrcoef(base, other)[0, 1]) < 0.03 for other in others)


def test_a_draw_does_not_depend_on_what_else_is_drawn() -> None:
    draws = Draws(1)
    everybody = draws.unit("visit", PEOPLE, PEOPLE % 7)
    chosen = PEOPLE[::37][::-1].copy()
    assert (draws.unit("visit", chosen, chosen % 7) == everybody[chosen]).all()


def test_normals_and_picks_have_their_odds() -> None:
    draws = Draws(1)
    normal = draws.normal("taste", PEOPLE)
    assert abs(normal.mean()) < 0.03
    assert abs(normal.std() - 1.0) < 0.03
    picked = draws.pick("persona", np.array([1.0, 0.0, 3.0]), PEOPLE)
    assert abs(np.bincount(picked, minlength=3) / len(PEOPLE) - [0.25, 0.0, 0.75]).max() < 0.01
