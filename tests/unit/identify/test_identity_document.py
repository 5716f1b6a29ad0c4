"""The identity document: its order, its limits, what is wrong with one, and the rules that it makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import identify
from foretell.app import KINDS
from foretell.definitions import Problem, load

Written = Callable[[str], tuple[identify.IdentityRules, list[Problem]]]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(spec: str, name: str = "people") -> tuple[identify.IdentityRules, list[Problem]]:
        (tmp_path / "foretell.yaml").write_text("name: shop\ncurrency: EUR\nzone: UTC\n", "utf-8")
        folder = tmp_path / "identity"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(f"kind: identity\nkey: {name}\nspec:\n{spec}", "utf-8")
        catalog, problems = load(tmp_path, KINDS, environ={})
        return identify.rules_of(catalog), problems

    return write


def names(rules: identify.IdentityRules) -> list[str]:
    return [one.name for one in rules.types]


def test_without_a_document_all_is_usual(tmp_path: Path) -> None:
    (tmp_path / "foretell.yaml").write_text("name: shop\ncurrency: EUR\nzone: UTC\n", "utf-8")
    catalog, problems = load(tmp_path, KINDS, environ={})
    rules = identify.rules_of(catalog)
    assert problems == []
    assert rules == identify.IdentityRules()
    assert {one.name: one.limit for one in rules.types} == {
        "user_id": 1, "email": 5, "phone": 5, "other": 5, "anonymous_id": 50,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("named", "order"),
    [
        ("card, user_id, email, phone, other, anonymous_id", "card user_id email phone other anonymous_id"),
        ("email, anonymous_id", "user_id email phone other anonymous_id"),
        ("card", "user_id email phone other card anonymous_id"),
        ("phone, email", "user_id phone other email anonymous_id"),
    ],
)
def test_what_is_left_out_keeps_its_place(written: Written, named: str, order: str) -> None:
    listed = "".join(f"    {name}: {{}}\n" for name in named.split(", "))
    rules, problems = written(f"  identifiers:\n{listed}")
    assert problems == []
    assert names(rules) == order.split()


def test_a_type_says_what_it_may(written: Written) -> None:
    rules, problems = written(
        "  identifiers:\n    user_id: {limit: 2}\n    phone: {merges: false}\n    anonymous_id: {shared_after: 3}\n"
    )
    assert problems == []
    assert rules.limit("user_id") == 2
    assert (rules.type_of("phone").merges, rules.limit("phone")) == (False, 5)
    assert (rules.type_of("anonymous_id").shared_after, rules.limit("anonymous_id")) == (3, 50)
    assert (rules.limit("loyalty"), rules.rank("loyalty")) == (5, 3)


def test_blocked_values_and_patterns(written: Written) -> None:
    rules, problems = written("  blocked: {values: [Kiosk-1], patterns: ['^test@', 'NOREPLY']}\n")
    assert problems == []
    values = [
        "KIOSK-1 ",
        "Test@x.example",
        "a.test@x.example",
        "noreply@x.example",
        "unknown",
        "x" * 501,
        "é" * 251,
        "é" * 250,
    ]
    assert rules.bars(pa.chunked_array([values])).tolist() == [True, True, False, True, True, True, True, False]


def test_the_usual_blocked_values_can_be_left_out(written: Written) -> None:
    rules, _ = written("  blocked: {values: [kiosk], keep_defaults: false}\n")
    assert rules.bars(pa.chunked_array([["unknown", "kiosk", " "]])).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("spec", "code", "line", "says"),
    [
        ("  blocked: {patterns: ['(']}\n", "BAD_PATTERN", 4, "no regular expression"),
        ("  blocked: {patterns: ['a(?=b)']}\n", "BAD_PATTERN", 4, "invalid perl operator"),
        ("  blocked: {patterns: ['.*']}\n", "BAD_PATTERN", 4, "nobody would be identified"),
        ("  identifiers:\n    user_id: {merges: false}\n", "BAD_IDENTITY", 5, "no type is stronger"),
        ("  identifiers:\n    user_id: {shared_after: 3}\n", "BAD_IDENTITY", 5, "no type is stronger"),
        ("  identifiers:\n    email: {limit: 0}\n", "BAD_VALUE", 5, ""),
        ("  identifiers:\n    email: {limits: 3}\n", "UNKNOWN_KEY", 5, ""),
    ],
)
def test_what_is_wrong_is_said_with_its_line(written: Written, spec: str, code: str, line: int, says: str) -> None:
    _, problems = written(spec)
    assert [(problem.code, problem.where) for problem in problems] == [(code, f"identity/people.yaml:{line}")]
    assert says in problems[0].message


def test_a_workspace_has_one(tmp_path: Path, written: Written) -> None:
    written("  identifiers: {}\n")
    (tmp_path / "identity" / "others.yaml").write_text("kind: identity\nkey: others\nspec: {}\n", "utf-8")
    _, problems = load(tmp_path, KINDS, environ={})
    assert [problem.code for problem in problems] == ["IDENTITY_TWICE"]
    assert problems[0].thing == "identity people"
    assert "identity others already" in problems[0].message
