"""Liquid texts: parsed strictly, checked before they are used, rendered as text or as safe HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from foretell.errors import ForetellError

_PLACE = re.compile(r"(?m)^\s*-> .* (\d+):\d+$")


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a text: code, sentence and 1-based line within it."""

    code: str
    message: str
    line: int


class Facts(dict[str, Any]):
    """A mapping of what is known; what is not is empty, since nobody can know it beforehand."""

    def __missing__(self, _name: str) -> None:
        return None


def mistakes(text: str, known: Mapping[str, Iterable[str] | None], *, html: bool = False) -> list[Mistake]:
    """What is wrong with ``text``.

    Args:
        known: name → the fields it has; None where any field may be asked for.
    """
    from liquid.exceptions import LiquidError, TemplateNotFoundError

    from foretell.deliver.liquid_engine import FILTERS, parsed

    try:
        template = parsed(text, html)
        analysis = template.analyze()
    except LiquidError as error:
        found = _PLACE.search(str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        message = str(error.message).rstrip(".")
        if isinstance(error, TemplateNotFoundError):
            message = f"a text cannot take in another one: {message!r}"
        return [Mistake("BROKEN_TEMPLATE", message, line)]
    found_mistakes = [
        Mistake("UNKNOWN_FILTER", f"there is no filter called {name!r}", _line(text, span.index))
        for name, spans in analysis.filters.items()
        if name not in FILTERS
        for span in spans
    ]
    for name, uses in analysis.globals.items():
        for use in uses:
            field = use.segments[1] if len(use.segments) > 1 else None
            fields = known.get(name, ())
            if name not in known:
                message = f"there is no variable called {name!r}"
            elif fields is not None and isinstance(field, str) and field not in fields:
                message = f"{name} has no {field!r}"
            else:
                continue
            found_mistakes.append(Mistake("UNKNOWN_VARIABLE", message, _line(text, use.span.index)))
    return sorted(found_mistakes, key=lambda one: (one.line, one.message))


def render(text: str, context: Mapping[str, Any], *, html: bool = False) -> str:
    """``text`` with the values of ``context``; in HTML they are escaped.

    Raises:
        ForetellError: ``TEMPLATE_FAILED``, e.g. where a person lacks what the text needs.
    """
    from liquid.exceptions import LiquidError, UndefinedError

    from foretell.deliver.liquid_engine import parsed

    try:
        return parsed(text, html).render(**context)
    except UndefinedError as error:
        name = str(error.message).removesuffix(" is undefined").strip("'")
        raise ForetellError(
            "TEMPLATE_FAILED",
            f"the template needs {name}, which is not there for this person",
            next_step=f"Write a default for it, or ask for it first: {{% if {name.split('.')[0]} %}}.",
        ) from error
    except LiquidError as error:
        raise ForetellError("TEMPLATE_FAILED", f"the template cannot be rendered: {error.message}") from error


def _line(text: str, index: int) -> int:
    return text.count("\n", 0, max(index, 0)) + 1
