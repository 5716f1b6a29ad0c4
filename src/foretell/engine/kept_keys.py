"""Keys of a workspace: the secret that is named in its settings, else one of its own.

A key of its own lies in the data folder, or in PostgreSQL with a workspace that lies there, so that every machine has
the same. It is made on first use, durable before anybody uses it, and never changed; of several processes that make it
at once, one does, and all use that one.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from foretell.engine.folders import make_folder, sync_folder
from foretell.engine.settings import EngineSettings, PostgresPlace
from foretell.errors import UsageError, explain_os_errors

_LEAST_CHARACTERS = 16
_BYTES = 32


def workspace_key(where: EngineSettings, name: str, secret: str | None) -> bytes:
    """The key ``name``: ``secret`` where there is one, else what ``NAME.key`` in the data folder or PostgreSQL holds.

    Raises:
        UsageError: ``WEAK_SECRET``; ForetellError: ``DISK_FULL``, ``STORE_GONE`` and the like.
    """
    if secret is None:
        return _kept(where.data / f"{name}.key") if where.postgres is None else _shared(where.postgres, name)
    if len(secret) < _LEAST_CHARACTERS:
        raise UsageError(
            "WEAK_SECRET",
            f"the secret {name} has fewer than {_LEAST_CHARACTERS} characters",
            where="foretell.yaml",
            next_step="Use a long random text, e.g. of `openssl rand -hex 32`.",
        )
    return secret.encode()


@lru_cache(maxsize=64)
def _shared(place: PostgresPlace, name: str) -> bytes:
    from foretell.engine.postgres.keys import kept_in_schema

    return kept_in_schema(place, name, secrets.token_hex(_BYTES).encode())


def _kept(path: Path) -> bytes:
    with explain_os_errors(f"{path.stem} key"):
        if not path.exists():
            make_folder(path.parent)
            _make(path, secrets.token_hex(_BYTES).encode())
        return path.read_bytes().strip()


def keys_of(where: EngineSettings) -> dict[str, bytes]:
    """The keys of its own that a workspace has, by name."""
    if where.postgres is None:
        return {path.stem: path.read_bytes().strip() for path in sorted(where.data.glob("*.key"))}
    from foretell.engine.postgres.keys import kept_keys

    return kept_keys(where.postgres)


def bring_key(where: EngineSettings, name: str, key: bytes) -> None:
    """Let a workspace that is moved have the key ``name`` that it had before, in the place of one that lies there."""
    if where.postgres is not None:
        from foretell.engine.postgres.keys import put_key

        put_key(where.postgres, name, key)
        _shared.cache_clear()
        return
    path = where.data / f"{name}.key"
    with explain_os_errors(f"{name} key"):
        if path.exists() and path.read_bytes().strip() == key:
            return
        make_folder(path.parent)
        path.unlink(missing_ok=True)
        _make(path, key)


def _make(path: Path, content: bytes) -> None:
    made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with suppress(FileExistsError):  # whoever links first has made the key
            os.link(made, path)
    finally:
        made.unlink()
    sync_folder(path.parent)
