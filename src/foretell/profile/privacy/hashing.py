"""Identifiers as keyed hashes: what can be recognised, and read by nobody.

HMAC-SHA256 (RFC 2104) under a key of the workspace: the secret ``privacy``, else one of its own
(:func:`~foretell.engine.workspace_key`). Without the key a hash says nothing, not even to whoever tries all e-mail
addresses.
"""

from __future__ import annotations

import hashlib

import pyarrow as pa

from foretell.definitions import WorkspaceSettings
from foretell.engine import EngineSettings, scratch, workspace_key

_BLOCK_BYTES = 64
_KEYED = """
SELECT kind, value, sha256($outer || unhex(sha256($inner || encode(kind || chr(31) || value)))) AS hash
FROM i ORDER BY kind, value"""


def hashing_key(where: EngineSettings, settings: WorkspaceSettings) -> bytes:
    """The workspace's key for identifiers."""
    secret = settings.secrets.get("privacy")
    return workspace_key(where, "privacy", None if secret is None else secret.get_secret_value())


def keyed_hashes(identifiers: pa.Table, key: bytes) -> pa.Table:
    """``kind``, ``value`` and ``hash`` (hexadecimal) of the distinct identifiers (columns kind, value)."""
    inner, outer = _pads(key)
    distinct = scratch("SELECT DISTINCT kind, value FROM i", {"i": identifiers.select(["kind", "value"])})
    return scratch(_KEYED, {"i": distinct}, {"inner": inner, "outer": outer})


def _pads(key: bytes) -> tuple[bytes, bytes]:
    """The key in the two forms of RFC 2104."""
    block = hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key
    block = block.ljust(_BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
