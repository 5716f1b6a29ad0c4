"""Who objects to profiling is scored no more, learnt from no more, counted, and has no score in conditions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import predict
from foretell.clock import micros, naive_utc
from foretell.condition import parse
from tests.support.prediction_shop import START, VALUE, Shop, add, buyers, open_shop

T = START + timedelta(days=400)
OBJECTORS = [3, 4, 5]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, {"clv": VALUE})
    add(opened, buyers(60, 420, 1))
    yield opened
    opened.engine.close()


def object_to(shop: Shop, purpose: str, at: datetime) -> None:
    with shop.engine.ops.write() as tx:
        tx.executemany(
            "INSERT INTO consent_words VALUES (?, '', ?, ?, 'denied', ?, 1, '', '', '', '', NULL, '{}')",
            [(key, purpose, key, micros(at)) for key in OBJECTORS],
        )
    instants = pa.array([naive_utc(at)] * len(OBJECTORS), pa.timestamp("us"))
    told = {"node_key": OBJECTORS, "spoken_by": OBJECTORS, "seq": OBJECTORS, "ts": instants, "known_at": instants}
    same = {"channel": "", "purpose": purpose, "state": "denied"}
    rows = pa.table({**told, **{name: [value] * len(OBJECTORS) for name, value in same.items()}})
    shop.engine.publish("test", {"consent_rows": rows}, now=shop.now)


def test_an_objection_leaves_out_of_scores_and_training_from_the_next_run_on(shop: Shop) -> None:
    before = predict.train(*shop.places, "clv", as_of=T, now=T)
    scored = predict.score(*shop.places, "clv", as_of=T, now=T)
    assert (before.left_out, scored.left_out) == ({}, {})
    assert set(OBJECTORS) <= set(scored.rows["node_key"].to_pylist())
    object_to(shop, "profiling", T)
    after = predict.train(*shop.places, "clv", as_of=T, now=T)
    assert (before.n - after.n, after.left_out) == (3, {"objected": 3})
    assert after.as_dict()["left_out"] == {"objected": 3}
    later = T + timedelta(days=1)
    scored = predict.score(*shop.places, "clv", as_of=later, now=later)
    assert scored.as_dict()["left_out"] == {"objected": 3}
    assert not set(OBJECTORS) & set(scored.rows["node_key"].to_pylist())
    assert predict.report(shop.engine, "clv", as_of=T)["left_out"] == {"objected": 3}


def test_who_may_be_scored_and_not_learnt_from(shop: Shop) -> None:
    object_to(shop, "training", T)
    assert predict.train(*shop.places, "clv", as_of=T, now=T).left_out == {"objected": 3}
    assert predict.score(*shop.places, "clv", as_of=T, now=T).left_out == {}


def test_conditions_read_no_score_of_theirs_from_the_objection_on(shop: Shop) -> None:
    predict.train(*shop.places, "clv", as_of=T, now=T)
    everybody = predict.score(*shop.places, "clv", as_of=T, now=T).people
    object_to(shop, "profiling", T + timedelta(hours=1))
    scored, unscored = parse({"prediction": "clv", "gte": 0}), parse({"not": {"prediction": "clv", "gte": 0}})
    found = [shop.reader.count(scored, as_of=T + timedelta(hours=hours)) for hours in (0, 0.9, 1, 9)]
    assert found == [everybody, everybody, everybody - 3, everybody - 3]
    assert shop.reader.count(unscored, as_of=T + timedelta(hours=9)) >= 3
