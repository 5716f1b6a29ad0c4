from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from foretell import collect
from foretell.collect import frames
from foretell.errors import ForetellError
from tests.unit.collect.decoding import NOW, track
from tests.unit.collect.workspace import catalog, shop


def jsonl(*messages: Any) -> str:
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in messages)


def test_a_file_is_in_the_views_when_the_import_returns(tmp_path: Path) -> None:
    with shop(tmp_path) as it:
        report = it.load("events.jsonl", jsonl(track(), "{broken", track(messageId="m2", userId="u2")))
        assert (report.rows, report.events, report.duplicates, report.quarantined) == (3, 2, 0, 1)
        assert it.query("SELECT message_id, source FROM events ORDER BY 1") == [
            {"message_id": "m1", "source": "events.jsonl"},
            {"message_id": "m2", "source": "events.jsonl"},
        ]
        (row,) = collect.quarantined(it.engine)
        assert (row.file, row.line, row.code, row.body) == ("events.jsonl", 2, "BAD_JSON", "{broken")
        assert row.received_at == NOW


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    twin = track(messageId=None, properties={"x": 1})
    text = jsonl(track(), twin, twin, twin, "{broken", track(messageId="far", timestamp="2030-01-01T00:00:00Z"))
    with shop(tmp_path) as it:
        assert it.load("events.jsonl", text).events == 5
        before = it.query("SELECT * FROM events ORDER BY message_id"), collect.quarantined(it.engine)
        again = it.load("events.jsonl", text)
        assert (again.events, again.duplicates) == (0, 5)
        assert before == (it.query("SELECT * FROM events ORDER BY message_id"), collect.quarantined(it.engine))
        assert len(before[1]) == 2


def test_equal_lines_are_counted_over_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FRAME_BYTES", 300)
    twin = track(messageId=None)
    with shop(tmp_path) as it:
        report = it.load("events.jsonl", jsonl(*[twin] * 20, *[track(messageId=f"m{i}") for i in range(20)]))
        assert (report.rows, report.events) == (40, 40)
        assert it.query("SELECT count(DISTINCT message_id) AS n FROM events") == [{"n": 40}]
        assert it.load("events.jsonl").duplicates == 40


def test_frame_borders_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = jsonl(*[track(messageId=None, properties={"i": i % 7}) for i in range(50)])
    seen = []
    for size in (100, 1_000, 1_000_000):
        monkeypatch.setattr(frames, "FRAME_BYTES", size)
        with shop(tmp_path / str(size)) as it:
            it.load("events.jsonl", text)
            seen.append(it.query("SELECT message_id, properties FROM events ORDER BY 1"))
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) == 50


def test_gzip_byte_order_mark_and_a_missing_last_newline(tmp_path: Path) -> None:
    text = "\ufeff" + jsonl(track()) + json.dumps(track(messageId="m2"))
    with shop(tmp_path) as it:
        assert it.load("events.jsonl.gz", gzip.compress(text.encode())).events == 2


def test_a_source_document_makes_json_lines_history(tmp_path: Path) -> None:
    with shop(tmp_path, old="format: jsonl\nhistory: true\nlag: 2h") as it:
        it.load("events.jsonl", jsonl(track()), "old")
        (row,) = it.query("SELECT source, timestamp, known_at FROM events")
        assert row["source"] == "old"
        assert (row["known_at"] - row["timestamp"]).total_seconds() == 7_200


def test_a_line_longer_than_the_limit_is_quarantined_and_the_next_is_read(tmp_path: Path) -> None:
    long = json.dumps(track(messageId="long", properties={"x": "y" * 3_000_000}))
    with shop(tmp_path) as it:
        report = it.load("events.jsonl", jsonl(track(), long, track(messageId="m3")))
        assert (report.rows, report.events, report.quarantined) == (3, 2, 1)
        (row,) = collect.quarantined(it.engine)
        assert (row.line, row.code) == (2, "TOO_LARGE")


def test_property_names_that_differ_in_case_alone_survive_the_stores(tmp_path: Path) -> None:
    with shop(tmp_path) as it:
        it.load("events.jsonl", jsonl(track(properties={"Price": 1, "price": 2})))
        found = it.engine.log.properties()
        upper, lower = found.of("Price"), found.of("price")
        assert upper is not None
        assert lower is not None
        assert it.query(f"SELECT {upper.number} AS a, {lower.number} AS b FROM event_log") == [
            {"a": 1_000_000, "b": 2_000_000}
        ]


