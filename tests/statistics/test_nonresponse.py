"""In a world whose opinions are known of everybody, the weighted score is closer to the truth than the raw one.

Whoever had a late parcel thinks less of the shop and answers more often; whoever buys often likes it and answers
more often too. Each survey asks everybody; who answers, and what, is drawn anew for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from foretell.listen import scores
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened

PEOPLE = 1_200
SURVEYS = ("one", "two", "three", "four")
ASKED_AGO, ANSWERED_AGO = 30.0, 28.0


@dataclass(frozen=True)
class World:
    """The shop and the share of promoters less that of detractors among everybody, by survey, times 100."""

    shop: Shop
    truth: dict[str, float]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    random = np.random.default_rng(20_260_701)
    late = random.random(PEOPLE) < 0.25
    orders = random.choice([1, 2, 3, 6], PEOPLE, p=[0.5, 0.2, 0.2, 0.1])
    lines: Lines = []
    for person in range(PEOPLE):
        name = f"u{person}"
        lines += [
            did(name, 60 + 9 * n, "Order Completed", order_id=f"{name}-{n}", revenue=20) for n in range(orders[person])
        ]
        lines.append(did(name, 55, "Order Delivered", order_id=f"{name}-0", delay_days=3 if late[person] else 0))
    truth = {}
    for survey in SURVEYS:
        opinion = np.clip(np.round(8.2 - 3.5 * late + 0.4 * orders + 1.6 * random.standard_normal(PEOPLE)), 0, 10)
        answers = random.random(PEOPLE) < np.select([late, orders >= 3], [0.65, 0.45], 0.15)
        truth[survey] = 100 * float((opinion >= 9).mean() - (opinion <= 6).mean())
        for person in range(PEOPLE):
            lines.append(told(f"u{person}", ASKED_AGO, "Survey Sent", survey))
            if answers[person]:
                lines.append(told(f"u{person}", ANSWERED_AGO, "Survey Answered", survey, score=int(opinion[person])))
    # Nobody asked for these, and nobody who gave them ever bought.
    lines += [told(f"v{n}", ANSWERED_AGO, "Survey Answered", "page", score=n % 11) for n in range(80)]
    # Asked of everybody, and neither answering nor the score has to do with anything that is known.
    for person in range(PEOPLE):
        lines.append(told(f"u{person}", ASKED_AGO, "Survey Sent", "chance"))
        if random.random() < 0.4:
            lines.append(
                told(f"u{person}", ANSWERED_AGO, "Survey Answered", "chance", score=int(random.integers(0, 11)))
            )
    # After an order, but sent by somebody else: buyers stand in for those who were asked.
    answers = random.random(PEOPLE) < np.where(late, 0.6, 0.2)
    for person in np.flatnonzero(answers).tolist():
        score = int(np.clip(round(8.5 - 4 * late[person] + random.standard_normal()), 0, 10))
        lines.append(told(f"u{person}", 45, "Survey Answered", "elsewhere", score=score))
    with opened(tmp_path_factory.mktemp("nonresponse")) as shop:
        load(shop, "past", lines)
        yield World(shop, truth)


def told(person: str, days_ago: float, event: str, survey: str, **properties: int) -> dict[str, object]:
    line = did(person, days_ago, event, survey=survey, measure="nps", **properties)
    return {**line, "messageId": f"{line['messageId']}-{survey}"}


def read(world: World, survey: str) -> scores.ScoreReport:
    place = world.shop.workspace
    return scores.score(place.engine, place.catalog, scores.ScoreQuery(survey), now=AS_OF)


def test_the_weighted_score_is_closer_to_the_truth_than_the_raw_one(world: World) -> None:
    reports = {survey: read(world, survey) for survey in SURVEYS}
    held = 0
    for survey, report in reports.items():
        raw, weighted, truth = report.scores[0], report.weighted[0], world.truth[survey]
        assert report.weighting.frame == "asked"
        assert report.weighting.asked == PEOPLE
        assert raw.value is not None
        assert weighted.value is not None
        assert weighted.low is not None
        assert weighted.high is not None
        assert abs(weighted.value - truth) < abs(raw.value - truth), survey
        assert weighted.effective < raw.effective
        held += weighted.low <= truth <= weighted.high
    assert held >= len(SURVEYS) - 1
    off = [np.mean([abs(side[0].value - world.truth[key]) for key, side in told]) for told in (
        [(key, report.scores) for key, report in reports.items()],
        [(key, report.weighted) for key, report in reports.items()],
    )]  # fmt: skip
    assert off[1] < off[0] / 2


def test_those_who_answered_are_made_like_those_who_were_asked(world: World) -> None:
    weighting = read(world, "one").weighting
    late = next(row for row in weighting.balance if (row.trait, row.level) == ("late", "yes"))
    assert late.answered > late.asked + 0.2
    assert late.weighted == pytest.approx(late.asked, abs=0.03)
    assert weighting.explained is not None
    assert weighting.explained > 0.2


def test_where_nothing_known_matters_weights_change_little_and_say_so(world: World) -> None:
    report = read(world, "chance")
    raw, weighted = report.scores[0], report.weighted[0]
    assert raw.value is not None
    assert weighted.value == pytest.approx(raw.value, abs=2.5)
    assert report.weighting.reason in ("alike", "says_little")
    assert "cannot" in report.weighting.words


def test_where_nobody_knows_who_was_asked_there_are_no_weights(world: World) -> None:
    report = read(world, "page")
    assert (report.weighted, report.weighting.reason, report.weighting.rate) == ((), "no_frame", None)
    assert report.best == report.scores[0]


def test_buyers_stand_in_where_somebody_else_asked(world: World) -> None:
    report = read(world, "elsewhere")
    assert report.weighting.frame == "orders"
    assert "who stand in" in report.weighting.words
    raw, weighted = report.scores[0], report.weighted[0]
    assert raw.value is not None
    assert weighted.value is not None
    assert weighted.value > raw.value + 5  # those with a late parcel answered three times as often
