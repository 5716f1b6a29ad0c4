"""Back-ups of a workspace with its embedded stores, restoring them, and erasing people in them.

A back-up is one tar file: stores, spool, models, keys and definitions as of one instant, and a manifest with the
checksum of each. Whoever was erased since is erased again when an old one is restored: the list of keyed hashes
(:data:`ERASED`) stands beside the definitions, outside the stores.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell.engine import Engine, copy_stores, undisturbed
from foretell.errors import ForetellError, UsageError, explain_os_errors
from foretell.protect.artifacts import checksum, register_artifact

MANIFEST = "foretell-backup.json"
ERASED = "erased.jsonl"
"""Beside ``foretell.yaml``: one line for each identifier of somebody who was erased, as a keyed hash."""
FORMAT, VERSION = "foretell.backup", 1
_FOLDERS = ("spool", "batches", "models")
_LEFT_OUT = {".git", "__pycache__"}


@dataclass(frozen=True)
class BackupReport:
    """What was written or restored.

    Args:
        erased_again: people who were erased since the back-up was made.
    """

    path: str
    files: int
    size_bytes: int
    made_at: str
    erased_again: int = 0


def make_backup(engine: Engine, root: Path, path: Path, *, now: datetime, register: bool = True) -> BackupReport:
    """Write a back-up of the workspace at ``root`` to ``path``.

    Raises:
        UsageError: ``BAD_NAME`` for a name that does not end in .tar; ForetellError: ``DISK_FULL`` and the like.
    """
    if path.suffix != ".tar":
        raise UsageError("BAD_NAME", "a back-up is a tar file", thing=str(path), next_step="End the name in .tar.")
    with explain_os_errors("back-up"):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        try:
            with (
                tempfile.TemporaryDirectory(prefix=".backup-", dir=engine.data) as folder,
                undisturbed(engine),
                tarfile.open(fresh, "w") as packed,
            ):
                report = _write(packed, engine, root, Path(folder), path, now)
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    if register:
        register_artifact(engine, path, "backup", now)
    return report


def unpack_backup(path: Path, root: Path) -> dict[str, Any]:
    """Unpack a back-up into an empty folder and hold it against its manifest; returns the manifest.

    What lies in the folder beside a workspace's own files (:data:`ERASED`) stays.

    Raises:
        UsageError: ``NOT_EMPTY``; ForetellError: ``BACKUP_UNREADABLE``, ``BACKUP_DAMAGED``.
    """
    there = [entry.name for entry in root.iterdir()] if root.exists() else []
    if [name for name in there if name != ERASED]:
        raise UsageError("NOT_EMPTY", "a back-up is restored into an empty folder", where=str(root))
    with explain_os_errors("back-up"):
        root.mkdir(parents=True, exist_ok=True)
        listed = (root / ERASED).read_bytes() if ERASED in there else b""
        try:
            with tarfile.open(path) as packed:
                packed.extractall(root, filter="data")
            manifest: dict[str, Any] = json.loads((root / MANIFEST).read_text("utf-8"))
        except (tarfile.TarError, ValueError, KeyError) as error:
            raise ForetellError(
                "BACKUP_UNREADABLE", f"the file is no back-up that can be read: {error}", where=str(path)
            ) from error
        except FileNotFoundError as error:
            if not path.exists():
                raise
            raise ForetellError("BACKUP_UNREADABLE", "the file is no back-up of Foretell", where=str(path)) from error
        if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
            raise ForetellError("BACKUP_UNREADABLE", "the back-up was made by another version", where=str(path))
        for name, told in manifest["files"].items():
            if not (root / name).is_file() or checksum(root / name) != told["sha256"]:
                raise ForetellError("BACKUP_DAMAGED", f"{name} is not as it was written", where=str(path))
        (root / MANIFEST).unlink()
        if listed:
            with (root / ERASED).open("ab") as file:
                file.write(listed)
    return manifest


def note_erased(root: Path, hashes: Sequence[str], now: datetime) -> None:
    """Add keyed hashes to the list beside the definitions."""
    known = set(erased_hashes(root)["hash"].to_pylist())
    lines = [
        json.dumps({"hash": name, "at": now.isoformat(timespec="seconds")}) for name in hashes if name not in known
    ]
    if not lines:
        return
    with explain_os_errors("list of the erased"), (root / ERASED).open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
        file.flush()
        os.fsync(file.fileno())


def erased_hashes(root: Path) -> pa.Table:
    """The list beside the definitions: column hash."""
    with explain_os_errors("list of the erased"):
        text = (root / ERASED).read_text("utf-8") if (root / ERASED).exists() else ""
    found = [json.loads(line)["hash"] for line in text.splitlines() if line.strip()]
    return pa.table({"hash": pa.array(found, pa.string())})


@contextmanager
def unpacked_beside(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A back-up unpacked into a folder of its own beside it, which goes away afterwards, and its manifest.

    Raises:
        ForetellError: ``DISK_READ_ONLY`` where the file may not be written, and as :func:`unpack_backup`.
    """
    with explain_os_errors("back-up"):
        if not path.stat().st_mode & 0o222 or not os.access(path.parent, os.W_OK):
            raise PermissionError(13, "it is read-only", str(path))
        folder = Path(tempfile.mkdtemp(prefix=".restoring-", dir=path.parent))
    try:
        yield folder, unpack_backup(path, folder)
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)


def made_at(manifest: dict[str, Any]) -> datetime:
    """When a back-up was made."""
    return datetime.fromisoformat(manifest["made_at"])


def _write(
    packed: tarfile.TarFile, engine: Engine, root: Path, folder: Path, path: Path, now: datetime
) -> BackupReport:
    if not engine.data.resolve().is_relative_to(root.resolve()):
        raise UsageError("DATA_ELSEWHERE", "the stores lie outside the workspace's folder", where=str(engine.data))
    data = engine.data.resolve().relative_to(root.resolve())
    sums: dict[str, dict[str, Any]] = {}

    def put(file: Path, name: str) -> None:
        packed.add(file, name, recursive=False)
        sums[name] = {"sha256": checksum(file), "bytes": file.stat().st_size}

    for store in copy_stores(engine, folder):
        put(store, f"{data}/{store.name}")
    for part in _FOLDERS:
        for file in sorted((engine.data / part).rglob("*")):
            if file.is_file():
                put(file, f"{data}/{file.relative_to(engine.data)}")
    for file in sorted(engine.data.glob("*.key")):
        put(file, f"{data}/{file.name}")
    mine = {path.resolve(), path.with_name(f".{path.name}.new").resolve()}
    for file in sorted(root.rglob("*")):
        name = file.relative_to(root)
        outside = not _LEFT_OUT & set(name.parts) and not name.is_relative_to(data) and file.suffix != ".tar"
        if outside and file.is_file() and file.resolve() not in mine:
            put(file, str(name))
    manifest = {"format": FORMAT, "version": VERSION, "made_at": now.isoformat(), "files": sums}
    text = json.dumps(manifest, indent=1).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size, entry.mode = len(text), 0o640
    packed.addfile(entry, io.BytesIO(text))
    return BackupReport(str(path), len(sums), sum(one["bytes"] for one in sums.values()), now.isoformat())
