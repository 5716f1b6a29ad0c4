"""The example source documents read the exports of survey tools as those document them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from foretell import app, collect
from foretell.app import Workspace
from foretell.clock import FixedClock
from foretell.errors import ForetellError

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
FILES = {
    "qualtrics": "qualtrics.csv",
    "surveymonkey": "surveymonkey.csv",
    "typeform": "typeform.csv",
    "typeform_api": "typeform_responses.json",
}
_ANSWERS = """
SELECT source, timestamp, properties FROM events WHERE event = 'Survey Answered' ORDER BY source, timestamp"""


def take_in(place: Workspace, source: str, path: Path) -> collect.FileReport:
    (report,) = collect.import_files(place.engine, place.catalog, [path], source, now=NOW, reader=place.frames)
    return report


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    copied = tmp_path_factory.mktemp("surveys") / "surveys"
    shutil.copytree(repository / "examples" / "surveys", copied)
    return copied


@pytest.fixture(scope="module")
def place(root: Path) -> Iterator[Workspace]:
    with app.open_workspace(root, "write", FixedClock(NOW)) as found:
        assert not found.problems
        for source, file in FILES.items():
            take_in(found, source, root / "exports" / file)
        yield found


def answers(place: Workspace, source: str) -> list[dict[str, Any]]:
    rows = place.engine.analytics.query(_ANSWERS).to_pylist()
    told = [{**json.loads(row["properties"]), "at": row["timestamp"]} for row in rows if row["source"] == source]
    return [{name: value for name, value in row.items() if value is not None} for row in told]


def people(place: Workspace, source: str) -> list[str]:
    """One identifier of who answered, by time: the user id, else the address, else the anonymous id."""
    found = place.engine.analytics.query(
        "SELECT e.timestamp, min(CASE WHEN i.kind = 'user_id' THEN i.value END) AS u, "
        "min(CASE WHEN i.kind = 'email' THEN i.value END) AS m, "
        "min(CASE WHEN i.kind = 'anonymous_id' THEN i.value END) AS a FROM events e "
        f"JOIN identifiers i ON i.profile_id = e.profile_id WHERE e.source = '{source}' GROUP BY 1 ORDER BY 1"
    ).to_pylist()
    return [row["u"] or row["m"] or row["a"] for row in found]


def test_qualtrics_with_three_rows_at_the_head(place: Workspace) -> None:
    found = answers(place, "qualtrics")
    assert [row["score"] for row in found] == [3, 10, 8, 0]
    assert found[0]["at"] == datetime(2026, 3, 2, 17, 5, 41), "the times are those of Denver"
    assert found[0]["text"] == "Das Paket kam eine Woche zu spät, und niemand\nhat mir gesagt, warum."
    assert found[1]["answers"] == {"recommend": 10, "why": found[1]["text"], "liked": ["Price", "Delivery", "Service"]}
    assert [row["complete"] for row in found] == [True, True, False, True]
    assert [row["anonymous"] for row in found] == [False, False, False, True]
    assert {row["measure"] for row in found} == {"nps"}
    assert [row["language"] for row in found] == ["de", "de", "en", "en"]
    assert people(place, "qualtrics") == [
        "U1000007", "U1000012", "ana.novak@customers.example", "qualtrics:R_5oTu2eAtPz4fX9d",
    ]  # fmt: skip


def test_surveymonkey_with_a_question_over_its_choices(place: Workspace) -> None:
    found = answers(place, "surveymonkey")
    assert [(row["response_id"], row["score"]) for row in found] == [
        ("114873920541", 4), ("114873920702", 10), ("114873921118", 9),
    ]  # fmt: skip
    assert [row["answers"]["liked"] for row in found] == [["Price"], ["Price", "Delivery", "Service"], ["Service"]]
    assert found[1]["at"] == datetime(2026, 3, 2, 17, 15), "12:15 in New York, in winter"
    assert found[2]["text"] == "مزيد من الألوان 🙂"
    assert people(place, "surveymonkey")[2] == "surveymonkey:114873921118"


def test_typeform_says_the_same_in_both_forms(place: Workspace) -> None:
    by_file, by_api = answers(place, "typeform"), answers(place, "typeform_api")
    assert [row["score"] for row in by_file] == [2, 5, 4]
    assert by_file[1]["answers"] == {"satisfied": 5, "better": None, "ways": ["Phone", "Chat"]}

    def told(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "answers": {name: value for name, value in row["answers"].items() if value is not None}}

    assert [told(row) for row in by_file] == [told(row) for row in by_api]
    assert people(place, "typeform") == people(place, "typeform_api") == [
        "U1000007", "U1000012", "typeform:z1x2c3v4b5n6m7q8w9e0",
    ]  # fmt: skip


def test_what_came_in_twice_is_there_once(place: Workspace, root: Path) -> None:
    before = place.engine.analytics.query("SELECT count(*) AS n FROM event_log")["n"][0].as_py()
    for source, file in FILES.items():
        again = take_in(place, source, root / "exports" / file)
        assert (again.events, again.duplicates > 2, again.quarantined) == (0, True, again.quarantined), source
    assert place.engine.analytics.query("SELECT count(*) AS n FROM event_log")["n"][0].as_py() == before


def test_every_row_is_accounted_for(place: Workspace, root: Path) -> None:
    skipped = {"qualtrics": {"previews": 1, "without a score": 1}, "surveymonkey": {"without a score": 1},
               "typeform": {"partial": 1}}  # fmt: skip
    for source, expected in skipped.items():
        report = take_in(place, source, root / "exports" / FILES[source])
        assert (report.skipped, report.quarantined) == (expected, 0)
        assert report.rows == sum(report.mappings.values()) + sum(expected.values())


@pytest.mark.parametrize(
    ("source", "text", "code", "words"),
    [
        ("qualtrics", "StartDate,Q1\n2026-03-02 10:00:00,9\n2026-03-02 11:00:00,3\n", "HEADER_MISSING", "'ImportId'"),
        ("qualtrics", "StartDate,Q1\nStart Date,How likely?\n", "FILE_EMPTY", "no row"),
        ("qualtrics", 'StartDate,Q1\nStart,Q\n"{""ImportId"":""x""}",y\n', "UNKNOWN_COLUMN", "'Status'"),
        ("surveymonkey", "Respondent ID,How likely?\n1,9\n2,10\n", "HEADER_MISSING", "'Response'"),
        ("surveymonkey", "Respondent ID,Q\n,Response\n1,9\n", "UNKNOWN_COLUMN", "How likely is it"),
        ("typeform_api", '{"items": 3}', "FILE_FORMAT", "no list of records at items"),
        ("typeform_api", '{"items": []}', "FILE_EMPTY", "no row"),
        ("typeform_api", '{"items": [', "FILE_FORMAT", "cannot be read as json"),
        ("typeform_api", '{"items": []}\n{"items": []}\n', "FILE_FORMAT", "cannot be read as json"),
        ("typeform_api", "\ud83d".encode("utf-8", "surrogatepass"), "FILE_FORMAT", "cannot be read as json"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(
    place: Workspace, tmp_path: Path, source: str, text: str | bytes, code: str, words: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    before = place.engine.analytics.query("SELECT count(*) AS n FROM event_log")
    with pytest.raises(ForetellError) as caught:
        take_in(place, source, path)
    assert (caught.value.code, words in caught.value.what) == (code, True), caught.value
    assert str(path) in str(caught.value.where)
    assert place.engine.analytics.query("SELECT count(*) AS n FROM event_log") == before
