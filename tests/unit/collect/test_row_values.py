from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from foretell import collect
from foretell.collect import frames
from tests.unit.collect.decoding import NOW
from tests.unit.collect.workspace import shop

FIRST, SECOND = 123456789012345678, 123456789012345679
IDS = """
format: {kind}
mappings:
  - name: a
    track: A
    message_id: id
    identifiers: {{user_id: "{user}"}}
    properties: {{id: id, half: id / 2}}
"""


def written(path: Path, rows: list[list[Any]]) -> Path:
    """``rows``, the header first, as CSV, Parquet or Excel by the name of ``path``."""
    header, *data = rows
    if path.suffix == ".csv":
        path.write_text("".join(",".join("" if c is None else str(c) for c in row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        columns = zip(*data, strict=True)
        papq.write_table(pa.table(dict(zip(header, map(list, columns), strict=True))), path)
    else:
        book = openpyxl.Workbook()
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row, start=1):
                book.active.cell(number, column, cell)
        book.save(path)
    return path


@pytest.mark.parametrize("user", ["id", "whole(id)", "if(id > 0, coalesce(id, 0))"])
@pytest.mark.parametrize("group_by", ["", "group_by: id\n"])
@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.decimal128(20, 0)])
def test_long_integers_keep_all_their_digits(tmp_path: Path, user: str, group_by: str, kind: pa.DataType) -> None:
    papq.write_table(pa.table({"id": pa.array([FIRST, SECOND]).cast(kind)}), tmp_path / "a.parquet")
    with shop(tmp_path, s=group_by + IDS.format(kind="parquet", user=user)) as it:
        assert it.load("a.parquet", None, "s").events == 2
        found = it.query("SELECT value FROM identifiers WHERE kind = 'user_id' ORDER BY 1")
        assert [row["value"] for row in found] == [str(FIRST), str(SECOND)]
        events = it.query("SELECT message_id, properties FROM events ORDER BY 1")
        assert [row["message_id"] for row in events] == [f"s/A/{FIRST}", f"s/A/{SECOND}"]
        assert all(f'"id":{row["message_id"][4:]},' in row["properties"] for row in events), "still a number"


def test_long_integers_in_text_survive_whole(tmp_path: Path) -> None:
    with shop(tmp_path, s=IDS.format(kind="csv", user="whole(id)")) as it:
        it.load("a.csv", f"id\n{FIRST}\n{SECOND}.0\n", "s")
        found = it.query("SELECT value FROM identifiers WHERE kind = 'user_id' ORDER BY 1")
        assert [row["value"] for row in found] == [str(FIRST), str(SECOND)]


def test_whole_decimals_and_floats_have_no_fraction(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array([Decimal("5.00")], pa.decimal128(10, 2)), "f": [17850.0]})
    papq.write_table(table, tmp_path / "a.parquet")
    with shop(tmp_path, s=IDS.format(kind="parquet", user="f")) as it:
        it.load("a.parquet", None, "s")
        assert it.query("SELECT properties FROM events") == [{"properties": '{"id":5,"half":2.5}'}]
        assert it.query("SELECT value FROM identifiers") == [{"value": "17850"}]


TIMES = """
format: csv
zone: {zone}
mappings:
  - name: calls
    track: Called
    timestamp: at
    {formats}
    identifiers: {{phone: phone}}
"""


def timed(root: Path, text: str, *, zone: str, formats: str = "") -> list[datetime]:
    """The UTC times of the good rows of a file with one time."""
    with shop(root, calls=TIMES.format(zone=zone, formats=formats)) as it:
        it.load("calls.csv", f"at,phone\n{text},+1555\n", "calls")
        return [row["timestamp"] for row in it.query("SELECT timestamp FROM events")]


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("Europe/London", "2023-10-29 01:30", datetime(2023, 10, 29, 0, 30)),
        ("Europe/London", "2023-10-29 00:59", datetime(2023, 10, 28, 23, 59)),
        ("Europe/London", "2023-10-29 02:00", datetime(2023, 10, 29, 2, 0)),
        ("Europe/London", "2023-10-30 01:30", datetime(2023, 10, 30, 1, 30)),
        ("America/New_York", "2023-11-05 01:30", datetime(2023, 11, 5, 5, 30)),
        ("America/New_York", "2023-11-05 02:30", datetime(2023, 11, 5, 7, 30)),
        ("America/New_York", "2023-03-12 03:00", datetime(2023, 3, 12, 7, 0)),
        ("UTC", "2023-10-29 01:30", datetime(2023, 10, 29, 1, 30)),
    ],
)
@pytest.mark.parametrize("formats", ["", "timestamp_format: '%Y-%m-%d %H:%M'"])
def test_an_hour_that_comes_twice_is_the_first(
    tmp_path: Path, zone: str, text: str, expected: datetime, formats: str
) -> None:
    assert timed(tmp_path, text, zone=zone, formats=formats) == [expected]


