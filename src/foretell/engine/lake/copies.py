"""A lake as files in a folder, and back to where a workspace's settings say; the caller keeps its writer away."""

from __future__ import annotations

from pathlib import Path

from foretell.engine.lake.lake import Lake
from foretell.engine.lake.places import Folder, Place, open_place
from foretell.engine.settings import LakePlace
from foretell.errors import UsageError


def copy_lake(lake: LakePlace, folder: Path) -> list[Path]:
    """Write the lake's state of now to ``folder``, which is then a lake by itself; returns the files.

    What the state of now does not need (older states, files that were left out) stays behind. Delta logs too: a lake
    that is kept with them gets new ones when it is next written.
    """
    target = Folder(folder)
    folder.mkdir(parents=True)
    Lake(open_place(lake.url), writing=False).copy_to(target)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def place_lake(folder: Path, lake: LakePlace) -> None:
    """Put what :func:`copy_lake` wrote where ``lake`` says.

    Raises:
        UsageError: ``NOT_EMPTY`` where something lies there.
    """
    target = open_place(lake.url)
    if target.names(""):
        raise UsageError(
            "NOT_EMPTY", "a back-up is restored into an empty lake", where=lake.url,
            next_step="Empty it, or name another one in engine.lake.",
        )  # fmt: skip
    _copy_all(Folder(folder), target)


def remove_lake(lake: LakePlace) -> None:
    """Remove all files of a lake."""
    place = open_place(lake.url)
    for name in place.names(""):
        place.remove(name)


def _copy_all(source: Place, target: Place) -> None:
    """File by file; what names the others is written last, so that a copy that was stopped is no lake."""
    for name in sorted(source.names(""), key=lambda name: (not name.startswith("tables/"), name)):
        target.write(name, source.read(name) or b"")
