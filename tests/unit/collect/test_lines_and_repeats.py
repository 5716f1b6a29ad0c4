from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.collect import repeats
from foretell.collect.lines import pieces_of, split_lines
from foretell.collect.repeats import counting

texts = st.lists(st.text(st.sampled_from("aé😀 \t"), max_size=5), max_size=12).map("\n".join)


@given(texts, st.booleans())
def test_lines_are_those_of_python(text: str, last: bool) -> None:
    body = (text + ("\n" if last and text else "")).encode()
    found = [line.removesuffix("\n") for line in split_lines(body, line_bytes=100).text.to_pylist()]
    expected = body.decode().split("\n")
    assert found == (expected[:-1] if expected[-1] == "" else expected)


@given(st.lists(st.binary(max_size=6), max_size=8))
def test_bad_bytes_are_found_line_by_line(parts: list[bytes]) -> None:
    lines = [part.replace(b"\n", b"") for part in parts]
    found = split_lines(b"".join(line + b"\n" for line in lines), line_bytes=100)
    marks = [None] * len(lines) if found.wrong is None else found.wrong.to_pylist()
    for line, mark, text in zip(lines, marks, found.text.to_pylist(), strict=True):
        try:
            line.decode()
        except UnicodeDecodeError:
            assert mark == "BAD_UTF8"
        else:
            assert mark is None
            assert text == line.decode() + "\n"


@given(st.lists(st.integers(0, 40), max_size=20), st.integers(1, 50), st.booleans())
def test_pieces_are_whole_lines_and_long_lines_are_cut(sizes: list[int], piece: int, last: bool) -> None:
    lines = [bytes([97 + place % 26]) * size for place, size in enumerate(sizes)]
    body = b"\n".join(lines) + (b"\n" if last and lines else b"")
    pieces = list(pieces_of(io.BytesIO(body), piece_bytes=piece, line_bytes=30))
    assert all(one.endswith(b"\n") for one in pieces[:-1])
    found = b"".join(pieces).split(b"\n")
    for mine, theirs in zip(found, body.split(b"\n"), strict=True):
        assert mine == theirs if len(theirs) <= 30 else mine[:31] == theirs[:31]


@given(st.lists(st.integers(0, 200), max_size=300), st.integers(1, 50))
def test_equal_lines_are_counted(contents: list[int], step: int) -> None:
    with counting() as counts:
        hashes = np.array(contents, np.uint64)
        lines = np.arange(1, len(contents) + 1)
        for start in range(0, len(contents), step):
            counts.add(hashes[start : start + step], lines[start : start + step])
        counts.settle()
        seen: Counter[int] = Counter()
        expected = []
        for place, content in enumerate(contents):
            if seen[content]:
                expected.append((place, seen[content]))
            seen[content] += 1
        found = []
        for start in range(0, len(contents), step):
            height = min(step, len(contents) - start)
            found += [(start + offset, nth) for offset, nth in counts.of(start + 1, height)]
        assert found == expected


def test_counts_are_found_over_blocks_and_files_go_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(repeats, "_BLOCK", 10)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with counting() as counts:
        counts.add(np.zeros(35, np.uint64), np.arange(1, 36))
        counts.settle()
        assert counts.of(8, 20) == [(offset, offset + 7) for offset in range(20)]
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
