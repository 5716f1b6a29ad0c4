"""A definition as the other rooms see it, and the collection of all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from foretell.definitions.lists import ReferenceList
from foretell.definitions.positions import Plain, Positions
from foretell.definitions.problem import Problem, suggestion
from foretell.definitions.settings import WorkspaceSettings
from foretell.errors import UsageError

BROKEN = "BROKEN_DEFINITION"


@dataclass(frozen=True)
class Document:
    """One definition that fits its kind's model.

    Args:
        spec: the validated content.
        raw: the whole document as written (``kind key spec ui``), plain values.
        file: path relative to the workspace; empty for documents that were not read from a file.
    """

    kind: str
    key: str
    spec: BaseModel
    raw: Mapping[str, Any]
    file: str
    positions: Positions

    @property
    def name(self) -> str:
        """Kind and key, as messages call it: ``segment loyal``."""
        return f"{self.kind} {self.key}"

    @property
    def where(self) -> str:
        """``file:line`` at which the document begins."""
        return self.positions.at()

    @property
    def fingerprint(self) -> str:
        """Hash of the meaning, see :func:`fingerprint`."""
        return fingerprint(self.raw)


@dataclass(frozen=True)
class Kind:
    """A kind of document, registered by the room that owns it.

    Args:
        folder: the workspace's folder in which such documents lie.
        model: pydantic model of ``spec``.
        check: what is wrong with a valid document by its meaning.
        refers: the (kind, key) pairs that a document names; they must exist and be free of loops.
        draft: what ``spec`` may be as long as it is a draft; None where there are no drafts.
        watches: the conditions of a document, as written, that are kept from event to event as those of segments are:
            by a name within the document.
    """

    name: str
    folder: str
    model: type[BaseModel]
    check: Callable[[Document, Catalog], Iterable[Problem]] | None = None
    refers: Callable[[Document], Iterable[tuple[str, str]]] | None = None
    draft: type[BaseModel] | None = None
    watches: Callable[[Document], Mapping[str, Mapping[str, Any]]] | None = None


@dataclass(frozen=True)
class Catalog:
    """All definitions that could be read, by kind and key.

    Args:
        broken: kind and key of documents that exist and are not valid.
        lists: the reference lists of the workspace's files, by key.
    """

    root: Path
    settings: WorkspaceSettings
    kinds: Mapping[str, Kind]
    documents: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    broken: frozenset[tuple[str, str]] = frozenset()
    lists: Mapping[str, ReferenceList] = field(default_factory=dict)

    def get(self, kind: str, key: str) -> Document:
        """The document; raises UNKNOWN_DEFINITION with a near miss, BROKEN_DEFINITION where it is invalid."""
        found = self.documents.get((kind, key))
        if found is not None:
            return found
        if (kind, key) in self.broken:
            raise UsageError(
                BROKEN,
                f"{kind} {key} is not valid",
                thing=f"{kind} {key}",
                next_step="Run `foretell plan` to see what is wrong with it.",
            )
        keys = [document.key for document in self.all(kind)]
        raise UsageError(
            "UNKNOWN_DEFINITION",
            f"there is no {kind} called {key!r}",
            next_step=suggestion(key, keys, what=f"keys of kind {kind}"),
        )

    def has(self, kind: str, key: str) -> bool:
        """Whether such a document exists, valid or not."""
        return (kind, key) in self.documents or (kind, key) in self.broken

    def all(self, kind: str) -> list[Document]:
        """All valid documents of a kind, by key."""
        return [self.documents[name] for name in sorted(self.documents) if name[0] == kind]

    def without(self, names: Collection[str]) -> Catalog:
        """The catalog in which the documents ``names`` (``segment loyal``) count as broken."""
        wrong = {place for place, document in self.documents.items() if document.name in names}
        kept = {place: document for place, document in self.documents.items() if place not in wrong}
        return replace(self, documents=kept, broken=self.broken | wrong)


def fingerprint(raw: Mapping[str, Any]) -> str:
    """BLAKE2b hash (32 hexadecimal characters) of a document's meaning.

    The order of keys, ``ui``, and 30 against 30.0 make no difference; the order of lists does.
    """
    meaning = {name: raw.get(name) for name in ("kind", "key", "spec")}
    return hashlib.blake2b(canonical(meaning).encode(), digest_size=16).hexdigest()


def canonical(value: Plain) -> str:
    """JSON text that is the same for values of the same meaning."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Plain) -> Plain:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
