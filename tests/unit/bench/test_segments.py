"""Both sides of ``bench segments`` on few events: they find the same people."""

from __future__ import annotations

import json
from pathlib import Path

from foretell.bench.rivals import rivals
from foretell.bench.segment_documents import documents
from foretell.bench.segment_sides import main


def test_a_document_says_what_the_query_says() -> None:
    made = documents(rivals().SEGMENTS)
    assert len(made) == 100
    assert made[0]["spec"]["condition"]["where"] == {"path": {"starts_with": "/support"}}
    assert made[1]["spec"]["condition"] == {"did": "cart_viewed", "times": {"gte": 2}, "within": "30d"}


def test_both_sides_find_the_same_people(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs.json", tmp_path / "ours.json"
    main(["rival", "20000", "2000", "1", str(tmp_path), str(theirs)])
    main(["ours", str(tmp_path), "1", str(ours)])
    told, found = json.loads(theirs.read_text()), json.loads(ours.read_text())
    assert told["sizes"] == found["sizes"]
    assert sum(told["sizes"]) > 1_000
    assert found["quiet_hour_transitions"] <= found["quiet_hour_people"] * 100
    assert found["state_mb"] > 0
