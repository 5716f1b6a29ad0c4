"""What every standard keeps to, whoever wrote it: one suite for all that the registry finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.collect import standards as room
from foretell.collect.standards import (
    Chosen,
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    chosen,
    each_distinct,
    standard,
    standards,
)
from foretell.errors import DefinitionErrors, ForetellError, UsageError

FOLDER = Path(room.__file__).parent
DOCS = Path(__file__).parents[2] / "docs" / "rooms" / "collect.md"
SIGNS = st.characters(exclude_categories=["Cs"])
NEAR = st.text("0123456789.,-+/()'@: aeimnorstJTЯßıİĳǆéö\u200b\u200d\u00a0\u0301€$%#<>?&=\n\"", max_size=40)
TEXTS = st.one_of(
    NEAR, st.text(SIGNS, max_size=60), st.text(SIGNS, min_size=1, max_size=8).map(lambda part: part * 2000)
)


@pytest.fixture(scope="module", params=list(standards().values()), ids=lambda one: one.name)
def one(request: pytest.FixtureRequest) -> Standard:
    found: Standard = request.param
    return found


def context_of(example: Example) -> StandardContext:
    columns = {name: pa.array([value]) for name, value in example.beside.items()}
    return StandardContext(region=example.region, columns=columns)


def applied(choice: Chosen, values: list[str | None], context: StandardContext) -> tuple[list[str | None], list[bool]]:
    found = choice.apply(pa.array(values, pa.string()), context)
    assert found.text.type == pa.string()
    assert found.ok.type == pa.bool_()
    assert len(found.text) == len(found.ok) == len(values)
    assert found.ok.null_count == 0
    assert (found.number is not None) == choice.standard.gives_number
    if found.number is not None:
        assert found.number.type == pa.int64()
        assert found.number.is_valid() == found.text.is_valid()
    return found.text.to_pylist(), found.ok.to_pylist()


def choices(one: Standard) -> Iterator[tuple[Chosen, Example]]:
    for example in one.examples:
        yield chosen({"name": one.name, **example.options}), example


def test_its_file_is_found_by_its_name(one: Standard) -> None:
    assert (FOLDER / f"{one.name}.py").exists()
    assert standard(one.name) is one
    assert one.meaning
    assert not one.meaning.endswith(".")
    assert one.source
    assert one.longest <= 100_000


def test_every_file_of_the_folder_is_a_standard() -> None:
    files = {file.stem for file in FOLDER.glob("*.py")} - {"__init__", "base"}
    assert files <= set(standards())


def test_examples_are_true(one: Standard) -> None:
    assert len(one.examples) >= 4
    assert any(example.normal is None for example in one.examples), "show what it refuses"
    for choice, example in choices(one):
        text, ok = applied(choice, [example.value], context_of(example))
        assert (text, ok) == ([example.normal], [example.normal is not None]), example


def test_twice_is_once(one: Standard) -> None:
    for example in one.examples:
        if example.normal is not None:
            text, ok = applied(chosen(one.name), [example.normal], StandardContext(region=example.region))
            if not example.options and not example.beside:
                assert (text, ok) == ([example.normal], [True]), example


def test_options_are_checked_and_described(one: Standard) -> None:
    schema = one.options.model_json_schema()
    assert schema.get("additionalProperties") is False, "an option that is misspelled must be told"
    assert one.options.model_config.get("frozen")
    for name, field in one.options.model_fields.items():
        assert field.description, f"{one.name}: say what option {name} does"
    with pytest.raises(UsageError) as caught:
        chosen({"name": one.name, "mispelt": 1})
    assert (caught.value.code, caught.value.next_step != "") == ("BAD_STANDARD_OPTION", True)
    assert "mispelt" in caught.value.what


def test_nothing_stays_nothing_in_its_place(one: Standard) -> None:
    for choice, example in choices(one):
        if not choice.fields:
            values = [None, example.value, "", " \u200b\t", example.value, None, "x" * 100_001]
            text, ok = applied(choice, values, context_of(example))
            good = example.normal is not None
            assert text == [None, example.normal, None, None, example.normal, None, None]
            assert ok == [True, good, True, True, good, True, False]


def test_no_rows_and_chunks(one: Standard) -> None:
    choice = chosen(one.name)
    assert applied(choice, [], StandardContext()) == ([], [])
    example = one.examples[0]
    column = pa.chunked_array([["", example.value], [None], pa.array([], pa.string())], pa.string())
    found = choice.apply(column, StandardContext(region=example.region))
    assert found.text.to_pylist() == [None, example.normal, None]


@given(values=st.lists(st.none() | TEXTS, max_size=6), region=st.sampled_from(["", "DE", "US", "TR", "ZZ"]))
@settings(max_examples=50, deadline=None)
def test_nothing_that_is_written_raises_and_twice_is_once(one: Standard, region: str, values: list[str | None]) -> None:
    context = StandardContext(region=region)
    text, ok = applied(chosen(one.name), values, context)
    for value, normal, good in zip(values, text, ok, strict=True):
        assert good or normal is None
        assert value is not None or (normal is None and good)
    assert applied(chosen(one.name), text, context) == (text, [True] * len(text))


@given(values=st.lists(st.none() | NEAR, min_size=1, max_size=6))
@settings(max_examples=20, deadline=None)
def test_options_never_raise_either(one: Standard, values: list[str | None]) -> None:
    for choice, example in choices(one):
        columns = dict.fromkeys(choice.fields, pa.array(values[::-1], pa.string()))
        as_of = pa.array([datetime(2026, 1, 1)] * len(values), pa.timestamp("us"))
        applied(choice, values, StandardContext(example.region, "EUR", as_of, columns))
        applied(choice, values, StandardContext(example.region))


def test_one_value_does_not_touch_another(one: Standard) -> None:
    for choice, example in choices(one):
        values = [example.value, "?", example.value]
        columns = {name: pa.array([value] * 3) for name, value in example.beside.items()}
        text, _ = applied(choice, values, StandardContext(example.region, columns=columns))
        assert (text[0], text[2]) == (example.normal, example.normal)


def test_docs_have_a_row_for_it_with_its_options(one: Standard) -> None:
    rows = re.findall(rf"^\| `{one.name}` \|.*$", DOCS.read_text(), re.MULTILINE)
    assert len(rows) == 1, f"docs/rooms/collect.md: one row for the standard {one.name}"
    for name in one.options.model_fields:
        assert f"`{name}`" in rows[0], f"docs/rooms/collect.md: option {name} of {one.name}"


def test_unknown_standards_are_told_with_the_near_miss() -> None:
    for named in ("emial", {"name": "emial"}, {}, {"name": 5}):
        with pytest.raises(UsageError) as caught:
            chosen(named)
        assert caught.value.code == "UNKNOWN_STANDARD"
    with pytest.raises(UsageError, match="Did you mean 'email'"):
        chosen("emial")


def test_all_wrong_options_are_told_at_once() -> None:
    with pytest.raises(DefinitionErrors) as caught:
        chosen({"name": "phone", "region": "Germany", "chek": "valid"})
    told = [(error.what, error.next_step) for error in caught.value.errors]
    assert told == [
        ("option region: there is no country with the code 'Germany'", "Write DE."),
        ("standard phone has no option 'chek'", "Did you mean 'check'?"),
    ]


@dataclass(frozen=True)
class Point:
    """An entry point of an installed package."""

    name: str
    offered: Standard

    def load(self) -> Standard:
        return self.offered


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Point]]:
    """Entry points of the group, as long as the test lasts."""
    points: list[Point] = []
    monkeypatch.setattr(room, "entry_points", lambda group: points if group == "foretell.standards" else [])
    standards.cache_clear()
    yield points
    standards.cache_clear()


def test_a_standard_of_an_installed_package_is_found(installed: list[Point]) -> None:
    def work(values: pa.Array, _context: StandardContext, _options: StandardOptions) -> Standardised:
        return each_distinct(values, lambda text: text.upper() if text.isalnum() else None)

    installed.append(Point("sku", Standard("sku", "an article number in capitals", "our shop", work, ())))
    assert applied(chosen("sku"), ["ab1", "?", None], StandardContext()) == (["AB1", None, None], [True, False, True])


def test_two_standards_of_one_name_are_refused(installed: list[Point]) -> None:
    installed.append(Point("mail", standard("email")))
    standards.cache_clear()
    with pytest.raises(ForetellError) as caught:
        standards()
    assert caught.value.code == "STANDARD_TWICE"
