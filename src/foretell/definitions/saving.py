"""Documents that the app keeps: written into the workspace's files, marked as its own, and put in force at once.

Such a file lies beside those that people keep and is read like them; ``ui: {kept_by: app}`` says whose it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from foretell.definitions.applying import apply
from foretell.definitions.documents import Catalog, Document
from foretell.definitions.loading import catalog_of
from foretell.definitions.planning import MARK, Plan, is_kept_by_app, plan, removal
from foretell.definitions.positions import NodePath, ValuePositions
from foretell.definitions.problem import Problem, raise_errors
from foretell.definitions.revisions import current
from foretell.definitions.yaml_writing import yaml_of
from foretell.engine import OperationalStore
from foretell.errors import UsageError, explain_os_errors

_HEADER = "# The app keeps this file: change it there.\n"


@dataclass(frozen=True)
class Saved:
    """A document that the app has put in force.

    Args:
        file: where it lies, relative to the workspace.
        warnings: what is doubtful about it.
    """

    name: str
    revision: int
    file: str
    warnings: tuple[Problem, ...] = ()


def save(
    catalog: Catalog,
    store: OperationalStore,
    kind: str,
    key: str,
    spec: Mapping[str, Any],
    *,
    now: datetime,
    base_revision: int | None = None,
) -> Saved:
    """Write a document for the app, and put it in force; a crash leaves the old one or the new one whole.

    Args:
        spec: its content, plain values.
        base_revision: the revision that it was made from, 0 for a new one; None overwrites whatever there is.

    Raises:
        DefinitionErrors: everything that is wrong with it, ``where`` as a JSON pointer (``#/spec/condition/all/0``);
            nothing is written.
        UsageError: ``KEPT_IN_FILES`` where people keep it, ``FILE_TAKEN``, ``CHANGED_MEANWHILE``.
    """
    file = _file_of(catalog, kind, key)
    there = catalog.documents.get((kind, key))
    layout = {**((there.raw.get("ui") if there is not None else None) or {}), **MARK}
    raw = {"kind": kind, "key": key, "ui": layout, "spec": dict(spec)}
    fresh, problems = _with(catalog, raw, file)
    raise_errors(problems)  # of a key too, so that nothing outside of the folder is ever looked at
    _require_free(catalog, there, file, f"{kind} {key}")
    document = fresh.get(kind, key)
    planned = plan(replace(fresh, documents={(kind, key): document}), store, owner="ui", remove=False)
    raise_errors(planned.problems)
    (change,) = planned.changes
    if base_revision is not None and base_revision != _revision(store, kind, key):
        raise _changed(document.name)
    with store.write() as tx:
        made = apply(planned, tx, now)
        write_whole(catalog.root / file, _text(raw))
    return Saved(document.name, change.base_revision + len(made), file, tuple(problems))


def remove(
    catalog: Catalog, store: OperationalStore, kind: str, key: str, *, now: datetime, base_revision: int | None = None
) -> None:
    """Take a document of the app out of force, and delete its file; its revisions stay.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``KEPT_IN_FILES``, ``CHANGED_MEANWHILE``, ``STILL_NAMED`` where others lean
            on it.
    """
    document = catalog.get(kind, key)
    file = _file_of(catalog, kind, key)
    _require_free(catalog, document, file, document.name)
    _require_unnamed(catalog, document)
    held = [one for one in current(store) if (one.kind, one.key) == (kind, key)]
    if base_revision is not None and base_revision != _revision(store, kind, key):
        raise _changed(document.name)
    with store.write() as tx:
        apply(Plan(tuple(removal(one) for one in held)), tx, now)
        with explain_os_errors("definitions"):
            (catalog.root / file).unlink(missing_ok=True)


def draft(catalog: Catalog, kind: str, key: str, spec: Mapping[str, Any]) -> tuple[Catalog, tuple[Problem, ...]]:
    """The catalog as it would be with a document that is not saved, and what is doubtful about it; writes nothing.

    Raises:
        DefinitionErrors: everything that is wrong with it, ``where`` as a JSON pointer.
    """
    raw = {"kind": kind, "key": key, "ui": dict(MARK), "spec": dict(spec)}
    there = catalog.documents.get((kind, key))
    fresh, problems = _with(
        catalog, raw, there.file if there is not None else f"{catalog.kinds[kind].folder}/{key}.yaml"
    )
    raise_errors(problems)
    return fresh, tuple(problems)


def revision_in_force(store: OperationalStore, kind: str, key: str) -> int:
    """The revision of a document that holds; 0 where there is none."""
    return _revision(store, kind, key)


def _revision(store: OperationalStore, kind: str, key: str) -> int:
    rows = store.query(
        "SELECT revision FROM definitions WHERE kind = ? AND document_key = ? AND removed_at IS NULL", (kind, key)
    )
    return int(rows[0][0]) if rows else 0


def _file_of(catalog: Catalog, kind: str, key: str) -> str:
    """Where the app keeps a document; raises where it is not the app's."""
    name, document = f"{kind} {key}", catalog.documents.get((kind, key))
    if document is not None and not is_kept_by_app(document.raw):
        raise UsageError(
            "KEPT_IN_FILES",
            f"{name} is kept in the file {document.file or 'of its owner'}, not by the app",
            thing=name,
            where=document.where,
            next_step="Change it there and run `foretell apply`, or save it here under another key.",
        )
    return f"{catalog.kinds[kind].folder}/{key}.yaml" if document is None else document.file


def _require_free(catalog: Catalog, document: Document | None, file: str, name: str) -> None:
    beside = [one.name for one in catalog.documents.values() if one.file == file and one is not document]
    if beside or (document is None and (catalog.root / file).exists()):
        held = f"it holds {beside[0]}" if beside else "and no such document can be read from it"
        raise UsageError(
            "FILE_TAKEN",
            f"the file {file} is there already, {held}",
            thing=name,
            where=file,
            next_step="Choose another key, or move what the file holds.",
        )


def _with(catalog: Catalog, raw: Mapping[str, Any], file: str) -> tuple[Catalog, list[Problem]]:
    """The catalog with a document in it, and what is wrong with it or because of it."""
    others = [(one.raw, one.positions) for name, one in catalog.documents.items() if name != (raw["kind"], raw["key"])]
    fresh, found = _read(catalog, [*others, (raw, ValuePositions(file, {(): 1}))])
    own = [problem for problem in found if problem.thing == f"{raw['kind']} {raw['key']}"]
    foreign = [problem for problem in found if problem not in own and problem.severity == "error"]
    if foreign:
        before = set(_read(catalog, others)[1])
        own += [problem for problem in foreign if problem not in before]
    return fresh, own


def _require_unnamed(catalog: Catalog, document: Document) -> None:
    everything = [(one.raw, one.positions) for one in catalog.documents.values()]
    before = set(_read(catalog, everything)[1])
    without = [(one.raw, one.positions) for one in catalog.documents.values() if one is not document]
    broken = [one for one in _read(catalog, without)[1] if one not in before and one.severity == "error"]
    if broken:
        named = ", ".join(dict.fromkeys(problem.thing for problem in broken))
        raise UsageError(
            "STILL_NAMED",
            f"{document.name} is still named by {named}",
            thing=document.name,
            where=broken[0].where,
            next_step="Change those first.",
        )


def _read(catalog: Catalog, raws: Iterable[tuple[Mapping[str, Any], Any]]) -> tuple[Catalog, list[Problem]]:
    return catalog_of(
        raws, list(catalog.kinds.values()), root=catalog.root, settings=catalog.settings, lists=catalog.lists
    )


def _changed(name: str) -> UsageError:
    return UsageError(
        "CHANGED_MEANWHILE",
        f"{name} was changed by somebody else meanwhile",
        thing=name,
        next_step="Load it again and repeat the change.",
    )


def _text(raw: Mapping[str, Any]) -> str:
    head = yaml_of({name: raw[name] for name in ("kind", "key", "ui")})
    spec = f"\n  {yaml_of(raw['spec'], indent=2)}" if raw["spec"] else " {}"
    return f"{_HEADER}{head}\nspec:{spec}\n"


def write_whole(path: Path, text: str) -> None:
    """Write a definition's file whole or not at all; raises ForetellError where it cannot be written."""
    with explain_os_errors("definitions"):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)


def pointed(pointer: str, raw: object) -> NodePath:
    """The keys and places of a JSON pointer into ``raw``, as far as it goes."""
    path: list[str | int] = []
    for token in pointer.removeprefix("#").split("/")[1:]:
        step: str | int = token.replace("~1", "/").replace("~0", "~")
        if isinstance(raw, list) and str(step).isdigit():
            step = int(step)
            raw = raw[step] if step < len(raw) else None
        else:
            raw = raw.get(step) if isinstance(raw, Mapping) else None
        path.append(step)
    return tuple(path)
