"""Tables for people: aligned, as wide as the terminal, and never steered by what stands in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from foretell.cli import output, tables
from foretell.cli.tables import cut, result, right, say, table

Shown = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 40 columns."""
    monkeypatch.setattr(tables, "width", lambda: 40)


def test_numbers_are_aligned_and_empty_columns_left_out(capsys: Shown) -> None:
    table(["key", right("people"), "note"], [("a", "1,000", ""), ("long", "7", None)])
    assert capsys.readouterr().out == "key   people\na      1,000\nlong       7\n"


def test_a_long_cell_goes_on_below_or_is_cut(capsys: Shown) -> None:
    words = "one two three four five six seven eight nine"
    table(["key", "who"], [("a", words)])
    assert capsys.readouterr().out.splitlines() == [
        "key  who", "a    one two three four five six seven", "     eight nine",
    ]  # fmt: skip
    table(["key", cut("who")], [("a", words)])
    assert capsys.readouterr().out.splitlines() == ["key  who", "a    one two three four five six seven…"]


def test_wide_characters_count_twice(capsys: Shown) -> None:
    table(["who", right("n")], [("日本", "1"), ("abc", "22")])
    assert capsys.readouterr().out.splitlines() == ["who    n", "日本   1", "abc   22"]


def test_markup_and_control_characters_are_text(capsys: Shown) -> None:
    table(["a"], [("[/bold] \x1b[31m\n\tx",)])
    say("[red] \x07")
    assert capsys.readouterr().out == "a\n[/bold] �[31m  x\n[red] �\n"


def test_a_result_that_does_not_fit_is_one_block_a_row(capsys: Shown) -> None:
    at = datetime(2026, 1, 5, 9, tzinfo=UTC).replace(tzinfo=None)
    names = ["first_column", "second_column", "third_column"]
    rows = pa.table([pa.array(["x" * 20] * 2), pa.array([1, 22]), pa.array([at, at + timedelta(days=1)])], names=names)
    result(rows, 50)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "row 1"
    assert told[1] == "  first_column   " + "x" * 20
    assert told[3] == "  third_column   2026-01-05 09:00"
    result(rows.select(names[1:]), 1)
    assert capsys.readouterr().out.splitlines() == [
        "second_column  third_column", "            1  2026-01-05 09:00", "… 1 more; --json gives all of them",
    ]  # fmt: skip
    result(rows.slice(0, 0), 50)
    assert capsys.readouterr().out.splitlines()[-1] == "no rows"


def test_floats_of_a_column_have_the_same_digits(capsys: Shown) -> None:
    result(pa.table({"p": [0.25, None, 1.0], "euro": [12.5, 7.123, 1e6]}), 50)
    assert capsys.readouterr().out.splitlines() == [
        "     p        euro", "0.2500       12.50", "              7.12", "1.0000  1000000.00",
    ]  # fmt: skip


def test_values_for_programs() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    told = {"at": at, "d": Decimal("1.5"), "n": float("nan"), "i": float("inf"), "b": b"\x01", "t": (1, {2})}
    wanted = {"at": "2026-01-05T00:00:00Z", "d": 1.5, "n": None, "i": None, "b": "01", "t": [1, [2]]}
    assert output.plain(told) == wanted
    span = pa.scalar((1, 2, 3_000_000_000), pa.month_day_nano_interval()).as_py()
    assert output.plain(span) == "P1M2DT3S"


def test_two_columns_of_one_name_are_both_told(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    output.emit_rows(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]))
    assert capsysbinary.readouterr().out == b'[\n  {\n    "a": 1,\n    "a_2": 2\n  }\n]\n'
