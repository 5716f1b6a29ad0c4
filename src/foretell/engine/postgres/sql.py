"""From the operational SQL that both stores share to PostgreSQL's: parameters, types of tables, many rows at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PARTS = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \? | [(),] | \b[A-Z]+\b""", re.VERBOSE | re.DOTALL
)
_ENTERS = re.compile(r"(\s*INSERT INTO [^?]*?)\bVALUES\s*(?=\()")
_SHAPES_A_TABLE = re.compile(r"\s*(CREATE\s+TABLE|ALTER\s+TABLE)\b")
_TYPES = {"TEXT": 'TEXT COLLATE "C"', "BLOB": "BYTEA", "REAL": "DOUBLE PRECISION"}
"""Texts compare by their bytes, as they do in SQLite, whatever the database's own order is."""


@lru_cache(maxsize=4_096)
def numbered(sql: str) -> str:
    """``sql`` with ``$1``, ``$2``, … for ``?``, and with PostgreSQL's column types where it shapes a table.

    Literals, quoted names and comments stay as they are.
    """
    shaping = _SHAPES_A_TABLE.match(sql) is not None
    count = 0

    def put(found: re.Match[str]) -> str:
        nonlocal count
        text = found[0]
        if text == "?":
            count += 1
            return f"${count}"
        if text == "/*clustered*/":
            return ""
        return _TYPES.get(text, text) if shaping else text

    return _PARTS.sub(put, sql)


@dataclass(frozen=True)
class Entering:
    """An ``INSERT … VALUES (…)`` that enters one row.

    Args:
        head: up to the values.
        values: the text between the brackets, with ``{0}``, ``{1}``, … for its parameters.
        rest: what follows (``ON CONFLICT …``).
        width: parameters of a row.
    """

    head: str
    values: str
    rest: str
    width: int

    def of_columns(self, types: tuple[str, ...]) -> str:
        """The same for any number of rows, given as one array a parameter."""
        names = [f"v{place}" for place in range(self.width)]
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, start=1))
        values = self.values.format(*(f"given.{name}" for name in names))
        return f"{self.head} SELECT {values} FROM unnest({arrays}) AS given ({', '.join(names)}) {self.rest}"


@lru_cache(maxsize=512)
def entering(sql: str) -> Entering | None:
    """What ``sql`` enters row by row; None where it does something else, or has parameters outside of the values."""
    found = _ENTERS.match(sql)
    if found is None or "SELECT" in found[1]:
        return None
    begin = found.end()
    end = _closing(sql, begin)
    values, rest = sql[begin + 1 : end], sql[end + 1 :].strip()
    if "?" in rest or (rest and not rest.startswith("ON CONFLICT")):
        return None
    width = 0

    def put(part: re.Match[str]) -> str:
        nonlocal width
        if part[0] != "?":
            return part[0]
        width += 1
        return f"{{{width - 1}}}"

    marked = _PARTS.sub(put, values.replace("{", "{{").replace("}", "}}"))
    return Entering(found[1], marked, rest, width) if width else None


def _closing(sql: str, begin: int) -> int:
    """Where the bracket that opens at ``begin`` is closed."""
    depth = 0
    for part in _PARTS.finditer(sql, begin):
        depth += {"(": 1, ")": -1}.get(part[0], 0)
        if not depth:
            return part.start()
    return len(sql)
