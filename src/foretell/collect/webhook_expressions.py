"""JMESPath expressions of a webhook's mapping, compiled; and one more function, ``body()``: the whole body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, ParseError
from jmespath.functions import Functions, signature
from jmespath.parser import ParsedResult

from foretell.collect.webhook_model import EventMapping, From
from foretell.errors import UsageError

Place = tuple[str | int, ...]


class _Functions(Functions):
    """The functions of JMESPath and ours."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self._body = body

    @signature()
    def _func_body(self) -> Any:
        return self._body


@lru_cache(maxsize=1_024)
def compiled(text: str) -> ParsedResult:
    """The expression in ``text``.

    Raises:
        UsageError: ``BAD_EXPRESSION``, with what is wrong with it.
    """
    try:
        return jmespath.compile(text)
    except JMESPathError as error:
        raise UsageError("BAD_EXPRESSION", f"{text!r} is no JMESPath expression: {_reason(error)}") from error
    except RecursionError as error:
        raise UsageError("BAD_EXPRESSION", f"{text[:60]!r} … is nested too deep") from error


def reader_of(body: Any) -> Callable[[str, Any], Any]:
    """What reads an expression over an item of ``body``; an expression that fails on this item gives nothing."""
    options = jmespath.Options(custom_functions=_Functions(body))

    def read(text: str, item: Any) -> Any:
        try:
            return compiled(text).search(item, options)
        except (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError):
            return None

    return read


def expressions_of(mapping: EventMapping) -> Iterator[tuple[Place, Any]]:
    """What stands where a mapping has expressions, and its place in it; numbers and booleans aside."""
    for name in ("each", "when", "timestamp", "message_id"):
        text = getattr(mapping, name)
        if text is not None:
            yield (name,), text
    if isinstance(mapping.track, From):
        yield ("track", "from"), mapping.track.path
    for name in ("identifiers", "traits", "properties"):
        yield from _inside((name,), getattr(mapping, name))


def _inside(place: Place, value: Any) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _inside((*place, name), inner)
    elif not isinstance(value, bool | int | float):
        yield place, value


def check(text: Any) -> None:
    """Raise :class:`UsageError` where ``text`` is no expression, or calls a function that there is not, or not so."""
    if not isinstance(text, str):
        raise UsageError("BAD_EXPRESSION", f"{text!r} is no expression")
    expression = compiled(text).parsed
    try:
        calls = [node for node in _nodes(expression) if node["type"] == "function_expression"]
    except RecursionError as error:
        raise UsageError("BAD_EXPRESSION", f"{text[:60]!r} … is nested too deep") from error
    for call in calls:
        _check_call(call["value"], len(call["children"]))


def _check_call(name: str, given: int) -> None:
    if name not in _Functions.FUNCTION_TABLE:
        raise UsageError("BAD_EXPRESSION", f"JMESPath has no function {name}()")
    wanted = _Functions.FUNCTION_TABLE[name]["signature"]
    variadic = bool(wanted) and bool(wanted[-1].get("variadic"))
    if given < len(wanted) or (given > len(wanted) and not variadic):
        least = "at least " if variadic else ""
        raise UsageError("BAD_EXPRESSION", f"{name}() takes {least}{len(wanted)} arguments, and {given} are given")


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict) and "type" in node:
        yield node
        for child in node.get("children", ()):
            yield from _nodes(child)


def _reason(error: JMESPathError) -> str:
    if isinstance(error, ParseError) and getattr(error, "lex_position", None) is not None:
        near = f", near {error.token_value!r}" if error.token_value else ""
        return f"it goes wrong at character {error.lex_position + 1}{near}"
    return " ".join(str(error).split())
