"""``plan``: what applying a catalog would change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from foretell.definitions.differences import FieldChange, differences
from foretell.definitions.documents import Catalog, Document
from foretell.definitions.list_versions import ListChange, list_changes
from foretell.definitions.problem import Problem
from foretell.definitions.revisions import Owner, Readable, StoredDocument, current

Action = Literal["added", "changed", "removed", "unchanged"]
MARK = {"kept_by": "app"}
"""What ``ui`` says in documents that the app keeps."""


def is_kept_by_app(raw: Mapping[str, Any]) -> bool:
    """Whether a document is marked as the app's."""
    layout = raw.get("ui")
    return isinstance(layout, Mapping) and layout.get("kept_by") == MARK["kept_by"]


@dataclass(frozen=True)
class Change:
    """What happens to one document.

    Args:
        where: ``file:line`` of the new document, or the file of the removed one.
        base_revision: the revision that held when the plan was made; 0 for none.
        fingerprint: of the new content; empty for removed documents.
        raw: the new document; for removed ones the old.
        fields: the changed fields of a changed document.
        impact: the people affected, in words, where the caller could say.
    """

    action: Action
    kind: str
    key: str
    owner: Owner
    where: str
    file: str
    base_revision: int
    fingerprint: str
    raw: dict[str, Any]
    fields: tuple[FieldChange, ...] = ()
    impact: str = ""

    @property
    def name(self) -> str:
        """Kind and key, as messages call it: ``segment loyal``."""
        return f"{self.kind} {self.key}"

    def as_dict(self) -> dict[str, object]:
        """The change for programs (``--json``)."""
        return {
            "action": self.action,
            "kind": self.kind,
            "key": self.key,
            "owner": self.owner,
            "where": self.where,
            "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in self.fields],
            "impact": self.impact,
        }


@dataclass(frozen=True)
class Plan:
    """The changes by kind and key, and what keeps them from being applied."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...] = ()
    lists: tuple[ListChange, ...] = ()

    def of(self, action: Action) -> list[Change]:
        """The changes of one sort."""
        return [change for change in self.changes if change.action == action]

    @property
    def empty(self) -> bool:
        """True where applying changes no meaning."""
        return not self.lists and all(change.action == "unchanged" for change in self.changes)

    def as_dict(self) -> dict[str, object]:
        """The plan for programs (``--json``); unchanged documents by name only."""
        return {
            **{a: [c.as_dict() for c in self.of(a)] for a in ("added", "changed", "removed")},
            "unchanged": [change.name for change in self.of("unchanged")],
            "lists": [change.as_dict() for change in self.lists],
            "problems": [problem.as_dict() for problem in self.problems],
        }


def plan(
    catalog: Catalog,
    store: Readable,
    *,
    problems: Iterable[Problem] = (),
    owner: Owner = "git",
    remove: bool = True,
    impact: Callable[[Document], str] | None = None,
) -> Plan:
    """Compare a catalog with what is in force.

    Args:
        problems: what :func:`load` found; they are carried along and keep the plan from being applied.
        owner: on whose behalf the documents change, but for those that are marked as the app's; a document of the
            other owner is an error.
        remove: take out this owner's documents that the catalog has not, and those of the app whose file is gone;
            documents that are there and not valid are kept.
        impact: says for an added or changed document, in words, which people it touches.
    """
    found = list(problems)
    held = {(stored.kind, stored.key): stored for stored in current(store, removed=True)}
    changes = []
    for name, document in sorted(catalog.documents.items()):
        stored = held.get(name)
        whose: Owner = "ui" if is_kept_by_app(document.raw) else owner
        if stored is not None and not stored.removed and stored.owner != whose and not _handed_over(document, stored):
            found.append(_foreign(document, stored, whose))
        else:
            changes.append(_change(document, stored, whose, impact))
    for name, stored in held.items():
        gone = stored.owner == owner or bool(stored.file)
        if remove and gone and not stored.removed and not catalog.has(*name):
            changes.append(removal(stored))
    lists = list_changes(catalog.lists, store) if remove else []
    return Plan(tuple(sorted(changes, key=lambda change: (change.kind, change.key))), tuple(found), tuple(lists))


def _change(
    document: Document,
    stored: StoredDocument | None,
    owner: Owner,
    impact: Callable[[Document], str] | None,
) -> Change:
    mark, action = document.fingerprint, _action(document, stored, owner)
    fields = differences(stored.raw, document.raw) if stored and action == "changed" else []
    return Change(
        action=action,
        kind=document.kind,
        key=document.key,
        owner=owner,
        where=document.where,
        file=document.file,
        base_revision=stored.revision if stored else 0,
        fingerprint=mark,
        raw=dict(document.raw),
        fields=tuple(fields),
        impact=impact(document) if impact and action != "unchanged" else "",
    )


def _action(document: Document, stored: StoredDocument | None, owner: Owner) -> Action:
    if stored is None or stored.removed:
        return "added"
    same = stored.fingerprint == document.fingerprint and stored.owner == owner
    return "unchanged" if same else "changed"


def _handed_over(document: Document, stored: StoredDocument) -> bool:
    """Whoever puts the app's mark into a file, or takes it out, gives it another owner."""
    return bool(document.file) and document.file == stored.file


def removal(stored: StoredDocument) -> Change:
    """The change that takes a document out of force."""
    return Change(
        "removed", stored.kind, stored.key, stored.owner, stored.file, stored.file, stored.revision, "",
        dict(stored.raw),
    )  # fmt: skip


def _foreign(document: Document, stored: StoredDocument, owner: Owner) -> Problem:
    held_by = "the UI" if stored.owner == "ui" else f"the file {stored.file}"
    next_step = (
        "Change it in the UI, or delete this file."
        if owner == "git"
        else f"Change {stored.file} and run `foretell apply`."
    )
    return Problem("OTHER_OWNER", f"{document.name} belongs to {held_by}", document.name, document.where, next_step)
