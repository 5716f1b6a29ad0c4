"""Liquid texts: parsed strictly, checked before they are used, rendered as text or as safe HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from foretell.errors import ForetellError

_PLACE = re.compile(r"(?m)^\s*-> .* (\d+):\d+$")


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a text: code, sentence and 1-based line within it."""

    code: str
    message: str
    line: int


@dataclass(frozen=True)
class Use:
    """A variable as a text names it.

    Args:
        path: its name and fields; what is computed (``catalogue[event.sku]``) ends it.
        offset: of the character in the text.
    """

    path: tuple[str, ...]
    offset: int

    @property
    def name(self) -> str:
        """``person.first_name``."""
        return ".".join(self.path)


class Facts(dict[str, Any]):
    """A mapping of what is known; what is not is empty, since nobody can know it beforehand."""

    def __missing__(self, _name: str) -> None:
        return None


def mistakes(text: str, known: Mapping[str, Iterable[str] | None] | None, *, html: bool = False) -> list[Mistake]:
    """What is wrong with ``text``.

    Args:
        known: name → the fields it has; None where any field may be asked for. None: any name.
    """
    from liquid.exceptions import LiquidError, TemplateNotFoundError

    from foretell.deliver.liquid_engine import FILTERS, parsed

    try:
        analysis = parsed(text, html).analyze()
    except LiquidError as error:
        found = _PLACE.search(str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        message = str(error.message).rstrip(".")
        if isinstance(error, TemplateNotFoundError):
            message = f"a text cannot take in another one: {message!r}"
        return [Mistake("BROKEN_TEMPLATE", message, line)]
    found_mistakes = [
        Mistake("UNKNOWN_FILTER", f"there is no filter called {name!r}", line_of(text, span.index))
        for name, spans in analysis.filters.items()
        if name not in FILTERS
        for span in spans
    ]
    for use in uses(text, html=html):
        unknown = None if known is None else _unknown(use, known)
        if unknown is not None:
            found_mistakes.append(Mistake("UNKNOWN_VARIABLE", unknown, line_of(text, use.offset)))
    return sorted(found_mistakes, key=lambda one: (one.line, one.message))


def _unknown(use: Use, known: Mapping[str, Iterable[str] | None]) -> str | None:
    name = use.path[0]
    if name not in known:
        return f"there is no variable called {name!r}"
    fields = known[name]
    if fields is not None and len(use.path) > 1 and use.path[1] not in fields:
        return f"{name} has no {use.path[1]!r}"
    return None


@lru_cache(maxsize=2_048)
def uses(text: str, *, html: bool = False) -> tuple[Use, ...]:
    """The variables that ``text`` needs from outside, by their place; empty for a broken text."""
    from liquid.exceptions import LiquidError

    from foretell.deliver.liquid_engine import parsed

    try:
        analysis = parsed(text, html).analyze()
    except LiquidError:
        return ()
    found = [
        Use(tuple(_static(name, use.segments)), use.span.index)
        for name, places in analysis.globals.items()
        for use in places
    ]
    return tuple(sorted(found, key=lambda use: (use.offset, use.path)))


def _static(name: str, segments: Iterable[object]) -> Iterator[str]:
    yield name
    for place, segment in enumerate(segments):
        if place == 0:
            continue
        if not isinstance(segment, str):
            return
        yield segment


def render(text: str, context: Mapping[str, Any], *, html: bool = False) -> str:
    """``text`` with the values of ``context``; in HTML they are escaped.

    Raises:
        ForetellError: ``TEMPLATE_FAILED``, e.g. where a person lacks what the text needs.
    """
    from liquid.exceptions import LiquidError, UndefinedError

    from foretell.deliver.liquid_engine import parsed

    try:
        return parsed(text, html).render(context)
    except UndefinedError as error:
        name = str(error.message).removesuffix(" is undefined").strip("'")
        raise ForetellError(
            "TEMPLATE_FAILED",
            f"the template needs {name}, which is not there for this person",
            next_step=f"Write a default for it, or ask for it first: {{% if {name.split('.')[0]} %}}.",
        ) from error
    except LiquidError as error:
        raise ForetellError("TEMPLATE_FAILED", f"the template cannot be rendered: {error.message}") from error
    except Exception as error:  # a value of one person must not stop the messages of others
        told = f"the template cannot be rendered: {type(error).__name__}: {error}"
        raise ForetellError("TEMPLATE_FAILED", told) from error


def line_of(text: str, index: int) -> int:
    """The 1-based line of a character."""
    return text.count("\n", 0, max(index, 0)) + 1
