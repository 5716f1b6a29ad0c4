"""Web sessions: visits put together from events, corrected when events come late, told when they are over."""

from __future__ import annotations

from foretell.collect.sessions.devices import device_rows
from foretell.collect.sessions.overviews import Technology, person_sessions, technology
from foretell.collect.sessions.refreshing import SessionsReport, correct, refresh
from foretell.collect.sessions.tables import ANEW_DDL, DDL, DEVICE_ROWS, MACHINES_VIEW, SESSION_ROWS, SESSIONS_VIEW

__all__ = [
    "ANEW_DDL",
    "DDL",
    "DEVICE_ROWS",
    "MACHINES_VIEW",
    "SESSIONS_VIEW",
    "SESSION_ROWS",
    "SessionsReport",
    "Technology",
    "correct",
    "device_rows",
    "person_sessions",
    "refresh",
    "technology",
]
