"""Files of JSON objects, one a line, as rows of text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.envelope import LINE_BYTES
from foretell.collect.file_checks import check_lines, opened
from foretell.collect.lines import BOM, split_lines
from foretell.collect.own_tables.reading import require_columns
from foretell.collect.values import text_of
from foretell.engine import scratch
from foretell.errors import ForetellError

_DOCS = """
SELECT i + 1 AS line, line AS doc, CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END AS good
FROM l WHERE trim(line, chr(9) || chr(10) || chr(13) || ' ') <> '' ORDER BY i"""
_NAMES = "SELECT DISTINCT unnest(json_keys(doc)) AS name FROM d ORDER BY name"


def json_rows(path: Path, start: bytes, wanted: Sequence[str]) -> pa.Table:
    """``line`` and the ``wanted`` columns of a file as text; arrays and objects in them are null, other keys left out.

    Args:
        start: its first bytes.

    Raises:
        ForetellError: ``FILE_FORMAT`` with the first line that holds no JSON object.
        UsageError: ``UNKNOWN_COLUMN`` where no line has one of the ``wanted``.
    """
    check_lines(path, start)
    with opened(path) as file:
        lines = split_lines(file.file.read().removeprefix(BOM), line_bytes=LINE_BYTES["import"])
    text = lines.text if lines.wrong is None else pc.if_else(pc.is_valid(lines.wrong), "?", lines.text)
    docs = scratch(_DOCS, {"l": pa.table({"i": pa.array(np.arange(len(text))), "line": text})})
    bad = docs.filter(pc.invert(docs["good"])).slice(0, 1)
    if bad.num_rows:
        where = f"{path}:{bad['line'][0]}"
        raise ForetellError("FILE_FORMAT", "the line holds no JSON object", where=where, next_step="Mend the line.")
    if not docs.num_rows:
        return docs.select(["line"])
    require_columns(scratch(_NAMES, {"d": docs})["name"].to_pylist(), wanted, where=str(path))
    paths = [f"CAST(json_extract(doc, '{_pointer(name)}') AS VARCHAR) AS c{n}" for n, name in enumerate(wanted)]
    texts = ", ".join(f"{text_of(f'c{n}')} AS c{n}" for n in range(len(wanted)))
    rows = scratch(f"SELECT line, {texts} FROM (SELECT line, {', '.join(paths)} FROM d) t ORDER BY line", {"d": docs})
    return rows.rename_columns(["line", *wanted])


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1").replace("'", "''")
