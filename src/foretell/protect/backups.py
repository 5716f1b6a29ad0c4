"""Back-ups of a workspace, and the list of whom they may not bring back.

A back-up is one tar file: stores, spool, models, keys and definitions as of one instant, and a manifest with the
checksum of each. Stores that lie elsewhere are in it as files too (:mod:`.unpacking` puts them back). Whoever was
erased since is erased again when an old one is restored: the list of keyed hashes (:data:`ERASED`) stands beside the
definitions, outside the stores.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import __version__, definitions
from foretell.engine import Engine, RoomParts, copy_stores, undisturbed
from foretell.errors import UsageError, explain_os_errors
from foretell.protect.artifacts import checksum, register_artifact
from foretell.protect.unpacking import ERASED, FORMAT, MANIFEST, VERSION, migrations_of

_FOLDERS = ("spool", "batches", "models")
_LEFT_OUT = {".git", "__pycache__", definitions.APART}


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


def make_backup(
    engine: Engine, root: Path, path: Path, rooms: Sequence[RoomParts], *, now: datetime, register: bool = True
) -> BackupReport:
    """Write a back-up of the workspace at ``root`` to ``path``.

    Args:
        rooms: what this release keeps; a back-up says how far its stores are.

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
                report = _write(packed, engine, root, Path(folder), path, rooms, now)
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    if register:
        register_artifact(engine, path, "backup", now)
    return report


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


def made_at(manifest: dict[str, Any]) -> datetime:
    """When a back-up was made."""
    return datetime.fromisoformat(manifest["made_at"])


def _write(
    packed: tarfile.TarFile,
    engine: Engine,
    root: Path,
    folder: Path,
    path: Path,
    rooms: Sequence[RoomParts],
    now: datetime,
) -> BackupReport:
    if not engine.data.resolve().is_relative_to(root.resolve()):
        raise UsageError("DATA_ELSEWHERE", "the stores lie outside the workspace's folder", where=str(engine.data))
    data = engine.data.resolve().relative_to(root.resolve())
    sums: dict[str, dict[str, Any]] = {}

    def put(file: Path, name: str) -> None:
        packed.add(file, name, recursive=False)
        sums[name] = {"sha256": checksum(file), "bytes": file.stat().st_size}

    for store in copy_stores(engine, folder):
        put(store, f"{data}/{store.relative_to(folder)}")
    for part in _FOLDERS:
        for file in sorted((engine.data / part).rglob("*")):
            if file.is_file():
                put(file, f"{data}/{file.relative_to(engine.data)}")
    for file in sorted(engine.data.glob("*.key")):
        put(file, f"{data}/{file.name}")
    for file in _beside_stores(engine, root, path):
        put(file, str(file.relative_to(root)))
    made = {"made_at": now.isoformat(), "release": __version__, "migrations": migrations_of(rooms)}
    manifest = {"format": FORMAT, "version": VERSION, **made, "files": sums}
    text = json.dumps(manifest, indent=1).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size, entry.mode = len(text), 0o640
    packed.addfile(entry, io.BytesIO(text))
    return BackupReport(str(path), len(sums), sum(one["bytes"] for one in sums.values()), now.isoformat())


def _beside_stores(engine: Engine, root: Path, path: Path) -> Iterator[Path]:
    """The files of the workspace that no store keeps: definitions, lists, whatever people put there."""
    stores = [engine.data.resolve()]
    if engine.settings.lake is not None and "://" not in engine.settings.lake.url:
        stores.append(Path(engine.settings.lake.url).resolve())
    mine = {path.resolve(), path.with_name(f".{path.name}.new").resolve()}
    for file in sorted(root.rglob("*")):
        whole = file.resolve()
        left_out = _LEFT_OUT & set(file.relative_to(root).parts) or any(whole.is_relative_to(one) for one in stores)
        if file.is_file() and not left_out and whole not in mine and file.suffix != ".tar":
            yield file
