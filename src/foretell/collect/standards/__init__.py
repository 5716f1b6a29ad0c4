"""Standards: normal forms of values, set-wise. One file each in this folder, or an entry point.

In a plan a standard is named, ``standard: email``, or named with options,
``standard: {name: phone, region: {field: country}}``; :func:`chosen` reads both. A standard of one's own is made
of :class:`Standard` and reads with :func:`each_distinct` or :func:`each_distinct_row`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from pydantic import ValidationError

from foretell.collect.standards.base import (
    Beside,
    Chosen,
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    as_read,
    each_distinct,
    each_distinct_row,
    unknown_standard,
)
from foretell.collect.standards.tables.rates import NO_RATES, RATES_FILE, RateTable, read_rates
from foretell.definitions import suggestion
from foretell.errors import DefinitionErrors, ForetellError, UsageError

ENTRY_POINTS = "foretell.standards"
_FRAME = "base"

__all__ = [
    "ENTRY_POINTS",
    "NO_RATES",
    "RATES_FILE",
    "Beside",
    "Chosen",
    "Example",
    "RateTable",
    "Standard",
    "StandardContext",
    "StandardOptions",
    "Standardised",
    "as_read",
    "chosen",
    "each_distinct",
    "each_distinct_row",
    "read_rates",
    "standard",
    "standards",
]


@cache
def standards() -> Mapping[str, Standard]:
    """Every standard by its name, in the order of the alphabet.

    Raises:
        ForetellError: ``STANDARD_TWICE`` where two have the same name.
    """
    files = sorted(item.name for item in pkgutil.iter_modules(__path__) if not item.ispkg and item.name != _FRAME)
    found = [importlib.import_module(f"{__name__}.{name}").STANDARD for name in files]
    found += [point.load() for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)]
    by_name: dict[str, Standard] = {}
    for one in found:
        if one.name in by_name:
            raise ForetellError(
                "STANDARD_TWICE",
                f"two standards are called {one.name!r}",
                next_step="Uninstall one of the packages that bring them.",
            )
        by_name[one.name] = one
    return dict(sorted(by_name.items()))


def standard(name: str) -> Standard:
    """The standard called ``name``.

    Raises:
        UsageError: ``UNKNOWN_STANDARD``, with the near miss.
    """
    known = standards()
    if name not in known:
        raise unknown_standard(name, suggestion(name, list(known), what="standards"))
    return known[name]


def chosen(named: str | Mapping[str, object]) -> Chosen:
    """A standard as a plan names it: ``email``, or ``{name: phone, region: GB}``.

    Raises:
        UsageError: ``UNKNOWN_STANDARD``, ``BAD_STANDARD_OPTION``; :class:`DefinitionErrors` with all of
            them where several options are wrong.
    """
    if isinstance(named, str):
        found = standard(named)
        return Chosen(found, found.options())
    if not isinstance(named.get("name"), str):
        raise unknown_standard(str(named.get("name", "")), f"Known standards: {', '.join(standards())}.")
    found = standard(str(named["name"]))
    given = {key: value for key, value in named.items() if key != "name"}
    try:
        return Chosen(found, found.options.model_validate(given))
    except ValidationError as error:
        raise DefinitionErrors(_refusals(found, error)) from error


def _refusals(found: Standard, error: ValidationError) -> list[UsageError]:
    """What the options' model refused, each option once."""
    known = list(found.options.model_fields)
    refused: dict[str, UsageError] = {}
    for detail in error.errors(include_url=False):
        name = str(detail["loc"][0]) if detail["loc"] else "options"
        context = detail.get("ctx", {})
        if detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1:
            what = f"standard {found.name} has no option {name!r}"
            next_step = suggestion(name, known, what="options")
        elif "what" in context:
            what, next_step = f"option {name}: {context['what']}", str(context["next_step"])
        else:
            said = detail["msg"].removeprefix("Value error, ")
            what = f"option {name} of standard {found.name}: {said[:1].lower()}{said[1:]}"
            next_step = f"{found.options.model_fields[name].description or ''}" if name in known else ""
        if name not in refused or "what" in context:
            refused[name] = UsageError("BAD_STANDARD_OPTION", what, next_step=next_step)
    return list(refused.values())
