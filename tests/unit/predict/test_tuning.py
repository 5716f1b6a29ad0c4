"""Which setting: watched on later windows, judged by people, and taken only where it is told apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from foretell.predict.binary.rows import Rows
from foretell.predict.binary.tuning import TUNING_ROWS, Cut, choose, cuts, record_of, watched
from foretell.predict.estimators import BOOSTED
from foretell.predict.estimators.base import Model, Setting, Tried
from foretell.predict.windows import split_of
from foretell.stats import expit

UTC_ZONE = ZoneInfo("UTC")
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
SPLIT = split_of(FIRST, FIRST + timedelta(days=365), "60d", UTC_ZONE, thing="x")


@dataclass(frozen=True)
class Pretended:
    """Says of each setting the true logit and a part of noise, and remembers what it was asked."""

    settings: tuple[Setting, ...]
    asked: list[tuple[set[int], set[int]]]
    name: str = "pretended"
    suffix: str = ""
    source: str = ""
    grows_together: bool = False

    def tried(self, setting: Setting, learn: Rows, watch: Rows, seed: int) -> Tried:
        self.asked.append((set(learn.origin.tolist()), set(watch.origin.tolist())))
        noise = np.random.default_rng(seed).normal(size=len(watch)) * setting.values["noise"]
        best = int(setting.values["rounds"])
        rounds = (best, best + 10)
        return Tried(rounds, np.stack([expit(watch.x[:, 0] + noise), np.full(len(watch), 0.5)]))

    def learnt(self, setting: Setting, rows: Rows, rounds: int, seed: int) -> Model:
        raise NotImplementedError

    def load(self, data: bytes) -> tuple[Model, dict[str, str]]:
        raise NotImplementedError


def pretended(*noises: float) -> Pretended:
    return Pretended(
        tuple(Setting(f"noise {noise}", {"noise": noise, "rounds": 30 + place}) for place, noise in enumerate(noises)),
        [],
    )


def rows(people: int, origins: int, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    n = people * origins
    x = random.normal(size=(n, 1)).astype(np.float32) * 2
    y = (random.random(n) < expit(x[:, 0])).astype(float)
    return Rows(x, y, np.tile(np.arange(people), origins), np.repeat(np.arange(origins), people))


def steps(some: Rows, count: int) -> list[Cut]:
    origins = [FIRST + timedelta(days=60 * place) for place in range(count)]
    return cuts(some, some.people % 3, origins, "60d", UTC_ZONE)


def test_what_is_watched_was_begun_when_what_is_learnt_was_complete() -> None:
    origins = SPLIT.fit
    found = watched(origins, "60d", UTC_ZONE)
    assert [place for place, _ in found] == [len(origins) - 1, len(origins) - 3]
    for place, earlier in found:
        assert origins[earlier] + timedelta(days=60) <= origins[place]
        assert origins[place] + timedelta(days=60) <= SPLIT.test


def test_the_better_setting_is_taken_on_windows_it_did_not_learn_from() -> None:
    some, estimator = rows(800, 4), pretended(1.0, 0.0, 2.0)
    found = choose(estimator, some, steps(some, 4), "s", 1)
    assert (found.setting.name, found.rounds) == ("noise 0.0", 31)
    assert [one.setting.name for one in found.candidates] == ["noise 1.0", "noise 0.0", "noise 2.0"]
    assert found.candidates[0].difference == 0
    assert found.candidates[1].log_loss == min(one.log_loss for one in found.candidates)
    assert all(max(learn) < min(watch) for learn, watch in estimator.asked)
    assert found.as_dict()["chosen"] == {"name": "noise 0.0", "noise": 0.0, "rounds": 31}


def test_a_difference_within_chance_leaves_the_first() -> None:
    some = rows(800, 4)
    found = choose(pretended(0.02, 0.0), some, steps(some, 4), "s", 1)
    assert found.setting.name == "noise 0.02"
    assert "less than its standard error" in found.why or "lowest" in found.why


def test_few_outcomes_are_not_compared() -> None:
    some = rows(90, 4)
    estimator = pretended(1.0, 0.0)
    found = choose(estimator, some, steps(some, 4), "s", 1)
    assert (found.setting.name, found.rounds, found.candidates) == ("noise 1.0", 30, ())
    assert "cannot be told apart" in found.why
    assert len(estimator.asked) == 2, "the first setting, on both watched windows, for its rounds alone"


def test_one_window_is_watched_by_its_own_people_in_turn() -> None:
    some = rows(900, 1)
    found = steps(some, 1)
    assert len(found) == 3
    assert sum(cut.watch.sum() for cut in found) == len(some)
    for cut in found:
        assert not set(some.people[cut.learn]) & set(some.people[cut.watch])


def test_many_rows_are_compared_on_whole_persons_drawn_and_the_rounds_taken_from_all() -> None:
    some = rows(TUNING_ROWS // 2, 4)
    found = choose(pretended(1.0, 0.0), some, steps(some, 4), "s", 1)
    assert found.setting.name == "noise 0.0"
    assert found.n < TUNING_ROWS * 0.6


def test_nothing_to_watch_is_the_first_setting() -> None:
    assert choose(pretended(1.0, 0.0), rows(50, 1), [], "s", 1).setting.name == "noise 1.0"


@pytest.mark.parametrize("days", [365, 130])
def test_what_will_be_tried_is_on_record_before(days: int) -> None:
    split = split_of(FIRST, FIRST + timedelta(days=days), "90d", UTC_ZONE, thing="x")
    found = record_of(split, BOOSTED, UTC_ZONE)
    assert found["estimator"] == "boosted"
    assert [one["name"] for one in found["settings"]] == [one.name for one in BOOSTED.settings]
    assert set(found["watched"]) <= set(found["fit"])
    assert found["watched_by"] == ("time" if days == 365 else "people")
    assert found["test"] == split.test.isoformat()
