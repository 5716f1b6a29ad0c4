"""Groups that are found: a planted one with the truth in its interval, hardly any where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretell import segment
from foretell.condition import Reader, parse
from foretell.errors import DefinitionErrors, UsageError
from foretell.segment.discovery.search import search
from foretell.segment.discovery.selectors import Selector, Selectors, limits, selectors_of
from foretell.segment.discovery.target import Window
from foretell.segment.discovery.verdict import Contrast, contrast, kept, level_of
from foretell.segment.facets import Rows, rows_of
from foretell.stats import Floats, Interval
from tests.support.group_shop import (
    CHECK_DAY,
    CHURN,
    LAST_DAY,
    NOW,
    PLANTED,
    PRICE,
    START,
    USUAL,
    Groups,
    add_events,
    add_scores,
    add_trait,
    open_groups,
    plant,
)

PEOPLE = 4_000
SPENDING = {"value": {"did": "Order Completed", "sum": "revenue"}, "horizon": "60d"}
DOCUMENTS = {("prediction", "churn"): CHURN, ("prediction", "spending"): SPENDING}


@pytest.fixture(scope="module")
def found(shop: Groups) -> segment.Discovery:
    return _found(shop)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Groups]:
    found = open_groups(tmp_path_factory.mktemp("planted"), DOCUMENTS)
    with found.engine:
        plant(found, PEOPLE, seed=1)
        french = _held(found, {"trait": "country", "is": "France"})
        noise = np.random.default_rng(9).normal(0, 0.1, PEOPLE)
        for day in (CHECK_DAY, LAST_DAY):
            add_scores(found, "churn", "60d", START + timedelta(days=day), 0.4 + 0.2 * french + noise)
        yield found


def _held(shop: Groups, raw: dict[str, Any]) -> np.ndarray:
    """Which of the people 1, 2, … keep a condition."""
    return np.isin(np.arange(1, PEOPLE + 1), shop.reader.members(parse(raw), as_of=NOW)["profile_key"].to_numpy())


def _found(shop: Groups, **options: object) -> segment.Discovery:
    target = segment.target_of(shop.catalog, "churn:60d")
    return segment.discover(*shop.places, target, now=NOW, least_people=80, **options)  # type: ignore[arg-type]


def test_the_planted_group_is_found_and_the_truth_lies_in_its_interval(found: segment.Discovery) -> None:
    best = found.groups[0]
    said = [dict(part) for part in best.parts]
    assert best.direction == "higher"
    assert {"trait": "country", "is": "France"} in said
    assert any(part.get("did") == "Ticket Opened" for part in said), said
    assert len(said) == 2, "nothing else makes a difference"
    # Outside the group one sixteenth or so is French with an older ticket, and everybody else has the usual chance.
    truth = (1 - PLANTED) - (1 - USUAL)
    assert best.difference.low < truth < best.difference.high, best.difference
    assert best.difference.low > 0.2
    assert best.inside.low < 1 - PLANTED < best.inside.high
    assert len(found.groups) <= 3, [one.parts for one in found.groups]


def test_a_group_is_a_condition_that_gives_its_people(shop: Groups, found: segment.Discovery) -> None:
    for group in found.groups:
        tree = parse(group.condition)
        assert group.people == shop.reader.count(tree, as_of=NOW)
        assert group.condition["all"][0] == CHURN["population"], "a group is one of the population"
        assert group.says.startswith("People who")


@pytest.mark.parametrize("lasting", [False, True])
def test_without_a_difference_nothing_is_told(tmp_path: Path, lasting: bool) -> None:
    """Also not where the same people leave in both windows, for reasons that nothing known says: were the same people
    searched and checked, three groups would be told in these two worlds."""
    tested = 0
    for seed in (103, 104):
        shop = open_groups(tmp_path / str(seed), DOCUMENTS)
        with shop.engine:
            plant(shop, 1_500, seed, planted=False, lasting=lasting)
            _noise(shop, 1_500, seed)
            found = _found(shop)
            tested += found.looked_at
            assert found.groups == ()
    assert tested > 10_000


def _noise(shop: Groups, count: int, seed: int) -> None:
    """Six kinds of events that have nothing to do with anything."""
    random = np.random.default_rng(seed)
    for kind in range(6):
        people, days = random.integers(1, count + 1, 4_000), random.uniform(1, CHECK_DAY, 4_000)
        add_events(
            shop, f"Did {kind}", people, days, topic=[str(one) for one in random.choice(list("abcdefgh"), 4_000)]
        )


def test_the_same_seed_gives_the_same_and_another_other_halves(shop: Groups, found: segment.Discovery) -> None:
    first, again, other = found, _found(shop), _found(shop, seed=7)
    assert again == first
    assert other.people != first.people
    assert sum(other.people) == pytest.approx(sum(first.people), abs=300)
    assert {"trait": "country", "is": "France"} in [dict(part) for part in other.groups[0].parts]


def test_properties_counted_one_by_one_give_the_same(
    shop: Groups, found: segment.Discovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretell.segment.discovery.habits.COUNTED_TOGETHER", 1)
    assert _found(shop) == found


@dataclass(frozen=True)
class _Noting(segment.Target):
    """Notes of whom the outcome was asked, and as of when."""

    asked: list[tuple[Window, set[int]]] = field(default_factory=list)

    def values(self, reader: Reader, rows: Rows, window: Window) -> Floats:
        self.asked.append((window, set(rows.keys.tolist())))
        return super().values(reader, rows, window)


def test_nobody_is_both_searched_and_checked(shop: Groups) -> None:
    noting = _Noting(**vars(segment.target_of(shop.catalog, "churn:60d")))
    found = segment.discover(*shop.places, noting, now=NOW, least_people=80)
    (early, searched), (late, checked) = noting.asked
    assert (early, late) == (found.search, found.check)
    assert not searched & checked
    assert len(searched | checked) > 0.99 * PEOPLE
    assert found.search.until == found.check.at, "outcomes of the search end where the check begins"


def test_each_selector_is_its_condition_and_reads_the_past_alone(shop: Groups) -> None:
    at = segment.target_of(shop.catalog, "churn:60d").windows(shop.reader, NOW, shop.catalog.settings.zone_info)[0].at
    rows = rows_of(shop.reader.members(parse({"did": "Page Viewed"}), as_of=at))
    made = selectors_of(shop.reader, shop.engine.log.properties(), rows, at=at, floor=50)
    kinds = {one.about.split(":")[0] for one in made.all}
    assert {"trait", "where", "Page Viewed", "Ticket Opened"} <= kinds
    for one, mask in zip(made.all, made.masks, strict=True):
        told = shop.reader.members(parse(dict(one.raw)), as_of=at, known_at=at, of="all")
        assert np.array_equal(rows.mask(told), mask), one.raw
    assert "Order Completed" not in kinds, "there was none before the instant"


def test_numbers_and_dates_are_said_in_ranges(tmp_path: Path) -> None:
    shop = open_groups(tmp_path, DOCUMENTS)
    with shop.engine:
        plant(shop, 1_500, seed=3)
        random = np.random.default_rng(1)
        add_trait(shop, "points", random.integers(0, 1_000, 1_500))
        add_trait(shop, "birth_date", [f"{year}-05-01" for year in random.integers(1950, 2006, 1_500)])
        joined = [(START - timedelta(days=int(day))).date().isoformat() for day in random.integers(0, 700, 1_500)]
        add_trait(shop, "joined_on", joined)
        add_trait(shop, "email", [f"u{number}@shop.example" for number in range(1_500)])
        rows = rows_of(shop.reader.members(parse({"did": "Page Viewed"}), as_of=NOW))
        made = selectors_of(shop.reader, shop.engine.log.properties(), rows, at=NOW, floor=50)
        told = {trait: [dict(one.raw) for one in made.all if one.about == f"trait:{trait}"] for trait in _MANY_VALUED}
        assert [one["gte"] for one in told["points"] if "gte" in one] == sorted(
            one["lt"] for one in told["points"] if "lt" in one
        )
        assert {"trait": "birth_date", "age": {"gte": 45}} in told["birth_date"]
        assert {"trait": "joined_on", "ago": {"lte": "365d"}} not in told["joined_on"], "that is nobody by now"
        assert {"trait": "joined_on", "ago": {"gt": "365d"}} not in told["joined_on"], "that is everybody by now"
        assert told["email"] == []


_MANY_VALUED = ("points", "birth_date", "joined_on", "email")


def test_what_was_not_known_yet_is_no_selector(tmp_path: Path) -> None:
    shop = open_groups(tmp_path, DOCUMENTS)
    with shop.engine:
        plant(shop, 1_500, seed=3)
        people = np.arange(1, 700)
        add_events(shop, "Late News", people, np.full(people.size, 200.0), known=np.full(people.size, 399.0))
        target = segment.target_of(shop.catalog, "churn:60d")
        at = target.windows(shop.reader, NOW, shop.catalog.settings.zone_info)[1].at
        rows = rows_of(shop.reader.members(parse({"did": "Page Viewed"}), as_of=at))
        made = selectors_of(shop.reader, shop.engine.log.properties(), rows, at=at, floor=50)
        assert not [one for one in made.all if "Late News" in str(one.raw)]


def test_an_outcome_of_ones_own_and_an_amount(shop: Groups) -> None:
    own = segment.target_from(
        shop.catalog, outcome={"did": "Order Completed"}, population={"did": "Page Viewed"}, horizon="60d"
    )
    best = segment.discover(*shop.places, own, now=NOW, least_people=80).groups[0]
    assert (own.unit, best.direction) == ("share", "lower")
    assert best.difference.low < PLANTED - USUAL < best.difference.high
    spending = segment.target_of(shop.catalog, "spending")
    amount = replace(spending, population={"did": "Page Viewed"})
    best = segment.discover(*shop.places, amount, now=NOW, least_people=80).groups[0]
    assert (amount.unit, best.direction) == ("money", "lower")
    assert best.difference.low < PRICE * (PLANTED - USUAL) < best.difference.high


def test_a_stored_score_is_checked_at_a_later_scoring(shop: Groups) -> None:
    target = segment.target_of(shop.catalog, "score:churn")
    found = segment.discover(*shop.places, target, now=NOW, least_people=80, depth=1)
    assert (found.search.at, found.check.at) == (START + timedelta(days=CHECK_DAY), NOW)
    best = found.groups[0]
    assert ([dict(part) for part in best.parts], best.direction) == ([{"trait": "country", "is": "France"}], "higher")
    assert best.difference.low < 0.2 < best.difference.high


def test_targets_by_name(shop: Groups) -> None:
    names = [one.name for one in segment.targets(shop.catalog)]
    assert names == ["churn:60d", "spending:60d", "score:churn:60d", "score:spending:60d", "response"]
    for wrong, code in (("churn:90d", "UNKNOWN_HORIZON"), ("nothing", "UNKNOWN_DEFINITION")):
        with pytest.raises(UsageError) as error:
            segment.target_of(shop.catalog, wrong)
        assert error.value.code == code
    with pytest.raises(UsageError) as error:
        segment.target_from(shop.catalog, "churn", outcome={"did": "Order Completed"})
    assert error.value.code == "BAD_TARGET"
    with pytest.raises(DefinitionErrors):
        segment.target_from(shop.catalog, outcome={"last": "x"}, population={"did": "x"}, horizon="7d")


def test_what_cannot_be_asked(shop: Groups) -> None:
    churn = segment.target_of(shop.catalog, "churn")
    wrong: list[tuple[dict[str, Any], str]] = [({"depth": 4}, "BAD_DEPTH"), ({"least_people": 3_000}, "TOO_FEW_PEOPLE")]
    for options, code in wrong:
        with pytest.raises(UsageError) as error:
            segment.discover(*shop.places, churn, now=NOW, **options)
        assert error.value.code == code
    with pytest.raises(UsageError) as error:
        segment.discover(*shop.places, segment.target_of(shop.catalog, "score:spending"), now=NOW)
    assert error.value.code == "TOO_FEW_SCORINGS"


def _selectors(masks: list[np.ndarray]) -> Selectors:
    return Selectors(tuple(Selector({"trait": f"t{n}"}, f"t{n}") for n in range(len(masks))), np.stack(masks))


def test_ten_variants_of_one_group_are_one() -> None:
    random = np.random.default_rng(5)
    group = random.random(2_000) < 0.2
    noisy = [group ^ (random.random(2_000) < 0.03) for _ in range(10)]
    others = [random.random(2_000) < 0.3 for _ in range(10)]
    values = (random.random(2_000) < np.where(group, 0.8, 0.3)).astype(float)
    found = search(_selectors([*noisy, *others]), values, floor=40, depth=3, most=20)
    assert len([one for one in found.candidates if one.z > 0]) == 1
    assert found.looked_at > 100


def test_a_second_group_is_found_behind_the_first() -> None:
    random = np.random.default_rng(6)
    strong, weak = random.random(6_000) < 0.2, random.random(6_000) < 0.1
    chance = np.where(strong, 0.8, 0.3) + np.where(weak, 0.2, 0.0)
    values = (random.random(6_000) < chance).astype(float)
    others = [random.random(6_000) < 0.3 for _ in range(30)]
    found = search(_selectors([strong, weak, *others]), values, floor=60, depth=2, most=20)
    assert {one.parts for one in found.candidates} >= {(0,), (1,)}


def test_of_noise_nothing_is_worth_a_test() -> None:
    random = np.random.default_rng(8)
    others = [random.random(3_000) < 0.3 for _ in range(40)]
    found = search(_selectors(others), (random.random(3_000) < 0.4).astype(float), floor=60, depth=2, most=20)
    assert len(found.candidates) <= 1
    assert search(_selectors(others), np.zeros(3_000), floor=60, depth=2, most=20).candidates == ()


def test_limits_are_round_and_ascending() -> None:
    counts = np.array([0, 0, 1, 1, 2, 3, 5, 8, 13, 40.0])
    assert limits(counts, money=False) == sorted(set(limits(counts, money=False)))
    assert limits(counts, money=False)[0] == 1
    assert limits(np.array([0.0, 12.3, 1_237.0, 1_237.0, 1_237.0]), money=True) == [930, 1_200]
    assert limits(np.zeros(5), money=True) == []


def _tested(p: float, value: float = 0.1) -> Contrast:
    nothing = Interval(value, value - 0.1, value + 0.1, 100, 0.9)
    return Contrast(nothing, nothing, nothing, p)


def test_the_share_of_false_ones_is_held() -> None:
    # Benjamini and Hochberg at 0.1 of four tests: limits 0.025, 0.05, 0.075, 0.1.
    tested = [_tested(0.049), _tested(0.2), _tested(0.001), _tested(0.06)]
    assert kept(tested, [1.0] * 4) == [True, False, True, True]
    assert kept(tested, [-1.0] * 4) == [False] * 4, "a difference to the other side than found is none"
    assert kept([_tested(0.03), _tested(0.9)], [1.0, 1.0]) == [True, False]
    assert level_of(1, 20) == pytest.approx(0.995)
    assert level_of(20, 20) == pytest.approx(0.9)


def test_a_contrast_of_shares_is_newcombes() -> None:
    # Newcombe 1998, table II, contrast (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339 at 95 %.
    values = np.repeat([1.0, 0.0, 1.0, 0.0], [56, 14, 48, 32])
    held = np.arange(150) < 70
    found = contrast(values, held, share=True, level=0.95)
    assert found.difference.low == pytest.approx(0.0524, abs=1e-4)
    assert found.difference.high == pytest.approx(0.3339, abs=1e-4)
    assert found.p == pytest.approx(0.00805, abs=1e-5)
