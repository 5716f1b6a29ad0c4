"""``GET /api/predictions/{key}/values``: expected money by cohort and by segment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from foretell import collect
from foretell.clock import FixedClock, naive_utc
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = datetime(2025, 9, 1, 12, tzinfo=UTC)
CLV = """kind: prediction
key: worth
spec:
  value: {did: Order Completed, sum: revenue}
  horizon: 39w
"""
ONE = """kind: segment
key: often
spec:
  condition: {did: Order Completed, times: {gte: 2}}
"""


@pytest.fixture
def shop(tmp_path: Any) -> Iterator[Served]:
    write_documents(tmp_path)
    for folder, text in (("predictions", CLV), ("segments", ONE)):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "values_test.yaml").write_text(text)
    lines = [("u1", 1), ("u1", 3), ("u2", 1), ("u3", 5)]
    (tmp_path / "history.jsonl").write_text(
        "".join(
            f'{{"type": "track", "messageId": "{who}{month}", "userId": "{who}", "event": "Order Completed", '
            f'"timestamp": "2025-{month:02}-05T09:00:00Z", '
            f'"properties": {{"order_id": "{who}{month}", "revenue": 20}}}}\n'
            for who, month in lines
        )
    )
    with served(tmp_path, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [tmp_path / "history.jsonl"], "site", now=NOW)
        people = place.engine.analytics.query(
            "SELECT node_key FROM identifier_links WHERE kind = 'user_id' ORDER BY value"
        )["node_key"]
        rows = pa.table(
            {
                "prediction": ["worth"] * 3, "horizon": ["39w"] * 3, "node_key": people,
                "as_of": pa.array([naive_utc(NOW)] * 3, pa.timestamp("us")), "score": [10.0, 20.0, 60.0],
                "low": [0.0, 5.0, 20.0], "high": [30.0, 45.0, 120.0], "model": ["m"] * 3, "reasons": ["[]"] * 3,
            }
        )  # fmt: skip
        place.engine.publish("predict", {"score_rows": rows}, now=NOW)
        yield found


def test_cohorts_are_months_of_the_first_purchase(shop: Served) -> None:
    told = shop.browser.get("/api/predictions/worth/values").json()
    assert told["by"] == "cohort"
    assert [(one["group"], one["people"], one["total"]) for one in told["groups"]] == [
        ("2025-01", 2, 30.0), ("2025-05", 1, 60.0),
    ]  # fmt: skip
    first = told["groups"][0]
    assert first["mean"] == 15.0
    assert 0 <= first["low"] < 30 < first["high"]
    assert told["groups"][1]["mean_low"] is None
    assert told["total"]["total"] == 90.0


def test_segments_are_named(shop: Served) -> None:
    told = shop.browser.get("/api/predictions/worth/values?by=segment&segment=often").json()
    assert [(one["group"], one["people"], one["total"]) for one in told["groups"]] == [("often", 1, 10.0)]


def test_what_is_not_known_is_refused(shop: Served) -> None:
    assert shop.browser.get("/api/predictions/worth/values?by=segment&segment=nobody").status_code in (400, 404, 422)
    assert shop.browser.get("/api/predictions/no_such/values").status_code == 404
