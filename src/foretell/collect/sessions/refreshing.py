"""``correct`` and ``refresh``: sessions put together from what is new, and told when they are over.

What is new is added to what the visits of the same devices have been so far; the events of a visit are read again
only where a new one comes before what is known of it. The sessions replace the rows of before, so that what is stored
is at all times what the events known so far make up, in whatever order they came. ``Session Ended`` is told once,
and stays as it was told when a late event corrects the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, naive_utc, utc
from foretell.collect.sessions.carrying import COLUMNS, Touched, touched
from foretell.collect.sessions.grouping import sessions_of
from foretell.collect.sessions.progress import NEVER, Progress, advance, read_progress
from foretell.collect.sessions.reading import events_of, new_events
from foretell.collect.sessions.remembering import with_what_was_told
from foretell.collect.sessions.tables import SESSION_COLUMNS
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx, scratch
from foretell.errors import ForetellError

ENDED = "Session Ended"
WINDOW_EVENTS = 250_000
"""Events of the log that are looked at in one go."""
BETWEEN_EVENTS = 50_000
"""As few where others wait for what they do in between: a second's work or so."""
LEAST_WINDOW_EVENTS = 4_000
"""Where a store has little memory, as few are."""
TOLD_TOGETHER = 20_000
_ROOM = "collect"
_UNTOLD = "ended_event IS NULL AND events > 0 AND NOT is_bot AND node_key > 0"

_KEPT = """
SELECT n.* EXCLUDE (ended_event), max(b.ended_event) AS ended_event FROM sessions n
LEFT JOIN before b ON b.device = n.device AND (b.started_at, b.first_message) <= (n.ended_at, n.last_message)
  AND (b.ended_at, b.last_message) >= (n.started_at, n.first_message)
GROUP BY ALL"""
_GONE = """
SELECT b.* REPLACE (CAST(0 AS BIGINT) AS events) FROM before b ANTI JOIN sessions n ON n.session_id = b.session_id"""
_OVER = f"SELECT {COLUMNS} FROM session_rows WHERE {_UNTOLD} AND over_at <= $now ORDER BY over_at, session_id LIMIT $n"
_NEXT_OVER = f"SELECT min(over_at) AS due FROM session_rows WHERE {_UNTOLD} AND over_at > $now"
_TOLD = f"""
SELECT ended_event AS message_id, '{ENDED}' AS event, ended_at AS ts, over_at AS known_at, node_key, session_id,
  strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ') AS started_at, duration_seconds, pages, events, landing_page,
  exit_page, referrer, referrer_domain, utm_source, utm_medium, utm_campaign, utm_term, utm_content, device_type,
  device_name AS device, browser, browser_version, os, os_version, app, language, country, city, search_terms, orders,
  revenue, bounced FROM s"""


@dataclass(frozen=True)
class SessionsReport:
    """What was done.

    Args:
        written: rows of sessions that are new or were put together anew.
        ended: sessions that were told to be over.
    """

    written: int = 0
    ended: int = 0


def refresh(
    engine: Engine, catalog: Catalog, *, now: datetime, between: Callable[[], None] | None = None
) -> SessionsReport:
    """Put sessions together from what is new, and tell whose are over as of ``now``; without news it does nothing.

    Args:
        between: what must not wait until all is done; it is called after each part.
    """
    return SessionsReport(correct(engine, catalog, now=now, between=between), _tell(engine, now))


def correct(engine: Engine, catalog: Catalog, *, now: datetime, between: Callable[[], None] | None = None) -> int:
    """Put sessions together from what is new, and tell nothing; returns the number of rows written.

    Args:
        between: called after each part; what arrives then is left to the next time.
    """
    written, window = 0, WINDOW_EVENTS if between is None else min(BETWEEN_EVENTS, WINDOW_EVENTS)
    last = engine.analytics.query("SELECT coalesce(max(seq), 0) AS seq FROM event_log")["seq"][0].as_py()
    while True:
        progress = read_progress(engine.ops)
        if progress.seq >= last:
            return written
        if not progress.version:
            progress = replace(progress, anew_until=last)
        until = min(last, progress.seq + window)
        try:
            rows = _sessions(engine, catalog.settings.currency, progress, until, window)
        except ForetellError as error:
            if error.code != "MEMORY_SHORT" or window <= LEAST_WINDOW_EVENTS:
                raise
            window //= 4
            continue
        if progress.seq < progress.anew_until:
            rows = with_what_was_told(engine.analytics, rows, ENDED, since=progress.seq)
        if _write(engine, rows, progress, until, now):
            written += rows.num_rows
        if between is not None and until < last:
            between()


