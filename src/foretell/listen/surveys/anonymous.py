"""Anonymous surveys: nothing connects an answer with whoever gave it.

What is kept of a link is that it was used, by a hash. What was answered lies under a random id, with its day, until an
hour after the day is over; then all answers of the day are told together in the order of their ids, at the day's
beginning. Both lie in leaves (:mod:`.leaves`), and nothing is told of the click. So neither an instant nor an order,
nor what a store keeps of its transactions, shows which link gave which answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from foretell.clock import from_micros, micros
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx
from foretell.ids import stable_id
from foretell.listen.surveys import leaves
from foretell.listen.surveys.document import spec_of
from foretell.listen.surveys.leaves import Readable
from foretell.listen.surveys.standing import Standing
from foretell.listen.surveys.telling import Response, events_of

ABOUT = ("language", "channel", "touchpoint")
"""What is kept beside an anonymous answer; what narrows it down to few people is not."""
GRACE = timedelta(hours=1)
"""So long after its day somebody goes on with an answer."""
_KEPT, _MARKS, _ALWAYS = "survey_kept", "survey_marks", 0


def new_id() -> str:
    """An id that nothing leads to: random, since whatever follows from a link would lead back to it."""
    return uuid4().hex


def use(tx: Tx, thread: str, survey: str) -> None:
    """Note that a link was used. A public link has no ``thread`` and may be used often."""
    if thread:
        leaves.put(tx, _MARKS, survey, _ALWAYS, _mark(thread, survey), 1)


def is_used(store: Readable, thread: str, survey: str) -> bool:
    """Whether an answer was given by the link that nothing connects with it."""
    if not thread:
        return False
    mark = _mark(thread, survey)
    if mark in leaves.leaf_of(store, _MARKS, survey, _ALWAYS, mark).rows:
        return True
    return bool(store.query("SELECT 1 FROM survey_uses WHERE use_id = ?", (mark,)))


def forget_uses(tx: Tx, threads: Iterable[tuple[str, str]]) -> None:
    """Forget that links were used: of each its thread and its survey."""
    for thread, survey in threads:
        mark = _mark(thread, survey)
        leaves.take_out(tx, _MARKS, survey, _ALWAYS, mark)
        tx.execute("DELETE FROM survey_uses WHERE use_id = ?", (mark,))


def day(now: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the day, by the workspace's clock."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def kept(store: Readable, survey: str, response_id: str) -> tuple[int, Standing] | None:
    """A response whose day is not told yet: its day and what it says; None where there is none."""
    for (at,) in store.query("SELECT DISTINCT day FROM survey_kept WHERE survey = ? ORDER BY day DESC", (survey,)):
        row = leaves.leaf_of(store, _KEPT, survey, at, response_id).rows.get(response_id)
        if row is not None:
            return int(at), Standing(1, row["told"], tuple(row["seen"]), bool(row["complete"]))
    return None


def keep(tx: Tx, response_id: str, survey: str, day: int, after: Standing, about: Mapping[str, object]) -> None:
    """Keep a response, or more of it, until its day is told."""
    row = {"told": after.told, "seen": list(after.seen), "about": about, "complete": int(after.complete)}
    leaves.put(tx, _KEPT, survey, day, response_id, row)


def tell_anonymous(engine: Engine, catalog: Catalog, *, now: datetime) -> int:
    """Tell the anonymous answers of days that are over; returns how many."""
    today = micros(day(now - GRACE, catalog.settings.zone_info))
    known = {document.key for document in catalog.all("survey")}
    found = engine.ops.query("SELECT DISTINCT survey FROM survey_kept WHERE day < ? ORDER BY survey", (today,))
    waiting = [survey for (survey,) in found if survey in known]
    if not waiting:
        return 0
    told: list[int] = []

    def work(tx: Tx, batch: Batch) -> None:
        for survey in waiting:
            rows = _responses(tx, survey, today, now)
            tx.execute("DELETE FROM survey_kept WHERE survey = ? AND day < ?", (survey, today))
            if rows:
                batch.tell(events_of(spec_of(catalog.get("survey", survey)), survey, rows, anonymous=True))
            told.append(len(rows))

    engine.act("listen_surveys", work, now=now)
    return sum(told)


def _responses(tx: Tx, survey: str, today: int, now: datetime) -> list[Response]:
    rows = tx.query("SELECT day, rows FROM survey_kept WHERE survey = ? AND day < ?", (survey, today))
    found = [(key, int(at), row) for at, text in rows for key, row in json.loads(text).items()]
    return [_response(key, at, row, now) for key, at, row in sorted(found, key=lambda one: one[:2])]


def _response(key: str, at: int, row: Mapping[str, Any], now: datetime) -> Response:
    return Response(key, row["told"], from_micros(at), row["about"], complete=bool(row["complete"]), known_at=now)


def _mark(thread: str, survey: str) -> str:
    return stable_id("use", thread, survey, length=32)
