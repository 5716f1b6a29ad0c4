"""Documents that come with the package, to be put into a workspace and changed there.

A room that has some keeps them beside its code, one YAML file each, and offers them as one :class:`ReadyFolder`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from foretell.definitions.documents import Catalog, Kind
from foretell.definitions.problem import suggestion
from foretell.definitions.saving import write_whole
from foretell.definitions.yaml_text import documents_in
from foretell.errors import UsageError

Spec = TypeVar("Spec", bound=BaseModel)


@dataclass(frozen=True)
class ReadyDocument(Generic[Spec]):
    """A document that comes with the package.

    Args:
        text: the YAML, as it is put into a workspace; ``raw`` what its ``spec`` says as it is written, ``spec`` as it
            is meant.
    """

    key: str
    title: str
    description: str
    text: str
    raw: Mapping[str, Any]
    spec: Spec


def ready_file(folder: Path, key: str, called: str) -> Path:
    """The file of a ready document.

    Args:
        called: what people call documents of its kind, e.g. ``journey``.

    Raises:
        UsageError: ``UNKNOWN_READY``.
    """
    known = {path.stem: path for path in folder.glob("*.yaml")}
    if key not in known:
        next_step = suggestion(key, sorted(known), what=f"ready {called}s")
        raise UsageError("UNKNOWN_READY", f"there is no ready {called} called {key!r}", next_step=next_step)
    return known[key]


class ReadyFolder(Generic[Spec]):
    """The ready documents of a kind.

    Args:
        folder: where they lie; a file is named like its document.
        spec: model of ``spec``, the kind's own.
        title: what people call a document; None: its ``title``.
    """

    def __init__(
        self, folder: Path, kind: Kind, spec: type[Spec], title: Callable[[Spec], str | None] | None = None
    ) -> None:
        self._folder, self._kind, self._spec = folder, kind, spec
        self._title = title or (lambda found: getattr(found, "title", None))
        self._called = kind.name.replace("_", " ")

    def all(self) -> list[ReadyDocument[Spec]]:
        """All of them, by key."""
        return [self._read(path) for path in sorted(self._folder.glob("*.yaml"))]

    def one(self, key: str) -> ReadyDocument[Spec]:
        """One of them.

        Raises:
            UsageError: ``UNKNOWN_READY``.
        """
        return self._read(ready_file(self._folder, key, self._called))

    def write(self, catalog: Catalog, key: str, text: str | None = None) -> Path:
        """Put one into the workspace's files; returns its file. It is in force once it is applied.

        Args:
            text: the YAML to write in its place, as it goes with the workspace.

        Raises:
            UsageError: ``UNKNOWN_READY``; ``FILE_TAKEN`` where there is such a document, or such a file.
        """
        text = self.one(key).text if text is None else text
        file = f"{self._kind.folder}/{key}.yaml"
        path = catalog.root / file
        if path.exists() or catalog.has(self._kind.name, key):
            raise UsageError(
                "FILE_TAKEN",
                f"the workspace has {self._called} {key} already",
                where=file,
                next_step="Change what is there, or take it out first.",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
        return path

    def _read(self, path: Path) -> ReadyDocument[Spec]:
        text = path.read_text(encoding="utf-8")
        (raw,) = documents_in(text) or [{}]
        assert isinstance(raw, dict)
        spec = self._spec.model_validate(raw["spec"])
        title, description = self._title(spec) or path.stem, getattr(spec, "description", None) or ""
        return ReadyDocument(path.stem, title, description, text, raw["spec"], spec)
