"""``apply``: putting a plan in force, once."""

from __future__ import annotations

import json
from datetime import datetime

from foretell.clock import micros
from foretell.definitions.planning import Change, Plan
from foretell.definitions.problem import raise_errors
from foretell.definitions.revisions import StoredDocument, current
from foretell.engine import Tx
from foretell.errors import UsageError


def apply(plan: Plan, tx: Tx, now: datetime) -> list[Change]:
    """Put a plan in force within ``tx``; the same plan a second time changes nothing.

    New content becomes a new immutable revision, to which the pointer moves. Raises
    :class:`DefinitionErrors` where the plan has errors and writes nothing, PLAN_OUTDATED where somebody
    else changed one of its documents since it was made.

    Returns:
        The changes that were made now.
    """
    raise_errors(plan.problems)
    held = {(stored.kind, stored.key): stored for stored in current(tx, removed=True)}
    made = [change for change in plan.changes if not _in_force(change, held.get((change.kind, change.key)))]
    for change in made:
        stored = held.get((change.kind, change.key))
        if (stored.revision if stored else 0) != change.base_revision:
            raise UsageError(
                "PLAN_OUTDATED",
                f"{change.name} was changed by somebody else since the plan was made",
                thing=change.name,
                where=change.where,
                next_step="Run `foretell plan` again.",
            )
    _write(tx, made, micros(now))
    _write_layouts(tx, plan.of("unchanged"), held)
    return made


def _in_force(change: Change, stored: StoredDocument | None) -> bool:
    if stored is None or stored.removed:
        return change.action == "removed"
    return change.fingerprint == stored.fingerprint and change.owner == stored.owner


def _write(tx: Tx, changes: list[Change], now: int) -> None:
    kept = [change for change in changes if change.action != "removed"]
    tx.executemany(
        "INSERT INTO definition_revisions (kind, document_key, revision, fingerprint, body, made_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [(c.kind, c.key, c.base_revision + 1, c.fingerprint, _body(c), now) for c in kept],
    )
    tx.executemany(
        "INSERT INTO definitions "
        "(kind, document_key, revision, owner, file, layout, applied_at, removed_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, NULL) "
        "ON CONFLICT (kind, document_key) DO UPDATE SET revision = excluded.revision, "
        "owner = excluded.owner, file = excluded.file, layout = excluded.layout, "
        "applied_at = excluded.applied_at, removed_at = NULL",
        [(c.kind, c.key, c.base_revision + 1, c.owner, c.file, _layout(c), now) for c in kept],
    )
    tx.executemany(
        "UPDATE definitions SET removed_at = ? WHERE kind = ? AND document_key = ?",
        [(now, c.kind, c.key) for c in changes if c.action == "removed"],
    )


def _write_layouts(tx: Tx, unchanged: list[Change], held: dict[tuple[str, str], StoredDocument]) -> None:
    """Positions on the canvas and the file's name may change without a new revision."""
    moved = []
    for change in unchanged:
        stored = held.get((change.kind, change.key))
        if stored and (stored.file, stored.raw.get("ui")) != (change.file, change.raw.get("ui")):
            moved.append((change.file, _layout(change), change.kind, change.key))
    tx.executemany("UPDATE definitions SET file = ?, layout = ? WHERE kind = ? AND document_key = ?", moved)


def _body(change: Change) -> str:
    return json.dumps({part: change.raw.get(part) for part in ("kind", "key", "spec")}, ensure_ascii=False)


def _layout(change: Change) -> str:
    layout = change.raw.get("ui")
    return json.dumps(layout, ensure_ascii=False) if layout else ""
