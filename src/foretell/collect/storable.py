"""What bodies tell, as every store can keep it.

PostgreSQL keeps no NUL (U+0000) in a text: U+FFFD stands for it. A row of its indexes is bounded, so that ids are
shortened where they are longer than any system makes them, and names of traits and types of identifiers of such a
length stay in the JSON alone. All of it is done on every store, so that a workspace says the same on each.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import KEY_BYTES, Decoded

NUL, REPLACEMENT = "\0", "\N{REPLACEMENT CHARACTER}"
_IDS = (("events", "message_id"), ("problems", "message_id"))
_NAMES = (("identifiers", "kind"), ("traits", "trait"))
_KEPT_CHARACTERS = 60
_ESCAPED = b"\\u0000"
# After an even number of backslashes; after an odd one, the first of the match is itself escaped.
_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def without_escapes(body: bytes) -> bytes:
    """JSON texts in which no escape stands for NUL."""
    return _ESCAPE.sub(rb"\1\\ufffd", body) if _ESCAPED in body else body


def storable(decoded: Decoded) -> Decoded:
    """``decoded`` without NUL in its texts, and without keys longer than :data:`~foretell.engine.KEY_BYTES`."""
    found = {field.name: without_nul(getattr(decoded, field.name)) for field in fields(decoded)}
    for name, column in _IDS:
        found[name] = _shortened(found[name], column)
    for name, column in _NAMES:
        long = _is_long(found[name][column])
        if pc.any(long).as_py():
            found[name] = found[name].filter(pc.invert(long))
    changed = {name: table for name, table in found.items() if table is not getattr(decoded, name)}
    return replace(decoded, **changed) if changed else decoded


def _is_long(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.greater(pc.binary_length(texts), KEY_BYTES)


def _shortened(table: pa.Table, name: str) -> pa.Table:
    """Long texts of a column as their beginning and their hash, so that different ones stay different."""
    place = table.schema.get_field_index(name)
    if place < 0 or not pc.any(_is_long(table[name])).as_py():
        return table
    texts = [_short(text) if text is not None else None for text in table[name].to_pylist()]
    return table.set_column(place, table.schema.field(place), pa.array(texts, table.schema.field(place).type))


def _short(text: str) -> str:
    if len(text.encode()) <= KEY_BYTES:
        return text
    return f"{text[:_KEPT_CHARACTERS]}~{hashlib.sha256(text.encode()).hexdigest()}"


def without_nul(table: pa.Table) -> pa.Table:
    """``table`` in whose texts and names of columns there is no NUL."""
    if any(NUL in name for name in table.column_names):
        table = table.rename_columns([name.replace(NUL, REPLACEMENT) for name in table.column_names])
    for place, column in enumerate(table.schema):
        if pa.types.is_string(column.type) and any(_holds_nul(chunk) for chunk in table.column(place).chunks):
            cleaned = pc.replace_substring(table.column(place), NUL, REPLACEMENT)
            table = table.set_column(place, column, cleaned)
    return table


def _holds_nul(values: pa.StringArray) -> bool:
    offsets, content = values.buffers()[1:]
    if content is None or not len(values):
        return False
    places = np.frombuffer(offsets, np.int32)
    part = np.frombuffer(content, np.uint8)[places[values.offset] : places[values.offset + len(values)]]
    return len(part) > 0 and int(part.min()) == 0
