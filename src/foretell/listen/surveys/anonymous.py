"""Anonymous surveys: nothing connects an answer with whoever gave it.

What is kept of a link is that it was used, by a hash. What was answered lies under a random id, with its day, until the
day is over; then all answers of the day are told together in the order of their ids, at the day's beginning. So neither
an instant nor the order in which events came shows which click gave which answer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from foretell.clock import from_micros, micros
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx
from foretell.ids import stable_id
from foretell.listen.surveys.document import spec_of
from foretell.listen.surveys.question_types import Value
from foretell.listen.surveys.telling import Response, events_of

ABOUT = ("language", "channel", "touchpoint")
"""What is kept beside an anonymous answer; what narrows it down to few people is not."""
_COLUMNS = "response_id, survey, day, told, about, complete"


def new_id() -> str:
    """An id that nothing leads to: random, since whatever follows from a link would lead back to it."""
    return uuid4().hex


def use(tx: Tx, thread: str, survey: str) -> bool:
    """Note that a link was used; False where it was before. A public link has no ``thread`` and may be used often."""
    if not thread:
        return True
    sql = "INSERT INTO survey_uses (use_id) VALUES (?) ON CONFLICT (use_id) DO NOTHING"
    return tx.execute(sql, (_use_id(thread, survey),)) == 1


def was_used(engine: Engine, thread: str, survey: str) -> bool:
    """Whether the link of an anonymous survey was used."""
    if not thread:
        return False
    return bool(engine.ops.query("SELECT 1 FROM survey_uses WHERE use_id = ?", (_use_id(thread, survey),)))


def day(now: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the day, by the workspace's clock."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def keep(
    tx: Tx,
    response_id: str,
    survey: str,
    day: int,
    told: Mapping[str, Value],
    seen: Collection[str],
    about: Mapping[str, object],
    *,
    complete: bool,
) -> None:
    """Keep a response, or more of it, until its day is over."""
    row = (response_id, survey, day, _json(told), _json(list(seen)), _json(about), int(complete))
    tx.execute(
        "INSERT INTO survey_kept VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (response_id) DO UPDATE SET "
        "told = excluded.told, seen = excluded.seen, about = excluded.about, complete = excluded.complete",
        row,
    )


def tell_anonymous(engine: Engine, catalog: Catalog, *, now: datetime) -> int:
    """Tell the anonymous answers of days that are over; returns how many."""
    today = micros(day(now, catalog.settings.zone_info))
    waiting = engine.ops.query(f"SELECT {_COLUMNS} FROM survey_kept WHERE day < ? ORDER BY response_id", (today,))
    known = {document.key for document in catalog.all("survey")}
    told = [row for row in waiting if row[1] in known]
    if not told:
        return 0

    def work(tx: Tx, batch: Batch) -> None:
        for survey in dict.fromkeys(row[1] for row in told):
            rows = [_response(row, from_micros(today)) for row in told if row[1] == survey]
            batch.tell(events_of(spec_of(catalog.get("survey", survey)), survey, rows, anonymous=True))
        tx.executemany("DELETE FROM survey_kept WHERE response_id = ?", [(row[0],) for row in told])

    engine.act("listen_surveys", work, now=now)
    return len(told)


def _response(row: tuple[Any, ...], known_at: datetime) -> Response:
    response_id, _, at, told, about, complete = row
    return Response(
        response_id, json.loads(told), from_micros(at), json.loads(about), complete=bool(complete), known_at=known_at
    )


def _use_id(thread: str, survey: str) -> str:
    return stable_id("use", thread, survey, length=32)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
