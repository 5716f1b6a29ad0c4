"""A workspace's files → a catalog, and everything that is wrong with them at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from foretell.definitions.documents import BROKEN, Catalog, Document, Kind
from foretell.definitions.lists import ReferenceList, read_lists
from foretell.definitions.positions import Plain, Positions
from foretell.definitions.problem import Problem, in_order, problems_from, suggestion
from foretell.definitions.references import reference_problems
from foretell.definitions.settings import SETTINGS_FILE, WorkspaceSettings
from foretell.definitions.settings_file import read_settings
from foretell.definitions.texts import KEY_PATTERN
from foretell.definitions.wording import translate
from foretell.definitions.yaml_text import read_yaml
from foretell.errors import ForetellError, explain_os_errors

_PARTS = ("kind", "key", "spec", "ui")
_KIND_LINE = re.compile(rb"^kind:[ \t]*[\"']?([a-z_]+)", re.MULTILINE)


def load(
    root: Path, kinds: Sequence[Kind], *, environ: Mapping[str, str] | None = None
) -> tuple[Catalog, list[Problem]]:
    """Read the settings and every document of the workspace at ``root``.

    Reads ``*.yaml`` and ``*.yml`` below the folders of ``kinds``; a document's ``kind`` decides what it
    is, wherever it lies. Nothing is raised: what is wrong is among the problems, in order of file and
    line, and what is right is in the catalog.

    Args:
        environ: where ``${NAME}`` in the settings is read from; default the process's environment.
    """
    read = read_settings(root, os.environ if environ is None else environ)
    gathered = _Gathered({kind.name: kind for kind in kinds}, list(read.problems))
    for path in definition_files(root, kinds):
        gathered.read_file(path, path.relative_to(root).as_posix())
    gathered.problems.extend(_stray_files(root, kinds))
    lists, wrong = read_lists(root)
    gathered.problems.extend(wrong)
    return gathered.catalog(root, read.settings, lists)


def catalog_of(
    raws: Iterable[tuple[Mapping[str, Any], Positions]],
    kinds: Sequence[Kind],
    *,
    root: Path,
    settings: WorkspaceSettings,
    lists: Mapping[str, ReferenceList] | None = None,
) -> tuple[Catalog, list[Problem]]:
    """The same from documents that are already plain values (the store's, the UI's), beside ``lists``."""
    gathered = _Gathered({kind.name: kind for kind in kinds})
    for raw, positions in raws:
        gathered.add(raw, positions)
    return gathered.catalog(root, settings, lists or {})


def definition_files(root: Path, kinds: Iterable[Kind]) -> list[Path]:
    """The YAML files below the folders of ``kinds``, sorted; hidden files and folders are left out."""
    found = {
        path
        for folder in {kind.folder for kind in kinds}
        for pattern in ("*.yaml", "*.yml")
        for path in (root / folder).rglob(pattern)
        if not any(part.startswith(".") for part in path.relative_to(root).parts)
    }
    return sorted(found)


@dataclass
class _Gathered:
    """What has been read so far."""

    kinds: Mapping[str, Kind]
    problems: list[Problem] = field(default_factory=list)
    documents: dict[tuple[str, str], Document] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    broken_keys: set[str] = field(default_factory=set)

    def read_file(self, path: Path, file: str) -> None:
        try:
            with explain_os_errors("definitions"):
                data = path.read_bytes()
        except ForetellError as error:
            self.problems.extend(problems_from(error, thing="definitions", where=file))
            return
        read = read_yaml(data, file)
        self.problems.extend(read.problems)
        self.broken_keys |= read.broken_keys
        for raw, positions in read.documents:
            self.add(raw, positions)

    def add(self, raw: Plain, positions: Positions) -> None:
        """Validate one document and keep it where it is right."""
        frame = list(_frame_problems(raw, positions, self.kinds))
        self.problems.extend(frame)
        kind, key = (raw.get("kind"), raw.get("key")) if isinstance(raw, Mapping) else (None, None)
        if not isinstance(kind, str) or not isinstance(key, str):
            if isinstance(key, str):
                self.broken_keys.add(key)
            return
        if kind not in self.kinds:
            self.broken_keys.add(key)
        name = (kind, key)
        if name in self.places:
            self.problems.append(
                Problem(
                    "DEFINED_TWICE",
                    f"{kind} {key} is defined a second time, first at {self.places[name]}",
                    f"{kind} {key}",
                    positions.at(("key",)),
                    "Rename or delete one of the two.",
                )
            )
            return
        self.places[name] = positions.at(("key",))
        if kind in self.kinds and raw.get("spec") is not None:
            self._validate(self.kinds[kind], key, raw, positions, keep=not frame)

    def _validate(self, kind: Kind, key: str, raw: Mapping[str, Any], positions: Positions, *, keep: bool) -> None:
        spec, thing = raw["spec"], f"{kind.name} {key}"
        try:
            model = kind.model.model_validate(spec)
        except ValidationError as error:
            self.problems.extend(
                translate(error, model=kind.model, raw=spec, under=("spec",), positions=positions, thing=thing)
            )
        except ForetellError as error:
            self.problems.extend(problems_from(error, thing=thing, where=positions.at(("spec",))))
        else:
            if keep:
                file = positions.file if positions.lines else ""
                self.documents[kind.name, key] = Document(kind.name, key, model, raw, file, positions)

    def catalog(
        self, root: Path, settings: WorkspaceSettings, lists: Mapping[str, ReferenceList]
    ) -> tuple[Catalog, list[Problem]]:
        """The catalog, with the problems that only show between documents."""
        broken = frozenset(self.places) - frozenset(self.documents)
        catalog = Catalog(root, settings, self.kinds, self.documents, broken, lists)
        found = reference_problems(catalog, self.broken_keys)
        self.problems.extend(found.problems)
        for name, document in self.documents.items():
            self.problems.extend(_checked(document, catalog, in_loop=name in found.endless))
        return catalog, in_order(self.problems)


def _checked(document: Document, catalog: Catalog, *, in_loop: bool) -> list[Problem]:
    """What the kind's own check finds; errors it raises count as found."""
    check = catalog.kinds[document.kind].check
    if check is None:
        return []
    try:
        return list(check(document, catalog))
    except ForetellError as error:
        found = problems_from(error, thing=document.name, where=document.where)
        return [problem for problem in found if problem.code != BROKEN]
    except RecursionError:
        if in_loop:  # the loop itself has been reported
            return []
        raise