def _sessions(engine: Engine, currency: str, progress: Progress, until: int, window: int) -> pa.Table:
    """The rows that the events after ``progress`` make or change."""
    fresh = new_events(engine.analytics, currency, since=progress.seq + 1, until=until)
    if not fresh.num_rows:
        return fresh
    found = touched(engine.analytics, fresh)
    again: list[pa.Table] = []
    if found.before.num_rows:
        again = list(_read_again(engine, currency, found, fresh, progress.seq, window))
        fresh = fresh.filter(pc.invert(pc.is_in(fresh["device"], pc.unique(found.before["device"]))))
    if found.going_on.num_rows:
        fresh = pa.concat_tables([found.carried(currency), fresh], promote_options="permissive")
    return pa.concat_tables([*again, sessions_of(fresh, currency)], promote_options="permissive")


def _read_again(
    engine: Engine, currency: str, found: Touched, fresh: pa.Table, known: int, window: int
) -> Iterator[pa.Table]:
    """The rows of the devices whose visits must be read again, so many at a time that memory holds them."""
    for visits in found.visits(window):
        new, before = (part.filter(pc.is_in(part["device"], visits["device"])) for part in (fresh, found.before))
        old = events_of(engine.analytics, currency, visits, until=known)
        tables = {"sessions": sessions_of(pa.concat_tables([old, new]), currency), "before": before}
        yield from (scratch(sql, tables).select(list(SESSION_COLUMNS)) for sql in (_KEPT, _GONE))


def _write(engine: Engine, rows: pa.Table, progress: Progress, until: int, now: datetime) -> bool:
    """Write rows and how far it is; False where somebody else wrote in between."""
    if not rows.num_rows:
        with engine.ops.write() as tx:
            return advance(tx, progress, seq=until, due_at=progress.due_at)
    done = []
    due = min(progress.due_at, _first_over(rows))

    def work(tx: Tx, batch: Batch) -> None:
        if advance(tx, progress, seq=until, due_at=due):
            batch.emit("session_rows", rows)
            done.append(True)

    engine.act(_ROOM, work, now=now)
    return bool(done)


def _first_over(rows: pa.Table) -> int:
    """When the first of these rows is over that was not told."""
    told = pc.or_(pc.is_valid(rows["ended_event"]), pc.or_(rows["is_bot"], pc.equal(rows["node_key"], 0)))
    waiting = rows["over_at"].filter(pc.invert(pc.or_(told, pc.equal(rows["events"], 0))))
    return _micros(pc.min(waiting).as_py())


def _tell(engine: Engine, now: datetime) -> int:
    told = 0
    while (progress := read_progress(engine.ops)).due_at <= micros(now):
        over = engine.analytics.query(_OVER, {"now": naive_utc(now), "n": TOLD_TOGETHER})
        due = progress.due_at
        if over.num_rows < TOLD_TOGETHER:
            due = _micros(engine.analytics.query(_NEXT_OVER, {"now": naive_utc(now)})["due"][0].as_py())
        told += _tell_these(engine, over, progress, due, now)
    return told


def _tell_these(engine: Engine, over: pa.Table, progress: Progress, due: int, now: datetime) -> int:
    """Tell sessions that are over, and note when the next one is; 0 where somebody else wrote in between."""
    if not over.num_rows:
        with engine.ops.write() as tx:
            advance(tx, progress, seq=progress.seq, due_at=due)
        return 0
    ids = pc.binary_join_element_wise("session-ended", over["session_id"], "-")
    rows = over.set_column(over.schema.get_field_index("ended_event"), "ended_event", ids)
    done = []

    def work(tx: Tx, batch: Batch) -> None:
        if advance(tx, progress, seq=progress.seq, due_at=due):
            batch.tell(scratch(_TOLD, {"s": rows}))
            batch.emit("session_rows", rows)
            done.append(rows.num_rows)

    engine.act(_ROOM, work, now=now)
    return sum(done)


def _micros(stored: datetime | None) -> int:
    return NEVER if stored is None else micros(utc(stored))
