"""Taking something out of what was spooled: segments written anew, frame by frame.

Only segments that are written to no more are touched. A frame that is kept stays byte for byte what it was; one that
changes stands in the same place in the order. Positions in a rewritten segment are other ones, so whoever reads the
spool has to be past it. A crash leaves each segment either as it was or as it is to be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from foretell.engine.crash_points import reached
from foretell.engine.folders import sync_file, sync_folder
from foretell.engine.framing import Frame, pack, read_packed, unpacked
from foretell.errors import ForetellError, explain_os_errors

Change = Callable[[Frame], "Sequence[Frame] | None"]
"""What takes a frame's place; None: it stays as it is."""


@dataclass(frozen=True)
class Rewritten:
    """What was done: counts of segments and frames."""

    segments: int = 0
    frames: int = 0

    def plus(self, other: Rewritten) -> Rewritten:
        """Both together."""
        return Rewritten(self.segments + other.segments, self.frames + other.frames)


def rewrite_segments(
    paths: Iterable[Path], change: Change, progress: Callable[[Path], None] | None = None
) -> Rewritten:
    """Put what ``change`` says into the place of each frame.

    Raises:
        ForetellError: ``SPOOL_DAMAGED``, ``DISK_FULL`` and the like; segments done before stay done.
    """
    total = Rewritten()
    for path in paths:
        total = total.plus(_rewrite(path, change))
        if progress is not None:
            progress(path)
    return total


def _rewrite(path: Path, change: Change) -> Rewritten:
    fresh = path.with_suffix(".rewriting")
    changed = read = 0
    with explain_os_errors("spool"):
        try:
            with fresh.open("wb") as file:
                for packed in read_packed(path):
                    read += len(packed)
                    frames = change(unpacked(packed))
                    if frames is None:
                        file.write(packed)
                        continue
                    changed += 1
                    file.writelines(pack(frame) for frame in frames)
                file.flush()
                sync_file(file.fileno())
            if read < path.stat().st_size:
                raise ForetellError(
                    "SPOOL_DAMAGED",
                    "a spooled frame is damaged",
                    where=f"{path.name}, byte {read}",
                    next_step="Restore the segment from a backup, or move it away to go on without it.",
                )
            if changed:
                reached("spool.before_replace")
                os.replace(fresh, path)
                sync_folder(path.parent)
                reached("spool.after_replace")
        finally:
            fresh.unlink(missing_ok=True)
    return Rewritten(int(changed > 0), changed)
