"""Keys of a workspace: the secret that is named in its settings, else a file in its data folder.

The file is made on first use, durable before anybody uses it, and never changed; of several processes that make it at
once, one does, and all use that one.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from foretell.engine.folders import make_folder, sync_folder
from foretell.errors import UsageError, explain_os_errors

_LEAST_CHARACTERS = 16
_BYTES = 32


def workspace_key(data: Path, name: str, secret: str | None) -> bytes:
    """The key ``name``: ``secret`` where there is one, else what ``NAME.key`` in the folder ``data`` holds.

    Raises:
        UsageError: ``WEAK_SECRET``; ForetellError: ``DISK_FULL`` and the like.
    """
    if secret is None:
        return _kept(data / f"{name}.key")
    if len(secret) < _LEAST_CHARACTERS:
        raise UsageError(
            "WEAK_SECRET",
            f"the secret {name} has fewer than {_LEAST_CHARACTERS} characters",
            where="foretell.yaml",
            next_step="Use a long random text, e.g. of `openssl rand -hex 32`.",
        )
    return secret.encode()


def _kept(path: Path) -> bytes:
    with explain_os_errors(f"{path.stem} key"):
        if not path.exists():
            make_folder(path.parent)
            _make(path)
        return path.read_bytes().strip()


def _make(path: Path) -> None:
    made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            os.write(descriptor, secrets.token_hex(_BYTES).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with suppress(FileExistsError):  # whoever links first has made the key
            os.link(made, path)
    finally:
        made.unlink()
    sync_folder(path.parent)
