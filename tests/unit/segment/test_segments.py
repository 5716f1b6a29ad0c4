"""Segment documents, and who is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import segment
from foretell.condition import Reader
from foretell.definitions import Catalog, Problem, load
from foretell.engine import Engine
from foretell.errors import UsageError
from tests.properties.condition_by_hand import ANN, BOB, HISTORY, NOON
from tests.properties.condition_store import stored

SEGMENTS = """\
kind: segment
key: buyers
spec:
  title: Buyers
  condition: {did: Order Completed}
  owner: cx@shop.example
  review: 2026-01-31
---
kind: segment
key: lookers
spec:
  of: all
  condition:
    all:
      - {did: Page Viewed}
      - not: {segment: buyers}
"""


def _workspace(root: Path, segments: str) -> tuple[Catalog, list[Problem]]:
    (root / "foretell.yaml").write_text("zone: Europe/London\n")
    (root / "segments").mkdir()
    (root / "segments" / "all.yaml").write_text(segments)
    return load(root, [segment.KIND])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with stored(HISTORY, tmp_path_factory.mktemp("store")) as engine:
        rows = [
            (ANN, "user_id", "ann", NOON), (ANN, "email", "second@shop.example", NOON), (BOB, "phone", "+4420", NOON),
            (5, "email", "first@shop.example", HISTORY.events[0]["ts"]), (BOB, "loyalty_card", "77", NOON),
        ]  # fmt: skip
        columns = list(zip(*rows, strict=True))
        seen = pa.array([at.replace(tzinfo=None) for at in columns[3]], pa.timestamp("us"))
        table = {
            "node_key": pa.array(columns[0], pa.int64()),
            "kind": columns[1],
            "value": columns[2],
            "first_seen": seen,
        }
        engine.analytics.apply(2, {"identifier_links": pa.table(table)})
        yield engine


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog, problems = _workspace(tmp_path, SEGMENTS)
    assert problems == []
    return catalog


def test_lists_sizes_and_sentences(engine: Engine, catalog: Catalog) -> None:
    found = segment.list_segments(catalog, Reader(engine, catalog), as_of=NOON)
    assert [(one.key, one.title, one.of, one.members) for one in found] == [
        ("buyers", "Buyers", "known", 2),
        ("lookers", "lookers", "all", 2),
    ]
    assert found[0].says == "People who did Order Completed at least once."
    assert str(found[0].review) == "2026-01-31"


def test_members_carry_their_first_identifiers(engine: Engine, catalog: Catalog) -> None:
    rows = segment.members(catalog, Reader(engine, catalog), "buyers", as_of=NOON)
    assert rows.drop_columns(["profile_key"]).to_pylist() == [
        {"profile_id": "p_1", "user_id": "ann", "email": "first@shop.example", "phone": None},
        {"profile_id": "p_2", "user_id": None, "email": None, "phone": "+4420"},
    ]


def test_a_further_condition_narrows(engine: Engine, catalog: Catalog) -> None:
    reader = Reader(engine, catalog)
    refunded = {"did": "Order Refunded"}
    assert segment.count(catalog, reader, "buyers", as_of=NOON, where=refunded) == 1
    rows = segment.members(catalog, reader, "buyers", as_of=NOON, where=refunded)
    assert rows["profile_id"].to_pylist() == ["p_1"]
    with pytest.raises(UsageError, match="no head"):
        segment.count(catalog, reader, "buyers", as_of=NOON, where={"didd": "X"})


def test_explains_one_person(engine: Engine, catalog: Catalog) -> None:
    told = segment.explain(catalog, Reader(engine, catalog), "lookers", BOB, as_of=NOON)
    viewed, bought = told.parts[1].parts
    assert (told.holds, viewed.holds, viewed.found, bought.holds) == (False, False, "0 events", False)


def test_unknown_segment(engine: Engine, catalog: Catalog) -> None:
    with pytest.raises(UsageError) as caught:
        segment.count(catalog, Reader(engine, catalog), "buyer", as_of=NOON)
    assert (caught.value.code, caught.value.next_step) == ("UNKNOWN_DEFINITION", "Did you mean 'buyers'?")


def test_warnings_carry_file_and_line(engine: Engine, tmp_path: Path) -> None:
    text = "kind: segment\nkey: odd\nspec:\n  condition:\n    any:\n      - trait: plam\n        is: pro\n"
    catalog, problems = _workspace(tmp_path, text)
    found = segment.warnings(catalog.get("segment", "odd"), Reader(engine, catalog), NOON)
    assert problems == []
    assert [(one.code, one.severity, one.thing, one.where) for one in found] == [
        ("UNKNOWN_TRAIT", "error", "segment odd", "segments/all.yaml:6"),
        ("EVERYBODY_OR_NOBODY", "warning", "segment odd", "segments/all.yaml:4"),
    ]
    assert found[0].next_step == "Did you mean 'plan'?"


@pytest.mark.parametrize(
    ("spec", "code", "line"),
    [
        ("condition:\n    did: X\n    wihtin: 7d", "UNKNOWN_KEY", 6),
        ("condition:\n    all:\n      - did: X\n      - segment: nobody", "UNKNOWN_REFERENCE", 7),
        ("condition:\n    all:\n      - did: X\n      - segment: broken", "DEFINITION_LOOP", 7),
        ("condition: {did: X}\n  fro: known", "UNKNOWN_KEY", 5),
        ("condition: {sequence: [{did: X}]}", "BAD_CONDITION", 4),
    ],
)
def test_broken_documents_say_where(spec: str, code: str, line: int, tmp_path: Path) -> None:
    _, problems = _workspace(tmp_path, f"kind: segment\nkey: broken\nspec:\n  {spec}\n")
    assert [(one.code, one.where) for one in problems] == [(code, f"segments/all.yaml:{line}")]
