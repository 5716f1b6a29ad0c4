"""Ready journeys: documents to begin with, each with its templates and offers, for people to make their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.definitions import Catalog, documents_in, draft, ready_file, write_whole
from foretell.errors import UsageError
from foretell.journey.document import JourneySpec
from foretell.journey.entry_words import entry_words
from foretell.journey.steps import kind_of

_FOLDER = Path(__file__).with_name("ready")
_BETWEEN = re.compile(r"(?m)^---\n")


@dataclass(frozen=True)
class ReadyDocument:
    """One of its documents, as it would be written."""

    kind: str
    key: str
    text: str
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Ready:
    """A ready journey.

    Args:
        enters: who enters, in words.
        documents: the journey first, then what it names.
        spec: of the journey.
        channels: over which it writes, in the order of its steps.
    """

    key: str
    title: str
    description: str
    enters: str
    documents: tuple[ReadyDocument, ...]
    spec: JourneySpec
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Unpacked:
    """The documents of a ready journey that a workspace lacks, each after those that it names.

    Args:
        kept: names of those that are there already and stay as they are.
    """

    documents: tuple[ReadyDocument, ...]
    kept: tuple[str, ...]


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
    return _read(ready_file(_FOLDER, key, "journey"))


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
            raise _taken(document, file)
    for file, document in writing.items():
        (catalog.root / file).parent.mkdir(parents=True, exist_ok=True)
        write_whole(catalog.root / file, document.text)
    return Written(tuple(writing), _kept(catalog, ready))


def unpack_ready(catalog: Catalog, key: str) -> Unpacked:
    """What the app would put in force to use a ready journey, judged together with all that is there; writes nothing.

    Raises:
        UsageError: ``UNKNOWN_READY``; ``FILE_TAKEN`` where there is such a journey.
        DefinitionErrors: where it does not go with what the workspace has under the same names.
    """
    ready = ready_journey(key)
    files = dict(_files(catalog, ready))
    if catalog.has("journey", key):
        file, document = next((file, one) for file, one in files.items() if one.kind == "journey")
        raise _taken(document, file)
    documents = tuple(reversed(files.values()))
    seen = catalog
    for one in documents:
        seen, _ = draft(seen, one.kind, one.key, one.spec)
    return Unpacked(documents, _kept(catalog, ready))


def _taken(document: ReadyDocument, file: str) -> UsageError:
    return UsageError(
        "FILE_TAKEN",
        f"the workspace has {document.kind} {document.key} already, or the file {file}",
        thing=f"{document.kind} {document.key}",
        where=file,
        next_step="Rename what is there, or take it out first.",
    )


def _kept(catalog: Catalog, ready: Ready) -> tuple[str, ...]:
    return tuple(f"{one.kind} {one.key}" for one in ready.documents if catalog.has(one.kind, one.key))


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
        documents.append(ReadyDocument(str(raw["kind"]), str(raw["key"]), text, raw["spec"]))
        if raw["kind"] == "journey":
            spec = JourneySpec.model_validate(raw["spec"])
    assert spec is not None
    title, description = spec.title or path.stem, spec.description or ""
    channels = dict.fromkeys(str(getattr(step, "channel", "")) for step in spec.steps if kind_of(step).sends)
    return Ready(path.stem, title, description, entry_words(spec), tuple(documents), spec, tuple(channels))
