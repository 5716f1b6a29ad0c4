"""Unpacking a back-up: into an empty folder and empty stores, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from foretell import definitions
from foretell.engine import PARTS, EngineSettings, RoomParts, place_stores, remove_stores
from foretell.errors import ForetellError, UsageError, explain_os_errors
from foretell.protect.artifacts import checksum

MANIFEST = "foretell-backup.json"
ERASED = "erased.jsonl"
"""Beside ``foretell.yaml``: one line for each identifier of somebody who was erased, as a keyed hash."""
FORMAT, VERSION = "foretell.backup", 1
_RESTORING = ".restoring-"
_LONGEST_SCHEMA = 40


def unpack_backup(path: Path, root: Path, rooms: Sequence[RoomParts], *, apart: str = "") -> dict[str, Any]:
    """Unpack a back-up into an empty folder, hold it against its manifest, and fill the stores that lie elsewhere.

    What lies in the folder beside a workspace's own files (:data:`ERASED`) stays.

    Args:
        rooms: what this release keeps; a back-up of a newer one is refused.
        apart: the stores stand apart from those that the settings name, under this name.

    Returns:
        The manifest.

    Raises:
        UsageError: ``NOT_EMPTY``; ForetellError: ``BACKUP_UNREADABLE``, ``BACKUP_DAMAGED``, ``BACKUP_TOO_NEW``; nothing
            is left behind then.
    """
    with explain_os_errors("back-up"):
        is_new = not root.exists()
        root.mkdir(parents=True, exist_ok=True)
        for rest in root.glob(f"{_RESTORING}*"):  # of one that was killed
            shutil.rmtree(rest)
        there = {entry.name for entry in root.iterdir()}
        if there - {ERASED}:
            raise UsageError("NOT_EMPTY", "a back-up is restored into an empty folder", where=str(root))
        listed = (root / ERASED).read_bytes() if there else b""
        inside = Path(tempfile.mkdtemp(prefix=_RESTORING, dir=root))
        try:
            manifest = _unpacked(path, inside, rooms)
            if apart:
                definitions.stand_apart(inside, apart)
            place_stores(places_of(inside))
            for entry in inside.iterdir():
                os.replace(entry, root / entry.name)
        except BaseException:
            shutil.rmtree(inside, ignore_errors=True)
            if is_new:
                with suppress(OSError):
                    root.rmdir()
            raise
        inside.rmdir()
        if listed:
            with (root / ERASED).open("ab") as file:
                file.write(listed)
    return manifest


@contextmanager
def unpacked_beside(path: Path, rooms: Sequence[RoomParts]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A back-up unpacked into a folder of its own beside it, which goes away afterwards, and its manifest.

    Raises:
        ForetellError: ``DISK_READ_ONLY`` where the file may not be written, and as :func:`unpack_backup`.
    """
    with explain_os_errors("back-up"):
        if not path.stat().st_mode & 0o222 or not os.access(path.parent, os.W_OK):
            raise PermissionError(13, "it is read-only", str(path))
        folder = Path(tempfile.mkdtemp(prefix=_RESTORING, dir=path.parent))
    stands: EngineSettings | None = None
    try:
        with explain_os_errors("back-up"):
            name = _name_for(path)
            _clear(path, name)
            manifest = unpack_backup(path, folder, rooms, apart=name)
            stands = places_of(folder)
        yield folder, manifest
    finally:
        if stands is not None:
            remove_stores(stands)
        with suppress(OSError):
            shutil.rmtree(folder)


def places_of(root: Path) -> EngineSettings:
    """Where the stores of the workspace at ``root`` stand.

    Raises:
        DefinitionErrors: where its settings cannot be read, e.g. since a variable is missing.
    """
    read = definitions.read_settings(root, os.environ)
    definitions.raise_errors(read.problems)
    return definitions.engine_settings(root, read.settings)


def migrations_of(rooms: Sequence[RoomParts]) -> dict[str, int]:
    """How far this release's stores are: room → its last migration."""
    return {part.room: len(part.migrations) for part in (PARTS, *rooms) if part.migrations}


def _unpacked(path: Path, folder: Path, rooms: Sequence[RoomParts]) -> dict[str, Any]:
    try:
        with tarfile.open(path) as packed:
            packed.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (tarfile.TarError, ValueError, KeyError) as error:
        raise _unreadable(path, f"the file is no back-up that can be read: {error}") from error
    except FileNotFoundError as error:
        if not path.exists():
            raise
        raise _unreadable(path, "the file is no back-up of Foretell") from error
    if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise _unreadable(path, "the back-up was made by another version")
    _require_known(manifest, rooms, path)
    for name, told in manifest["files"].items():
        if not (folder / name).is_file() or checksum(folder / name) != told["sha256"]:
            raise ForetellError("BACKUP_DAMAGED", f"{name} is not as it was written", where=str(path))
    (folder / MANIFEST).unlink()
    return manifest


def _require_known(manifest: Mapping[str, Any], rooms: Sequence[RoomParts], path: Path) -> None:
    known = migrations_of(rooms)
    newer = sorted(room for room, number in manifest.get("migrations", {}).items() if number > known.get(room, 0))
    if newer:
        raise ForetellError(
            "BACKUP_TOO_NEW",
            f"the back-up was made by the newer release {manifest.get('release', '')}".rstrip(),
            thing=f"tables of {newer[0]}",
            where=str(path),
            next_step="Install that release, and restore again.",
        )


def _unreadable(path: Path, what: str) -> ForetellError:
    return ForetellError("BACKUP_UNREADABLE", what, where=str(path))


def _name_for(path: Path) -> str:
    """The name under which the stores of a back-up stand while it is changed: the same each time."""
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    return f"foretell_backup_{digest}"[:_LONGEST_SCHEMA]


def _clear(path: Path, name: str) -> None:
    """Remove what a change of this back-up left in another store when it was killed."""
    with (
        tempfile.TemporaryDirectory(prefix=_RESTORING, dir=path.parent) as folder,
        suppress(KeyError, tarfile.TarError),
        tarfile.open(path) as packed,
    ):
        packed.extract(definitions.SETTINGS_FILE, folder, filter="data")
        definitions.stand_apart(Path(folder), name)
        remove_stores(places_of(Path(folder)))
