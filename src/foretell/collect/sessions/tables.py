"""What is kept of sessions, and the views of it."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, View

DDL = (
    "CREATE TABLE sessions_progress (one BIGINT PRIMARY KEY, seq BIGINT NOT NULL, version BIGINT NOT NULL, "
    "due_at BIGINT NOT NULL)"
)
"""Up to which event sessions were put together, how often they were written, and when one is next over (micros)."""
ANEW_DDL = "ALTER TABLE sessions_progress ADD COLUMN anew_until BIGINT NOT NULL DEFAULT 0"

DEVICE_ROWS = AnalyticsTable(
    "device_rows",
    {"seq": "BIGINT", "node_key": "BIGINT", "device": "BIGINT"},
    "node_key",
    order=("seq",),
    derived="log_devices",
)
"""Which device an event came from: 63 bits of the MD5 of its anonymous id."""

_TEXTS = (
    "landing_page", "exit_page", "referrer", "referrer_domain", "utm_source", "utm_medium", "utm_campaign", "utm_term",
    "utm_content", "device_type", "device_name", "browser", "browser_version", "os", "os_version", "app", "language",
    "country", "city", "search_terms",
)  # fmt: skip
SESSION_COLUMNS = {
    "session_id": "VARCHAR",
    "device": "BIGINT",
    "node_key": "BIGINT",
    "started_at": "TIMESTAMP",
    "ended_at": "TIMESTAMP",
    "over_at": "TIMESTAMP",
    "duration_seconds": "BIGINT",
    "events": "BIGINT",
    "pages": "BIGINT",
    **dict.fromkeys(_TEXTS, "VARCHAR"),
    "orders": "BIGINT",
    "revenue": "DOUBLE",
    "bounced": "BOOLEAN",
    "is_bot": "BOOLEAN",
    "first_message": "VARCHAR",
    "last_message": "VARCHAR",
    "visit_started_at": "TIMESTAMP",
    "last_of_visit": "BOOLEAN",
    "first_seq": "BIGINT",
    "last_seq": "BIGINT",
    "known_at": "TIMESTAMP",
    "user_agent": "VARCHAR",
    **dict.fromkeys(("model", "maker", "kind", "app_os", "app_os_version"), "VARCHAR"),
    "order_ids": "VARCHAR",
    "ended_event": "VARCHAR",
}
"""``visit_started_at`` is of all sessions that follow each other without 30 idle minutes: what a late event can
change; the last of them is ``last_of_visit`` and goes on. From ``first_seq`` to ``ended_event`` stands what a refresh
must know of it to go on without its events. A session that later events did away with stays as a row with ``events``
0. Of rows that releases before wrote, ``last_of_visit`` is null: their events are read again."""
FIRST = (
    "user_agent", "language", "country", "city", "model", "maker", "kind", "app_os", "app_os_version", "app"
)  # fmt: skip
"""Of these a session has the first value that any of its events names."""

SESSION_ROWS = AnalyticsTable(
    "session_rows",
    SESSION_COLUMNS,
    "node_key",
    key=("session_id",),
    order=("started_at", "session_id"),
    derived="log_sessions",
    erased={
        "session_id": "random",
        "last_of_visit": "=false",
        "ended_event": "=erased",
        **dict.fromkeys(("started_at", "ended_at", "over_at", "known_at"), "day"),
        **dict.fromkeys(("events", "pages", "orders", "revenue", "bounced", "is_bot"), "same"),
    },
)

_SHOWN = {
    "session_id": "Id of the session: the same whenever it is put together from the same first event.",
    "started_at": "Its first event, UTC.",
    "ended_at": "Its last event so far, UTC.",
    "duration_seconds": "Whole seconds between the two.",
    "pages": "Pages and screens viewed.",
    "events": "All events.",
    "landing_page": "Address of the first page without query and fragment; of an app the name of the screen.",
    "exit_page": "Address of the last page, likewise.",
    "referrer": "Address of the other site that the first page was reached from; empty where it is not known.",
    "referrer_domain": "Host of the referrer, without www.",
    "utm_source": "Source of the campaign, from context.campaign or the address of the page.",
    "utm_medium": "Medium of the campaign.",
    "utm_campaign": "Name of the campaign.",
    "utm_term": "Search word of the campaign.",
    "utm_content": "Which advertisement or link of the campaign.",
    "device_type": "phone, tablet, desktop, tv or other; empty where the source tells nothing.",
    "device_name": "Maker and model as far as the user agent or the app tells.",
    "browser": "Browser, as the user agent tells.",
    "browser_version": "Its version: major and minor number.",
    "os": "Operating system.",
    "os_version": "Its version: major and minor number.",
    "app": "Name of the app where it was one.",
    "language": "Locale, as the source sends it.",
    "country": "Country, only where the source sends it; nothing is looked up.",
    "city": "City, only where the source sends it.",
    "search_terms": "What was searched for on the site, in order, with ' | ' between.",
    "orders": "Orders completed.",
    "revenue": "Their amounts in the currency of the workspace, major units; other currencies are left out.",
    "bounced": "True where one page at most was viewed and nothing else was done.",
    "is_bot": "True for crawlers, monitors and other programs.",
    "ended_event": "Message id of the event Session Ended that told it; empty before.",
}


def _view(name: str, bots: str) -> View:
    columns = ", ".join(f"s.{column}" for column in _SHOWN)
    return View(
        name,
        f"SELECT coalesce(n.profile_id, '') AS profile_id, {columns} FROM log_sessions s "
        f"LEFT JOIN nodes n ON n.node_key = s.profile_key WHERE s.events > 0 AND {bots}",
        {"profile_id": "The person, after all merges known today; empty where nobody is named.", **_SHOWN},
    )


SESSIONS_VIEW = _view("sessions", "NOT s.is_bot")
MACHINES_VIEW = _view("machine_sessions", "s.is_bot")
"""The sessions of programs, which ``sessions`` leaves out."""
