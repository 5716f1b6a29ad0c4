"""The app's types come from ``ui/openapi.json``: it says what ``/api`` offers, and every answer is described."""

from __future__ import annotations

from typing import Any

from foretell.web import openapi_document
from tools import openapi


def test_the_file_is_what_the_api_offers() -> None:
    assert openapi.FILE.read_text("utf-8") == openapi.text(), "run .venv/bin/python -m tools.openapi --write"


def operations() -> list[dict[str, Any]]:
    return [call for path in openapi_document()["paths"].values() for call in path.values()]


def test_names_of_operations_are_stable_and_unique() -> None:
    names = [call["operationId"] for call in operations()]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)


def test_every_answer_has_a_shape_and_every_call_a_sentence() -> None:
    for call in operations():
        assert call["description"].strip().endswith("."), call["operationId"]
        if "204" in call["responses"]:  # what is removed has no shape
            continue
        content = (call["responses"].get("200") or call["responses"]["202"])["content"]
        shape = content.get("application/json", {}).get("schema", {})
        assert "$ref" in shape or "text/html" in content, call["operationId"]


def test_every_field_of_every_shape_that_needs_words_has_some() -> None:
    for name, shape in openapi_document()["components"]["schemas"].items():
        if name not in ("ValidationError", "HTTPValidationError"):
            assert shape.get("description"), name
