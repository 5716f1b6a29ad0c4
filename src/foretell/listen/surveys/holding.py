"""One-click answers are provisional for a minute: by then it shows whether a program followed the links of the mail.

A scanner that runs scripts sends off what it opens, as a browser does. What tells it are its other visits: the link
that nobody sees, several scores within seconds. They may come after the answer, and so nobody is told of the answer
before. Whoever goes on to the next page is a person, and is told of at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from foretell import deliver
from foretell.clock import from_micros, micros
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx, table_of
from foretell.listen.surveys.document import spec_of
from foretell.listen.surveys.standing import ResponseKey, Standing, as_json, given, write_given
from foretell.listen.surveys.telling import Response, events_of

HOLD = timedelta(seconds=deliver.TRAPPED_SECONDS)
"""So long after an answer by one click it may still turn out that a program gave it."""
_LOOKS_KEPT = timedelta(minutes=10)
_HELD = {
    "survey": pa.string(), "response_id": pa.string(), "profile_key": pa.int64(), "node_key": pa.int64(),
    "told": pa.string(), "seen": pa.string(), "about": pa.string(), "complete": pa.int64(), "message_id": pa.string(),
    "url": pa.string(), "held_at": pa.int64(),
}  # fmt: skip
_COLUMNS = ", ".join(_HELD)


def hold(
    tx: Tx, key: ResponseKey, after: Standing, about: Mapping[str, object], link: tuple[str, str], now: datetime
) -> None:
    """Keep an answer that nobody is told of yet.

    Args:
        link: the message, and the address of the score that was chosen in it.
    """
    tx.execute(
        f"INSERT INTO survey_held ({_COLUMNS}) VALUES ({', '.join('?' * len(_HELD))}) "
        "ON CONFLICT (survey, response_id) DO UPDATE SET told = excluded.told, seen = excluded.seen, "
        "about = excluded.about, complete = excluded.complete, message_id = excluded.message_id, url = excluded.url, "
        "held_at = excluded.held_at",
        (
            key.survey, key.response_id, after.profile_key, after.node_key, as_json(after.told),
            as_json(list(after.seen)), as_json(about), int(after.complete), *link, micros(now),
        ),
    )  # fmt: skip


def release(tx: Tx, key: ResponseKey) -> None:
    """What was provisional of a response is so no longer: it is told now, or never."""
    tx.execute("DELETE FROM survey_held WHERE survey = ? AND response_id = ?", (key.survey, key.response_id))


def note_look(engine: Engine, message_id: str, url: str, *, now: datetime) -> None:
    """Note that somebody opened the page of a score: whoever opens several within seconds is a program. It answers
    nothing."""
    with engine.ops.write() as tx:
        tx.execute(
            "INSERT INTO survey_looks (message_id, url, at) VALUES (?, ?, ?) "
            "ON CONFLICT (message_id, url) DO UPDATE SET at = excluded.at",
            (message_id, url, micros(now)),
        )


def settle(engine: Engine, catalog: Catalog, *, now: datetime) -> tuple[int, int]:
    """Tell the provisional answers whose minute is over, and drop those of programs; returns how many of each."""
    _forget_looks(engine, now)
    due = _due(engine.ops.query, catalog, now)
    if not due.num_rows:
        return 0, 0
    looks = engine.ops.query("SELECT message_id, url, at FROM survey_looks")
    machine = deliver.scored_by_machines(engine, due.select(["message_id", "url", "held_at"]), looks)
    judged = {
        (row["survey"], row["response_id"], row["held_at"]): found
        for row, found in zip(due.to_pylist(), machine.to_pylist(), strict=True)
    }
    told: list[int] = []

    def work(tx: Tx, batch: Batch) -> None:
        rows = [row for row in _due(tx.query, catalog, now).to_pylist() if _named(row) in judged]
        for row in rows:
            release(tx, ResponseKey(row["survey"], row["response_id"]))
        people = [row for row in rows if not judged[_named(row)]]
        for survey in dict.fromkeys(row["survey"] for row in people):
            said = [_told(tx, row, now) for row in people if row["survey"] == survey]
            batch.tell(events_of(spec_of(catalog.get("survey", survey)), survey, said, anonymous=False))
        told.extend((len(people), len(rows) - len(people)))

    engine.act("listen_surveys", work, now=now)
    return told[0], told[1]


def _due(query: Any, catalog: Catalog, now: datetime) -> pa.Table:
    known = {document.key for document in catalog.all("survey")}
    sql = f"SELECT {_COLUMNS} FROM survey_held WHERE held_at <= ? ORDER BY held_at, survey, response_id"
    rows: Sequence[tuple[Any, ...]] = query(sql, (micros(now - HOLD),))
    return table_of(_HELD, [row for row in rows if row[0] in known])


def _named(row: Mapping[str, Any]) -> tuple[str, str, int]:
    return row["survey"], row["response_id"], row["held_at"]


def _told(tx: Tx, row: Mapping[str, Any], now: datetime) -> Response:
    """Keep a response as told; it was given when it was handed in."""
    key, about, at = ResponseKey(row["survey"], row["response_id"]), json.loads(row["about"]), row["held_at"]
    before = given(tx, key)
    after = Standing(
        before.part + 1, json.loads(row["told"]), tuple(json.loads(row["seen"])), bool(row["complete"]),
        row["profile_key"], row["node_key"], before.answered_at,
    )  # fmt: skip
    write_given(tx, key, after, about, at)
    return Response(
        key.response_id, after.told, from_micros(at), about, after.part, after.complete, after.node_key, known_at=now
    )


def _forget_looks(engine: Engine, now: datetime) -> None:
    over = (micros(now - _LOOKS_KEPT),)
    if engine.ops.query("SELECT 1 FROM survey_looks WHERE at < ? LIMIT 1", over):
        with engine.ops.write() as tx:
            tx.execute("DELETE FROM survey_looks WHERE at < ?", over)
