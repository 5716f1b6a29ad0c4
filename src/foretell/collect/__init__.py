"""Collect: what happened?

Enters: files (JSON lines in the Segment specification; CSV, Parquet and Excel through a ``source``
document), bodies of the tracking API and of webhooks. Leaves: frames for the engine's spool, and of
each frame the tables that the other rooms work on (``Decoded``), held against the tracking plans;
rows that cannot be taken in go to the quarantine with line number and reason, and may be read again
later. E-commerce events become rows of orders, order lines and products.

Called by ``app`` (:data:`PARTS`, :data:`KIND`, :data:`TRACKING`, :func:`decoders`, :class:`CollectStage`)
and by the doors (:func:`import_files`, :func:`preview`, :func:`quarantined`, :func:`replay`,
:func:`violation_report`, :func:`infer_plan`). This room alone writes the tables ``quarantine``,
``catalogue``, ``write_keys``, ``data_alerts``, ``order_rows``, ``order_item_rows``, ``product_rows``,
``violation_rows``, ``device_rows``, ``session_rows`` and ``table_version_rows``.
"""

from __future__ import annotations

from foretell.collect.addresses import email_addresses, phone_numbers
from foretell.collect.consent import with_consent
from foretell.collect.erasing import Cut, forget_quarantined, plain_addresses, quarantined_about
from foretell.collect.frames import FrameReader, decoders, lines_frame, read_frame
from foretell.collect.health import (
    QUALITY_WEIGHTS,
    DataAlert,
    HealthReport,
    Monitor,
    QualityScore,
    SourceHealth,
    data_alerts,
    overall,
    source_health,
)
from foretell.collect.health import watch as watch_sources
from foretell.collect.importing import FileReport, import_files
from foretell.collect.naming import LEAST_TELLING, naming, telling_words
from foretell.collect.own_tables import (
    TABLE,
    LoadReport,
    OwnTable,
    TableSeries,
    TableSpec,
    load_file,
    load_rows,
    own_tables,
    rows_by_person,
    rows_of,
    series_of,
)
from foretell.collect.parts import PARTS
from foretell.collect.preview import Preview, preview
from foretell.collect.product_reading import product_versions, products_listed
from foretell.collect.quarantine import Chosen, Quarantined, State, counts_by, quarantine_counts, quarantined
from foretell.collect.remapping import Scope, present_decoders
from foretell.collect.replaying import ReplayReport, replay
from foretell.collect.requests import Request, request_frames
from foretell.collect.segment_spec import decode_segment
from foretell.collect.sessions import SessionsReport, Technology, person_sessions, technology
from foretell.collect.sessions import correct as correct_sessions
from foretell.collect.sessions import refresh as refresh_sessions
from foretell.collect.source_kind import SOURCE as KIND
from foretell.collect.source_model import SourceSpec
from foretell.collect.stage import CollectStage
from foretell.collect.told import Origin
from foretell.collect.tracking import (
    TRACKING,
    Breach,
    CompiledPlan,
    PlannedField,
    TrackingSpec,
    ViolationReport,
    infer_plan,
    planned_fields,
    violation_report,
)
from foretell.collect.webhook_model import Signature
from foretell.collect.webhooks import webhook_frame
from foretell.collect.who import email_identifier
from foretell.collect.write_keys import KeyInfo, WriteKey, key_info, keys, new_key, retire_key, source_of_key

__all__ = [
    "KIND",
    "LEAST_TELLING",
    "PARTS",
    "QUALITY_WEIGHTS",
    "TABLE",
    "TRACKING",
    "Breach",
    "Chosen",
    "CollectStage",
    "CompiledPlan",
    "Cut",
    "DataAlert",
    "FileReport",
    "FrameReader",
    "HealthReport",
    "KeyInfo",
    "LoadReport",
    "Monitor",
    "Origin",
    "OwnTable",
    "PlannedField",
    "Preview",
    "QualityScore",
    "Quarantined",
    "ReplayReport",
    "Request",
    "Scope",
    "SessionsReport",
    "Signature",
    "SourceHealth",
    "SourceSpec",
    "State",
    "TableSeries",
    "TableSpec",
    "Technology",
    "TrackingSpec",
    "ViolationReport",
    "WriteKey",
    "correct_sessions",
    "counts_by",
    "data_alerts",
    "decode_segment",
    "decoders",
    "email_addresses",
    "email_identifier",
    "forget_quarantined",
    "import_files",
    "infer_plan",
    "key_info",
    "keys",
    "lines_frame",
    "load_file",
    "load_rows",
    "naming",
    "new_key",
    "overall",
    "own_tables",
    "person_sessions",
    "phone_numbers",
    "plain_addresses",
    "planned_fields",
    "present_decoders",
    "preview",
    "product_versions",
    "products_listed",
    "quarantine_counts",
    "quarantined",
    "quarantined_about",
    "read_frame",
    "refresh_sessions",
    "replay",
    "request_frames",
    "retire_key",
    "rows_by_person",
    "rows_of",
    "series_of",
    "source_health",
    "source_of_key",
    "technology",
    "telling_words",
    "violation_report",
    "watch_sources",
    "webhook_frame",
    "with_consent",
]
