"""Values written as YAML read back as themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ruamel.yaml import YAML

from foretell.definitions import flow_of, parse_inline, yaml_of

TRICKY = [
    "01234", "yes", "null", "~", "1e5", ".inf", "-", "#a", "'", '"', "20%", "$c", "a:", "?x", ":x", "---", "{", "0x1f",
    "2026-01-01", "=", "<<", "!x", "&a", "*a", "@x", "%x", "|", ">", "- a", "a: b", "a #b", "", " ", "a\nb", "007.5",
]  # fmt: skip
TEXTS = some.text(some.characters(blacklist_categories=["Cs"]), max_size=12) | some.sampled_from(TRICKY)
SCALARS = TEXTS | some.integers() | some.booleans() | some.floats(allow_nan=False, allow_infinity=False) | some.none()
VALUES = some.recursive(
    SCALARS, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3), max_leaves=12
)


@given(VALUES, some.integers(0, 60))
def test_written_and_read(value: Any, width: int) -> None:
    text = yaml_of({"value": value}, width=width)
    assert json.dumps(parse_inline(text, "text")) == json.dumps({"value": value})
    assert json.dumps(parse_inline(f"value: {flow_of(value)}", "text")) == json.dumps({"value": value})


@pytest.mark.parametrize("text", ["01234", "yes", "20%", "a b", "-50%", "/category/shoes", "+5", "007.5"])
def test_other_readers_of_yaml_take_a_text_for_a_text(text: str) -> None:
    assert YAML(typ="safe", pure=True).load(f"a: {flow_of(text)}")["a"] == text


def test_plain_words_have_no_quotes() -> None:
    assert flow_of({"did": "Order Completed", "within": "30d", "top": "10%"}) == (
        "{did: Order Completed, within: 30d, top: 10%}"
    )
