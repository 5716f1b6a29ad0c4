"""The life of a model: which one scores, when it is made anew, whether it still fits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.clock import naive_utc
from foretell.condition import parse
from foretell.errors import DefinitionErrors, ForetellError, UsageError
from foretell.predict.bands import tell_crossings
from foretell.predict.binary import judge
from foretell.predict.life.contest import beside, worse_words
from foretell.predict.life.outcomes import calibration_interval
from foretell.predict.life.shares import Shares, moved
from foretell.predict.registry import Registered, begin_run, finish_run, latest_model
from tests.support.prediction_shop import BOUGHT, CHURN, START, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
RETRAINED: dict[str, Any] = {**CHURN, "schedule": "1d", "bands": {"high": 0.5}, "retrain": {"every": "30d"}}
BROUGHT: dict[str, Any] = {**CHURN, "horizon": None, "horizons": ["30d", "60d"], "imported": True}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    found = open_shop(
        tmp_path_factory.mktemp("shop"),
        {"churn": RETRAINED, "brought": {**BROUGHT, "bands": {"high": 0.5}}, "registered": CHURN},
    )
    add(found, buyers(300, 420, 1))
    yield found
    found.engine.close()


def test_equal_distributions_are_steady_however_small_and_moved_ones_are_not() -> None:
    random = np.random.default_rng(3)
    verdicts = []
    for n in (60, 400, 20_000):
        before = Shares.of(random.gamma(2, 10, n))
        assert before is not None
        same = [moved(before, before.again(random.gamma(2, 10, n))) for _ in range(40)]
        verdicts += [one.verdict for one in same]
        assert moved(before, before.again(random.gamma(2, 25, n))).verdict == "moved"
    assert verdicts == ["steady"] * 120
    small = Shares.of(np.arange(40.0))
    assert small is not None
    assert small.shares == pytest.approx([0.1] * 10)
    assert moved(small, small).index == 0
    assert moved(small, small.again(np.full(40, np.nan))).verdict == "moved"
    assert Shares.of(np.full(100, 3.0)) is None
    assert Shares.from_dict(json.loads(json.dumps(small.as_dict()))) == small


def registered(shop: Shop, model: str, days: int, held_back: str | None = None) -> None:
    at = T + timedelta(days=days)
    run = begin_run(shop.engine.ops, "registered", at, shop.now, 0, {})
    finish_run(shop.engine.ops, run, Registered(model, "registered", at, {"metrics": {}}), held_back=held_back)


def in_use(shop: Shop, days: float) -> str:
    return latest_model(shop.engine.ops, "registered", T + timedelta(days=days)).model


def test_which_model_scores_is_decided_from_then_on_and_not_before(shop: Shop) -> None:
    ops = shop.engine.ops
    for model, days in (("a", 0), ("b", 10), ("c", 20)):
        registered(shop, model, days)
    registered(shop, "worse", 25, held_back="clearly worse")
    assert [in_use(shop, days) for days in (5, 15, 24, 26)] == ["a", "b", "c", "c"]

    def told(does: str, model: str | None, days: float) -> predict.ModelDecision:
        at = T + timedelta(days=days)
        if does == "rollback":
            return predict.rollback(ops, "registered", model, as_of=at, now=shop.now, made_by="ada")
        return predict.activate(ops, "registered", str(model), as_of=at, now=shop.now, made_by="ada")

    assert told("rollback", None, 30).model == "b"
    assert [in_use(shop, days) for days in (5, 15, 24, 29.9, 30, 31)] == ["a", "b", "c", "c", "b", "b"]
    assert told("rollback", None, 32).model == "a"
    registered(shop, "older", 12)
    assert in_use(shop, 33) == "a"
    told("activate", "worse", 34)
    assert in_use(shop, 35) == "worse"
    registered(shop, "d", 40)
    assert [in_use(shop, days) for days in (33, 39, 40)] == ["a", "worse", "d"]
    told("rollback", "c", 41)
    assert in_use(shop, 42) == "c"
    assert [run["model"] for run in predict.runs(ops, "registered") if run["in_use"]] == ["c"]
    newest = predict.decisions(ops, "registered")[0]
    assert (newest.does, newest.made_by) == ("rollback", "ada")
    with pytest.raises(ForetellError, match="no model") as caught:
        told("activate", "z", 50)
    assert caught.value.code == "UNKNOWN_MODEL"
    with pytest.raises(ForetellError) as caught:
        predict.rollback(ops, "registered", "d", as_of=T + timedelta(days=39), now=shop.now, made_by="ada")
    assert caught.value.code == "UNKNOWN_MODEL"


def test_a_new_model_is_held_back_only_where_it_is_clearly_worse() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(-1, 1.5, 3_000)
    truth = 1 / (1 + np.exp(-logits))
    y = (random.random(3_000) < truth).astype(float)
    people = np.arange(3_000)
    as_before = judge.Tested(people, T, y, 1 / (1 + np.exp(-(logits + random.normal(0, 0.2, 3_000)))))
    blind = judge.Tested(people, T, y, 1 / (1 + np.exp(-(logits + random.normal(0, 3, 3_000)))))
    other_level = judge.Tested(people, T, y, 1 / (1 + np.exp(-(logits + 1.5))))
    assert worse_words([beside("60d", as_before, truth)]) is None
    assert worse_words([beside("60d", other_level, truth)]) is None  # a season is no fault of the ranking
    said = worse_words([beside("60d", blind, truth)])
    assert "clearly worse on the same 3,000 people" in str(said)
    assert worse_words([beside("60d", judge.Tested(people, T, y, truth), blind.p)]) is None


def test_the_interval_of_the_calibration_error_covers_perfect_and_wrong_probabilities() -> None:
    random = np.random.default_rng(2)
    p = random.beta(2, 4, 4_000)
    y = (random.random(4_000) < p).astype(float)
    right = calibration_interval(y, p, np.arange(4_000), "right")
    wrong = calibration_interval(y, np.clip(p + 0.1, 0, 1), np.arange(4_000), "wrong")
    assert right.low <= right.value <= right.high < 0.04
    assert 0.06 < wrong.low < 0.1 < wrong.high


def test_it_is_trained_on_schedule_and_scores_are_held_against_what_happened(shop: Shop) -> None:
    places = shop.places
    assert predict.next_due(*places[:2], now=T) is None
    first = predict.train(*places, "churn", as_of=T, now=shop.now)
    scored = predict.score(*places, "churn", as_of=T, now=T)
    checked = {(row["what"], row["verdict"]) for row in scored.checks.to_pylist()}
    assert checked == {("scores", "steady"), ("feature", "steady")}
    assert len(scored.checks) > 20
    assert predict.next_due(*places[:2], now=T) == T + timedelta(days=1)
    (one,) = (one for one in predict.refresh(*places, now=T + timedelta(days=30)) if one.prediction == "churn")
    newest, *_ = predict.runs(shop.engine.ops, "churn")
    assert (newest["reason"], newest["state"]) == ("schedule", "done")
    assert newest["beside"]["60d"]["people"] > 100
    assert "trained anew (schedule)" in one.retrained
    assert one.model == latest_model(shop.engine.ops, "churn", T + timedelta(days=30)).model
    assert latest_model(shop.engine.ops, "churn", T + timedelta(days=29)).model == first.model
    before = predict.model_checks(shop.engine.analytics, "churn", as_of=T + timedelta(days=59), newest=False)
    assert "calibration" not in {check.what for check in before}

    later = T + timedelta(days=60)
    predict.refresh(*places, now=later)
    (check,) = (c for c in predict.model_checks(shop.engine.analytics, "churn", as_of=later) if c.what == "calibration")
    assert (check.scored_at, check.subject, check.people) == (T, "60d", scored.people)
    assert check.observed == pytest.approx(came_true(shop, scored.rows["node_key"].to_pylist(), T, later))
    assert check.expected == pytest.approx(float(np.mean(scored.rows["score"].to_numpy())))
    difference = predict.compare_runs(shop.engine, "churn", newest["run"], newest["run"] - 1, as_of=later)
    assert {"roc_auc", "ece"} <= {row["what"] for row in difference.metrics}
    assert "as of" in {row["what"] for row in difference.window}


def came_true(shop: Shop, people: list[int], since: datetime, until: datetime) -> float:
    bought = shop.engine.analytics.query(
        "SELECT DISTINCT node_key FROM event_log WHERE event = $event AND ts > $since AND ts <= $until",
        {"event": BOUGHT, "since": naive_utc(since), "until": naive_utc(until)},
    )["node_key"].to_pylist()
    return 1 - len(set(people) & set(bought)) / len(people)


def test_a_training_that_fails_by_itself_is_on_record_and_not_tried_again_at_once(shop: Shop) -> None:
    ops, places = shop.engine.ops, shop.places
    before = START - timedelta(days=40)
    run = begin_run(ops, "churn", before, before, 0, {})
    predict.refresh(*places, now=START - timedelta(days=1))
    failed = [one for one in predict.runs(ops, "churn") if one["state"] == "failed"]
    assert [(one["reason"], one["report"]["code"]) for one in failed] == [("schedule", "NO_HISTORY")]
    predict.refresh(*places, now=START)
    assert len([one for one in predict.runs(ops, "churn") if one["state"] == "failed"]) == 1
    assert run in [one["run"] for one in predict.runs(ops, "churn")]


def test_scores_from_outside_come_in_whole_or_not_at_all(shop: Shop, tmp_path: Path) -> None:
    engine, catalog, _ = shop.places
    file = tmp_path / "scores.csv"
    head = "profile_id,horizon,score,as_of\n"
    file.write_text(head + "p_1,30d,0.9,\np_2,30d,1.5,\nnobody,30d,0.1,\np_3,7d,.2,\np_1,30d,0.8,\n")
    with pytest.raises(DefinitionErrors) as caught:
        predict.import_scores(engine, catalog, "brought", file, as_of=T, now=T)
    assert {error.code: error.what.partition(": ")[2] for error in caught.value.errors} == {
        "UNKNOWN_PERSON": "row 3", "BAD_SCORE": "row 2", "UNKNOWN_HORIZON": "row 4", "DEFINED_TWICE": "row 1, 5",
    }  # fmt: skip
    file.write_text("profile_id,score,colour\np_1,0.9,red\n")
    with pytest.raises(UsageError) as wrong:
        predict.import_scores(engine, catalog, "brought", file, as_of=T, now=T)
    assert wrong.value.code == "UNKNOWN_COLUMN"
    lines = [
        {"identifier": f"user_id:u{n}", "horizon": "30d", "score": 0.02, "as_of": T.isoformat()} for n in range(1, 101)
    ]
    told = tmp_path / "scores.jsonl"
    told.write_text("\n".join(json.dumps(line) for line in lines))
    made = predict.import_scores(engine, catalog, "brought", told, as_of=shop.now, now=T)
    assert (made.rows, made.people, made.instants) == (100, 100, (naive_utc(T),))
    assert predict.scores(engine, "brought", as_of=T)["model"][0].as_py() == "imported"
    with pytest.raises(ForetellError) as refused:
        predict.train(*shop.places, "brought", as_of=T, now=T)
    assert refused.value.code == "SCORES_IMPORTED"


def test_scores_from_outside_are_judged_once_outcomes_have_come(shop: Shop) -> None:
    engine, catalog, _ = shop.places
    assert "never judged" in predict.trust(engine, catalog, "brought", as_of=T).refused["30d"]
    predict.refresh(*shop.places, now=T + timedelta(days=30))
    found = predict.trust(engine, catalog, "brought", as_of=T + timedelta(days=30))
    assert "did not come true" in found.refused["30d"]
    assert "no longer right" in found.warnings["30d"]


def test_bands_are_told_and_thresholds_hold_only_where_somebody_can_trust_them(tmp_path: Path) -> None:
    brought = {**BROUGHT, "bands": {"high": 0.5}}
    specs = {"doubted": brought, "accepted": {**brought, "accept_uncalibrated": "to see what happens"}}
    shop = open_shop(tmp_path, specs)
    add(shop, buyers(50, 330, 1))
    file = tmp_path / "scores.csv"
    file.write_text("profile_id,horizon,score\n" + "".join(f"p_{n},30d,0.9\n" for n in range(1, 31)))
    told = {}
    for key in specs:
        predict.import_scores(shop.engine, shop.catalog, key, file, as_of=T, now=T)
        told[key] = tell_crossings(shop.engine, shop.catalog, key, now=T)
    assert told == {"doubted": 0, "accepted": 30}
    trees = {key: parse({"prediction": key, "horizon": "30d", "gte": 0.7}) for key in specs}
    refuse_about: Any = {"thing": "journey j", "where": "j.yaml:3", "as_of": T}
    predict.refuse_uncalibrated(shop.engine, shop.catalog, trees["accepted"], **refuse_about)
    with pytest.raises(UsageError, match="never judged") as caught:
        predict.refuse_uncalibrated(shop.engine, shop.catalog, trees["doubted"], **refuse_about)
    assert (caught.value.code, caught.value.where) == ("UNCALIBRATED", "j.yaml:3")
    assert "Accepted all the same: to see what happens" in predict.trust_words(
        shop.engine, shop.catalog, trees["accepted"], as_of=T
    )
    shop.engine.close()
