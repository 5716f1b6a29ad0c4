"""Drafts of journeys: kept as they are, with what they lack; nothing of them is in force."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from foretell import definitions
from foretell.clock import from_micros, micros
from foretell.definitions import Catalog, Problem
from foretell.engine import Engine
from foretell.errors import DefinitionErrors, ForetellError, UsageError
from foretell.journey.draft_document import JourneyDraft

_SAVE = (
    "INSERT INTO journey_drafts (journey, spec, changed_at) VALUES (?, ?, ?) ON CONFLICT (journey) DO UPDATE SET "
    "spec = excluded.spec, changed_at = excluded.changed_at"
)


@dataclass(frozen=True)
class Draft:
    """A journey that is being made.

    Args:
        spec: as written.
        lacks: what keeps it from being published; ``where`` is a JSON pointer. Empty: it can be.
    """

    journey: str
    spec: Mapping[str, Any]
    changed_at: datetime
    lacks: tuple[Problem, ...]


def save_draft(engine: Engine, catalog: Catalog, key: str, spec: Mapping[str, Any], *, now: datetime) -> Draft:
    """Keep a draft, complete or not.

    Raises:
        UsageError: ``NO_DRAFT`` where it is not even one: an unknown field, a value of another kind.
    """
    _require_key(key)
    try:
        JourneyDraft.model_validate(dict(spec))
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise UsageError(
            "NO_DRAFT", f"{place}: {first['msg']}", thing=f"journey {key}",
            next_step="See `foretell schema journey --draft`.",
        ) from error  # fmt: skip
    with engine.ops.write() as tx:
        tx.execute(_SAVE, (key, json.dumps(spec, ensure_ascii=False), micros(now)))
    return Draft(key, spec, now, lacking(catalog, key, spec))


def drafts(engine: Engine, catalog: Catalog) -> list[Draft]:
    """All of them, by key."""
    rows = engine.ops.query("SELECT journey, spec, changed_at FROM journey_drafts ORDER BY journey")
    return [_draft(catalog, *row) for row in rows]


def draft_of(engine: Engine, catalog: Catalog, key: str) -> Draft:
    """One of them; raises ``UNKNOWN_DEFINITION``."""
    rows = engine.ops.query("SELECT journey, spec, changed_at FROM journey_drafts WHERE journey = ?", (key,))
    if not rows:
        known = [one for (one,) in engine.ops.query("SELECT journey FROM journey_drafts ORDER BY journey")]
        raise UsageError(
            "UNKNOWN_DEFINITION", f"there is no draft of a journey {key!r}",
            next_step=definitions.suggestion(key, known, what="drafts"),
        )  # fmt: skip
    return _draft(catalog, *rows[0])


def drop_draft(engine: Engine, key: str) -> None:
    """Forget a draft; nothing happens where there is none."""
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM journey_drafts WHERE journey = ?", (key,))


def lacking(catalog: Catalog, key: str, spec: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Everything that keeps a draft from being published: all that ``plan`` would say of it."""
    try:
        definitions.draft(catalog, "journey", key, spec)
    except DefinitionErrors as error:
        return tuple(_problem(one) for one in error.errors)
    return ()


def _problem(error: ForetellError) -> Problem:
    return Problem(error.code, error.what, error.thing, error.where, error.next_step)


def _draft(catalog: Catalog, key: str, spec: str, changed_at: int) -> Draft:
    known = json.loads(spec)
    return Draft(key, known, from_micros(changed_at), lacking(catalog, key, known))


def _require_key(key: str) -> None:
    if not re.fullmatch(definitions.KEY_PATTERN, key):
        raise UsageError(
            "BAD_KEY", f"{key!r} is no key", next_step="Use small letters, digits and _, beginning with a letter."
        )
