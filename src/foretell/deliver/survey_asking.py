"""The surveys of candidates, and what people were asked before: what the gate has to know of them."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, utc
from foretell.deliver.people import PEOPLE
from foretell.deliver.survey_fatigue import SURVEYED, SURVEYS
from foretell.deliver.surveys import CARRIED
from foretell.engine import TIMESTAMP, Tx, python_rows, scratch, table_of, with_column

_COUNTED = "'queued', 'claimed', 'sent', 'delivered', 'uncertain', 'bounced'"
"""States of messages that count as having asked: also where it did not arrive, it is not asked again at once."""
_FORM = '[{"survey": "VARCHAR", "again_us": "BIGINT", "thread": "VARCHAR"}]'
_SURVEYS = f"""
SELECT n.i, s.survey, coalesce(max(s.again_us), 0) AS again_us, max(s.thread) AS thread FROM (
  SELECT c.i, unnest(from_json(json_extract(c.variables, '$.{CARRIED}'), '{_FORM}')) AS s FROM c) n
WHERE s.survey IS NOT NULL GROUP BY n.i, s.survey ORDER BY n.i, s.survey"""
_THREADED = "SELECT i, min(thread) AS thread FROM s GROUP BY i"


def surveys_of(asked: pa.Table) -> pa.Table:
    """What candidates ask by, by their variables: columns ``SURVEYS`` and ``thread``, by the candidate's place."""
    numbered = pa.table({"i": pa.array(range(asked.num_rows), pa.int64()), "variables": asked["variables"]})
    carrying = numbered.filter(pc.match_substring(numbered["variables"], f'"{CARRIED}"'))
    if not carrying.num_rows:
        return SURVEYS.empty_table().append_column("thread", pa.array([], pa.string()))
    return scratch(_SURVEYS, {"c": carrying})


def with_threads(asked: pa.Table, surveys: pa.Table) -> pa.Table:
    """``asked`` with ``thread``: of a reminder its invitation, else null."""
    found = scratch(_THREADED, {"s": surveys})
    place = pc.index_in(pa.array(range(asked.num_rows), pa.int64()), found["i"].combine_chunks())
    return with_column(asked, "thread", found["thread"].take(place))


def surveyed(tx: Tx, asked: pa.Table, surveys: pa.Table, gap: timedelta) -> pa.Table:
    """What the people of :func:`foretell.deliver.people.ask_about` were asked by surveys: columns ``SURVEYED``.

    What the sandbox kept back counts in the sandbox.
    """
    if not surveys.num_rows:
        return SURVEYED.empty_table()
    longest = max(pc.max(surveys["again_us"]).as_py(), gap // timedelta(microseconds=1))
    since = micros(utc(pc.min(asked["at"]).as_py())) - longest
    rehearsing = pc.any(pc.fill_null(asked["sandboxed"], False), min_count=0).as_py()
    states = f"{_COUNTED}, 'sandboxed'" if rehearsing else _COUNTED
    rows = tx.query(
        "SELECT m.profile_key, m.at, s.survey, s.thread FROM messages m JOIN message_surveys s "
        f"ON s.message_id = m.message_id WHERE m.profile_key IN (SELECT profile_key FROM {PEOPLE}) AND m.at > ? "
        f"AND m.state IN ({states})",
        (since,),
    )
    kinds = {field.name: field.type for field in SURVEYED} | {"at": pa.int64()}
    found = table_of(kinds, rows)
    return with_column(found, "at", found["at"].cast(TIMESTAMP))


def keep(tx: Tx, asked: pa.Table, surveys: pa.Table, going: pa.ChunkedArray) -> None:
    """Remember by which surveys messages ask that were queued.

    Args:
        asked: every candidate, in the order by which ``surveys`` counts.
        going: ids of those that were.
    """
    if not surveys.num_rows:
        return
    ids = asked["message_id"].take(surveys["i"])
    rows = pa.table({"message_id": ids, "survey": surveys["survey"], "thread": pc.coalesce(surveys["thread"], ids)})
    rows = rows.filter(pc.is_in(rows["message_id"], going.combine_chunks()))
    tx.executemany(
        "INSERT INTO message_surveys (message_id, survey, thread) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        python_rows(rows),
    )


def asked_of(tx: Tx, profiles: pa.Table) -> list[tuple[str, str, str]]:
    """The messages by which people (``profile_key``) were asked: id, thread and survey of each."""
    tx.put("asked_people", profiles.select(["profile_key"]), key="profile_key")
    return [
        (str(message), str(thread), str(survey))
        for message, thread, survey in tx.query(
            "SELECT s.message_id, s.thread, s.survey FROM asked_people a "
            "JOIN messages m ON m.profile_key = a.profile_key JOIN message_surveys s ON s.message_id = m.message_id"
        )
    ]
