"""Every size rule finds what is too big, at the limit and one above it."""

from __future__ import annotations

import pytest

from tools import size_rules
from tools.files import SourceFile


def lines(path: str, count: int) -> SourceFile:
    return SourceFile(path, b"x = 1\n" * count)


def functions(path: str, *sizes: int) -> SourceFile:
    bodies = ["def f():\n" + "    x = 1\n" * (size - 1) for size in sizes]
    return SourceFile(path, "".join(bodies).encode())


def test_longest_file() -> None:
    small = [lines(f"src/s{n}.py", 1) for n in range(3)]
    assert size_rules.findings([*small, lines("src/a.py", 500)]) == []
    assert size_rules.findings([*small, lines("src/a.py", 501)]) == [
        "src/a.py: 501 lines, at most 500: split it by what it knows"
    ]


def test_tests_may_be_longer() -> None:
    assert size_rules.findings([lines("tests/a.py", 800)]) == []
    assert "801 lines, at most 800" in size_rules.findings([lines("tests/a.py", 801)])[0]


def test_median_file_is_of_the_package_alone() -> None:
    tests = [lines(f"tests/t{n}.py", 400) for n in range(5)]
    assert size_rules.findings([*tests, lines("src/a.py", 150)]) == []
    assert size_rules.findings([lines("src/a.py", 151)]) == ["src: the median file has 151 lines, at most 150"]


def test_longest_function() -> None:
    short = functions("src/s.py", *[2] * 20)
    assert size_rules.findings([short, functions("src/a.py", 100)]) == []
    assert size_rules.findings([short, functions("src/a.py", 101)]) == ["src/a.py:1: f has 101 lines, at most 100"]


def test_nine_of_ten_functions() -> None:
    assert size_rules.findings([functions("src/a.py", *[40] * 2), functions("src/b.py", *[2] * 17, 41)]) == []
    found = size_rules.findings([functions("src/a.py", 41, 41, 41), functions("src/b.py", *[2] * 17)])
    assert found == ["src: nine of ten functions reach 41 lines, at most 40"]


def test_methods_and_inner_functions_count() -> None:
    text = "class A:\n    @d\n    def f(self):\n        async def g():\n            pass\n"
    found = [(one.name, one.where, one.lines) for one in size_rules.functions_of(SourceFile("src/a.py", text.encode()))]
    assert found == [("f", "src/a.py:3", 3), ("g", "src/a.py:4", 2)]


def test_exit_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(size_rules, "repository_files", lambda: [lines("src/a.py", 501)])
    assert size_rules.main() == 1
    assert "src/a.py: 501 lines" in capsys.readouterr().out
    monkeypatch.setattr(size_rules, "repository_files", lambda: [lines("src/a.py", 1)])
    assert size_rules.main() == 0
