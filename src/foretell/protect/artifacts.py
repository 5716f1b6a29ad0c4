"""Files that Foretell wrote and that hold something of people: exports, copies for people, back-ups.

Each is registered when it is written, and rewritten without the erased when somebody is erased. What cannot be reached
or changed is told in the certificate; a back-up is held against the list of the erased when it is restored.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as papq

from foretell.clock import from_micros, micros
from foretell.collect import naming, telling_words
from foretell.engine import Engine
from foretell.errors import ForetellError, explain_os_errors

ArtifactKind = Literal["export", "person", "backup"]
_BLOCK = 1 << 20
Rewriter = Callable[[Path, pa.Table], "int | None"]
"""Takes people out of a file; returns how many rows went, None where the file went as a whole."""


def register_artifact(engine: Engine, path: Path, kind: ArtifactKind, now: datetime) -> None:
    """Remember a file that was written, so that an erasure finds it."""
    place = path.resolve()
    with engine.ops.write() as tx:
        tx.execute(
            "INSERT INTO artifacts VALUES (?, ?, ?, ?, 'kept') ON CONFLICT (path) DO UPDATE SET kind = excluded.kind, "
            "made_at = excluded.made_at, sha256 = excluded.sha256, state = 'kept'",
            (str(place), kind, micros(now), checksum(place)),
        )


def keeping(engine: Engine, kind: ArtifactKind, now: datetime) -> Callable[[Path, bytes], None]:
    """What puts a file into its place, whole or not at all, and remembers it; folders above it are made.

    It raises ForetellError (``DISK_FULL``, ``DISK_READ_ONLY`` and the like); what was there before is still there then.
    """

    def keep(path: Path, content: bytes) -> None:
        with explain_os_errors("export"):
            path.parent.mkdir(parents=True, exist_ok=True)
            _put(path.resolve(), content)
        register_artifact(engine, path, kind, now)

    return keep


def artifacts(engine: Engine) -> list[dict[str, Any]]:
    """The files that are registered, the latest first: path, kind, made_at, sha256, state (kept or gone)."""
    rows = engine.ops.query("SELECT path, kind, made_at, sha256, state FROM artifacts ORDER BY made_at DESC, path")
    return [
        {"path": path, "kind": kind, "made_at": from_micros(at), "sha256": sha256, "state": state}
        for path, kind, at, sha256, state in rows
    ]


def checksum(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    found = hashlib.sha256()
    with explain_os_errors("file"), path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def erase_artifacts(engine: Engine, words: pa.Table, in_backup: Rewriter) -> dict[str, Any]:
    """Take people (``words``: kind, value) out of every registered file.

    Args:
        in_backup: does it in a back-up.

    Returns:
        ``looked_at`` (files), ``removed`` (what → how many) and ``left``, what could not be changed.
    """
    rewriters: Mapping[str, Rewriter] = {
        ".csv": _csv, ".parquet": _parquet, ".json": _json, ".zip": _zip,
        ".tar": in_backup,
    }  # fmt: skip
    counts = {"files rewritten": 0, "files removed": 0, "rows, or people in back-ups": 0}
    looked = 0
    left: list[str] = []
    for one in artifacts(engine):
        path = Path(one["path"])
        rewrite = rewriters.get(path.suffix)
        if one["state"] == "gone" or rewrite is None:
            continue
        if not path.exists():
            _settle(engine, path, None)
            left.append(f"a {one['kind']} written {one['made_at']:%Y-%m-%d} is no longer where it was written")
            continue
        looked += 1
        try:
            rows = rewrite(path, words)
        except (ForetellError, OSError) as error:
            why = error.what if isinstance(error, ForetellError) else error.strerror or "it cannot be changed"
            left.append(f"a {one['kind']} written {one['made_at']:%Y-%m-%d} could not be changed: {why}")
            continue
        counts["files removed"] += rows is None
        counts["files rewritten"] += bool(rows)
        counts["rows, or people in back-ups"] += rows or 0
        _settle(engine, path, None if rows is None else checksum(path))
    return {"looked_at": looked, "removed": counts, "left": left}


def _settle(engine: Engine, path: Path, sha256: str | None) -> None:
    with engine.ops.write() as tx:
        if sha256 is None:
            tx.execute("DELETE FROM artifacts WHERE path = ?", (str(path),))
        else:
            tx.execute("UPDATE artifacts SET sha256 = ? WHERE path = ?", (sha256, str(path)))


def replace_file(path: Path, content: bytes) -> None:
    """Put ``content`` into the place of a file, whole or not at all.

    Raises:
        ForetellError: ``DISK_READ_ONLY`` and the like; also where the file itself may not be written.
    """
    with explain_os_errors("file"):
        if not os.access(path, os.W_OK) or not path.stat().st_mode & 0o222:
            raise PermissionError(13, "it is read-only", str(path))
        _put(path, content)


def _put(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def _csv(path: Path, words: pa.Table) -> int:
    with explain_os_errors("file"), path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    texts = pa.array([json.dumps(row, ensure_ascii=False) for row in rows[1:]], pa.string())
    gone = set(naming(texts, telling_words(words)).to_pylist())
    if gone:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(
            [*rows[:1], *(row for place, row in enumerate(rows[1:]) if place not in gone)]
        )
        replace_file(path, text.getvalue().encode())
    return len(gone)


def _parquet(path: Path, words: pa.Table) -> int:
    with explain_os_errors("file"):
        rows = papq.read_table(path)
    texts = pa.array([json.dumps(row, ensure_ascii=False, default=str) for row in rows.to_pylist()], pa.string())
    gone = naming(texts, telling_words(words))
    if len(gone):
        places = pa.array(range(rows.num_rows), pa.int64())
        sink = pa.BufferOutputStream()
        papq.write_table(rows.filter(pc.invert(pc.is_in(places, gone))), sink)
        replace_file(path, sink.getvalue().to_pybytes())
    return len(gone)


def _json(path: Path, words: pa.Table) -> int:
    with explain_os_errors("file"):
        told = json.loads(path.read_text("utf-8"))
    rows = told if isinstance(told, list) else [told]
    texts = pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.string())
    gone = set(naming(texts, telling_words(words)).to_pylist())
    if gone:
        kept = [row for place, row in enumerate(rows) if place not in gone]
        replace_file(path, json.dumps(kept, ensure_ascii=False).encode())
    return len(gone)


def _zip(path: Path, words: pa.Table) -> int | None:
    """The copy of a person's data goes as a whole."""
    with explain_os_errors("file"), zipfile.ZipFile(path) as packed:
        texts = pa.array([packed.read(name).decode("utf-8", "replace") for name in packed.namelist()], pa.string())
    if not len(naming(texts, telling_words(words))):
        return 0
    with explain_os_errors("file"):
        if not path.stat().st_mode & 0o222:
            raise PermissionError(13, "it is read-only", str(path))
        path.unlink()
    return None
