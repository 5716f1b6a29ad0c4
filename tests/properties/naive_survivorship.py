"""Which told value of a trait stands, by reading the rule of ``docs/rooms/profile.md`` literally."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foretell.identify import BySource
from foretell.profile import Survivorship

Row = dict[str, Any]


def survivor(rows: Sequence[Row], trait: str, rules: Survivorship) -> Any:
    """The value of one person's trait; None where it has none.

    Args:
        rows: everything told of the person's traits: ts seq node source trait value (None unsets).
    """
    said: dict[tuple[Any, str, str], Row] = {}
    for row in sorted(rows, key=_when):
        said[row["node"], row.get("source") or "", row["trait"]] = row
    words = [(source, row) for (_, source, name), row in said.items() if name == trait]
    rule = rules.of(trait)
    if not words:
        return None
    if rule == "latest":
        return max((row for _, row in words), key=_when)["value"]
    standing = [
        (source, row) for source, row in words if row["value"] is not None and not _withdrawn(source, row, words)
    ]
    if not standing:
        return None
    return max(standing, key=lambda word: (_merit(word, standing, said, rule), _when(word[1])))[1]["value"]


def _merit(word: tuple[str, Row], standing: list[tuple[str, Row]], said: Any, rule: Any) -> int:
    source, row = word
    if isinstance(rule, BySource):
        return -rule.by_source.index(source) if source in rule.by_source else -len(rule.by_source)
    if rule == "longest":
        text = _stored(row["value"])
        return len(text) if isinstance(text, str) else 0
    if rule == "most_frequent":
        return sum(_stored(other["value"]) == _stored(row["value"]) for _, other in standing)
    confirmed = said.get((row["node"], source, f"{row['trait']}_verified"))
    fits = confirmed is not None and str(_stored(confirmed["value"])).lower() == "true"
    return int(fits and _when(confirmed) >= _when(row))


def _withdrawn(source: str, row: Row, words: list[tuple[str, Row]]) -> bool:
    return any(who == source and other["value"] is None and _when(other) > _when(row) for who, other in words)


def _when(row: Row) -> tuple[Any, int]:
    return row["ts"], row["seq"]


def _stored(value: Any) -> Any:
    """Booleans are kept as text; a text of digits is no number."""
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, str | None) else float(value)
