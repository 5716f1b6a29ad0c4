"""A small shop says the same of its people, segments and figures on every pair of stores."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest

from foretell import app, measure, protect, segment
from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP
from tests.support.pairs import EMBEDDED, everywhere
from tests.support.planted_shop import ENVIRONMENT, NOW, THEIRS, TOKEN, counts, opened, planted
from tests.support.small_workspace import SEGMENT, write

DOCUMENTS = {
    "segments/buyers.yaml": SEGMENT.format(
        key="buyers", condition="{did: Order Completed, within: 30d, times: {gte: 4}}"
    ),
    "segments/steps.yaml": SEGMENT.format(
        key="steps", condition="{sequence: [{did: Order Completed}, {did: Order Completed, within: 2d}]}"
    ),
    "segments/likely.yaml": SEGMENT.format(key="likely", condition="{prediction: churn, gte: 0.5}"),
    "predictions/churn.yaml": "kind: prediction\nkey: churn\nspec:\n  outcome: {did_not: Order Completed}\n"
    "  horizon: 30d\n  population: {did: Order Completed}\n",
}
KPIS = ("revenue", "orders", "average_order_value", "active_customers", "repeat_rate", "churn_probability")
ORDERED = (datetime(2026, 2, 27, 23, tzinfo=UTC), datetime(2026, 3, 8, 23, tzinfo=UTC))
"""Nine days in Berlin: before anybody ordered, all days of orders, and silence. Each day is a query for each KPI, and
the silence goes on for a month."""
VIEWS = ("profiles", "accounts", "consents", "orders", "order_items", "segment_memberships", "predictions")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def shop(folder: Path) -> Iterator[tuple[str, Any]]:
    """A shop's answers, before and after people are joined, parted and erased."""
    root, files = folder / "ws", folder / "files"
    write(root, DOCUMENTS)
    planted(root, files, exports=False)
    with opened(root) as place:
        score(place)
        app.freshen(place, NOW)
        yield from (("views", rows_of_views(place)), ("figures", figures(place)), ("counts", counts(place)))
        joined = app.merge_people(place, "user_id:u2", "user_id:u3", force=True)
        yield "joined", (joined, people_of(place))
        app.split_person(place, "user_id:u2", dry_run=False)
        yield "parted", people_of(place)
        person = protect.found_or_erased(app.protected(place), f"user_id:{THEIRS}")
        yield "copy", protect.everything_about(app.protected(place), person, now=NOW)
        protect.erase_people(app.protected(place), [f"user_id:{THEIRS}"], made_by="dpo", now=NOW)
        texts = place.engine.analytics.query("SELECT s FROM trait_values UNION ALL SELECT properties FROM event_log")
        assert not any(TOKEN in text for text in texts["s"].to_pylist() if text)
        yield "erased", (counts(place), people_of(place))


def score(place: app.Workspace) -> None:
    """Give everybody a score, as a prediction does."""
    keys = place.engine.analytics.query("SELECT DISTINCT profile_key FROM log_orders ORDER BY 1")["profile_key"]
    count = len(keys)
    rows = {
        "prediction": ["churn"] * count, "horizon": ["30d"] * count, "node_key": keys,
        "as_of": pa.array([naive_utc(NOW)] * count, TIMESTAMP), "score": [number / count for number in range(count)],
        "model": ["m1"] * count, "reasons": ["[]"] * count,
    }  # fmt: skip
    place.engine.publish("predict", {"score_rows": pa.table(rows)}, now=NOW)


def rows_of_views(place: app.Workspace) -> dict[str, list[Any]]:
    """What published views show, in an order of its own."""
    query = place.engine.analytics.query
    return {view: sorted(map(repr, query(f"SELECT * FROM {view}").to_pylist())) for view in VIEWS}


def figures(place: app.Workspace) -> dict[str, Any]:
    """KPIs as series and by segment."""
    found: dict[str, Any] = {}
    for key in KPIS:
        for by in (("day",), ("segment",)):
            if key == "churn_probability" and by == ("day",):
                continue
            since, until = ORDERED if by == ("day",) else (None, None)
            asked = (place.engine, place.reader, place.catalog, key)
            series = measure.show(*asked, now=NOW, since=since, until=until, by=by)
            found[f"{key} by {by[0]}"] = [
                (one.period, one.group, one.estimate.value, one.estimate.n) for one in series.points
            ]
    found["members"] = {key: segment.live.current(place.engine, key).num_rows for key in ("buyers", "steps", "likely")}
    return found


def people_of(place: app.Workspace) -> list[Any]:
    """Everybody with their identifiers and orders."""
    sql = (
        "SELECT i.profile_id, i.kind, i.value, count(DISTINCT o.order_id) AS orders FROM identifiers i "
        "LEFT JOIN orders o ON o.profile_id = i.profile_id GROUP BY ALL ORDER BY ALL"
    )
    rows: list[Any] = place.engine.analytics.query(sql).to_pylist()
    return rows


@cache
def expected() -> dict[str, Any]:
    """The answers of the embedded pair."""
    with TemporaryDirectory() as folder, everywhere(EMBEDDED):
        return dict(shop(Path(folder)))


def test_a_shop_says_the_same(pair: str, tmp_path: Path) -> None:
    found = dict(shop(tmp_path))
    assert len(found["views"]["orders"]) > 40
    assert found["figures"]["members"]["steps"] > 0
    assert sum(value or 0 for _, _, value, _ in found["figures"]["orders by day"]) > 40
    assert found["joined"][1] != found["parted"]
    for name, answer in expected().items():
        assert alike(found[name], answer), f"{name}\n{found[name]}\n{answer}"


def alike(one: Any, other: Any) -> bool:
    """The same; of floating-point numbers nine digits."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)
