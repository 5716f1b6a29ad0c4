"""Tables of what people write and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from foretell.collect.standards import StandardContext, chosen


def read(
    name: str,
    values: list[str | None],
    *,
    home: str = "DE",
    beside: Mapping[str, list[str | None]] | None = None,
    **options: object,
) -> list[str | None]:
    """The normal forms of ``values``; what is null must be the same as what is not ok."""
    columns = {field: pa.array(column, pa.string()) for field, column in (beside or {}).items()}
    context = StandardContext(region=home, columns=columns)
    found = chosen({"name": name, **options}).apply(pa.array(values, pa.string()), context)
    text, ok = found.text.to_pylist(), found.ok.to_pylist()
    assert [normal is not None or value is None for normal, value in zip(text, values, strict=True)] == ok
    return text


def check(name: str, table: Mapping[str, str | None], *, home: str = "DE", **options: object) -> None:
    """Every row of ``table`` must come out as it says; all wrong ones are told at once."""
    found = dict(zip(table, read(name, list(table), home=home, **options), strict=True))
    wrong = {value: (found[value], wanted) for value, wanted in table.items() if found[value] != wanted}
    assert not wrong, f"value: (found, wanted) {wrong}"
