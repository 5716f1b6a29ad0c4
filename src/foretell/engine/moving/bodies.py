"""What arrived, as it came, from segment files into PostgreSQL's spool and back: frame by frame, in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from foretell.engine.claims import applied_until
from foretell.engine.crash_points import reached
from foretell.engine.engine import Engine
from foretell.engine.framing import Frame, Position
from foretell.engine.settings import EngineSettings, PostgresPlace
from foretell.engine.spool import START, Spool
from foretell.errors import ForetellError

_BYTES = 16 * 1024 * 1024
_FRAMES = 2_000


def to_postgresql(source: Engine, place: PostgresPlace) -> int:
    """Carry all segments of ``source`` over; what was not applied waits there too. Returns how many frames.

    A target in which something lies already is filled anew.
    """
    from foretell.engine.postgres.filling import FilledSpool

    applied = applied_until(source.ops)
    with closing(Spool(source.data / "spool", applied=applied)) as files, FilledSpool(place) as spool:
        count = 0
        for frames, end in _grouped(files, applied):
            spool.put(frames, waiting=end > applied)
            count += len(frames)
            reached("move.bodies")
        found = spool.count()
    if found != count:
        raise ForetellError(
            "COPY_DIFFERS", f"{count:,} bodies arrived as {found:,}", thing="spool",
            next_step="Nothing was switched. Run the move again; if it stays so, report it.",
        )  # fmt: skip
    return count


def to_files(place: PostgresPlace, settings: EngineSettings) -> tuple[int, Position]:
    """Carry PostgreSQL's spool over into new segments: first what was applied, then what waits. Returns how many
    frames, and the place before which all were applied."""
    from foretell.engine.postgres.filling import frames_of

    folder = settings.data / "spool"
    _require_none(folder)
    fresh = folder.with_name("spool.moving")
    for path in fresh.glob("*"):
        path.unlink()
    count, until = 0, START
    with closing(Spool(fresh)) as files:
        for waiting in (False, True):
            for frames in frames_of(place, waiting=waiting):
                end = files.append(frames)
                until = until if waiting else end
                count += len(frames)
    reached("move.bodies")
    if folder.exists():
        folder.rmdir()
    fresh.rename(folder)
    return count, until


def _grouped(files: Spool, applied: Position) -> Iterator[tuple[list[Frame], Position]]:
    """Frames with the place behind the last; a group ends where it is large, and where what waits begins."""
    frames: list[Frame] = []
    size, last = 0, START
    for frame, end in files.read(START):
        if frames and (size > _BYTES or len(frames) >= _FRAMES or last == applied):
            yield frames, last
            frames, size = [], 0
        frames.append(frame)
        size += len(frame.body)
        last = end
    if frames:
        yield frames, last


def _require_none(folder: Path) -> None:
    if any(folder.glob("*.seg")):
        raise ForetellError(
            "NOT_EMPTY", "arrivals of a workspace lie there already", where=str(folder),
            next_step="Move them away, or remove them where they are those of an earlier move.",
        )  # fmt: skip
