"""What has become of a segment: people, composition, scores, overlap, and what is advised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from foretell import segment
from foretell.errors import UsageError
from foretell.segment.beside import Overlap
from foretell.segment.reviews.advice import Evidence, advise
from foretell.segment.reviews.composition import Grouped, compositions, stability_index
from tests.support.group_shop import CHURN, START, Groups, add_events, add_people, add_scores, open_groups

THEN, NOW = START + timedelta(days=100), START + timedelta(days=191)
DOCUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("prediction", "churn"): CHURN,
    ("segment", "viewers"): {"condition": {"did": "Page Viewed", "within": "30d"}},
    ("segment", "twins"): {"condition": {"did": "Page Viewed", "within": "31d"}},
    ("segment", "buyers"): {"condition": {"did": "Order Completed", "within": "60d"}},
    ("segment", "few"): {"condition": {"did": "Never Heard Of"}},
}
FRENCH, GERMAN, PEOPLE = np.arange(1, 401), np.arange(401, 801), 800


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Groups]:
    found = open_groups(tmp_path_factory.mktemp("drift"), DOCUMENTS)
    with found.engine:
        add_people(found, ["France"] * 400 + ["Germany"] * 400)
        # Members then: 300 French and 100 German; now: 100 of these French and 300 others from Germany.
        then, now = np.concatenate([FRENCH[:300], GERMAN[:100]]), np.concatenate([FRENCH[:100], GERMAN[100:]])
        add_events(found, "Page Viewed", then, np.full(then.size, 90.0))
        add_events(found, "Page Viewed", now, np.full(now.size, 180.0))
        # Of the 300 who left, 50 bought; of them and of everybody now 20 are buyers.
        bought = np.concatenate([FRENCH[250:300], GERMAN[100:120]])
        add_events(found, "Order Completed", bought, np.full(bought.size, 170.0), revenue=20)
        _score(found, THEN - timedelta(days=1), np.where(np.isin(np.arange(1, PEOPLE + 1), then), 0.8, 0.4))
        _score(found, NOW - timedelta(days=1), np.full(PEOPLE, 0.5))
        yield found


def _score(shop: Groups, at: datetime, scores: np.ndarray) -> None:
    add_scores(shop, "churn", "60d", at, scores + np.resize([-0.1, 0.1], scores.size))


@pytest.fixture(scope="module")
def drift(shop: Groups) -> segment.Drift:
    return segment.drift(*shop.places, "viewers", now=NOW, since=THEN)


def test_people_by_hand(drift: segment.Drift) -> None:
    assert (drift.then, drift.now, drift.could_be_then, drift.could_be_now) == (400, 400, 800, 800)
    assert (drift.stayed, drift.joined, drift.lost) == (100, 300, 300)
    assert drift.silent == 250, "50 of those who left have bought since"
    assert [(one.key, one.people) for one in drift.lost_to] == [("buyers", 50)]


def test_the_planted_shift_is_told(drift: segment.Drift) -> None:
    country = next(one for one in drift.composition if one.name == "trait:country")
    assert country.verdict == "much"
    assert country.index.value == pytest.approx(np.log(3), rel=0.02), "twice a half times the logarithm of three"
    assert 0.5 < country.index.low < np.log(3) < country.index.high < 2
    parts = {part.label: (part.then, part.now) for part in country.parts}
    assert (parts["France"], parts["Germany"]) == ((0.75, 0.25), (0.25, 0.75))
    assert country.says.startswith("By country they are quite different people (")
    assert drift.composition[0] == country, "the one that changed most comes first"


def test_scores_against_everybody_then_and_now(drift: segment.Drift) -> None:
    churn = drift.against[0]
    assert (churn.prediction, churn.horizon) == ("churn", "60d")
    assert churn.then is not None
    assert churn.now is not None
    assert churn.then.members == pytest.approx(0.8)
    assert churn.then.others == pytest.approx(0.4)
    assert (churn.then.differs, churn.now.differs, churn.lost) == (True, False, True)
    assert churn.now.difference.low < 0 < churn.now.difference.high


def test_overlap_that_grew(drift: segment.Drift) -> None:
    told = {one.key: one for one in drift.overlaps}
    assert (told["buyers"].then, told["buyers"].now) == (0, 20)
    assert (told["twins"].now, told["twins"].grew) == (400, False)
    assert drift.overlaps[0].key == "buyers"


def test_advice_for_a_twin_that_nobody_uses(drift: segment.Drift) -> None:
    assert drift.advice.decision == "retire"
    assert [one.code for one in drift.advice.reasons] == ["TWIN", "NO_LONGER_APART"]


def test_it_begins_at_the_last_review_and_tells_another_meaning(shop: Groups) -> None:
    first = segment.drift(*shop.places, "buyers", now=NOW)
    assert first.review is None
    assert (NOW - first.since).days in (90, 91), "three months"
    at = NOW - timedelta(days=20)
    made = segment.record_review(*shop.places, "buyers", by="ada", decision="keep", now=at)
    after = segment.drift(*shop.places, "buyers", now=NOW)
    assert (after.since, after.review, after.other_meaning) == (at, made, False)
    with shop.engine.ops.write() as tx:
        tx.execute("UPDATE segment_reviews SET meaning = 'other' WHERE segment = 'buyers'")
    assert segment.drift(*shop.places, "buyers", now=NOW).other_meaning


def test_an_empty_segment_and_an_instant_before_everything(shop: Groups) -> None:
    few = segment.drift(*shop.places, "few", now=NOW, since=THEN)
    assert (few.then, few.now, few.composition) == (0, 0, ())
    assert (few.advice.decision, few.advice.reasons[0].code) == ("retire", "TOO_FEW")
    for since in (START - timedelta(days=400), NOW):
        with pytest.raises(UsageError) as error:
            segment.drift(*shop.places, "few", now=NOW, since=since)
        assert error.value.code == "NO_HISTORY"


def _drawn(random: np.random.Generator, shares: list[float], n: int) -> np.ndarray:
    return random.choice(len(shares), n, p=shares).astype(np.int64)


def _compared(then: np.ndarray, now: np.ndarray, seed: str, overlapping: bool = False) -> Any:
    people = np.arange(then.size), np.arange(now.size) + (0 if overlapping else 1_000_000)
    labels = tuple(str(n) for n in range(int(max(then.max(), now.max())) + 1))
    return compositions(seed, *people, [Grouped("trait:x", "x", labels, then, now)])[0]


def test_the_interval_covers_the_true_index_of_a_shift() -> None:
    before, after = [0.5, 0.3, 0.2], [0.3, 0.3, 0.4]
    truth = sum((q - p) * np.log(q / p) for p, q in zip(before, after, strict=True))
    random = np.random.default_rng(2)
    covered = 0
    for seed in range(25):
        found = _compared(_drawn(random, before, 400), _drawn(random, after, 400), str(seed))
        covered += found.index.low <= truth <= found.index.high
    assert covered >= 19, "nine of ten, less what chance does to 25"


def test_chance_alone_is_not_told_as_a_shift() -> None:
    random = np.random.default_rng(3)
    shares = [0.4, 0.3, 0.2, 0.1]
    told = [_compared(_drawn(random, shares, 500), _drawn(random, shares, 500), str(seed)) for seed in range(10)]
    assert {one.verdict for one in told} == {"same"}
    assert np.mean([one.index.value for one in told]) == pytest.approx(told[0].by_chance, rel=0.6)
    assert max(one.index.low for one in told) < 0.05


def test_nobody_has_no_composition_and_nothing_changed_is_zero() -> None:
    nothing = np.zeros(0, np.int64)
    assert compositions("s", nothing, nothing, []) == []
    assert stability_index(np.array([5.0, 5.0]), np.array([50.0, 50.0])) == pytest.approx(0, abs=1e-9)
    same = _drawn(np.random.default_rng(1), [0.5, 0.5], 100)
    found = _compared(same, same, "s", overlapping=True)
    assert (found.index.value, found.index.low, found.index.high) == (0, 0, 0), "the very same people, drawn together"


def _evidence(**more: Any) -> Evidence:
    return Evidence(**{
        "then": 200, "now": 210, "could_be": 1_000, "twin": None, "against": (), "composition": (), "used": True,
        **more,
    })  # fmt: skip


def test_advice_rule_by_rule() -> None:
    def told(**more: Any) -> tuple[str, list[str]]:
        found = advise(_evidence(**more))
        return found.decision, [one.code for one in found.reasons]

    assert told() == ("keep", ["STEADY"])
    assert told(used=False) == ("keep", ["STEADY", "UNUSED"])
    assert told(now=29) == ("retire", ["TOO_FEW"])
    assert told(now=501) == ("tighten", ["WIDE", "GREW"])
    assert told(now=301) == ("tighten", ["GREW"])
    assert told(twin=Overlap("a", "b", 9, 0.9, 1.0, 0.9)) == ("retire", ["TWIN"])
    assert told(twin=Overlap("a", "b", 8, 0.8, 1.0, 0.89)) == ("keep", ["STEADY"])
    assert told(now=10, then=5)[0] == "retire", "retire goes before tighten"
