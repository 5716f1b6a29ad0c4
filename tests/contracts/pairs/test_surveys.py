"""Answers are the same responses on every pair of stores, arrived or told, and after they are read anew."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import app, collect, protect
from foretell.clock import FixedClock
from foretell.collect import Scope
from foretell.engine import promise_swap
from foretell.errors import ForetellError
from foretell.listen import surveys
from foretell.listen.surveys import Answering
from tests.support.small_events import NOW
from tests.support.small_workspace import write
from tests.unit.listen.test_survey_answering import OLD, SURVEY, key_of, responses, say

COUNTED = (
    "SELECT survey, measure, count(*) AS n, sum(score) AS total, count(text) AS texts, "
    "count(CASE WHEN complete THEN 1 END) AS whole FROM survey_responses GROUP BY survey, measure ORDER BY 1, 2"
)
EXPECTED: list[dict[str, Any]] = [
    {"survey": "delivery", "measure": "csat", "n": 4, "total": 14.0, "texts": 2, "whole": 4},
    {"survey": "mine", "measure": "ces", "n": 1, "total": 7.0, "texts": 0, "whole": 1},
    {"survey": "mine", "measure": None, "n": 1, "total": 99.5, "texts": 0, "whole": 1},
    {"survey": "nps", "measure": "nps", "n": 2, "total": None, "texts": 0, "whole": 2},
]


@pytest.fixture
def root(tmp_path: Path, pair: str) -> Path:
    """Imported answers, one that was told in two parts, one of nobody."""
    write(tmp_path, {"foretell.yaml": "name: Shop\ncurrency: EUR\nzone: UTC\n", "surveys/delivery.yaml": SURVEY})
    at = [(NOW - timedelta(days=9, minutes=-place)).isoformat() for place in range(len(OLD))]
    told = [
        {"type": "track", "event": "Survey Answered", "timestamp": t, **row} for t, row in zip(at, OLD, strict=True)
    ]
    (tmp_path / "old.jsonl").write_text("\n".join(map(json.dumps, told)))
    with app.open_workspace(tmp_path, clock=FixedClock(NOW)) as place:
        collect.import_files(place.engine, place.catalog, [tmp_path / "old.jsonl"], None, now=NOW, reader=place.frames)
        say(place, "r1", mood=4)
        say(place, "r1", 1, liked=["price", "team"], why="Fine")
        surveys.answer(place.engine, place.catalog, Answering("delivery", {"mood": 3}, "0" * 32), now=NOW)
    return tmp_path


def test_responses_are_the_same_everywhere(root: Path) -> None:
    with app.open_workspace(root, clock=FixedClock(NOW)) as place:
        found = sorted(place.engine.analytics.query(COUNTED).to_pylist(), key=lambda row: repr(row["measure"]))
        assert sorted(found, key=lambda row: (row["survey"], repr(row["measure"]))) == sorted(
            EXPECTED, key=lambda row: (row["survey"], repr(row["measure"]))
        )
        row = responses(place)["r1"]
        assert (row["score"], row["text"], (row["changed_at"] - row["answered_at"]).total_seconds()) == (
            4.0,
            "Fine",
            60,
        )
        protect.erase_people(app.protected(place), ["user_id:u1"], made_by="dpo", now=NOW)
        left = place.engine.analytics.query(COUNTED).to_pylist()
        assert {row["survey"]: row["total"] for row in left if row["survey"] == "delivery"} == {"delivery": 14.0}
        assert sum(row["texts"] for row in left) == 0


def test_responses_are_read_anew(root: Path, pair: str) -> None:
    """Told answers with lists come into the new log as they were, imported ones from their bodies."""
    if pair.endswith("+spark"):
        with app.open_workspace(root, clock=FixedClock(NOW)) as place, pytest.raises(ForetellError, match="on spark"):
            app.rebuild(place, Scope())
        return
    with app.open_workspace(root, clock=FixedClock(NOW)) as place:
        before, lists = responses(place), elements(place)
        with app.rebuild(place, Scope()):
            pass
        promise_swap(place.engine.data)
    with app.open_workspace(root, clock=FixedClock(NOW)) as place:
        assert responses(place) == before
        assert elements(place) == lists == ["price", "team"]
        assert say(place, "r1", 5, why="More").part == 3
        assert key_of(place, "u1")


def elements(place: app.Workspace) -> list[str]:
    """What was chosen of several, by the log."""
    column = place.engine.log.properties().of("answers.liked")
    assert column is not None
    sql = f"SELECT {column.text} AS value FROM event_elements ORDER BY seq, ordinal"
    found: list[str] = place.engine.analytics.query(sql)["value"].to_pylist()
    return found
