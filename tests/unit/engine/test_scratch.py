"""The calculators over Arrow tables and files."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foretell.engine import integers, open_file, python_rows, scratch, table_of, with_column
from foretell.errors import ForetellError


def csv(folder: Path, content: bytes, **options: object) -> list[dict[str, object]]:
    path = folder / "file.csv"
    path.write_bytes(content)
    found: list[dict[str, object]] = open_file(path, "csv", **options).read_all().to_pylist()  # type: ignore[arg-type]
    return found


def test_tables_and_values_go_in_and_nothing_stays() -> None:
    keys = pa.table({"k": [1, 2, 3]})
    assert scratch("SELECT k FROM keys WHERE k > $least", {"keys": keys}, {"least": 1})["k"].to_pylist() == [2, 3]
    with pytest.raises(duckdb.Error, match="does not exist"):
        scratch("SELECT * FROM keys", {})


def test_a_calculation_that_fails_leaves_nothing_behind() -> None:
    with pytest.raises(duckdb.Error):
        scratch("SELECT no FROM left_behind", {"left_behind": pa.table({"k": [1]})})
    with pytest.raises(duckdb.Error, match="does not exist"):
        scratch("SELECT * FROM left_behind", {})


def test_order_and_empty_tables_are_kept() -> None:
    rows = pa.table({"i": list(range(300_000))})
    numbered = scratch("SELECT row_number() OVER () - 1 AS at, i FROM rows", {"rows": rows})
    assert numbered["at"].equals(numbered["i"])
    assert scratch("SELECT * FROM rows", {"rows": rows.slice(0, 0)}).schema == rows.schema


def test_each_thread_has_its_own() -> None:
    def own(number: int) -> int:
        return int(scratch("SELECT max(x) AS m FROM t", {"t": pa.table({"x": [number]})})["m"][0].as_py())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(own, range(40))) == list(range(40))


def test_what_does_not_fit_goes_to_the_systems_folder_and_nothing_is_fetched() -> None:
    found = scratch(
        "SELECT current_setting('temp_directory') AS t, current_setting('autoinstall_known_extensions') AS f", {}
    )
    assert Path(found["t"][0].as_py()).is_absolute()
    assert found["f"][0].as_py() is False


def test_a_csv_is_read_as_text_with_its_rows_numbered(tmp_path: Path) -> None:
    rows = csv(tmp_path, b'\xef\xbb\xbfid,name\r\n007,"a, ""b""\nc"\r\n1.0,\r\n')
    assert rows == [{"file_row": 1, "id": "007", "name": 'a, "b"\nc'}, {"file_row": 2, "id": "1.0", "name": None}]


def test_lines_that_begin_with_a_number_sign_are_rows(tmp_path: Path) -> None:
    rows = csv(tmp_path, b"order,total\n#1001,5\n#1002,6\n#1003,7\n")
    assert [row["order"] for row in rows] == ["#1001", "#1002", "#1003"]


def test_the_first_line_names_the_columns_whatever_follows(tmp_path: Path) -> None:
    with pytest.raises(ForetellError) as caught:
        csv(tmp_path, b"a,b\n1,2\n3,4,5\n")
    assert caught.value.code == "FILE_UNREADABLE"
    assert str(tmp_path / "file.csv") in caught.value.where


def test_delimiter_columns_and_order_are_told(tmp_path: Path) -> None:
    content = b"a;b;c\n2;x;1\n1;y;1\n2;z;0\n"
    rows = csv(tmp_path, content, options={"delim": ";"}, columns=["a", "b"], order_by='"a"')
    assert rows == [
        {"file_row": 2, "a": "1", "b": "y"},
        {"file_row": 1, "a": "2", "b": "x"},
        {"file_row": 3, "a": "2", "b": "z"},
    ]


def test_a_compressed_csv_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert open_file(path, "csv").read_all().num_rows == 1


def test_a_bad_byte_is_found_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ForetellError, match="not utf-8") as caught:
        csv(tmp_path, b"a,b\n1,x\n2,\xff\xfe\n")
    assert caught.value.where.endswith("file.csv:3")


def test_a_fault_far_down_is_said_while_reading(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 300_000 + b"1,2,3\n")
    batches = open_file(path, "csv", batch_rows=1_000)
    with pytest.raises(ForetellError) as caught:
        for _ in batches:
            pass
    assert caught.value.code == "FILE_UNREADABLE"
    assert caught.value.where == f"{path}:300002"


def test_a_parquet_file_comes_in_bounded_batches(tmp_path: Path) -> None:
    path = tmp_path / "orders [1]*.parquet"
    pq.write_table(pa.table({"x": list(range(10_000)), "y": ["é"] * 10_000}), path)
    batches = list(open_file(path, "parquet", columns=["x"], batch_rows=2_048))
    assert max(batch.num_rows for batch in batches) <= 2_048
    assert batches[0].schema.names == ["file_row", "x"]
    assert sum(batch.num_rows for batch in batches) == 10_000


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("no.csv", None, "FILE_MISSING"),
        ("a.parquet", b"hello", "FILE_UNREADABLE"),
        ("b.parquet", b"", "FILE_UNREADABLE"),
    ],
)
def test_a_file_that_cannot_be_opened_is_said(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ForetellError) as caught:
        open_file(path, path.suffix[1:])
    assert (caught.value.code, caught.value.where) == (code, str(path))


def test_missing_integers_are_never_made_up() -> None:
    assert integers(pa.chunked_array([[1, 2], [3]])).tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="1 of 2 integers are missing"):
        integers(pa.chunked_array([[1, None]]))


def test_rows_and_columns_are_carried_over() -> None:
    kinds = {"n": pa.int64(), "s": pa.string()}
    rows = [(1, "a"), (None, None)]
    table = table_of(kinds, rows)
    assert list(python_rows(table)) == rows
    assert table_of(kinds).num_rows == 0
    assert list(python_rows(table.select([]))) == []
    assert with_column(with_column(table, "m", pa.array([1, 2])), "n", pa.array([5, 6])).to_pylist() == [
        {"n": 5, "s": "a", "m": 1},
        {"n": 6, "s": None, "m": 2},
    ]
