"""Segments kept fresh at a cost that follows what changes: who is in now, who entered and left, and when.

See ``docs/rooms/segment.md`` and ``docs/decisions/0012-segments-kept-from-event-to-event.md``.
"""

from __future__ import annotations

from foretell.segment.live.history import History, history
from foretell.segment.live.plan import watched_key
from foretell.segment.live.reasons import Freshness
from foretell.segment.live.recent import Day, Keeping, keeping
from foretell.segment.live.refreshing import (
    Refreshed,
    current,
    forget_state,
    freshness,
    inside,
    is_current,
    kept_segments,
    kept_state,
    looked_at,
    refresh,
)
from foretell.segment.live.stage import LiveStage
from foretell.segment.live.tables import LIVE_PARTS

__all__ = [
    "LIVE_PARTS",
    "Day",
    "Freshness",
    "History",
    "Keeping",
    "LiveStage",
    "Refreshed",
    "current",
    "forget_state",
    "freshness",
    "history",
    "inside",
    "is_current",
    "keeping",
    "kept_segments",
    "kept_state",
    "looked_at",
    "refresh",
    "watched_key",
]
