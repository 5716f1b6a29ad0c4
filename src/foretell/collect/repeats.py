"""How many equal lines precede each line of a file, with memory that does not grow with the file.

Lines without a message id get one from their content; equal lines must still stay apart. A first
pass over the file writes a hash of each such line into one of 64 temporary files, by the hash; each
is then looked through by itself, and what was found is sorted by line the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

_PARTS = 64
_BLOCK = 1 << 20
"""Lines whose counts are held in memory together."""
_ENTRY = np.dtype([("hash", np.uint64), ("line", np.int64)])
_FOUND = np.dtype([("line", np.int64), ("nth", np.int64)])


class Repeats:
    """Counts of equal lines. First :meth:`add` everything, then :meth:`settle`, then ask."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._block: tuple[int, npt.NDArray[np.void]] | None = None

    def add(self, hashes: npt.NDArray[np.uint64], lines: npt.NDArray[np.int64]) -> None:
        """Note lines, in ascending order over all calls, by hashes of their content."""
        if not len(hashes):
            return
        entries = np.empty(len(hashes), _ENTRY)
        entries["hash"], entries["line"] = hashes, lines
        part = (hashes % np.uint64(_PARTS)).astype(np.int64)
        order = np.argsort(part, kind="stable")
        bounds = np.searchsorted(part[order], np.arange(_PARTS + 1))
        for number in np.unique(part).tolist():
            with self._hashes(number).open("ab") as file:
                file.write(entries[order[bounds[number] : bounds[number + 1]]].tobytes())

    def settle(self) -> None:
        """Count; after this nothing may be added."""
        for path in map(self._hashes, range(_PARTS)):
            if path.exists():
                self._keep(_counted(np.fromfile(path, _ENTRY)))
                path.unlink()

    def of(self, first_line: int, height: int) -> list[tuple[int, int]]:
        """Of the lines from ``first_line`` on: (offset, count) where equal lines precede."""
        found: list[tuple[int, int]] = []
        for block in range(first_line // _BLOCK, (first_line + height - 1) // _BLOCK + 1):
            entries = self._read(block)
            low, high = np.searchsorted(entries["line"], [first_line, first_line + height])
            lines, counts = entries["line"][low:high] - first_line, entries["nth"][low:high]
            found += zip(lines.tolist(), counts.tolist(), strict=True)
        return found

    def _keep(self, found: npt.NDArray[np.void]) -> None:
        for block in np.unique(found["line"] // _BLOCK).tolist():
            with self._path(block).open("ab") as file:
                file.write(found[found["line"] // _BLOCK == block].tobytes())

    def _read(self, block: int) -> npt.NDArray[np.void]:
        if self._block is None or self._block[0] != block:
            path = self._path(block)
            entries = np.fromfile(path, _FOUND) if path.exists() else np.empty(0, _FOUND)
            self._block = (block, entries[np.argsort(entries["line"], kind="stable")])
        return self._block[1]

    def _hashes(self, part: int) -> Path:
        return self._folder / f"hashes-{part}"

    def _path(self, block: int) -> Path:
        return self._folder / f"repeats-{block}"


def _counted(entries: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """The lines that have equals before them, with their number."""
    order = np.argsort(entries["hash"], kind="stable")
    hashes = entries["hash"][order]
    starts = (
        np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]])) if len(hashes) else np.empty(0, np.int64)
    )
    sizes = np.diff(np.append(starts, len(hashes)))
    nth = np.arange(len(hashes)) - np.repeat(starts, sizes)
    repeated = nth > 0
    found = np.empty(int(repeated.sum()), _FOUND)
    found["line"], found["nth"] = entries["line"][order][repeated], nth[repeated]
    return found


@contextmanager
def counting() -> Iterator[Repeats]:
    """A :class:`Repeats` whose temporary files go away afterwards."""
    with TemporaryDirectory(prefix="foretell-") as folder:
        yield Repeats(Path(folder))
