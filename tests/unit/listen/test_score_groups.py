"""Scores by group: small groups do not top the list, chance is told as such, every dimension reads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from foretell.errors import UsageError
from foretell.listen import scores
from foretell.listen.scores.shrinking import discoveries, draw_together
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened

BUYERS = "kind: segment\nkey: buyers\nspec: {title: Buyers, condition: {did: Order Completed}}\n"
SURVEY = """\
kind: survey
key: nps
spec:
  title: {en: How are we doing?, de: Wie war es?}
  questions: [{key: recommend, type: nps, ask: Would you recommend us?}]
"""


def lines() -> Lines:
    """Of delivery 12 people answer, all but one 10; of checkout 200, of whom 160 are promoters; of support 100, most
    of them unhappy; 3 answer in the app."""
    told: Lines = []
    for n in range(315):
        place = "delivery" if n < 12 else "checkout" if n < 212 else "support" if n < 312 else "app"
        pick = {"delivery": 10 if n else 7, "checkout": 10 if n % 5 else 4, "support": 2 if n % 4 else 9, "app": 10}
        about = {"touchpoint": place, "agent": "kim" if n % 2 else "lee", "language": "en" if n % 3 else "de"}
        told.append(
            did(
                f"u{n}",
                20 + n % 50,
                "Survey Answered",
                survey="nps",
                score=pick[place],
                product_id=f"p{n % 2}",
                **about,
            )
        )
        if n % 2:
            boot = {"product_id": "p1", "name": "Boot", "price": 5}
            told.append(did(f"u{n}", 200, "Order Completed", order_id=f"o{n}", revenue=5, products=[boot]))
    return told


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("groups"), segments__buyers=BUYERS, surveys__nps=SURVEY) as found:
        load(found, "past", lines())
        yield found


def by(shop: Shop, dimension: str, **more: object) -> scores.Groups:
    place = shop.workspace
    asked = scores.asked_of(place.engine, place.catalog, scores.ScoreQuery("nps", **more), now=AS_OF)  # type: ignore[arg-type]
    return scores.groups(place.engine, place.catalog, asked.whose, asked.window, dimension, now=AS_OF)


def test_a_small_group_is_drawn_towards_all_and_those_too_small_are_not_told(shop: Shop) -> None:
    found = by(shop, "touchpoint")
    told = {one.key: one for one in found.groups}
    assert set(told) == {"delivery", "checkout", "support"}
    assert found.hidden == 1
    small, large = told["delivery"], told["checkout"]
    assert (small.score.people, large.score.people, found.overall.people) == (12, 200, 315)
    assert small.score.value == pytest.approx(100 * 11 / 12)
    assert large.score.value == pytest.approx(60)
    assert small.drawn is not None
    assert large.drawn is not None
    assert small.score.value - small.drawn > 4 * abs(60 - large.drawn)
    assert told["support"].differs
    assert "3 groups are compared" in found.notes[0]
    assert "1 with fewer than 10 people is not shown." in found.notes


def test_every_dimension_reads(shop: Shop) -> None:
    assert {one.key for one in by(shop, "agent").groups} == {"kim", "lee"}
    assert {one.title for one in by(shop, "product").groups} == {"p0", "Boot"}
    assert {one.key for one in by(shop, "language").groups} == {"en", "de"}
    assert [(one.key, one.title) for one in by(shop, "survey").groups] == [("nps", "How are we doing?")]
    (buyers,) = by(shop, "segment").groups
    assert (buyers.title, buyers.score.people) == ("Buyers", 157)
    months = by(shop, "month")
    assert [one.key for one in months.groups] == sorted(one.key for one in months.groups)
    assert sum(one.score.answers for one in months.groups) == 315
    assert all(one.drawn is None for one in months.groups)
    assert len(by(shop, "week").groups) > len(months.groups)
    with pytest.raises(UsageError, match="there is no persona"):
        by(shop, "persona")
    with pytest.raises(UsageError, match="cannot be split by 'colour'"):
        by(shop, "colour")


def test_limits_hold_for_groups_too(shop: Shop) -> None:
    found = by(shop, "agent", segment="buyers", filters={"touchpoint": "checkout"})
    assert found.overall.people == 100
    assert [one.key for one in found.groups] == ["kim"]


def test_drawing_together_leaves_what_is_well_known_and_moves_what_is_not() -> None:
    value, error = np.array([90.0, 40.0, 50.0, 45.0]), np.array([30.0, 1.0, 1.0, 1.0])
    found = draw_together(value, error)
    assert found.value[1:] == pytest.approx(value[1:], abs=0.5)
    assert 40 < found.value[0] < 52
    assert (found.low < found.value).all()
    alike = draw_together(np.array([10.0, 11.0, 9.0]), np.array([5.0, 5.0, 5.0]))
    assert alike.between == 0
    assert alike.value == pytest.approx(10.0)
    assert draw_together(np.array([7.0]), np.array([1.0])).value[0] == 7


def test_of_claims_told_at_most_a_tenth_is_false() -> None:
    """Among 40 groups that differ in nothing, one in ten would be called different by itself."""
    random = np.random.default_rng(3)
    none = [discoveries(random.random(40)).any() for _ in range(1_000)]
    assert np.mean(none) <= 0.12
    assert discoveries(np.array([0.001, 0.9, 0.04, 0.5])).tolist() == [True, False, True, False]
    assert discoveries(np.zeros(0)).tolist() == []
