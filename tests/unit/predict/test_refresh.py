"""Scoring by schedule, and telling exactly once whose band changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from foretell import predict
from foretell.clock import naive_utc
from foretell.predict import PredictionSpec
from foretell.predict.bands import bands_of, crossings
from foretell.predict.refreshing import in_order
from tests.support.prediction_shop import BOUGHT, CHURN, START, VALUE, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
BANDS = {"high": 0.7, "watch": 0.4}
DAILY: dict[str, Any] = {
    **CHURN, "schedule": "1d", "bands": BANDS, "name": "Leaves us",
    "accept_uncalibrated": "scores are put there by hand",
}  # fmt: skip
SEVERAL: dict[str, Any] = {
    "outcome": {"did_not": BOUGHT}, "horizons": ["30d", "60d"], "population": CHURN["population"],
    "schedule": "2d", "bands": BANDS,
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    specs = {"churn": DAILY, "several": SEVERAL, "clv": {**VALUE, "schedule": "1w"}, "byhand": CHURN, "new": DAILY}
    shop = open_shop(tmp_path_factory.mktemp("shop"), specs)
    add(shop, buyers(300, 420, 1))
    for key in ("churn", "several", "clv", "byhand"):
        predict.train(*shop.places, key, as_of=T, now=shop.now)
    yield shop
    shop.engine.close()


def told(shop: Shop, key: str) -> list[dict[str, Any]]:
    columns = shop.engine.log.properties()
    names = [name for name in ("prediction", "title", "horizon", "from", "to", "score") if columns.of(name)]
    if not names:
        return []
    parts = []
    for name in names:
        column = columns.of(name)
        assert column is not None
        parts.append(f'{column.number if name == "score" else column.text} AS "{name}"')
    rows: list[dict[str, Any]] = shop.engine.analytics.query(
        f"SELECT message_id, event, ts, known_at, source, node_key, {', '.join(parts)} FROM event_log "
        "WHERE event = 'Prediction Band Crossed' ORDER BY ts, message_id"
    ).to_pylist()
    return [row for row in rows if row["prediction"] == key]


def stored(shop: Shop, key: str, as_of: datetime) -> dict[tuple[str, int], float]:
    rows = shop.engine.analytics.query(
        "SELECT horizon, node_key, score FROM score_rows WHERE prediction = $key AND as_of = $as_of",
        {"key": key, "as_of": naive_utc(as_of)},
    ).to_pylist()
    return {(row["horizon"], row["node_key"]): row["score"] for row in rows}


def band(score: float | None) -> str:
    return "none" if score is None or score < 0.4 else "high" if score >= 0.7 else "watch"


def refresh(shop: Shop, now: datetime) -> list[str]:
    return [one.prediction for one in predict.refresh(*shop.places, now=now)]


def test_what_is_due_is_scored_and_told_once(trained: Shop) -> None:
    shop = trained
    assert predict.next_due(*shop.places[:2], now=T - timedelta(days=1)) is None
    assert refresh(shop, T - timedelta(days=1)) == []
    assert predict.next_due(*shop.places[:2], now=T) == T
    assert sorted(refresh(shop, T)) == ["churn", "clv", "several"]
    first = stored(shop, "churn", T)
    events = told(shop, "churn")
    expected = {key: band(score) for key, score in first.items() if band(score) != "none"}
    assert {(e["horizon"], e["node_key"]): e["to"] for e in events} == expected
    assert {e["from"] for e in events} == {"none"}
    assert {(e["event"], e["title"], e["source"], e["ts"], e["known_at"]) for e in events} == {
        ("Prediction Band Crossed", "Leaves us", "foretell", naive_utc(T), naive_utc(T))
    }
    assert all(abs(e["score"] / 1e6 - first[e["horizon"], e["node_key"]]) < 1e-6 for e in events)
    assert refresh(shop, T) == []
    assert refresh(shop, T + timedelta(hours=23)) == []
    assert told(shop, "churn") == events
    assert predict.next_due(*shop.places[:2], now=T) == T + timedelta(days=1)


def test_each_horizon_is_told_against_the_score_before(trained: Shop) -> None:
    shop, later = trained, T + timedelta(days=40)
    refresh(shop, T)
    before = stored(shop, "several", T)
    assert "several" in refresh(shop, later)
    after = stored(shop, "several", later)
    changed = {
        key: (band(before.get(key)), band(score))
        for key, score in after.items()
        if band(before.get(key)) != band(score)
    }
    events = [e for e in told(shop, "several") if e["ts"] == naive_utc(later)]
    assert {(e["horizon"], e["node_key"]): (e["from"], e["to"]) for e in events} == changed
    assert {horizon for horizon, _ in changed} == {"30d", "60d"}
    assert {"none", "watch", "high"} <= {name for pair in changed.values() for name in pair}
    ids = [e["message_id"] for e in told(shop, "several")]
    assert len(ids) == len(set(ids))


def put_scores(shop: Shop, as_of: datetime, *scores: float) -> None:
    """Scores of the people 1, 2, … as ``predict.score`` stores them."""
    n = len(scores)
    rows = {
        "prediction": ["churn"] * n, "horizon": ["60d"] * n, "model": ["m"] * n, "score": list(scores),
        "node_key": pa.array(range(1, n + 1), pa.int64()),
        "as_of": pa.array([naive_utc(as_of)] * n, pa.timestamp("us")),
    }  # fmt: skip
    shop.engine.publish("predict", {"score_rows": pa.table(rows)}, now=shop.now)


SCORINGS = ((0.1, 0.5, 0.9), (0.5, 0.5, 0.3), (0.5, 0.9, 0.3), (0.1, 0.1, 0.7))


def test_what_a_crash_left_untold_is_told_at_the_next_refresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(Exception):
        pass

    def kill(*_: object, **__: object) -> int:
        raise Killed

    whole, broken = (open_shop(tmp_path / name, {"churn": DAILY}) for name in ("whole", "broken"))
    for day, scores in enumerate(SCORINGS):
        now = T + timedelta(days=day)
        put_scores(whole, now, *scores)
        refresh(whole, now)
        put_scores(broken, now, *scores)
        if day in (1, 2):
            with monkeypatch.context() as patch:
                patch.setattr(type(broken.engine), "act", kill)
                with pytest.raises(Killed):
                    refresh(broken, now)
        if day != 1:  # after the first kill there is another scoring before anything is told
            refresh(broken, now)
    assert told(broken, "churn") == told(whole, "churn")
    assert [(e["node_key"], e["from"], e["to"]) for e in told(whole, "churn")] == [
        (2, "none", "watch"), (3, "none", "high"),
        (1, "none", "watch"), (3, "high", "none"),
        (2, "watch", "high"),
        (1, "watch", "none"), (2, "high", "none"), (3, "none", "high"),
    ]  # fmt: skip
    whole.engine.close()
    broken.engine.close()


def test_scores_made_by_hand_are_told_and_those_before_the_first_telling_are_not(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {"churn": {**DAILY, "schedule": None}})
    days = [T + timedelta(days=day) for day in range(4)]
    for day, scores in zip(days[:3], SCORINGS, strict=False):
        put_scores(shop, day, *scores)
    assert refresh(shop, days[1]) == []
    assert {event["ts"] for event in told(shop, "churn")} == {naive_utc(days[1])}
    put_scores(shop, days[3], *SCORINGS[3])
    refresh(shop, days[3])
    assert {event["ts"] for event in told(shop, "churn")} == {naive_utc(day) for day in days[1:]}
    shop.engine.close()


def test_who_was_left_out_for_a_while_is_held_against_their_last_score(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {"churn": DAILY})
    for day, scores in enumerate(((0.9, 0.9), (0.9,), (0.9, 0.9))):
        put_scores(shop, T + timedelta(days=day), *scores)
        refresh(shop, T + timedelta(days=day))
    assert {(e["node_key"], e["ts"]) for e in told(shop, "churn")} == {(1, naive_utc(T)), (2, naive_utc(T))}
    shop.engine.close()


def test_a_merged_person_is_told_once_as_who_they_are_today(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {"churn": DAILY})
    scores = pa.table(
        {
            "prediction": ["churn"] * 4, "horizon": ["60d"] * 4, "node_key": [1, 2, 3, 3],
            "as_of": pa.array([naive_utc(T)] * 3 + [naive_utc(T + timedelta(days=1))], pa.timestamp("us")),
            "score": [0.9, 0.1, 0.5, 0.5], "model": ["m"] * 4,
        }
    )  # fmt: skip
    merged = pa.table({"node_key": pa.array([1], pa.int64()), "profile_key": pa.array([2], pa.int64())})
    shop.engine.publish("test", {"score_rows": scores, "merged": merged}, now=shop.now)
    spec = PredictionSpec.model_validate(DAILY)
    first = crossings(shop.engine.analytics, "churn", spec, T).to_pylist()
    assert [(row["node_key"], row["from"], row["to"]) for row in first] == [(3, "none", "watch")]
    assert crossings(shop.engine.analytics, "churn", spec, T + timedelta(days=1)).num_rows == 0
    shop.engine.close()


def test_a_population_that_reads_another_prediction_is_scored_after_it(tmp_path: Path) -> None:
    leaning = {**DAILY, "population": {"all": [{"did": BOUGHT}, {"prediction": "zest", "gte": 0.5}]}}
    shop = open_shop(tmp_path, {"alpha": leaning, "middle": DAILY, "zest": DAILY})
    order = in_order(shop.catalog)
    assert sorted(order) == ["alpha", "middle", "zest"]
    assert order.index("zest") < order.index("alpha")
    shop.engine.close()


def test_what_foretell_tells_is_no_activity_of_people(trained: Shop) -> None:
    shop, later = trained, T + timedelta(days=80)
    before = predict.score(*shop.places, "churn", as_of=later, now=shop.now).rows
    names = ["Prediction Band Crossed", "Journey Entered", "Email Sent", "Email Opened"]

    def tell(_: object, batch: Any) -> None:
        n = 300 * len(names)
        ids = pa.array([f"own-{place}" for place in range(n)])
        ts = pa.array([naive_utc(later)] * n, pa.timestamp("us"))
        people = pa.array([place % 300 + 1 for place in range(n)], pa.int64())
        events = pa.array([names[place // 300] for place in range(n)])
        batch.tell(pa.table({"message_id": ids, "event": events, "ts": ts, "node_key": people}))

    shop.engine.act("journey", tell, now=later)
    after = predict.score(*shop.places, "churn", as_of=later, now=shop.now).rows
    assert after.select(["node_key", "score", "reasons"]) == before.select(["node_key", "score", "reasons"])


def test_bands_begin_at_their_scores() -> None:
    scores = pa.chunked_array([[0.0, 0.39999, 0.4, 0.69, 0.7, 1.0, None, -5.0]])
    assert bands_of(scores, BANDS).to_pylist() == ["none", "none", "watch", "watch", "high", "high", "none", "none"]
    assert bands_of(pa.chunked_array([[12.5, 99.0]]), {"gold": 50}).to_pylist() == ["none", "gold"]
    assert bands_of(pa.chunked_array([], pa.float64()), BANDS).to_pylist() == []
    assert bands_of(pa.chunked_array([np.array([-5.0])]), {"loss": -10.0}).to_pylist() == ["loss"]


@pytest.mark.parametrize("wrong", [{"bands": {"none": 0.5}}, {"bands": {"a": 0.5, "b": 0.5}}, {"schedule": "0d"}])
def test_bands_and_schedules_that_say_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PredictionSpec.model_validate({**CHURN, **wrong})
