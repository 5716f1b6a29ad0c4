"""YAML 1.2 as it is read here: values, lines, several documents, going on after a mistake."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.definitions import Positions
from foretell.definitions.scalars import bare_value
from foretell.definitions.yaml_text import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("01234", "01234"), ("007", "007"), ("-01", "-01"), ("00.5", "00.5"), ("0", 0), ("-7", -7),
        ("0.5", 0.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("0x1F", 31), ("0o17", 15), ("017", "017"),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("true", True), ("False", False),
        ("null", None), ("~", None), ("", None), ("2011-12-09", "2011-12-09"), ("12:30:45", "12:30:45"),
        ("1_000", "1_000"), (".inf", ".inf"), (".nan", ".nan"), ("1e999", "1e999"), ("-50%", "-50%"),
        ("90d", "90d"), ("9" * 1200, "9" * 1200), ("1٣", "1٣"),
    ],
)  # fmt: skip
def test_bare_words(text, value):
    found = bare_value(text)
    assert (found, type(found)) == (value, type(value))


def test_quoted_and_block_texts_stay_texts():
    read = read_yaml(b"a: '01'\nb: \"true\"\nc: |\n  5\nd: !!str 6\n", "f")
    assert read.documents[0][0] == {"a": "01", "b": "true", "c": "5\n", "d": "6"}


def test_emoji_in_json_are_characters():
    """What writes JSON may write them as two halves; a half alone is none."""
    told = {"a": "\U0001f469\u200d\U0001f467 \u0645", "\U0001f600": ["\U0001f600"]}
    assert read_yaml(json.dumps(told).encode(), "f").documents[0][0] == told
    assert read_yaml(b'a: "x\\ud83d y"', "f").documents[0][0] == {"a": "x\ufffd y"}


def test_keys_are_text():
    read = read_yaml(b"1: a\ntrue: b\n", "f")
    assert read.documents[0][0] == {"1": "a", "true": "b"}


def test_repeated_parts_are_the_same_values_and_lie_where_they_are_repeated():
    read = read_yaml(b"a: &x {b: [1, 2]}\nc:\n  - *x\n", "f")
    value, positions = read.documents[0]
    assert value == {"a": {"b": [1, 2]}, "c": [{"b": [1, 2]}]}
    assert positions.at(("c", 0, "b", 1)) == "f:3"


def test_documents_of_a_file_and_their_lines():
    read = read_yaml(b"\xef\xbb\xbf# head\na: 1\n---\n\nb:\n  - 2\n---\n---\nc: 3\n...\n", "f")
    assert [value for value, _ in read.documents] == [{"a": 1}, {"b": [2]}, {"c": 3}]
    assert [positions.at() for _, positions in read.documents] == ["f:2", "f:5", "f:9"]
    assert read.documents[1][1].at(("b", 0)) == "f:6"


def test_line_breaks_of_other_systems():
    read = read_yaml(b"a: 1\r\nb: 2\r\n---\r\nc: @\r\n---\r\nd: 4\r\n", "f")
    assert read.problems[0].where == "f:4"
    assert read.documents[1][1].at(("d",)) == "f:6"


def test_reading_goes_on_after_a_broken_document():
    text = b"kind: x\nkey: one\nspec: [\n---\nkey: two\n---\nkey: three: 3\n---\nkey: four\n"
    read = read_yaml(text, "f")
    assert [value["key"] for value, _ in read.documents] == ["two", "four"]
    assert [problem.where for problem in read.problems] == ["f:3", "f:7"]
    assert read.broken_keys == {"one", "three"}


@pytest.mark.parametrize("text", [b"a: [1, {b: 2}]\n---\nc: 3\n", b"a: [1]\n---\nb: [\n---\nc: @\n"])
def test_what_was_read_before_is_read_the_same_and_nobody_else_s(text):
    first, kept = read_yaml(text, "f"), read_yaml(text, "f")
    assert (kept.documents, kept.problems, kept.broken_keys) == (first.documents, first.problems, first.broken_keys)
    first.documents[0][0]["a"].append("written by its reader")
    assert read_yaml(text, "f").documents == kept.documents
    assert [place.at() for _, place in read_yaml(text, "other").documents][:1] == ["other:1"]


def test_a_bomb_of_repetitions_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    read = read_yaml("\n".join(lines).encode(), "f")
    assert not read.documents
    assert [problem.message for problem in read.problems] == ["the document repeats itself too often"]


def test_the_nearest_known_ancestor_is_shown():
    positions = Positions("f", {(): 1, ("spec",): 3})
    assert positions.at(("spec", "all", 0)) == "f:3"
    assert positions.at(("ui",)) == "f:1"
    assert positions.below("spec")(("all", 0)) == "f:3"
    assert Positions("ui: segment a").at(("spec",)) == "ui: segment a"


FRAGMENTS = [
    *"a:-[]{},'\"|>!#?@%&* \n\t~\\",
    "---\n", "...\n", "%YAML 1.9\n", "%TAG ! x\n", "&x ", "*x", "!<a>", "\r", "\u2028", "\x85", "<<: ", "0o9",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_any_text_is_read_or_reported(text):
    read = read_yaml(text.encode(), "f")
    assert read.documents or read.problems
    json.dumps([value for value, _ in read.documents], allow_nan=False)
    assert all(problem.where.startswith("f:") and problem.message for problem in read.problems)


@given(st.binary(max_size=24))
def test_any_bytes_are_read_or_reported(data):
    read = read_yaml(data, "f")
    assert read.documents or read.problems


WORDS = st.text("abc xyz09:#-'\"\\é", max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


def written(value, path, indent, lines, places):
    """Write ``value`` one node a line and note where each node begins."""
    pad = " " * indent
    if not isinstance(value, dict | list) or not value:
        lines.append(pad + json.dumps(value))
        places.setdefault(path, len(lines))
        return
    lines.append(f"{pad}# note {len(lines)}")
    places.setdefault(path, len(lines) + 1)
    for step, item in value.items() if isinstance(value, dict) else enumerate(value):
        lines.append(f"{pad}{json.dumps(step)}:" if isinstance(value, dict) else f"{pad}-")
        if isinstance(value, dict):
            places[*path, step] = len(lines)
        written(item, (*path, step), indent + 2, lines, places)


@given(st.lists(VALUES.filter(lambda value: value is not None), min_size=1, max_size=3))
def test_values_and_lines_survive_writing_and_reading(values):
    lines, expected = [], []
    for value in values:
        lines.append("---")
        places = {}
        written(value, (), 0, lines, places)
        expected.append((value, places))
    read = read_yaml("\n".join(lines).encode(), "f")
    assert not read.problems
    assert [(value, dict(positions.lines)) for value, positions in read.documents] == expected