@pytest.mark.parametrize(
    ("name", "content", "source", "code", "status", "first_line"),
    [
        ("gone.jsonl", None, None, "FILE_MISSING", 1, "gone.jsonl: there is no such file"),
        ("empty.jsonl", b"", None, "FILE_EMPTY", 1, "empty.jsonl: the file has no row"),
        ("blank.jsonl", b"\n  \n", None, "FILE_EMPTY", 1, "blank.jsonl: the file has no row"),
        (
            "cut.jsonl.gz",
            gzip.compress(json.dumps(track()).encode() * 100)[:-20],
            None,
            "FILE_TRUNCATED",
            1,
            "cut.jsonl.gz: the gzip file ends too early",
        ),
        ("bad.jsonl.gz", b"\x1f\x8b\x08\x00" + b"\x07" * 60, None, "FILE_DAMAGED", 1, "the gzip file is damaged"),
        ("table.jsonl", b"PAR1xxxxPAR1", None, "FILE_FORMAT", 1, "the file is a Parquet file, not JSON lines"),
        ("wide.jsonl", "{}".encode("utf-16"), None, "FILE_FORMAT", 1, "the file is text in UTF-16, not JSON lines"),
        (
            "people.csv",
            b"a,b\n1,2\n",
            None,
            "SOURCE_NEEDED",
            2,
            "people.csv: only JSON lines (.jsonl, .jsonl.gz) can be imported without a source document",
        ),
        ("events.jsonl", b"{}", "nope", "UNKNOWN_DEFINITION", 2, "there is no source called 'nope'"),
    ],
)
def test_files_that_cannot_be_imported(
    tmp_path: Path, name: str, content: bytes | None, source: str | None, code: str, status: int, first_line: str
) -> None:
    with shop(tmp_path) as it:
        with pytest.raises(ForetellError) as caught:
            it.load(name, content, source)
        assert (caught.value.code, caught.value.exit_status) == (code, status)
        assert caught.value.headline.endswith(first_line)
        assert caught.value.next_step
        assert it.query("SELECT count(*) AS n FROM events") == [{"n": 0}]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with shop(tmp_path) as it:
        (tmp_path / "exports.jsonl").mkdir()
        with pytest.raises(ForetellError) as caught:
            it.load("exports.jsonl")
        assert caught.value.code == "FILE_IS_FOLDER"


def test_all_files_are_looked_at_before_the_first_is_taken_in(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(jsonl(track()))
    files = [tmp_path / "good.jsonl", tmp_path / "gone.jsonl"]
    with shop(tmp_path) as it:
        with pytest.raises(ForetellError):
            collect.import_files(it.engine, it.catalog, files, now=NOW)
        assert it.query("SELECT count(*) AS n FROM events") == [{"n": 0}]


def test_progress_is_told_in_bytes_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FRAME_BYTES", 500)
    path = tmp_path / "events.jsonl"
    path.write_text(jsonl(*[track(messageId=f"m{i}") for i in range(20)]))
    told: list[tuple[str, int, int]] = []
    with shop(tmp_path) as it:
        collect.import_files(it.engine, it.catalog, [path], now=NOW, progress=lambda *now: told.append(now))
    size = path.stat().st_size
    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] == ("events.jsonl", size, size)


def test_the_preview_shows_the_first_events_and_every_problem_and_stores_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    messages = [track(messageId=f"m{i}", type="identify", event=None, traits={"age": i}) for i in range(12)]
    path.write_text(jsonl("{broken", *messages, track(userId=None)))
    found = collect.preview(catalog(tmp_path, {}), path, now=NOW)
    assert (found.rows, found.events) == (14, 12)
    assert [row["line"] for row in found.first] == list(range(2, 12))
    assert found.first[0]["event"] == "Identify"
    assert found.first[0]["who"] == "user_id:u1"
    assert found.first[1]["traits"] == "age=1.0"
    assert found.problem_counts == {"BAD_JSON": 1, "NO_IDENTIFIER": 1}
    assert [problem["line"] for problem in found.problems] == [1, 14]
    assert not (tmp_path / "data").exists()


def test_a_frame_is_read_again_as_it_was_the_first_time(tmp_path: Path) -> None:
    from foretell.collect import Origin, lines_frame, read_frame

    frame = lines_frame(
        jsonl(track(), track(messageId=None)).encode(), Origin("s", "f", NOW), arrival="import", first_line=5
    )
    first, again = read_frame(frame)[0], read_frame(frame)[0]
    for name in ("events", "identifiers", "properties", "elements", "traits", "problems"):
        assert getattr(first, name).equals(getattr(again, name))
