"""Is this a file that can be imported? The errors say what to do instead."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from foretell.errors import ForetellError, UsageError, explain_os_errors

_LINES = (".jsonl", ".ndjson", ".json")
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "an Excel or zip file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
}


def checked_file(path: Path) -> bytes:
    """The first bytes of ``path``.

    Raises:
        ForetellError: ``FILE_MISSING``, ``FILE_IS_FOLDER``, ``FILE_EMPTY``, ``NOT_PERMITTED``.
    """
    if path.is_dir():
        raise ForetellError(
            "FILE_IS_FOLDER",
            "this is a folder",
            where=str(path),
            next_step="Name the files in it, e.g. folder/*.jsonl.",
        )
    with explain_os_errors(""), path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise empty(path)
    return start


def empty(path: Path) -> ForetellError:
    """The error for a file without a row."""
    return ForetellError("FILE_EMPTY", "the file has no row", where=str(path), next_step="Check how it was exported.")


def names_lines(path: Path) -> bool:
    """Whether the name says JSON lines."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return bool(suffixes) and suffixes[-1] in _LINES


def check_lines(path: Path, start: bytes) -> None:
    """Raise ``FILE_FORMAT`` where the first bytes cannot be JSON lines."""
    words = foreign(start)
    if words is not None:
        raise ForetellError(
            "FILE_FORMAT",
            f"the file is {words}, not JSON lines",
            where=str(path),
            next_step="Import it through a source document (--source KEY), or export it as JSON lines in UTF-8.",
        )


def check_text(path: Path, start: bytes) -> None:
    """Raise ``FILE_FORMAT`` where the first bytes are those of no text at all."""
    words = foreign(start)
    if words is not None and not words.startswith("text"):
        raise ForetellError(
            "FILE_FORMAT",
            f"the file is {words}, not text",
            where=str(path),
            next_step="Check the format in the source document.",
        )


def foreign(start: bytes) -> str | None:
    """What a file is in words, where its first bytes say that it is no text in UTF-8."""
    return next((words for magic, words in _MAGIC.items() if start.startswith(magic)), None)


def needs_source(path: Path, keys: list[str]) -> UsageError:
    """The error for a file that is no JSON lines and has no source document."""
    known = f"Sources here: {', '.join(keys)}." if keys else "There is no source document yet (docs: collect)."
    return UsageError(
        "SOURCE_NEEDED",
        "only JSON lines (.jsonl, .jsonl.gz) can be imported without a source document",
        where=str(path),
        next_step=f"Name one with --source KEY. {known}",
    )


class Counted:
    """A file that is read, and how far: the bytes of the disk, also where it is unpacked.

    Args:
        file: what to read from.
        raw: the file on the disk.
    """

    def __init__(self, file: BinaryIO, raw: BinaryIO) -> None:
        self.file = file
        self._raw = raw

    def position(self) -> int:
        """Bytes of the disk read so far."""
        return self._raw.tell()


@contextmanager
def opened(path: Path) -> Iterator[Counted]:
    """Open a file, unpacking gzip by its first bytes.

    Raises:
        ForetellError: ``FILE_TRUNCATED``, ``FILE_DAMAGED`` while it is read.
    """
    with explain_os_errors(""), path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        with unpacking(path):
            if packed:
                with gzip.open(raw, "rb") as file:
                    yield Counted(cast(BinaryIO, file), raw)
            else:
                yield Counted(raw, raw)


@contextmanager
def unpacking(path: Path) -> Iterator[None]:
    """Turn the errors of damaged gzip files into ours."""
    try:
        yield
    except EOFError as error:
        raise ForetellError(
            "FILE_TRUNCATED", "the gzip file ends too early", where=str(path), next_step="Copy or download it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ForetellError(
            "FILE_DAMAGED", "the gzip file is damaged", where=str(path), next_step="Copy or download it again."
        ) from error
