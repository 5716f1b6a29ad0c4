"""The operational tables of definitions: immutable revisions, and a pointer to the one that holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from foretell.clock import from_micros
from foretell.definitions.documents import Catalog, Kind
from foretell.definitions.lists import read_lists
from foretell.definitions.loading import catalog_of
from foretell.definitions.positions import Positions
from foretell.definitions.problem import Problem
from foretell.definitions.settings import WorkspaceSettings

Owner = Literal["git", "ui"]

MIGRATIONS = (
    """
    CREATE TABLE definition_revisions (
        kind TEXT NOT NULL,
        document_key TEXT NOT NULL,
        revision BIGINT NOT NULL,
        fingerprint TEXT NOT NULL,
        body TEXT NOT NULL,
        made_at BIGINT NOT NULL,
        PRIMARY KEY (kind, document_key, revision)
    )
    """,
    """
    CREATE TABLE definitions (
        kind TEXT NOT NULL,
        document_key TEXT NOT NULL,
        revision BIGINT NOT NULL,
        owner TEXT NOT NULL,
        file TEXT NOT NULL,
        layout TEXT NOT NULL,
        applied_at BIGINT NOT NULL,
        removed_at BIGINT,
        PRIMARY KEY (kind, document_key)
    )
    """,
)
"""``definition_revisions`` is only ever added to; ``definitions`` points to the revision in force.
Instants are microseconds since 1970 UTC; ``body`` is JSON of kind, key and spec, ``layout`` of ui."""


class Readable(Protocol):
    """A store or a transaction: both can be queried."""

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...


@dataclass(frozen=True)
class StoredDocument:
    """A document as applied.

    Args:
        raw: kind, key, spec, and ui where there is one.
        removed: True where it was taken out; its revisions stay.
    """

    kind: str
    key: str
    revision: int
    owner: Owner
    fingerprint: str
    raw: Mapping[str, Any]
    file: str
    applied_at: datetime
    removed: bool = False

    @property
    def name(self) -> str:
        """Kind and key, as messages call it: ``segment loyal``."""
        return f"{self.kind} {self.key}"


_CURRENT = """
    SELECT d.kind, d.document_key, d.revision, d.owner, r.fingerprint, r.body, d.layout, d.file,
           d.applied_at, d.removed_at
    FROM definitions d
    JOIN definition_revisions r
      ON r.kind = d.kind AND r.document_key = d.document_key AND r.revision = d.revision
    ORDER BY d.kind, d.document_key
"""


def mark(ops: Readable) -> tuple[int, ...]:
    """Numbers that change whenever something is put in force or taken out of it."""
    made = ops.query("SELECT count(*) FROM definition_revisions")[0][0]
    applied = "SELECT count(*), coalesce(max(applied_at), 0), coalesce(max(removed_at), 0) FROM definitions"
    lists = "SELECT count(*) FROM reference_lists"
    return (int(made), *(int(value) for query in (applied, lists) for value in ops.query(query)[0]))


def current(store: Readable, *, removed: bool = False) -> list[StoredDocument]:
    """The documents in force, by kind and key.

    Args:
        removed: also those that were taken out.
    """
    found = [_stored(*row) for row in store.query(_CURRENT)]
    return [document for document in found if removed or not document.removed]


def revision_of(store: Readable, kind: str, key: str, revision: int) -> Mapping[str, Any] | None:
    """The raw document (without ui) of one revision, which never changes; None where there is none."""
    rows = store.query(
        "SELECT body FROM definition_revisions WHERE kind = ? AND document_key = ? AND revision = ?",
        (kind, key, revision),
    )
    raw: Mapping[str, Any] | None = json.loads(rows[0][0]) if rows else None
    return raw


def revisions_of(store: Readable, kind: str, key: str) -> dict[int, datetime]:
    """The revisions of a document, and when each was made."""
    rows = store.query(
        "SELECT revision, made_at FROM definition_revisions WHERE kind = ? AND document_key = ? ORDER BY revision",
        (kind, key),
    )
    return {int(revision): from_micros(made) for revision, made in rows}


def applied_catalog(
    store: Readable, kinds: Sequence[Kind], *, root: Path, settings: WorkspaceSettings
) -> tuple[Catalog, list[Problem]]:
    """The documents in force as a catalog, whoever owns them, with what is wrong with them today."""
    raws = [(document.raw, Positions(f"applied {document.name}")) for document in current(store)]
    lists, _ = read_lists(root)
    return catalog_of(raws, kinds, root=root, settings=settings, lists=lists)


def _stored(
    kind: str,
    key: str,
    revision: int,
    owner: Owner,
    fingerprint: str,
    body: str,
    layout: str,
    file: str,
    applied_at: int,
    removed_at: int | None,
) -> StoredDocument:
    raw = json.loads(body)
    if layout:
        raw["ui"] = json.loads(layout)
    return StoredDocument(
        kind, key, revision, owner, fingerprint, raw, file, from_micros(applied_at), removed_at is not None
    )
