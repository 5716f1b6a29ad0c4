"""``kpi show`` on real stores: ranges, periods, groups, membership, intervals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import measure
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from tests.unit.measure.shop import at, catalog_of, fill, read, shop, values

LOYAL = """
kind: segment
key: loyal
spec:
  condition: {did: Order Completed, times: {gte: 2}}
"""
FRESH = """
kind: segment
key: fresh
spec:
  condition: {did: Order Completed, times: 1}
"""
ORDERS = [
    (1, "2011-01-05T10:00:00", "completed", 1000),
    (1, "2011-01-20T10:00:00", "completed", 2000),
    (1, "2011-02-10T10:00:00", "completed", 4000),
    (1, "2011-02-11T10:00:00", "refunded", -500),
    (2, "2011-01-07T10:00:00", "completed", 300),
    (2, "2011-03-07T10:00:00", "completed", 700),
    (3, "2011-02-20T10:00:00", "completed", 50),
    (9, "2011-02-21T10:00:00", "completed", 9),
    (2, "2011-03-09T10:00:00", "completed", 99999, "USD"),
]
TRAITS = [
    (1, "2011-01-01T00:00:00", "country", "DE"),
    (1, "2011-02-01T00:00:00", "country", "FR"),
    (2, "2011-01-01T00:00:00", "country", "DE"),
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with shop(tmp_path) as opened:
        fill(opened, orders=ORDERS, traits=TRAITS, anonymous=[9])
        yield opened


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return catalog_of(tmp_path, {"segments/loyal.yaml": LOYAL, "segments/fresh.yaml": FRESH})


def test_one_value_over_all_data_in_major_units(engine: Engine, catalog: Catalog) -> None:
    series = read(engine, catalog, "revenue")
    point = series.points[0]
    assert (point.estimate.value, point.estimate.n) == (75.59, 4)
    assert (point.start, point.end, point.complete) == (at("2011-01-05"), at("2011-03-10"), True)
    assert (series.currency, series.unit, series.segment_at) == ("EUR", "money", "")
    assert series.notes == ("1 orders, refunds or adjustments in another currency than EUR are left out.",)


def test_by_month_with_cut_months_flagged(engine: Engine, catalog: Catalog) -> None:
    series = read(engine, catalog, "revenue", by=["month"], since=at("2011-01-01"))
    assert values(series) == {"2011-01": 33.0, "2011-02": 35.59, "2011-03": 7.0}
    assert [point.complete for point in series.points] == [True, True, False]


def test_months_add_up_to_the_total(engine: Engine, catalog: Catalog) -> None:
    for key in ("revenue", "orders", "new_customers"):
        total = read(engine, catalog, key).points[0].estimate.value
        for grain in ("month", "week", "day"):
            parts = [value or 0.0 for value in values(read(engine, catalog, key, by=[grain])).values()]
            assert sum(parts) == pytest.approx(total)


def test_known_people_alone(engine: Engine, catalog: Catalog) -> None:
    assert read(engine, catalog, "revenue", known_only=True).points[0].estimate.value == 75.5
    assert read(engine, catalog, "active_customers").points[0].estimate.value == 3


def test_a_segment_counts_who_was_in_it_when_the_period_began(engine: Engine, catalog: Catalog) -> None:
    question = {"by": ["month"], "segment": "loyal", "since": at("2011-01-01")}
    start = read(engine, catalog, "revenue", **question)
    assert values(start) == {"2011-01": 0.0, "2011-02": 35.0, "2011-03": 0.0}
    assert start.segment_at == "start"
    assert "start" in start.notes[0]
    end = read(engine, catalog, "revenue", segment_at="end", **question)
    assert values(end) == {"2011-01": 30.0, "2011-02": 35.0, "2011-03": 7.0}
    today = read(engine, catalog, "revenue", segment_at="now", **question)
    assert values(today) == {"2011-01": 33.0, "2011-02": 35.0, "2011-03": 7.0}
    assert "survivorship" in today.notes[0]


def test_without_a_range_membership_is_taken_at_the_end(engine: Engine, catalog: Catalog) -> None:
    series = read(engine, catalog, "revenue", by=["segment"])
    assert values(series) == {"fresh": 0.5, "loyal": 75.0}
    assert series.segment_at == "end"


def test_segments_by_month(engine: Engine, catalog: Catalog) -> None:
    series = read(engine, catalog, "orders", by=["segment", "month"], since=at("2011-02-01"))
    assert values(series) == {"fresh 2011-02": 0.0, "fresh 2011-03": 2.0, "loyal 2011-02": 1.0, "loyal 2011-03": 0.0}


def test_a_segment_within_a_split_by_segments(engine: Engine, catalog: Catalog) -> None:
    series = read(engine, catalog, "orders", by=["segment"], segment="loyal")
    assert values(series) == {"fresh": 0.0, "loyal": 6.0}


def test_membership_at_the_event_is_refused_and_says_what_to_do(engine: Engine, catalog: Catalog) -> None:
    with pytest.raises(UsageError) as caught:
        read(engine, catalog, "revenue", segment="loyal", segment_at="event")
    assert caught.value.code == "SEGMENT_AT_EVENT"
    assert "start" in caught.value.next_step


def test_a_trait_splits_by_its_value_at_the_instant(engine: Engine, catalog: Catalog) -> None:
    by = ["trait:country", "month"]
    series = read(engine, catalog, "revenue", by=by, since=at("2011-01-01"), until=at("2011-03-01"))
    assert values(series) == {
        "(none) 2011-01": 0.0, "DE 2011-01": 33.0, "FR 2011-01": 0.0,
        "(none) 2011-02": 0.0, "DE 2011-02": 0.0, "FR 2011-02": 35.0,
    }  # fmt: skip
    at_end = read(engine, catalog, "revenue", by=["trait:country"])
    assert values(at_end) == {"(none)": 0.59, "DE": 10.0, "FR": 65.0}


def test_traits_that_are_numbers_or_have_quotes(engine: Engine, catalog: Catalog) -> None:
    fill(
        engine,
        traits=[
            (1, "2011-01-01T00:00:00", "club", "L'Or"),
            (2, "2011-01-01T00:00:00", "size", 1234567.5),
            (1, "2011-01-01T00:00:00", "size", 42),
        ],
    )
    assert values(read(engine, catalog, "orders", by=["trait:club"])) == {"(none)": 5.0, "L'Or": 3.0}
    assert values(read(engine, catalog, "orders", by=["trait:size"])) == {"(none)": 2.0, "1234567.5": 3.0, "42": 3.0}


def test_quotients_without_anybody_have_no_value(engine: Engine, catalog: Catalog) -> None:
    found = read(engine, catalog, "repeat_rate", since=at("2010-01-01"), until=at("2010-02-01")).points[0].estimate
    assert (found.value, found.low, found.high, found.reason) == (None, None, None, "no_data")


def test_wilson_interval_of_the_repeat_rate(engine: Engine, catalog: Catalog) -> None:
    found = read(engine, catalog, "repeat_rate").points[0].estimate
    assert (found.numerator, found.denominator, found.n) == (2, 3, 3)
    assert found.value == pytest.approx(2 / 3)
    assert (found.low, found.high) == (pytest.approx(0.253534, abs=1e-6), pytest.approx(0.921734, abs=1e-6))


def test_bootstrap_is_the_same_every_time_and_holds_the_value(engine: Engine, catalog: Catalog) -> None:
    one, two = (read(engine, catalog, "average_order_value").points[0].estimate for _ in range(2))
    assert one == two
    assert one.value == pytest.approx(80.59 / 7)
    assert one.low is not None
    assert one.high is not None
    assert one.low < (one.value or 0.0) < one.high
    single = read(engine, catalog, "average_order_value", since=at("2011-01-20"), until=at("2011-01-21"))
    assert (single.points[0].estimate.value, single.points[0].estimate.low) == (20.0, None)


def test_churn_rate_is_known_only_when_its_days_have_passed(engine: Engine, catalog: Catalog, tmp_path: Path) -> None:
    fill(engine, orders=[(4, "2011-06-30T10:00:00", "completed", 100)])
    series = read(engine, catalog, "churn_rate", by=["month"], since=at("2011-02-01"))
    found = {point.period: (point.estimate.value, point.estimate.n, point.complete) for point in series.points}
    assert found["2011-02-01"] == (0.0, 2, True)
    assert found["2011-03-01"] == (pytest.approx(2 / 3), 3, True)
    assert found["2011-04-01"] == (1.0, 3, True)
    assert found["2011-05-01"] == (None, None, False)
    assert {point.estimate.reason for point in series.points if not point.complete} == {"not_elapsed"}


def test_one_churn_rate_is_that_of_the_latest_instant_that_is_known(engine: Engine, catalog: Catalog) -> None:
    fill(engine, orders=[(4, "2011-06-30T10:00:00", "completed", 100)])
    point = read(engine, catalog, "churn_rate").points[0]
    assert point.start == point.end == at("2011-04-02")
    assert (point.estimate.value, point.complete) == (1.0, True)


def test_the_present_stands_still_when_data_stop(engine: Engine, catalog: Catalog) -> None:
    late = read(engine, catalog, "churn_rate", until=at("2011-02-01")).points[0]
    assert (late.estimate.value, late.estimate.reason) == (None, "not_elapsed")


def test_a_formula_follows_its_terms(engine: Engine, catalog: Catalog) -> None:
    fill(engine, orders=[(4, "2011-06-30T10:00:00", "completed", 100)])
    series = read(engine, catalog, "retention_rate", by=["month"], since=at("2011-03-01"), until=at("2011-06-01"))
    assert series.measure == "stock"
    assert [point.estimate.value for point in series.points] == [pytest.approx(1 / 3), 0.0, None, None]
    assert series.points[-1].estimate.reason == "not_elapsed"


def test_scores_are_read_as_of_the_instant(engine: Engine, catalog: Catalog) -> None:
    scores = [
        ("churn", "90d", 1, "2011-02-15T00:00:00", 0.2),
        ("churn", "90d", 2, "2011-02-15T00:00:00", 0.4),
        ("churn", "90d", 1, "2011-03-15T00:00:00", 0.9),
        ("clv", "39w", 1, "2011-03-15T00:00:00", 120.5),
        ("clv", "39w", 2, "2011-03-15T00:00:00", 79.5),
    ]
    fill(engine, scores=scores)
    latest = read(engine, catalog, "churn_probability").points[0]
    assert latest.start == at("2011-03-15")
    assert latest.estimate.value == pytest.approx(0.65)
    earlier = read(engine, catalog, "churn_probability", until=at("2011-03-01")).points[0].estimate
    assert (earlier.value, earlier.n) == (pytest.approx(0.3), 2)
    assert earlier.low is not None
    assert read(engine, catalog, "clv").points[0].estimate.value == 100.0
    total = read(engine, catalog, "clv_total").points[0].estimate
    assert (total.value, total.low) == (200.0, None)
    loyal = read(engine, catalog, "clv_total", by=["segment"])
    assert values(loyal) == {"fresh": None, "loyal": 200.0}


def test_merged_people_are_one(engine: Engine, catalog: Catalog) -> None:
    merged = pa.table({"node_key": pa.array([3], pa.int64()), "profile_key": pa.array([2], pa.int64())})
    engine.publish("identify", {"merged": merged}, now=at("2011-03-10"))
    assert read(engine, catalog, "active_customers").points[0].estimate.value == 2
    assert values(read(engine, catalog, "orders", by=["segment"])) == {"fresh": 0.0, "loyal": 7.0}


def test_an_empty_workspace_has_zeros_and_no_quotients(tmp_path: Path) -> None:
    with shop(tmp_path) as opened:
        empty = catalog_of(tmp_path)
        found = {entry.key: read(opened, empty, entry.key).points[0].estimate for entry in measure.list_kpis(empty)}
    assert found["revenue"].value == found["orders"].value == 0
    assert {found[key].value for key in ("clv", "clv_total", "churn_rate", "repeat_rate")} == {None}


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"by": ["year"]}, "BAD_DIMENSION"),
        ({"by": ["month", "day"]}, "BAD_DIMENSION"),
        ({"by": ["segment", "trait:country"]}, "BAD_DIMENSION"),
        ({"by": ["trait:"]}, "BAD_DIMENSION"),
        ({"by": ["trait:shoe_size"]}, "UNKNOWN_TRAIT"),
        ({"segment": "loyl"}, "UNKNOWN_DEFINITION"),
        ({"since": at("2011-02-01"), "until": at("2011-01-01")}, "BAD_RANGE"),
    ],
)
def test_questions_that_cannot_be_answered(
    engine: Engine, catalog: Catalog, question: dict[str, object], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(engine, catalog, "revenue", **question)
    assert caught.value.code == code
    assert caught.value.next_step


def test_an_unknown_kpi_names_a_near_one(engine: Engine, catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="there is no KPI called 'revenu'") as caught:
        read(engine, catalog, "revenu")
    assert "revenue" in caught.value.next_step


def test_the_series_as_arrow_and_for_programs(engine: Engine, catalog: Catalog) -> None:
    series = read(engine, catalog, "revenue", by=["month"], since=at("2011-01-01"))
    table = series.table()
    assert table.schema == measure.SCHEMA
    assert table["value"].to_pylist() == [33.0, 35.59, 7.0]
    told = series.as_dict()
    assert told["points"][0]["start"] == "2011-01-01T00:00:00Z"  # type: ignore[index]
    assert told["points"][0]["n"] == 2  # type: ignore[index]
