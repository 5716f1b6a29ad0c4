"""The country codes of ISO 3166-1 alpha-2, from ``pycountry``, which is loaded where a setting names a country."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from foretell.definitions.codes import listed


@cache
def _countries() -> frozenset[str]:
    """All of them, and Kosovo by its user-assigned XK."""
    return frozenset({"XK", *(country.alpha_2 for country in import_module("pycountry").countries)})


def country_of(code: str) -> str:
    """The code itself; raises :class:`UsageError` where ISO 3166-1 has no such alpha-2 code."""
    return listed(
        code,
        _countries(),
        error="UNKNOWN_COUNTRY",
        message=f"there is no country with the code {code!r}",
        next_step="Use an ISO 3166-1 alpha-2 code such as DE, GB or US.",
    )
