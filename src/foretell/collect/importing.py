"""Importing files: what ``foretell import`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow.compute as pc

from foretell.collect.file_checks import checked_file, names_lines, needs_source
from foretell.collect.file_frames import Progress, line_frames
from foretell.collect.frames import FrameReader
from foretell.collect.record_frames import record_frames
from foretell.collect.row_frames import row_frames
from foretell.collect.source_model import SourceSpec
from foretell.collect.tally import Tally
from foretell.collect.told import Origin
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError

Tell = Callable[[str, int, int], None]
"""Told after each frame: file, bytes read, bytes in all."""


@dataclass(frozen=True)
class FileReport:
    """What became of a file. ``rows`` = sum of ``mappings``, ``skipped`` and ``quarantined``.

    Args:
        events: new events; ``duplicates`` had been imported before.
        mappings: mapping → rows it took; ``mapped_events`` the events it made of them. Both empty for
            JSON lines.
        skipped: filter of the source document → rows left out on purpose.
        breaching: events that went in, and breach the tracking plan.
    """

    file: str
    source: str
    rows: int
    events: int
    duplicates: int
    quarantined: int
    mappings: dict[str, int] = field(default_factory=dict)
    mapped_events: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    breaching: int = 0


def import_files(
    engine: Engine,
    catalog: Catalog,
    files: Sequence[Path],
    source_key: str | None = None,
    *,
    now: datetime,
    progress: Tell | None = None,
    reader: FrameReader | None = None,
) -> list[FileReport]:
    """Take files in. When this returns, their rows are in the views.

    Args:
        source_key: the source document that says what the rows mean; without it, files must be JSON
            lines in the Segment specification.
        now: arrival, UTC.
        reader: what the engine reads frames with, so that each is read once; without it, twice.

    Raises:
        ForetellError: ``FILE_EMPTY``, ``FILE_TRUNCATED``, ``FILE_MISSING``, ``UNKNOWN_COLUMN`` and the
            like. All files are looked at before the first is taken in; a file that cannot be read to
            its end leaves nothing behind.
    """
    reader = reader or FrameReader(catalog)
    opened = [(path, *frames_of(path, catalog, source_key, now)) for path in files]
    engine.apply_pending()
    with engine.bulk():
        return [_import(engine, reader, path, origin, pieces, progress) for path, origin, pieces in opened]


def frames_of(path: Path, catalog: Catalog, source_key: str | None, now: datetime) -> tuple[Origin, Iterator[Progress]]:
    """Where ``path`` comes from, and its frames (read when they are asked for)."""
    checked_file(path)
    if source_key is None:
        if not names_lines(path):
            raise needs_source(path, [document.key for document in catalog.all("source")])
        origin = Origin(path.name, path.name, now)
        return origin, line_frames(path, origin, None)
    spec = catalog.get("source", source_key).spec
    assert isinstance(spec, SourceSpec)
    origin = Origin(source_key, path.name, now)
    if spec.format in ("api", "webhook"):
        comes = "/v1" if spec.format == "api" else f"/hooks/{source_key}"
        raise UsageError(
            "BAD_SOURCE",
            f"what this source tells comes to {comes}, and not in files",
            thing=f"source {source_key}",
            next_step=f"Send it to {comes}, or import the file with another source.",
        )
    if spec.format == "json":
        return origin, record_frames(path, origin, spec)
    if not spec.holds_rows:
        return origin, line_frames(path, origin, spec.known_after)
    return origin, row_frames(path, origin, spec, spec.zone or catalog.settings.zone)


def _import(
    engine: Engine,
    reader: FrameReader,
    path: Path,
    origin: Origin,
    pieces: Iterator[Progress],
    progress: Tell | None,
) -> FileReport:
    total, events, duplicates, breaching = Tally(), 0, 0, 0
    size = path.stat().st_size
    for piece in pieces:
        decoded, tally = reader.read(piece.frame)
        engine.spool_append([piece.frame])
        report = engine.apply_pending()
        total = total.plus(tally)
        events, duplicates = events + report.events, duplicates + report.duplicates
        breaching += pc.count_distinct(decoded.remarks["row"]).as_py()
        if progress is not None:
            progress(path.name, piece.read_bytes, size)
    return FileReport(
        path.name,
        origin.source,
        total.rows,
        events,
        duplicates,
        total.quarantined,
        {name: rows for name, (_, rows) in total.mapped.items()},
        {name: count for name, (count, _) in total.mapped.items()},
        dict(total.skipped),
        breaching,
    )
