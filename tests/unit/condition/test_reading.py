"""Conditions against a real store: members, counts, reasons, warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from foretell.clock import Duration
from foretell.condition import Reader, parse, parse_measure
from foretell.definitions import Catalog, Document, Kind, Positions, WorkspaceSettings
from foretell.errors import UsageError
from tests.properties.condition_by_hand import ANN, BOB, CASES, CLEO, HISTORY, NOON
from tests.properties.condition_store import stored


class _Spec(BaseModel):
    model_config = ConfigDict(extra="allow")


def _catalog(documents: dict[tuple[str, str], dict[str, Any]]) -> Catalog:
    return Catalog(
        Path(),
        WorkspaceSettings(zone="Europe/London"),
        {kind: Kind(kind, f"{kind}s", _Spec) for kind in ("segment", "prediction")},
        {
            (kind, key): Document(kind, key, _Spec(**spec), {}, f"{key}.yaml", Positions(f"{key}.yaml"))
            for (kind, key), spec in documents.items()
        },
    )


CATALOG = _catalog(
    {
        ("segment", "buyers"): {"condition": {"did": "Order Completed"}, "of": "known"},
        ("segment", "loop"): {"condition": {"any": [{"segment": "pool"}]}, "of": "known"},
        ("segment", "pool"): {"condition": {"not": {"segment": "loop"}}, "of": "all"},
        ("prediction", "churn"): {"horizon": "90d", "schedule": "84h"},
        ("prediction", "wide"): {"horizons": ["30d", "90d"], "max_age": "1d"},
    }
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with stored(HISTORY, tmp_path_factory.mktemp("by_hand")) as engine:
        yield Reader(engine, CATALOG)


@pytest.mark.parametrize(("raw", "people"), CASES)
def test_by_hand(raw: dict[str, Any], people: set[int], reader: Reader) -> None:
    tree = parse(raw)
    assert set(reader.members(tree, as_of=NOON)["profile_key"].to_pylist()) == people
    assert reader.count(tree, as_of=NOON) == len(people)


@pytest.mark.parametrize(("raw", "people"), CASES)
def test_reasons_agree_with_membership(raw: dict[str, Any], people: set[int], reader: Reader) -> None:
    for person in (ANN, BOB, CLEO):
        assert reader.why(parse(raw), person, as_of=NOON).holds == (person in people)


def test_future_arrival_and_universe(reader: Reader) -> None:
    bought = parse({"did": "Order Completed"}, future=True)
    week = Duration(7, "d")
    assert reader.members(bought, as_of=NOON, future=week)["profile_key"].to_pylist() == [BOB]
    soon = reader.members(bought, as_of=NOON, known_at=NOON + timedelta(days=6), future=week)
    assert soon.num_rows == 0
    assert reader.count(parse({"did_not": "Order Completed"}), as_of=NOON, of="all") == 2
    with pytest.raises(UsageError, match="looks back"):
        reader.sql(parse({"trait": "plan", "is": "pro"}), as_of=NOON, future=week)


def test_measures_are_exact_integers(reader: Reader) -> None:
    spent = parse_measure({"did": "Order Completed", "sum": "revenue"})
    rows = reader.analytics.query(reader.measure_sql(spent, as_of=NOON)).to_pylist()
    assert {row["profile_key"]: row["value"] for row in rows} == {ANN: 100_000_000, BOB: 5_000_000}


def test_reasons_name_events_and_values(reader: Reader) -> None:
    tree = parse({"all": [{"did": "Order Completed", "sum": "revenue", "gte": 100}, {"trait": "plan", "is": "pro"}]})
    told = reader.why(tree, ANN, as_of=NOON)
    counted, whole = told.parts
    spent, plan = whole.parts
    assert (told.holds, counted.holds, spent.holds, plan.holds) == (True, True, True, True)
    assert spent.found == "3 events; sum of revenue over Order Completed: 100"
    assert [(one.message_id, one.at) for one in spent.events][:1] == [("m3", NOON.astimezone(UTC))]
    assert plan.found == "pro"
    assert told.as_dict()["holds"] is True
    score = reader.why(parse({"prediction": "churn", "gte": 0.9}), ANN, as_of=NOON).parts[1]
    assert (score.holds, score.found) == (False, "0.7")
    inner = reader.why(parse({"not": {"segment": "buyers"}}), BOB, as_of=NOON).parts[1]
    assert (inner.holds, inner.parts[0].holds, inner.parts[0].parts[1].events[0].message_id) == (False, True, "m4")


def test_a_loop_of_segments_is_an_error(reader: Reader) -> None:
    with pytest.raises(UsageError, match="loop → pool → loop"):
        reader.sql(parse({"segment": "loop"}), as_of=NOON)


def test_horizons_are_checked(reader: Reader) -> None:
    for raw, code in (
        ({"prediction": "wide", "gt": 0}, "HORIZON_MISSING"),
        ({"prediction": "wide", "horizon": "7d", "gt": 0}, "UNKNOWN_HORIZON"),
        ({"prediction": "churm", "gt": 0}, "UNKNOWN_DEFINITION"),
    ):
        with pytest.raises(UsageError) as caught:
            reader.sql(parse(raw), as_of=NOON)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        ({"did": "Order Completed"}, []),
        ({"did_not": "Order Completed"}, ["LONE_DID_NOT"]),
        ({"did": "Order Complete"}, ["EVENT_NEVER_SEEN", "EVERYBODY_OR_NOBODY"]),
        ({"did": "Order Completed", "where": {"coupan": "X"}}, ["PROPERTY_NEVER_SEEN", "EVERYBODY_OR_NOBODY"]),
        ({"did": "Page Viewed", "sum": "revenue", "gt": 1}, ["PROPERTY_NEVER_SEEN", "EVERYBODY_OR_NOBODY"]),
        ({"did": "Order Completed", "sum": "products.price", "gt": 1}, []),
        ({"trait": "plam", "is": "pro"}, ["UNKNOWN_TRAIT", "EVERYBODY_OR_NOBODY"]),
        ({"any": [{"did": "Order Completed"}, {"did": {"contains": "Viewed"}}]}, ["EVERYBODY_OR_NOBODY"]),
    ],
)
def test_warnings(raw: dict[str, Any], codes: list[str], reader: Reader) -> None:
    found = reader.warnings(parse(raw), as_of=NOON)
    assert [one.code for one in found] == codes
    assert {one.code for one in found if one.severity == "error"} <= {"UNKNOWN_TRAIT"}


def test_names_that_look_like_sql_are_names(reader: Reader) -> None:
    for name in ("'; DROP TABLE event_log; --", "a' OR '1'='1", "$as_of", "é\\'"):
        assert reader.count(parse({"did": name, "where": {name: {"in": [name]}}}), as_of=NOON) == 0
        assert reader.count(parse({"trait": name, "is": name}), as_of=NOON) == 0
    assert reader.count(parse({"did": "Order Completed"}), as_of=NOON) == 2
