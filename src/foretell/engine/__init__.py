"""Engine: where does data lie, how does work survive a crash?

Enters: frames (bytes as they came), rows that rooms computed, queries in the portable SQL subset.
Leaves: Arrow tables and operational rows. Called by every room, and opened by ``app`` alone.

What :meth:`Engine.spool_append` has returned from is durable. :meth:`Engine.apply_pending` takes it
through the rooms' stages in recorded batches: one operational transaction each, then the analytics
store, which is brought up to date on opening where a crash came between the two.
"""

from __future__ import annotations

from foretell.engine.anonymous import LEAST_KEY, MOST_KEY, day_of
from foretell.engine.applier import ApplyReport
from foretell.engine.batches import (
    ELEMENTS,
    EVENTS,
    IDENTIFIERS,
    PROBLEMS,
    PROPERTIES,
    TIMESTAMP,
    TRAITS,
    Batch,
    Decoded,
    Decoder,
    Stage,
)
from foretell.engine.by_node import count_of, rekey_rows, unmerge_rows
from foretell.engine.copying import copy_stores
from foretell.engine.crash_points import observe as observe_crash_points
from foretell.engine.crash_points import reached
from foretell.engine.engine import Engine, Mode
from foretell.engine.erasing import (
    Anonymised,
    KeptProperties,
    anonymised,
    cut_spool,
    forget,
    put_anonymous,
    remove_rests,
    undisturbed,
)
from foretell.engine.event_log import PARTS, Column, EventLog, PropertyColumns, accepted
from foretell.engine.framing import Frame
from foretell.engine.kept_keys import workspace_key
from foretell.engine.linkage import linkage
from foretell.engine.opening import open_engine
from foretell.engine.ports import Analytics, AnalyticsTable, OperationalStore, RoomParts, Tx, View, Without
from foretell.engine.rebuilding import RebuildParts, rebuild_beside
from foretell.engine.scratch import open_file, scratch
from foretell.engine.settings import EngineSettings, LakeFormat, LakePlace, PostgresPlace
from foretell.engine.swapping import promise_swap
from foretell.engine.tabular import beside, integers, python_rows, table_of, with_column
from foretell.engine.unsent import ERASED_SOURCE, OWN_SOURCE, TABLES_SOURCE, UNSENT, UNSENT_SOURCES

__all__ = [
    "ELEMENTS",
    "ERASED_SOURCE",
    "EVENTS",
    "IDENTIFIERS",
    "LEAST_KEY",
    "MOST_KEY",
    "OWN_SOURCE",
    "PARTS",
    "PROBLEMS",
    "PROPERTIES",
    "TABLES_SOURCE",
    "TIMESTAMP",
    "TRAITS",
    "UNSENT",
    "UNSENT_SOURCES",
    "Analytics",
    "AnalyticsTable",
    "Anonymised",
    "ApplyReport",
    "Batch",
    "Column",
    "Decoded",
    "Decoder",
    "Engine",
    "EngineSettings",
    "EventLog",
    "Frame",
    "KeptProperties",
    "LakeFormat",
    "LakePlace",
    "Mode",
    "OperationalStore",
    "PostgresPlace",
    "PropertyColumns",
    "RebuildParts",
    "RoomParts",
    "Stage",
    "Tx",
    "View",
    "Without",
    "accepted",
    "anonymised",
    "beside",
    "copy_stores",
    "count_of",
    "cut_spool",
    "day_of",
    "forget",
    "integers",
    "linkage",
    "observe_crash_points",
    "open_engine",
    "open_file",
    "promise_swap",
    "put_anonymous",
    "python_rows",
    "reached",
    "rebuild_beside",
    "rekey_rows",
    "remove_rests",
    "scratch",
    "table_of",
    "undisturbed",
    "unmerge_rows",
    "with_column",
    "workspace_key",
]
