"""What pydantic finds wrong, in plain words, with file, line and next step."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from foretell.definitions.positions import NodePath, Plain, Positions
from foretell.definitions.problem import Problem, nearest, suggestion
from foretell.definitions.scalars import described
from foretell.errors import ForetellError

_WANTED = (
    ("string", "text"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("decimal", "a number"),
    ("bool", "true or false"),
    ("list", "a list"),
    ("tuple", "a list"),
    ("set", "a list"),
    ("dict", "a mapping"),
    ("model", "a mapping"),
    ("mapping", "a mapping"),
)


def worded(parse: Callable[[Any], object]) -> Callable[[Any], Any]:
    """A validator for pydantic models from a function that raises :class:`ForetellError`.

    The value is kept as it is; code, words and next step of the error reach the problem.
    Use as ``Annotated[str, AfterValidator(worded(Duration.parse))]``.
    """

    def validate(value: Plain) -> Plain:
        try:
            parse(value)
        except ForetellError as error:
            context = {"what": error.what, "next_step": error.next_step}
            raise PydanticCustomError("foretell_" + error.code, "{what}", context) from error
        return value

    return validate


def translate(
    error: ValidationError,
    *,
    model: type[BaseModel],
    raw: Plain,
    under: NodePath,
    positions: Positions,
    thing: str,
) -> list[Problem]:
    """Everything a model refused, as problems.

    Args:
        raw: what was validated; it lies at the path ``under`` of the document.
    """
    found: dict[tuple[NodePath, str], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        path = _written_path(detail["loc"], raw, missing=detail["type"] == "missing")
        group = "wrong type" if _wanted(detail) else f"{detail['type']} {detail['msg']}"
        found.setdefault((path, group), []).append(detail)
    deeper = {path[:length] for path, _ in found for length in range(len(path))}
    mistyped = {
        (*path[:-1], nearest(str(path[-1]), keys_at(model, path[:-1])))
        for (path, _), details in found.items()
        if details[0]["type"] == "extra_forbidden"
    }
    problems = []
    for (path, group), details in found.items():
        if group == "wrong type" and path in deeper:
            continue  # another branch of a union got further; its complaint is the useful one
        if details[0]["type"] == "missing" and path in mistyped:
            continue  # it is there, with a slip of the pen, which is reported
        code, message, next_step = _in_words(details, path, model, _value_at(raw, path))
        where = positions.at((*under, *path))
        problems.append(Problem(code, message, thing, where, next_step))
    return problems


def _in_words(
    details: list[ErrorDetails],
    path: NodePath,
    model: type[BaseModel],
    value: Plain,
) -> tuple[str, str, str]:
    detail, name = details[0], _shown(path)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        known, key = keys_at(model, path[:-1]), str(path[-1])
        if key in known:  # of several forms it belongs to another one
            message = f"the key {key!r} does not go with the others here"
            return "UNKNOWN_KEY", message, "Write it apart, or leave it out."
        return "UNKNOWN_KEY", f"unknown key {key!r}", suggestion(key, known, what="keys")
    if kind == "missing":
        place = f" in {_shown(path[:-1])}" if len(path) > 1 else ""
        return "MISSING_KEY", f"the key {str(path[-1])!r} is missing{place}", f"Add '{path[-1]}: …'."
    wanted = list(dict.fromkeys(_wanted(part) for part in details))
    if wanted != [""]:
        expected = " or ".join(wanted)
        return "WRONG_TYPE", f"{name} must be {expected}, found {described(value)}", f"Write {expected}."
    if kind.startswith("foretell_"):
        return kind.removeprefix("foretell_"), f"{name}: {context['what']}", str(context["next_step"])
    if kind in ("literal_error", "enum"):
        options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        near = nearest(value, options) if isinstance(value, str) else None
        next_step = f"Did you mean {near!r}?" if near else f"Write one of: {', '.join(options)}."
        return "BAD_VALUE", f"{name} cannot be {described(value)}", next_step
    said = re.sub(r"\A(Value error|Assertion failed), |\.\Z", "", detail["msg"])
    said = said[:1].lower() + said[1:]
    return "BAD_VALUE", f"{name}: {said}" if path else said, f"Found {described(value)}."


def _wanted(detail: ErrorDetails) -> str:
    """The type that was expected, where the type is what is wrong; else empty."""
    kind = detail["type"]
    if kind.endswith(("_type", "_parsing", "_from_float")):
        return next((words for prefix, words in _WANTED if kind.startswith(prefix)), "")
    return ""


def _shown(path: NodePath) -> str:
    """``('all', 0, 'did')`` as ``all[0].did``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the content"


def _written_path(loc: Iterable[int | str], raw: Plain, *, missing: bool) -> NodePath:
    """Pydantic's location without the names of union branches, which nobody wrote.

    Args:
        missing: the last step names a key that is not there.
    """
    steps, path, value = list(loc), [], raw
    for position, step in enumerate(steps):
        if step in _inside(value):
            value = value[step]
        elif not missing or position < len(steps) - 1:
            continue
        path.append(step)
    return tuple(path)


def _inside(value: Plain) -> Collection[int | str]:
    """The keys or indexes of a mapping or list."""
    if isinstance(value, Mapping):
        return value.keys()
    return range(len(value)) if isinstance(value, list) else ()


def _value_at(raw: Plain, path: NodePath) -> Plain:
    for step in path:
        if isinstance(raw, Mapping):
            raw = raw.get(step)
        elif isinstance(raw, list) and isinstance(step, int):
            raw = raw[step]
    return raw


def keys_at(model: type[BaseModel], path: NodePath) -> list[str]:
    """The keys that ``model`` knows at ``path``, in the order of their declaration."""
    reached: list[object] = [model]
    for step in path:
        inner: list[object] = []
        for annotation in reached:
            fields = _fields(annotation)
            if step in fields:
                inner.append(fields[str(step)].annotation)
            elif not fields:  # what a list or mapping holds
                inner.extend(argument for argument in get_args(annotation)[-1:] if argument is not ...)
        reached = [branch for annotation in inner for branch in _branches(annotation)]
    return list(dict.fromkeys(name for annotation in reached for name in _fields(annotation)))


def _fields(annotation: object) -> dict[str, FieldInfo]:
    """The fields by the names that are written, where ``annotation`` is a model."""
    if not isinstance(annotation, type) or not issubclass(annotation, BaseModel):
        return {}
    return {field.alias or name: field for name, field in annotation.model_fields.items()}


def _branches(annotation: object) -> list[object]:
    """The members of a union, and what lies inside ``Annotated``."""
    if get_origin(annotation) is Annotated:
        return _branches(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [branch for part in get_args(annotation) for branch in _branches(part)]
    return [annotation]
