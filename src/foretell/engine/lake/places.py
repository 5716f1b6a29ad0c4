"""Where a lake's files lie: a folder, or an object store through fsspec.

A file is written whole or not at all, and is durable when :meth:`Place.write` returns. Names are relative to the lake,
with ``/`` between folders.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from foretell.engine.folders import make_folder, sync_file, sync_folder
from foretell.engine.optional import require
from foretell.errors import ForetellError, explain_os_errors

_PART = ".part"


class Place(Protocol):
    """Files by their names."""

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Make a file durable, in the place of one that is there."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Make a file durable; False where there is one already, which then stays as it is."""
        ...

    def names(self, folder: str) -> list[str]:
        """Names of all files in and below a folder, in order."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...

    def address(self, name: str) -> str:
        """How others (Spark) open the file."""
        ...


def open_place(url: str) -> Place:
    """The place at ``url``: a folder, or whatever fsspec has a file system for.

    Raises:
        ForetellError: ``EXTRA_MISSING`` where fsspec or the store's own library is not installed.
    """
    if "://" not in url:
        return Folder(Path(url))
    if url.startswith("file://"):
        return Folder(Path(url.removeprefix("file://")))
    return Bucket(url)


class Folder:
    """A folder of this machine, or one that several share."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def read(self, name: str) -> bytes | None:
        with explain_os_errors("lake"), suppress(FileNotFoundError):
            return (self._root / name).read_bytes()
        return None

    def write(self, name: str, content: bytes) -> None:
        with explain_os_errors("lake"):
            self._put(self._root / name, content, replace=True)

    def create(self, name: str, content: bytes) -> bool:
        with explain_os_errors("lake"):
            return self._put(self._root / name, content, replace=False)

    def names(self, folder: str) -> list[str]:
        with explain_os_errors("lake"):
            found = (self._root / folder).rglob("*")
            return sorted(path.relative_to(self._root).as_posix() for path in found if path.is_file())

    def remove(self, name: str) -> None:
        with explain_os_errors("lake"):
            (self._root / name).unlink(missing_ok=True)

    def address(self, name: str) -> str:
        return str(self._root / name)

    def _put(self, path: Path, content: bytes, *, replace: bool) -> bool:
        make_folder(path.parent)
        part = path.with_name(f"{path.name}.{secrets.token_hex(6)}{_PART}")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                sync_file(file.fileno())
            if replace:
                os.replace(part, path)
            else:
                try:
                    os.link(part, path)
                except FileExistsError:
                    return False
        finally:
            part.unlink(missing_ok=True)
        sync_folder(path.parent)
        return True


class Bucket:
    """A folder of an object store, or of any other file system of fsspec.

    Most of them have no way to make a file only where there is none. Two leaders are kept apart by the lock in the
    operational store; what :meth:`create` adds is that a leader who was taken over notices.
    """

    def __init__(self, url: str) -> None:
        require("fsspec", "lake", f"a lake at {url.split('://')[0]}://")
        import fsspec

        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ForetellError(
                "LAKE_UNREACHABLE", f"the lake cannot be opened: {error}", where=url,
                next_step="Check engine.lake in foretell.yaml, and install what fsspec needs for it.",
            ) from error  # fmt: skip
        self._scheme = url.split("://")[0]

    def read(self, name: str) -> bytes | None:
        try:
            content: Any = self._files.cat_file(self._path(name))
        except FileNotFoundError:
            return None
        return bytes(content)

    def write(self, name: str, content: bytes) -> None:
        self._files.makedirs(self._path(name).rsplit("/", 1)[0], exist_ok=True)
        self._files.pipe_file(self._path(name), content)

    def create(self, name: str, content: bytes) -> bool:
        if self._files.exists(self._path(name)):
            return False
        try:
            self._files.makedirs(self._path(name).rsplit("/", 1)[0], exist_ok=True)
            self._files.pipe_file(self._path(name), content, mode="create")
        except FileExistsError:
            return False
        return True

    def names(self, folder: str) -> list[str]:
        self._files.invalidate_cache()
        found = self._files.find(self._path(folder))
        return sorted(path[len(self._root) :].lstrip("/") for path in found)

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def address(self, name: str) -> str:
        return f"{self._scheme}://{self._path(name).lstrip('/')}"

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"
