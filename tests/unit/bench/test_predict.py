"""``bench predict`` on few events: both sides have the same features, and a fit can be made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell.bench.predict_plan import columns
from foretell.bench.predict_sides import checksum, main


def side(folder: Path, *words: str) -> dict[str, Any]:
    out = folder / "told.json"
    main([*words, str(out)])
    told: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return told


def test_a_checksum_goes_by_person_and_knows_every_column() -> None:
    rows = pa.table({"profile_key": [2, 1], "rev_7": [1.25, None], "n_7": [3, 4]})
    named = {"rev_7": "rev_7", "n_7": "n_7"}
    turned = rows.take([1, 0])
    assert checksum(rows, named) == checksum(turned, named)
    assert checksum(rows.set_column(2, "n_7", [[3, 5]]), named) != checksum(rows, named)
    micro = rows.set_column(1, "rev_7", [[1_250_000, None]])
    assert checksum(micro, named, money=lambda found: found / 1e6) == checksum(rows, named)


def test_there_are_61_features() -> None:
    assert len(columns()) == 61


def test_both_sides_have_the_same_features_and_the_fit_is_made_again(tmp_path: Path) -> None:
    theirs = side(tmp_path, "rival", "40000", "2000", "1", str(tmp_path))
    assert side(tmp_path, "fill", str(tmp_path)) == {"events": 40_000}
    ours = side(tmp_path, "features", str(tmp_path), "1")
    assert (theirs["people"], theirs["sum"]) == (ours["people"], ours["sum"])
    assert ours["people"] > 1_500
    trained = side(tmp_path, "train", str(tmp_path))
    fitted = side(tmp_path, "fit", str(tmp_path), "1")
    assert trained["rows"] > 5_000
    assert 1_000 < fitted["rows"] <= 2_000
    assert fitted["scored"] > 1_000
    assert 0 < fitted["plain_fit_cpu_s"] < fitted["plain_cpu_s"]
