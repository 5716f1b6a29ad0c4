"""Size rules: small files and short functions, so that a stranger can hold one in the head.

Houses that split late never catch up; the largest file is what makes a code base tiring. Hence:
median file of the package at most 150 lines, no file above 500 (tests 800), nine of ten functions at
most 40 lines, none above 100. Rivals' own code in ``benchmarks/rivals.py`` is copied unchanged and
stands outside.
"""

from __future__ import annotations

import ast
import math
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.files import SourceFile, repository_files

MEDIAN_FILE_LINES = 150
MOST_FILE_LINES = 500
MOST_TEST_FILE_LINES = 800
P90_FUNCTION_LINES = 40
MOST_FUNCTION_LINES = 100
OUTSIDE = ("benchmarks/rivals.py",)


@dataclass(frozen=True)
class Function:
    """A function or method: where it begins and how many lines it has, its decorators left out."""

    where: str
    name: str
    lines: int


def functions_of(file: SourceFile) -> Iterator[Function]:
    """Every function and method in a Python file, inner ones included."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(f"{file.path}:{node.lineno}", node.name, lines)


def findings(files: Iterable[SourceFile]) -> list[str]:
    """All breaches, one text each; empty where the rules hold."""
    python = [file for file in files if file.is_python and file.path not in OUTSIDE]
    package = [file for file in python if file.path.startswith("src/")]
    return [*_long_files(python), *_median_file(package), *_long_functions(python), *_p90_function(package)]


def line_count(file: SourceFile) -> int:
    """Lines of a text file."""
    return len((file.text or "").splitlines())


def _long_files(files: Iterable[SourceFile]) -> Iterator[str]:
    for file in files:
        most = MOST_TEST_FILE_LINES if file.path.startswith("tests/") else MOST_FILE_LINES
        if line_count(file) > most:
            yield f"{file.path}: {line_count(file)} lines, at most {most}: split it by what it knows"


def _median_file(files: list[SourceFile]) -> Iterator[str]:
    counts = [line_count(file) for file in files]
    if counts and statistics.median(counts) > MEDIAN_FILE_LINES:
        yield f"src: the median file has {statistics.median(counts):g} lines, at most {MEDIAN_FILE_LINES}"


def _long_functions(files: Iterable[SourceFile]) -> Iterator[str]:
    for file in files:
        for found in functions_of(file):
            if found.lines > MOST_FUNCTION_LINES:
                yield f"{found.where}: {found.name} has {found.lines} lines, at most {MOST_FUNCTION_LINES}"


def _p90_function(files: Iterable[SourceFile]) -> Iterator[str]:
    counts = sorted(found.lines for file in files for found in functions_of(file))
    if not counts:
        return
    reached = counts[math.ceil(0.9 * len(counts)) - 1]
    if reached > P90_FUNCTION_LINES:
        yield f"src: nine of ten functions reach {reached} lines, at most {P90_FUNCTION_LINES}"


def main() -> int:
    """Print all findings; 1 where there are any."""
    found = findings(repository_files())
    print("\n".join(found) if found else "size rules: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