@pytest.mark.parametrize(
    ("formats", "text", "expected"),
    [
        ("['%d/%m/%Y %H:%M', '%Y-%m-%d']", "01/02/2024 09:30", [datetime(2024, 2, 1, 14, 30)]),
        ("['%d/%m/%Y %H:%M', '%Y-%m-%d']", "2024-02-01", [datetime(2024, 2, 1, 5, 0)]),
        ("['%d/%m/%Y %H:%M', '%Y-%m-%d']", "1.2.2024", []),
        ("'%Y-%m-%d %H:%M:%S %z'", "2024-02-01 09:30:00 +0130", [datetime(2024, 2, 1, 8, 0)]),
        ("'%Y-%m-%d %H:%M:%S%z'", "2024-02-01 09:30:00-01:30", [datetime(2024, 2, 1, 11, 0)]),
        ("'%Y-%m-%d %H:%M:%S%z'", "2024-02-01 09:30:00Z", [datetime(2024, 2, 1, 9, 30)]),
        ("unix", "1709287200", [datetime(2024, 3, 1, 10, 0)]),
        ("unix", "1709287200.25", [datetime(2024, 3, 1, 10, 0, 0, 250_000)]),
        ("unix_ms", "1709287200250", [datetime(2024, 3, 1, 10, 0, 0, 250_000)]),
        ("unix", "soon", []),
        ("unix", "99999999999999999999", []),
        ("['%Y-%m-%d', unix_ms]", "1709287200250", [datetime(2024, 3, 1, 10, 0, 0, 250_000)]),
    ],
)
def test_formats_of_times(tmp_path: Path, formats: str, text: str, expected: list[datetime]) -> None:
    found = timed(tmp_path, text, zone="America/New_York", formats=f"timestamp_format: {formats}")
    assert found == expected


def test_unix_times_in_columns_of_numbers(tmp_path: Path) -> None:
    source = TIMES.format(zone="UTC", formats="timestamp_format: unix_ms").replace("csv", "parquet")
    with shop(tmp_path, calls=source) as it:
        written(tmp_path / "a.parquet", [["at", "phone"], [1709287200250, "+1555"]])
        it.load("a.parquet", None, "calls")
        assert it.query("SELECT timestamp FROM events") == [{"timestamp": datetime(2024, 3, 1, 10, 0, 0, 250_000)}]


PLAIN = """
format: {kind}
{more}
mappings:
  - name: a
    when: id != 'x'
    track: A
    identifiers: {{user_id: id}}
    properties: {{v: {name}}}
"""


@pytest.mark.parametrize("name", ["line", "nth", "key", "c0"])
@pytest.mark.parametrize("more", ["", "group_by: {name}"])
@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_columns_may_have_any_name(
    tmp_path: Path, kind: str, more: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "FRAME_ROWS", 1)
    path = written(tmp_path / f"a.{kind}", [["id", name], ["1", "b"], ["2", "a"]])
    with shop(tmp_path, s=PLAIN.format(kind=kind, more=more.format(name=name), name=name)) as it:
        assert collect.preview(it.catalog, path, "s", now=NOW).events == 2
        assert it.load(path.name, None, "s").events == 2
        found = it.query("SELECT properties FROM events ORDER BY 1")
        assert [row["properties"] for row in found] == ['{"v":"a"}', '{"v":"b"}']


@pytest.mark.parametrize("group_by", ["", "group_by: id"])
@pytest.mark.parametrize(("kind", "lines"), [("csv", [3, 5]), ("xlsx", [3, 5]), ("parquet", [2, 4])])
def test_lines_are_those_of_the_file_and_blank_rows_are_none(
    tmp_path: Path, kind: str, lines: list[int], group_by: str
) -> None:
    blank: list[Any] = [None, None]
    rows = [["id", "v"], ["1", "b"], ["x", "b"], blank, ["x", "a"], ["3", "a"], blank]
    if kind == "parquet":
        rows = [row if row != blank else ["4", "c"] for row in rows]
    path = written(tmp_path / f"a.{kind}", rows)
    source = PLAIN.format(kind=kind, more=group_by, name="v").replace("!= 'x'", "!= 'x' and v != 'c'")
    with shop(tmp_path, s=source) as it:
        shown = collect.preview(it.catalog, path, "s", now=NOW)
        report = it.load(path.name, None, "s")
        told = [row.line for row in collect.quarantined(it.engine) if (row.body or "").startswith('{"id":"x"')]
        assert sorted(line or 0 for line in told) == lines
        assert [row["line"] for row in shown.problems if row["body"].startswith('{"id":"x"')] == lines
        assert min(row["line"] for row in shown.first) == lines[0] - 1
        if kind != "parquet":
            assert (report.rows, report.events, report.quarantined) == (4, 2, 2)


def test_blank_lines_of_every_sort_are_counted_as_lines_alone(tmp_path: Path) -> None:
    text = "\n\nid,v\n1,a\n\n  \n,\n,,,\n2\n\n" + "x,b\r\n" + "\r\n3,c\n\n"
    with shop(tmp_path, s=PLAIN.format(kind="csv", more="", name="v")) as it:
        report = it.load("a.csv", text, "s")
        assert (report.rows, report.events, report.quarantined) == (4, 2, 2)
        found = {row.line: row.code for row in collect.quarantined(it.engine)}
        assert found == {9: "BAD_ROW", 11: "NO_MAPPING"}


def test_packed_csv_is_read(tmp_path: Path) -> None:
    import gzip

    with shop(tmp_path, s=PLAIN.format(kind="csv", more="", name="v")) as it:
        assert it.load("a.csv.gz", gzip.compress(b"\nid,v\n1,a\n"), "s").events == 1
