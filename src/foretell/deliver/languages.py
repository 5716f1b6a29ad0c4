"""The language in which a person is spoken to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import pyarrow as pa

from foretell.profile import Survivorship, golden

TRAITS = ("language", "locale")
"""The traits that say it, the first before the second."""
_MOST_PARTS = 8
"""Parts of a tag that are looked at: anybody may write one into an address."""


class _Asks(Protocol):
    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]: ...


def language_of(store: _Asks, profile_key: int, rules: Survivorship) -> str | None:
    """The trait ``language``, else ``locale``; None where there is none."""
    found = golden(store, pa.array([profile_key], pa.int64()), rules, traits=TRAITS)
    told = dict(zip(found["trait"].to_pylist(), found["s"].to_pylist(), strict=True))
    return told.get("language") or told.get("locale")


def chosen(wanted: str | None, there: Collection[str]) -> str | None:
    """Of the languages that are ``there`` the one for a person: ``de-CH``, else ``de``; None: the usual one."""
    if not wanted:
        return None
    parts = wanted.partition(".")[0].replace("_", "-").split("-", _MOST_PARTS)[:_MOST_PARTS]
    known = {tag.lower(): tag for tag in there}
    for length in range(len(parts), 0, -1):
        found = known.get("-".join(parts[:length]).lower())
        if found is not None:
            return found
    return None


def locale_for(wanted: str | None, language: str) -> str:
    """How numbers and dates are written: as in the person's region where the text is in their language."""
    if wanted:
        tag = wanted.partition(".")[0].replace("_", "-")
        if tag.partition("-")[0].lower() == language.partition("-")[0].lower():
            return tag
    return language
