"""Work where the rows lie, as a room sees it: scores in parts, and a cluster that cannot grow trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import predict
from foretell.engine import Analytics, Asked, AtWork, Engine, Spreading
from foretell.errors import ForetellError
from tests.support.prediction_shop import CHURN, START, Shop, add, buyers, open_shop

T = START + timedelta(days=200)


class Parted:
    """A store whose rows are worked on in parts of seven; its gangs never come together."""

    def __init__(self, analytics: Analytics, code: str) -> None:
        self._analytics = analytics
        self._code = code
        self.parts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._analytics, name)

    def mapped(self, what: str, asked: Asked, work: Any, schema: pa.Schema) -> pa.Table:
        rows = self._analytics.query(asked.sql, asked.params, asked.tables)
        made: list[pa.RecordBatch] = []
        for batch in reversed(rows.to_batches(max_chunksize=7)):
            self.parts += 1
            made += work(iter([batch]))
        return pa.Table.from_batches(made, schema)

    def workers(self) -> int:
        return 2

    def at_work(self) -> tuple[AtWork, ...]:
        return ()

    def gang(self, what: str, asked: Sequence[Asked], *others: object, **named: object) -> pa.Table:
        raise ForetellError(self._code, "there is no room for two")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, {"churn": CHURN})
    add(opened, buyers(300, 260, 3))
    yield opened
    opened.engine.close()


def parted(engine: Engine, monkeypatch: pytest.MonkeyPatch, code: str = "WORKERS_TOO_FEW") -> Parted:
    """The shop's store as one on a cluster."""
    store = Parted(engine.analytics, code)
    assert isinstance(store, Spreading)
    monkeypatch.setattr(engine, "analytics", store)
    return store


def test_scores_of_many_parts_are_those_of_the_whole_in_the_same_order(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict.train(*shop.places, "churn", as_of=T, now=shop.now)
    whole = predict.score(*shop.places, "churn", as_of=T, now=shop.now)
    store = parted(shop.engine, monkeypatch)
    few = predict.score(*shop.places, "churn", as_of=T, now=shop.now, spread_from=whole.people + 1)
    assert (few.rows.equals(whole.rows), store.parts) == (True, 0)
    spread = predict.score(*shop.places, "churn", as_of=T, now=shop.now, spread_from=whole.people)
    assert spread.rows.equals(whole.rows)
    assert store.parts > 10


@pytest.mark.parametrize("code", ["WORKERS_TOO_FEW", "MEMORY_SHORT"])
def test_where_a_cluster_cannot_the_drawn_people_are_learnt_from_and_the_report_says_so(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    drawn = predict.train(*shop.places, "churn", as_of=T, now=shop.now, sample_rows=800)
    parted(shop.engine, monkeypatch, code)
    refused = predict.train(*shop.places, "churn", as_of=T, now=shop.now, sample_rows=800)
    assert refused.model == drawn.model
    (part,) = refused.horizons.values()
    assert part["grown_on"] == {"n": refused.n, "workers": 0, "refused": f"{code}: there is no room for two"}


def test_few_people_are_not_asked_of_a_cluster_and_other_errors_are_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    parted(shop.engine, monkeypatch, "SPARK_GONE")
    (part,) = predict.train(*shop.places, "churn", as_of=T, now=shop.now).horizons.values()
    assert part["grown_on"]["refused"] is None
    with pytest.raises(ForetellError) as caught:
        predict.train(*shop.places, "churn", as_of=T, now=shop.now, sample_rows=800)
    assert caught.value.code == "SPARK_GONE"
