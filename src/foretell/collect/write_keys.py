"""Write keys: what a sender of ``/v1`` shows, and the source whose events come with it.

A source has as many as it likes, so that one can be replaced without a gap: make a new one, put it into the page
or the program, and let the old one retire on a day. A key is no secret (browsers show it); it lets events in, and
nothing out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import from_micros, micros
from foretell.collect.source_model import SourceSpec
from foretell.definitions import Catalog
from foretell.engine import OperationalStore
from foretell.errors import ForetellError, UsageError

WRITE_KEYS_DDL = """
CREATE TABLE write_keys (
    write_key TEXT PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL,
    retires_at BIGINT)
"""
_KEY_BYTES = 24
_COLUMNS = "write_key, source, name, created_at, retires_at"


@dataclass(frozen=True)
class WriteKey:
    """A write key.

    Args:
        name: what people call it; may be empty.
        retires_at: from then on it is not accepted; None: not planned.
    """

    write_key: str
    source: str
    name: str
    created_at: datetime
    retires_at: datetime | None = None

    def is_valid(self, at: datetime) -> bool:
        """True where it is accepted at that instant."""
        return self.retires_at is None or at < self.retires_at


@dataclass(frozen=True)
class KeyInfo:
    """What a write key stands for.

    Args:
        source: key of the source whose events come with it.
        origins: origins (lower case) of the pages that may send; empty for all.
        consent_required: True where what identifies people is kept only of those who agreed.
        consent_categories: categories that must be granted; empty for all that an event names.
    """

    source: str
    origins: frozenset[str] = frozenset()
    consent_required: bool = False
    consent_categories: tuple[str, ...] = ()


def new_key(ops: OperationalStore, catalog: Catalog, source: str, *, name: str = "", now: datetime) -> WriteKey:
    """Make a write key of a source.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``; ``BAD_SOURCE`` where the source takes no events of ``/v1``.
    """
    spec = catalog.get("source", source).spec
    assert isinstance(spec, SourceSpec)
    if spec.format != "api":
        raise UsageError(
            "BAD_SOURCE",
            f"the source takes {spec.format}, and write keys are for events of /v1",
            thing=f"source {source}",
            next_step="Write a source document with format: api.",
        )
    made = WriteKey(f"wk_{secrets.token_urlsafe(_KEY_BYTES)}", source, name.strip(), from_micros(micros(now)))
    with ops.write() as tx:
        tx.execute(
            f"INSERT INTO write_keys ({_COLUMNS}) VALUES (?, ?, ?, ?, NULL)",
            (made.write_key, source, made.name, micros(now)),
        )
    return made


def retire_key(ops: OperationalStore, write_key: str, *, at: datetime, source: str | None = None) -> WriteKey:
    """Let a write key be accepted until ``at`` and no longer; a later call may change the day.

    Args:
        source: where given, a key of that source alone.

    Raises:
        UsageError: ``UNKNOWN_WRITE_KEY``.
    """
    where, params = "write_key = ?", [write_key]
    if source is not None:
        where, params = f"{where} AND source = ?", [*params, source]
    with ops.write() as tx:
        if not tx.execute(f"UPDATE write_keys SET retires_at = ? WHERE {where}", (micros(at), *params)):
            raise UsageError(
                "UNKNOWN_WRITE_KEY",
                "there is no such write key" + ("" if source is None else f" of source {source}"),
                next_step="List them with `foretell source keys KEY`; keys in foretell.yaml retire there.",
            )
        (row,) = tx.query(f"SELECT {_COLUMNS} FROM write_keys WHERE write_key = ?", (write_key,))
    return _of(row)


def keys(ops: OperationalStore, source: str | None = None) -> list[WriteKey]:
    """Write keys, those of a source or all: the oldest first, retired ones too."""
    where, params = ("", ()) if source is None else ("WHERE source = ?", (source,))
    rows = ops.query(f"SELECT {_COLUMNS} FROM write_keys {where} ORDER BY source, created_at, write_key", params)
    return [_of(row) for row in rows]


def source_of_key(ops: OperationalStore, catalog: Catalog, write_key: str, *, at: datetime) -> KeyInfo | None:
    """What a write key of the store stands for at that instant; None where it is not accepted.

    Raises:
        ForetellError: see :func:`key_info`.
    """
    rows = ops.query(f"SELECT {_COLUMNS} FROM write_keys WHERE write_key = ?", (write_key,))
    found = _of(rows[0]) if rows else None
    return key_info(catalog, found.source) if found is not None and found.is_valid(at) else None


def key_info(catalog: Catalog, source: str) -> KeyInfo:
    """What holds for the events of a source; a source without a document takes them from every page.

    Raises:
        ForetellError: ``SOURCE_BROKEN`` (transient) where its document is not valid: nobody knows then whether
            it asks for consent.
    """
    if ("source", source) in catalog.broken:
        raise ForetellError(
            "SOURCE_BROKEN",
            "the document of the source is not valid, and takes no events until it is",
            thing=f"source {source}",
            next_step="Run `foretell plan` to see what is wrong with it.",
            transient=True,
        )
    document = catalog.documents.get(("source", source))
    if document is None:
        return KeyInfo(source)
    spec = document.spec
    assert isinstance(spec, SourceSpec)
    required = spec.consent == "required"
    return KeyInfo(source, frozenset(spec.origins), required, tuple(spec.consent_categories))


def _of(row: tuple[str, str, str, int, int | None]) -> WriteKey:
    write_key, source, name, created, retires = row
    retires_at = None if retires is None else from_micros(retires)
    return WriteKey(write_key, source, name, from_micros(created), retires_at)
