"""What speaks for a pair, field by field: kept with it, shown to people, and put in words for the ledger."""

from __future__ import annotations

import pyarrow as pa

from foretell.engine import scratch
from foretell.identify.matching.levels import levels_of
from foretell.identify.matching.model import Model

MOST_FIELDS = 20
_IN_WORDS = 4


def with_evidence(pairs: pa.Table, model: Model) -> pa.Table:
    """``pairs`` without the columns of single fields, and with the texts ``fields`` and ``note``.

    ``fields`` is a JSON array of objects ``field level weight`` (bits; those that weigh most first, at most
    :data:`MOST_FIELDS`); ``note`` names what weighs most for the pair.
    """
    others = [name for name in pairs.column_names if not name.startswith(("w_", "g_"))]
    told = ", ".join(_told(model, place) for place in range(len(model.fields)))
    words = (
        f"array_to_string(list_transform(list_filter(best, lambda f: f.weight > 0)[1:{_IN_WORDS}], "
        "lambda f: replace(f.field, '_', ' ') || ' ' || f.level), ', ')"
    )
    return scratch(
        f"WITH p AS (SELECT *, list_reverse_sort(list_filter([{told}], lambda f: f IS NOT NULL)) AS sorted "
        "FROM pairs), "
        f"q AS (SELECT *, list_transform(sorted, lambda f: {{'field': f.field, 'level': f.level, 'weight': f.weight}})"
        f"[1:{MOST_FIELDS}] AS best FROM p) "
        f"SELECT {', '.join(others)}, CAST(to_json(best) AS VARCHAR) AS fields, "
        f"'records alike, probability ' || CAST(round(probability, 4) AS VARCHAR) || ': ' || {words} AS note FROM q",
        {"pairs": pairs},
    )


def _told(model: Model, place: int) -> str:
    field = model.fields[place]
    levels = levels_of(field)
    labels = " ".join(
        f"WHEN {number} THEN '{level.label}'"
        for number, level in zip(range(len(levels) - 1, -1, -1), levels, strict=True)
    )
    return (
        f"CASE WHEN g_{field.name} >= 0 THEN {{'size': abs(w_{field.name}), 'field': '{field.name}', "
        f"'level': CASE g_{field.name} {labels} END, 'weight': round(w_{field.name}, 2)}} END"
    )
