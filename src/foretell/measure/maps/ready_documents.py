"""A map that many shops can begin with, to be put into a workspace and changed there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from foretell.definitions import Catalog, documents_in, suggestion, write_whole
from foretell.errors import UsageError
from foretell.measure.maps.document import MapSpec

_FOLDER = Path(__file__).with_name("ready")


@dataclass(frozen=True)
class ReadyMap:
    """A document that comes with the package.

    Args:
        text: the YAML, as it is put into a workspace.
        spec: its content.
    """

    key: str
    title: str
    description: str
    text: str
    spec: MapSpec


def ready() -> list[ReadyMap]:
    """All of them, by key."""
    return [_read(path) for path in sorted(_FOLDER.glob("*.yaml"))]


def ready_map(key: str) -> ReadyMap:
    """One of them; raises ``UNKNOWN_READY``."""
    known = {one.key: one for one in ready()}
    if key not in known:
        next_step = suggestion(key, sorted(known), what="ready maps")
        raise UsageError("UNKNOWN_READY", f"there is no ready map called {key!r}", next_step=next_step)
    return known[key]


def write_ready(catalog: Catalog, key: str) -> Path:
    """Put one into the workspace's files; returns its file. It is in force once it is applied.

    Raises:
        UsageError: ``UNKNOWN_READY``; ``FILE_TAKEN`` where there is such a map, or such a file.
    """
    chosen = ready_map(key)
    path = catalog.root / "maps" / f"{key}.yaml"
    if path.exists() or catalog.has("map", key):
        raise UsageError(
            "FILE_TAKEN",
            f"the workspace has map {key} already",
            where=f"maps/{key}.yaml",
            next_step="Change what is there, or take it out first.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, chosen.text)
    return path


def _read(path: Path) -> ReadyMap:
    text = path.read_text(encoding="utf-8")
    (raw,) = documents_in(text) or [{}]
    assert isinstance(raw, dict)
    spec = MapSpec.model_validate(raw["spec"])
    return ReadyMap(path.stem, spec.title or path.stem, spec.description or "", text, spec)
