"""Segment: which people?

Enters: ``segment`` documents and an instant. Leaves: sizes, members as an Arrow table, the reasons
for one person. Called by deliver, decide, listen, journey, measure, web and cli. A segment is never
stored: it is its condition, read at the instant that is asked for.
"""

from __future__ import annotations

from foretell.engine import RoomParts
from foretell.segment import live, personas
from foretell.segment.beside import Overlap, OverlapMatrix, Unused, Use, overlap, title_of, unused, uses
from foretell.segment.directory import (
    Headcount,
    Page,
    Sort,
    directory,
    headcount,
    keys_of,
    memberships,
    page,
    segments_of,
)
from foretell.segment.discovery import (
    RESPONSE,
    Discovery,
    Group,
    Target,
    TargetChoice,
    discover,
    target_from,
    target_of,
    targets,
)
from foretell.segment.document import KIND, SegmentSpec, condition_of, spec_of
from foretell.segment.exporting import Export, export_members
from foretell.segment.formatting import Formatted, format_files
from foretell.segment.meaning import meaning_of
from foretell.segment.membership import (
    IDENTIFIERS,
    SegmentSize,
    count,
    explain,
    list_segments,
    members,
    warnings,
)
from foretell.segment.parts import REVIEWS, TREND_PARTS
from foretell.segment.past import Intervals, Pairs, Past, Watched
from foretell.segment.reviews import (
    DECISIONS,
    Advice,
    Against,
    Composition,
    Decision,
    Drift,
    Due,
    Review,
    Standing,
    drift,
    record_review,
    review_history,
    review_list,
)
from foretell.segment.trends import Trend, TrendPoint, trend, trends

PARTS = RoomParts(room="segment", migrations=(REVIEWS,))

__all__ = [
    "DECISIONS",
    "IDENTIFIERS",
    "KIND",
    "PARTS",
    "RESPONSE",
    "TREND_PARTS",
    "Advice",
    "Against",
    "Composition",
    "Decision",
    "Discovery",
    "Drift",
    "Due",
    "Export",
    "Formatted",
    "Group",
    "Headcount",
    "Intervals",
    "Overlap",
    "OverlapMatrix",
    "Page",
    "Pairs",
    "Past",
    "Review",
    "SegmentSize",
    "SegmentSpec",
    "Sort",
    "Standing",
    "Target",
    "TargetChoice",
    "Trend",
    "TrendPoint",
    "Unused",
    "Use",
    "Watched",
    "condition_of",
    "count",
    "directory",
    "discover",
    "drift",
    "explain",
    "export_members",
    "format_files",
    "headcount",
    "keys_of",
    "list_segments",
    "live",
    "meaning_of",
    "members",
    "memberships",
    "overlap",
    "page",
    "personas",
    "record_review",
    "review_history",
    "review_list",
    "segments_of",
    "spec_of",
    "target_from",
    "target_of",
    "targets",
    "title_of",
    "trend",
    "trends",
    "unused",
    "uses",
    "warnings",
]
