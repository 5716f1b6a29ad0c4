"""A file that holds one JSON value, such as the answer of a vendor's API, as frames of its records.

Each record is kept by itself, and read by the ``events`` of its source document as the body of a webhook would be.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from foretell.collect.file_checks import check_text, checked_file, empty, opened
from foretell.collect.file_frames import Progress
from foretell.collect.lines import BOM
from foretell.collect.source_model import SourceSpec
from foretell.collect.told import Origin
from foretell.collect.webhook_expressions import reader_of
from foretell.collect.webhooks import WEBHOOK, mapped_by
from foretell.engine import Frame
from foretell.errors import ForetellError

MOST_FILE_BYTES = 256 * 1024 * 1024
"""After unpacking: a JSON value is read as a whole."""
_FRAME_RECORDS = 2_500
_FRAME_BYTES = 16 * 1024 * 1024


def record_frames(path: Path, origin: Origin, spec: SourceSpec) -> Iterator[Progress]:
    """The frames of a file, through its source document.

    Raises:
        ForetellError: ``FILE_FORMAT``, ``FILE_TOO_LARGE``, ``FILE_EMPTY`` and the like, before the first frame.
    """
    check_text(path, checked_file(path))
    records = _records(path, spec)
    if not records:
        raise empty(path)
    size, at = path.stat().st_size, origin.received_at.isoformat()
    meta = {"source": origin.source, "file": origin.file, "received_at": at, "spec": mapped_by(spec)}
    bodies: list[bytes] = []
    held = 0
    for number, record in enumerate(records, 1):
        bodies.append(msgspec.json.encode(record))
        held += len(bodies[-1])
        if number == len(records) or len(bodies) == _FRAME_RECORDS or held >= _FRAME_BYTES:
            numbers = list(range(number - len(bodies) + 1, number + 1))
            told = {"bodies": [[len(body), at] for body in bodies], "numbers": numbers}
            yield Progress(Frame(WEBHOOK, {**meta, **told}, b"".join(bodies)), size * number // len(records))
            bodies, held = [], 0


def _records(path: Path, spec: SourceSpec) -> list[Any]:
    value = _value(path)
    if spec.records is None:
        return value if isinstance(value, list) else [value]
    found = reader_of(value)(spec.records, value)
    if not isinstance(found, list):
        raise ForetellError(
            "FILE_FORMAT",
            f"the file has no list of records at {spec.records}",
            where=str(path),
            next_step="Check records in the source document, and that it is the right file.",
        )
    return found


def _value(path: Path) -> Any:
    with opened(path) as source:
        text = source.file.read(MOST_FILE_BYTES + 1)
    if len(text) > MOST_FILE_BYTES:
        raise ForetellError(
            "FILE_TOO_LARGE",
            f"the file holds more than {MOST_FILE_BYTES // 1024**2} MB of JSON",
            where=str(path),
            next_step="Export it in parts, e.g. page by page, and import them one after the other.",
        )
    try:
        return msgspec.json.decode(text.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ForetellError(
            "FILE_FORMAT",
            f"the file cannot be read as json: {error}",
            where=str(path),
            next_step="Export it again; JSON lines in the Segment specification need no source document.",
        ) from error
