"""Segment: which people?

Enters: ``segment`` documents and an instant. Leaves: sizes, members as an Arrow table, the reasons
for one person. Called by deliver, decide, listen, journey, measure, web and cli. A segment is never
stored: it is its condition, read at the instant that is asked for.
"""

from __future__ import annotations

from foretell.engine import RoomParts
from foretell.segment.directory import Page, Sort, directory, memberships, page, segments_of
from foretell.segment.document import KIND, SegmentSpec, condition_of, spec_of
from foretell.segment.exporting import Export, export_members
from foretell.segment.membership import (
    IDENTIFIERS,
    SegmentSize,
    count,
    explain,
    list_segments,
    members,
    warnings,
)

PARTS = RoomParts(room="segment")

__all__ = [
    "IDENTIFIERS",
    "KIND",
    "PARTS",
    "Export",
    "Page",
    "SegmentSize",
    "SegmentSpec",
    "Sort",
    "condition_of",
    "count",
    "directory",
    "explain",
    "export_members",
    "list_segments",
    "members",
    "memberships",
    "page",
    "segments_of",
    "spec_of",
    "warnings",
]
