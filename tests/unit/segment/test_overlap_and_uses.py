"""People whom segments share, and what segments are used in."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from foretell import decide, deliver, journey, measure, predict, segment
from foretell.definitions import Catalog, load
from foretell.segment.beside.overlap import shared
from tests.support.small_workspace import write


def _inside(sets: dict[str, set[int]]) -> pa.Table:
    rows = [(key, person) for key, people in sets.items() for person in sorted(people)]
    keys, people = pa.array([row[0] for row in rows], pa.string()), pa.array([row[1] for row in rows], pa.int64())
    return pa.table({"segment": keys, "profile_key": people})


def test_overlap_by_hand() -> None:
    inside = _inside({"a": {1, 2, 3, 4}, "b": {3, 4, 5}, "c": {9}, "gone": {1, 2}})
    found = segment.overlap(inside, ["a", "b", "c", "empty"])
    assert found.sizes == {"a": 4, "b": 3, "c": 1, "empty": 0}
    pair = found.pair("a", "b")
    assert (pair.both, pair.of_one, pair.jaccard) == (2, 0.5, 0.4)
    assert pair.of_other == pytest.approx(2 / 3)
    assert found.pair("b", "a").of_one == pytest.approx(2 / 3)
    empty = found.pair("a", "empty")
    assert (empty.both, empty.of_one, empty.of_other, empty.jaccard) == (0, 0.0, 0.0, 0.0)
    assert [(one.one, one.other) for one in found.pairs()] == [("a", "b")], "the others share nobody"
    assert [one.other for one in found.of("a")] == ["b", "c", "empty"]
    assert segment.overlap(_inside({}), ["a"]).sizes == {"a": 0}


def test_overlap_of_many_is_that_of_sets() -> None:
    random = np.random.default_rng(4)
    sets = {f"s{n}": set(random.choice(1_000, int(random.integers(0, 300)), replace=False).tolist()) for n in range(12)}
    found = segment.overlap(_inside(sets), list(sets))
    for one, other in combinations(sets, 2):
        assert found.pair(one, other).both == len(sets[one] & sets[other])
    assert np.array_equal(found.both, found.both.T)
    assert shared(np.zeros((0, 3), np.uint8)).shape == (0, 0)


_SEGMENT = "kind: segment\nkey: {key}\nspec:\n  title: The {key}\n  owner: cx\n  condition: {condition}\n"
_DOCUMENTS = {
    "foretell.yaml": "name: Shop\n",
    "segments/a.yaml": _SEGMENT.format(key="a", condition="{did: Order Completed}"),
    "segments/b.yaml": _SEGMENT.format(key="b", condition="{all: [{segment: a}, {did: Page Viewed}]}"),
    "segments/c.yaml": _SEGMENT.format(key="c", condition="{segment: d}"),
    "segments/d.yaml": _SEGMENT.format(key="d", condition="{did: Page Viewed}"),
    "segments/e.yaml": _SEGMENT.format(key="e", condition="{did: Page Viewed}"),
    "predictions/churn.yaml": "kind: prediction\nkey: churn\nspec:\n  name: Leaves\n"
    "  outcome: {did_not: Order Completed}\n  horizon: 30d\n  population: {segment: b}\n",
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    write(tmp_path, _DOCUMENTS)
    kinds = [
        segment.KIND, predict.KIND, journey.KIND, deliver.AUDIENCE, deliver.TEMPLATE, deliver.CHANNEL, decide.OFFER,
        measure.KIND,
    ]  # fmt: skip
    found, problems = load(tmp_path, kinds)
    assert not problems, problems
    return found


def test_uses_are_what_documents_name(catalog: Catalog) -> None:
    found = segment.uses(catalog)
    assert found["a"] == (segment.Use("segment", "b", "The b"),)
    assert found["b"] == (segment.Use("prediction", "churn", "Leaves"),)
    assert found["d"] == (segment.Use("segment", "c", "The c"),)
    assert found["e"] == ()


def test_unused_is_also_what_only_unused_ones_name(catalog: Catalog) -> None:
    found = segment.unused(catalog)
    assert [one.key for one in found] == ["c", "d", "e"], "a is used through b, d only through c"
    assert found[1].only_in == (segment.Use("segment", "c", "The c"),)
    assert (found[2].title, found[2].owner, found[2].only_in) == ("The e", "cx", ())
