"""A KPI's SQL as people write it: its parameters, and what can be said of it without an engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from foretell.measure.kpi_document import KpiSpec

_ASIDE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAMETER = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_ALLOWED = {"event": ("from", "to", "currency"), "stock": ("as_of", "currency")}
_NEEDED = {"event": ("from", "to"), "stock": ("as_of",)}


def parameters(sql: str) -> list[str]:
    """Names of the parameters in ``sql``, each once; what stands in texts and comments does not count."""
    return list(dict.fromkeys(_PARAMETER.findall(_bare(sql))))


def reads_days(sql: str) -> bool:
    """True where the table ``days`` is read."""
    return re.search(r"\bdays\b", _bare(sql), re.IGNORECASE) is not None


def columns(spec: KpiSpec) -> tuple[str, ...]:
    """The columns that the SQL must yield."""
    return ("profile_id", "num", "den") if spec.combine == "quotient" else ("profile_id", "num")


def faults(spec: KpiSpec) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the SQL on its face: code, words, next step."""
    assert spec.sql is not None
    assert spec.measure is not None
    bare = _bare(spec.sql).strip()
    if ";" in bare:
        yield "BAD_SQL", "the SQL holds a semicolon", "Write one SELECT, without a semicolon."
    if not re.match(r"(select|with)\b", bare, re.IGNORECASE):
        yield "BAD_SQL", "the SQL is no SELECT", "Begin it with SELECT or WITH."
    used, allowed = parameters(spec.sql), _ALLOWED[spec.measure]
    for name in used:
        if name not in allowed:
            known = ", ".join(f"${each}" for each in allowed)
            words = f"the SQL of a measure of kind {spec.measure!r} has no parameter ${name}"
            yield "UNKNOWN_PARAMETER", words, f"Use {known}."
    for name in _NEEDED[spec.measure]:
        if name not in used:
            words = f"the SQL never reads ${name}, so every period would have the same value"
            yield "MISSING_PARAMETER", words, f"Limit the rows by ${name}."


def _bare(sql: str) -> str:
    return _ASIDE.sub(" ", sql)
