"""Ready journeys: documents to begin with, each with its templates and offers, for people to make their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foretell.definitions import Catalog, documents_in, suggestion, write_whole
from foretell.errors import UsageError
from foretell.journey.document import JourneySpec
from foretell.journey.entry_words import entry_words

_FOLDER = Path(__file__).with_name("ready")
_BETWEEN = re.compile(r"(?m)^---\n")


@dataclass(frozen=True)
class ReadyDocument:
    """One of its documents, as it would be written."""

    kind: str
    key: str
    text: str


@dataclass(frozen=True)
class Ready:
    """A ready journey.

    Args:
        enters: who enters, in words.
        documents: the journey first, then what it names.
    """

    key: str
    title: str
    description: str
    enters: str
    documents: tuple[ReadyDocument, ...]


@dataclass(frozen=True)
class Written:
    """What was written into a workspace, and what was there already and stayed; files relative to it."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def ready_journeys() -> list[Ready]:
    """All of them, by key."""
    return [_read(path) for path in sorted(_FOLDER.glob("*.yaml"))]


def ready_journey(key: str) -> Ready:
    """One of them; raises ``UNKNOWN_READY``."""
    path = _FOLDER / f"{key}.yaml"
    known = [one.stem for one in _FOLDER.glob("*.yaml")]
    if key not in known:
        raise UsageError(
            "UNKNOWN_READY",
            f"there is no ready journey called {key!r}",
            next_step=suggestion(key, sorted(known), what="ready journeys"),
        )
    return _read(path)


def write_ready(catalog: Catalog, key: str) -> Written:
    """Put a ready journey into the workspace's files; what other documents of its names say stays as it is.

    Nothing is in force before it is applied, and nobody enters before it is started.

    Raises:
        UsageError: ``UNKNOWN_READY``; ``FILE_TAKEN`` where there is such a journey, or such a file.
    """
    ready = ready_journey(key)
    writing = dict(_files(catalog, ready))
    for file, document in writing.items():
        if (catalog.root / file).exists() or (document.kind == "journey" and catalog.has("journey", key)):
            raise UsageError(
                "FILE_TAKEN",
                f"the workspace has {document.kind} {document.key} already, or the file {file}",
                thing=f"{document.kind} {document.key}",
                where=file,
                next_step="Rename what is there, or take it out first.",
            )
    for file, document in writing.items():
        (catalog.root / file).parent.mkdir(parents=True, exist_ok=True)
        write_whole(catalog.root / file, document.text)
    there = [one for one in ready.documents if catalog.has(one.kind, one.key)]
    return Written(tuple(writing), tuple(f"{one.kind} {one.key}" for one in there))


def _files(catalog: Catalog, ready: Ready) -> Iterator[tuple[str, ReadyDocument]]:
    for document in ready.documents:
        if document.kind == "journey" or not catalog.has(document.kind, document.key):
            yield f"{catalog.kinds[document.kind].folder}/{document.key}.yaml", document


def _read(path: Path) -> Ready:
    documents = []
    spec: JourneySpec | None = None
    for text in _BETWEEN.split(path.read_text(encoding="utf-8")):
        (raw,) = documents_in(text) or [{}]
        assert isinstance(raw, dict)
        documents.append(ReadyDocument(str(raw["kind"]), str(raw["key"]), text))
        if raw["kind"] == "journey":
            spec = JourneySpec.model_validate(raw["spec"])
    assert spec is not None
    title, description = spec.title or path.stem, spec.description or ""
    return Ready(path.stem, title, description, entry_words(spec), tuple(documents))
