"""Personas: which kinds of customers are there?

Enters: the ``persona`` document, what people did, what the team notes. Leaves: personas with share, stability, rule and
portrait, the table ``persona_rows`` that the condition head ``persona`` reads, people to interview with a guide. Called
by web, cli, demo and app, through the room ``segment``.

Personas are found by habits alone, and only where bootstrap samples find them again; a rebuild keeps their identities.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from foretell.segment.personas.document import KIND, PersonaSpec, spec_of
from foretell.segment.personas.interviews import (
    INTERVIEWS,
    STATES,
    Interview,
    change_interview,
    interviews,
    interviews_of,
)
from foretell.segment.personas.kept import (
    Build,
    Persona,
    builds,
    history_of,
    last_build,
    persona,
    personas,
    rename,
)
from foretell.segment.personas.membership import PERSONAS, members
from foretell.segment.personas.notes import KINDS, Note, add_note, change_note, note, notes_from, notes_of
from foretell.segment.personas.refreshing import next_due, refresh
from foretell.segment.personas.sayings import FINDINGS, Saying, Sayings, sayings
from foretell.segment.personas.stage import PersonaStage
from foretell.segment.personas.tables import PARTS

if TYPE_CHECKING:
    from foretell.segment.personas.building import build

# The libraries for clustering take longer to load than most commands take; they are loaded when they are used.
_ON_USE = {"build": "building"}


def __getattr__(name: str) -> Any:
    if name not in _ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ON_USE[name]}"), name)


__all__ = [
    "FINDINGS",
    "INTERVIEWS",
    "KIND",
    "KINDS",
    "PARTS",
    "PERSONAS",
    "STATES",
    "Build",
    "Interview",
    "Note",
    "Persona",
    "PersonaSpec",
    "PersonaStage",
    "Saying",
    "Sayings",
    "add_note",
    "build",
    "builds",
    "change_interview",
    "change_note",
    "history_of",
    "interviews",
    "interviews_of",
    "last_build",
    "members",
    "next_due",
    "note",
    "notes_from",
    "notes_of",
    "persona",
    "personas",
    "refresh",
    "rename",
    "sayings",
    "spec_of",
]