def _frame_problems(
    raw: Plain,
    positions: Positions,
    kinds: Mapping[str, Kind],
) -> Iterator[Problem]:
    """What is wrong with ``kind``, ``key`` and the other parts around ``spec``."""
    if not isinstance(raw, Mapping):
        message, next_step = "a document must be a mapping", "Begin it with 'kind: …' and 'key: …'."
        yield Problem("WRONG_TYPE", message, "", positions.at(), next_step)
        return
    thing = " ".join(str(raw[part]) for part in ("kind", "key") if isinstance(raw.get(part), str))
    for part in ("kind", "key", "spec"):
        if raw.get(part) is None:
            message, next_step = f"the document has no {part!r}", f"Add '{part}: …' at its top level."
            yield Problem("MISSING_KEY", message, thing, positions.at((part,)), next_step)
    for part in raw:
        if part not in _PARTS:
            next_step = suggestion(part, _PARTS, what="keys")
            yield Problem("UNKNOWN_KEY", f"unknown key {part!r}", thing, positions.at((part,)), next_step)
    kind, key = raw.get("kind"), raw.get("key")
    if kind is not None and (not isinstance(kind, str) or kind not in kinds):
        next_step = suggestion(str(kind), sorted(kinds), what="kinds")
        yield Problem("UNKNOWN_KIND", f"unknown kind {kind!r}", thing, positions.at(("kind",)), next_step)
    if key is not None and (not isinstance(key, str) or not re.fullmatch(KEY_PATTERN, key)):
        next_step = "Begin with a lower-case letter; then lower-case letters, digits, _ and -, at most 64."
        yield Problem("BAD_KEY", f"{key!r} cannot be a key", thing, positions.at(("key",)), next_step)
    if raw.get("ui") is not None and not isinstance(raw["ui"], Mapping):
        message, next_step = "ui must be a mapping", "Leave it to the UI."
        yield Problem("WRONG_TYPE", message, thing, positions.at(("ui",)), next_step)


def _stray_files(root: Path, kinds: Sequence[Kind]) -> Iterator[Problem]:
    """Warnings for files that look like definitions and lie where nobody reads them."""
    folders, names = {kind.folder for kind in kinds}, {kind.name.encode() for kind in kinds}
    for path in sorted([*root.glob("*.y*ml"), *root.glob("*/*.y*ml")]):
        inside = path.relative_to(root)
        if inside.parts[0] in folders | {"data", SETTINGS_FILE} or inside.parts[0].startswith("."):
            continue
        try:
            found = _KIND_LINE.search(path.read_bytes())
        except OSError:
            continue
        if found and found[1] in names:
            folder = next(kind.folder for kind in kinds if kind.name.encode() == found[1])
            yield Problem(
                "FILE_NOT_READ",
                "the file looks like a definition, but lies in no folder that is read",
                where=f"{inside.as_posix()}:1",
                next_step=f"Move it to {folder}/.",
                severity="warning",
            )
