"""Definitions: what did people decide, who, when?

Everything people decide is a document (``kind``, ``key``, ``spec``, ``ui``) in YAML 1.2.

Enters: a workspace's files and settings, the :class:`Kind` of every room that has one, and other
rooms' checks. Leaves: a :class:`Catalog` of validated documents, all :class:`Problem` s at once with
file and line, JSON schemas, a :class:`Plan`, and the revisions in the operational store. This room
alone writes the tables ``definitions`` and ``definition_revisions``.

May be called by every room after it, by ``web``, ``cli`` and ``app``. Rooms hand their kinds to
``app``, which hands them to :func:`load`; this room knows none of them.
"""

from __future__ import annotations

from foretell.definitions.applying import apply
from foretell.definitions.care_section import CareSection, TeamSection
from foretell.definitions.currencies import CURRENCIES
from foretell.definitions.differences import FieldChange, differences
from foretell.definitions.doctoring import Check, Finding, doctor
from foretell.definitions.documents import Catalog, Document, Kind, fingerprint
from foretell.definitions.list_versions import MIGRATION as LISTS_MIGRATION
from foretell.definitions.list_versions import TABLE as LIST_VALUES
from foretell.definitions.list_versions import ListChange, apply_lists, list_changes
from foretell.definitions.lists import ReferenceList, list_texts
from foretell.definitions.loading import catalog_of, load
from foretell.definitions.places import APART, engine_settings, stand_apart
from foretell.definitions.planning import Action, Change, Plan, is_kept_by_app, plan
from foretell.definitions.positions import NodePath, Positions
from foretell.definitions.problem import (
    Problem,
    in_order,
    nearest,
    problems_from,
    raise_errors,
    suggestion,
)
from foretell.definitions.ready_documents import ReadyDocument, ReadyFolder, ready_file
from foretell.definitions.revisions import (
    MIGRATIONS,
    Owner,
    StoredDocument,
    applied_catalog,
    current,
    mark,
    revision_of,
    revisions_of,
)
from foretell.definitions.saving import Saved, draft, pointed, remove, revision_in_force, save, write_whole
from foretell.definitions.scalars import described
from foretell.definitions.schemas import NAMED, schema
from foretell.definitions.sending import SendingSection
from foretell.definitions.sending_limits import EVERY_DOMAIN, CapSection, RateSection, SandboxSection
from foretell.definitions.settings import SETTINGS_FILE, WorkspaceSettings
from foretell.definitions.settings_file import ReadSettings, read_settings
from foretell.definitions.settings_writing import put_setting
from foretell.definitions.starter import init
from foretell.definitions.texts import KEY_PATTERN, CurrencyText, DurationText, KeyText, ShareNumber, ZoneText
from foretell.definitions.wording import worded
from foretell.definitions.yaml_text import documents_in, parse_inline
from foretell.definitions.yaml_writing import flow_of, yaml_of
from foretell.engine import RoomParts

PARTS = RoomParts("definitions", (*MIGRATIONS, LISTS_MIGRATION), (LIST_VALUES,))

__all__ = [
    "APART",
    "CURRENCIES",
    "EVERY_DOMAIN",
    "KEY_PATTERN",
    "NAMED",
    "PARTS",
    "SETTINGS_FILE",
    "Action",
    "CapSection",
    "CareSection",
    "Catalog",
    "Change",
    "Check",
    "CurrencyText",
    "Document",
    "DurationText",
    "FieldChange",
    "Finding",
    "KeyText",
    "Kind",
    "ListChange",
    "NodePath",
    "Owner",
    "Plan",
    "Positions",
    "Problem",
    "RateSection",
    "ReadSettings",
    "ReadyDocument",
    "ReadyFolder",
    "ReferenceList",
    "SandboxSection",
    "Saved",
    "SendingSection",
    "ShareNumber",
    "StoredDocument",
    "TeamSection",
    "WorkspaceSettings",
    "ZoneText",
    "applied_catalog",
    "apply",
    "apply_lists",
    "catalog_of",
    "current",
    "described",
    "differences",
    "doctor",
    "documents_in",
    "draft",
    "engine_settings",
    "fingerprint",
    "flow_of",
    "in_order",
    "init",
    "is_kept_by_app",
    "list_changes",
    "list_texts",
    "load",
    "mark",
    "nearest",
    "parse_inline",
    "plan",
    "pointed",
    "problems_from",
    "put_setting",
    "raise_errors",
    "read_settings",
    "ready_file",
    "remove",
    "revision_in_force",
    "revision_of",
    "revisions_of",
    "save",
    "schema",
    "stand_apart",
    "suggestion",
    "worded",
    "write_whole",
    "yaml_of",
]
