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
from foretell.engine.capabilities import CAPABILITIES, Capability, require_capability
from foretell.engine.company import Company, Process, company_of
from foretell.engine.copying import copy_stores, place_stores, remove_stores
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
from foretell.engine.framing import Frame, Waiting
from foretell.engine.kept_keys import workspace_key
from foretell.engine.linkage import linkage
from foretell.engine.memory import hand_back_memory
from foretell.engine.moving import MoveReport
from foretell.engine.moving import counted as rows_to_move
from foretell.engine.moving import move as move_stores
from foretell.engine.naming import naming
from foretell.engine.opening import open_engine
from foretell.engine.ports import (
    KEY_BYTES,
    Analytics,
    AnalyticsTable,
    OperationalStore,
    RoomParts,
    Turning,
    TurnLost,
    Tx,
    View,
    Without,
)
from foretell.engine.rebuilding import RebuildParts, rebuild_beside
from foretell.engine.scratch import open_file, scratch
from foretell.engine.settings import EngineSettings, LakeFormat, LakePlace, PostgresPlace
from foretell.engine.spark.java import java_home, spark_home
from foretell.engine.spreading import Asked, AtWork, Batches, Seat, Spreading, at_work
from foretell.engine.swapping import promise_swap
from foretell.engine.tabular import beside, integers, python_rows, table_of, with_column
from foretell.engine.unsent import ERASED_SOURCE, OWN_SOURCE, TABLES_SOURCE, UNSENT, UNSENT_SOURCES
from foretell.engine.watching import spans_since
from foretell.engine.without_pandas import leave_pandas_out

leave_pandas_out()

__all__ = [
    "CAPABILITIES",
    "ELEMENTS",
    "ERASED_SOURCE",
    "EVENTS",
    "IDENTIFIERS",
    "KEY_BYTES",
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
    "Asked",
    "AtWork",
    "Batch",
    "Batches",
    "Capability",
    "Column",
    "Company",
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
    "MoveReport",
    "OperationalStore",
    "PostgresPlace",
    "Process",
    "PropertyColumns",
    "RebuildParts",
    "RoomParts",
    "Seat",
    "Spreading",
    "Stage",
    "TurnLost",
    "Turning",
    "Tx",
    "View",
    "Waiting",
    "Without",
    "accepted",
    "anonymised",
    "at_work",
    "beside",
    "company_of",
    "copy_stores",
    "count_of",
    "cut_spool",
    "day_of",
    "forget",
    "hand_back_memory",
    "integers",
    "java_home",
    "linkage",
    "move_stores",
    "naming",
    "observe_crash_points",
    "open_engine",
    "open_file",
    "place_stores",
    "promise_swap",
    "put_anonymous",
    "python_rows",
    "reached",
    "rebuild_beside",
    "rekey_rows",
    "remove_rests",
    "remove_stores",
    "require_capability",
    "rows_to_move",
    "scratch",
    "spans_since",
    "spark_home",
    "table_of",
    "undisturbed",
    "unmerge_rows",
    "with_column",
    "workspace_key",
]
