"""A file as frames, with memory that does not grow with it.

A packed file is first read through to its end, so that a damaged one is refused before anything is
stored. So is one with lines that name no message id, when the first of them comes: they get one from
their content, and equal ones have to be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from foretell.collect import frames
from foretell.collect.envelope import LINE_BYTES
from foretell.collect.file_checks import check_lines, checked_file, empty, opened
from foretell.collect.lines import BOM, pieces_of, without
from foretell.collect.repeats import Repeats, counting
from foretell.collect.told import Origin
from foretell.engine import Frame, scratch

_LIMIT = LINE_BYTES["import"]
_SURVEY_BYTES = 4 * 1024 * 1024
_NAMED = '"messageId"'
_HASHED = "SELECT i, hash(CASE WHEN line[-1:] = '\\x0D'::BLOB THEN line[:-2] ELSE line END) AS h FROM lines ORDER BY i"


@dataclass(frozen=True)
class Progress:
    """A frame, and how much of the file has been read with it (bytes of the disk)."""

    frame: Frame
    read_bytes: int


def line_frames(path: Path, origin: Origin, lag: timedelta | None) -> Iterator[Progress]:
    """The frames of a file of Segment-spec JSON lines.

    Raises:
        ForetellError: ``FILE_EMPTY``, ``FILE_TRUNCATED``, ``FILE_FORMAT`` and the like, before the first frame.
    """
    packed = checked_file(path).startswith(b"\x1f\x8b")
    with counting() as repeats:
        counted, told, first = packed, False, 1
        if packed:
            _survey(path, repeats)
        for body, position in _pieces(path, frames.FRAME_BYTES):
            height, unnamed = without(body, _NAMED)
            if unnamed.num_rows and not counted:
                counted = True
                _survey(path, repeats)
            if not body.isspace():
                told = True
                frame = frames.lines_frame(
                    body,
                    origin,
                    arrival="import",
                    first_line=first,
                    repeats=repeats.of(first, height) if counted else None,
                    lag=lag,
                )
                yield Progress(frame, position)
            first += height
        if not told:
            raise empty(path)


def _survey(path: Path, repeats: Repeats) -> None:
    """Read the file to its end (a packed one may be damaged) and count the equal lines without a message id."""
    first = 1
    for body, _ in _pieces(path, _SURVEY_BYTES):
        height, unnamed = without(body, _NAMED)
        if unnamed.num_rows:
            hashes = scratch(_HASHED, {"lines": unnamed})
            repeats.add(hashes["h"].to_numpy(), hashes["i"].to_numpy() + first)
        first += height
    repeats.settle()


def _pieces(path: Path, piece_bytes: int) -> Iterator[tuple[bytes, int]]:
    with opened(path) as source:
        pieces = pieces_of(source.file, piece_bytes=piece_bytes, line_bytes=_LIMIT)
        for number, body in enumerate(pieces):
            piece = body
            if number == 0:
                check_lines(path, body[:8])
                piece = body.removeprefix(BOM)
            if piece:
                yield piece, source.position()
