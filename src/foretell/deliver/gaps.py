"""What texts need of people and have no other words for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell import profile
from foretell.definitions import Catalog
from foretell.deliver.library import Written, library_of
from foretell.deliver.liquid_text import uses
from foretell.deliver.text_parts import LIQUID
from foretell.engine import Engine

_ASKING = re.compile(r"\{%-?\s*(?:if|elsif|unless|case|when|for|assign)\b(.*?)%\}", re.DOTALL)
_DEFAULT = re.compile(r"\|\s*default\s*:")
_OURS = frozenset({"company", "message", "journey"})
"""What the workspace says, whoever reads it."""
_PEOPLE_A_QUERY = 20_000


@dataclass(frozen=True)
class Need:
    """A variable that a text shows.

    Args:
        name: ``person.first_name``.
        guarded: it has a default, or the text asks first whether it is there.
        offset: of the character in the text.
    """

    name: str
    path: tuple[str, ...]
    guarded: bool
    offset: int


def needs(text: str, *, html: bool = False) -> Iterator[Need]:
    """What a text shows, in its order."""
    asked = " ".join(found[1] for found in _ASKING.finditer(text))
    outputs = [found for found in LIQUID.finditer(text) if found[0].startswith("{{")]
    for use in uses(text, html=html):
        output = next((one for one in outputs if one.start() <= use.offset < one.end()), None)
        if output is None:
            continue
        named = (".".join(use.path[:length]) for length in range(1, len(use.path) + 1))
        guarded = bool(_DEFAULT.search(output[0])) or any(re.search(rf"\b{re.escape(one)}\b", asked) for one in named)
        yield Need(use.name, use.path, guarded, use.offset)


def empty_in(written: Written, fields: Sequence[str], values: Mapping[str, Any]) -> list[Need]:
    """What the texts of a template show and one person does not have, each once."""
    found: dict[str, Need] = {}
    for field in fields:
        for need in needs(written.texts.get(field, ""), html=field == "html"):
            if need.path[0] in _OURS or need.name in found:
                continue
            if _value(need.path, values) in (None, ""):
                found[need.name] = need
    return list(found.values())


def _value(path: Sequence[str], values: Mapping[str, Any]) -> Any:
    value: Any = values
    for name in path:
        if isinstance(value, list | tuple):
            value = {"first": value[:1], "last": value[-1:], "size": len(value)}.get(name)
            continue
        try:
            value = value[name]
        except (KeyError, TypeError, IndexError):
            return None
    return value


def traits_without_default(catalog: Catalog, template: str) -> list[str]:
    """The traits that a template shows in any language and has no other words for."""
    found = [
        need
        for written in library_of(catalog).everywhere(template)
        for field, text in written.texts.items()
        for need in needs(text, html=field == "html")
    ]
    return sorted({need.path[1] for need in found if _is_trait(need) and not need.guarded})


def _is_trait(need: Need) -> bool:
    return need.path[0] == "person" and len(need.path) == 2 and need.path[1] != "name"


def lacking(engine: Engine, catalog: Catalog, names: Sequence[str], people: pa.Array) -> dict[str, int]:
    """How many of ``people`` (profile keys, each once) have no value of each trait: set-wise, piece by piece."""
    having = dict.fromkeys(names, 0)
    rules = profile.survivorship_of(catalog)
    for start in range(0, len(people), _PEOPLE_A_QUERY):
        part = people[start : start + _PEOPLE_A_QUERY]
        told = profile.golden(engine.ops, part, rules, traits=list(names)).select(["trait", "s"])
        told = told.filter(pc.not_equal(pc.coalesce(told["s"], pa.scalar("0")), ""))
        counted = told.group_by("trait").aggregate([([], "count_all")])
        for trait, count in zip(counted["trait"].to_pylist(), counted["count_all"].to_pylist(), strict=True):
            having[trait] += count
    return {name: len(people) - count for name, count in having.items()}
