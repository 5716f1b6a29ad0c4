"""The language in which a person is spoken to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa

from foretell.profile import Survivorship, golden


class _Asks(Protocol):
    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]: ...


def language_of(store: _Asks, profile_key: int, rules: Survivorship) -> str | None:
    """The trait ``language``, else ``locale``; None where there is none."""
    found = golden(store, pa.array([profile_key], pa.int64()), rules, traits=("language", "locale"))
    told = dict(zip(found["trait"].to_pylist(), found["s"].to_pylist(), strict=True))
    return told.get("language") or told.get("locale")
