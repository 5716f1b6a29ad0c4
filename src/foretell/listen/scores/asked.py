"""Who was asked, so that what is known of the silent can be held against those who answered.

Where surveys are sent by us, that is told by ``Survey Sent``. Where nobody was asked by us (answers of an import, a
link), those stand in who had an order: a survey after a purchase goes to buyers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP, Engine
from foretell.listen.scores.answers import Whose, Window, answers_sql, text_sql

FrameKind = Literal["asked", "orders", "none"]
GRACE = {"asked": timedelta(days=7), "orders": timedelta(days=21)}
"""How long people have to answer before they count as silent."""
ASKED_AFTER = timedelta(days=10)
"""When after an order people are about asked: as of then their traits are read, where nobody was asked by us."""
_SHARED = 0.5
"""Of those who answered, so many must be found among those who were asked."""
_COLUMNS = pa.schema(
    [("profile_key", pa.int64()), ("profile_id", pa.string()), ("as_of", TIMESTAMP), ("answered", pa.bool_())]
)


@dataclass(frozen=True)
class Frame:
    """Who was asked in a window, a row a person: ``profile_key profile_id as_of answered``.

    Args:
        kind: ``none`` where nothing tells who was asked; then it has no row.
    """

    kind: FrameKind
    rows: pa.Table

    @property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Who of them answered (n,)."""
        return np.asarray(self.rows["answered"].to_numpy(zero_copy_only=False), dtype=bool)


def frame_of(engine: Engine, whose: Whose, window: Window, named: pa.Array, *, now: datetime) -> Frame:
    """Who was asked, for answers in ``window`` by the people ``named`` (profile ids).

    They were asked in the window or a little before it; whoever was asked so lately that they may still answer is left
    out.
    """
    plain = Whose(whose.measure, whose.survey, {}, whose.limits)
    for kind, begun in (("asked", _sent_sql(engine, plain, window)), ("orders", _orders_sql())):
        if not begun or not len(named):
            continue
        rows = _rows(engine, plain, window, kind, begun, now)
        inside = pa.compute.sum(pa.compute.is_in(named, rows["profile_id"].combine_chunks())).as_py() or 0
        if inside >= _SHARED * len(named):
            return Frame("asked" if kind == "asked" else "orders", rows)
    return Frame("none", _COLUMNS.empty_table())


def _rows(engine: Engine, whose: Whose, window: Window, kind: str, begun: str, now: datetime) -> pa.Table:
    """People by their first asking, with whether they answered after it, as of then or of their answer if that came
    before: what somebody answered is no reason for having answered.

    Answers count until those who were asked last had their time, so that a window of the past stays as it is.
    """
    grace, after = GRACE[kind], ASKED_AFTER if kind == "orders" else timedelta(0)
    begin = naive_utc(window.since - grace)
    asked = f"b.first_at + INTERVAL {after.days} DAY"
    limited = [limit(window.since) for limit in whose.limits]
    limits = " AND ".join(f"b.profile_key IN (SELECT l.profile_key FROM ({one}) AS l)" for one in limited)
    found = engine.analytics.query(
        f"WITH begun AS ({begun}), told AS (SELECT b.profile_key, min(a.answered_at) AS first_answer FROM begun AS b "
        f"JOIN nodes n ON n.node_key = b.profile_key JOIN ({answers_sql(whose, window)}) AS a "
        "ON a.profile_id = n.profile_id AND a.answered_at >= b.first_at GROUP BY b.profile_key) "
        f"SELECT b.profile_key, n.profile_id, least({asked}, coalesce(t.first_answer, {asked})) AS as_of, "
        "t.first_answer IS NOT NULL AS answered FROM begun AS b JOIN nodes n ON n.node_key = b.profile_key "
        f"LEFT JOIN told AS t ON t.profile_key = b.profile_key WHERE {limits or 'TRUE'} ORDER BY b.profile_key",
        {
            "since": begin, "until": naive_utc(min(window.until + grace, now)), "begin": begin,
            "end": naive_utc(min(window.until, now - grace)),
        },
    )  # fmt: skip
    return found.cast(_COLUMNS)


def _sent_sql(engine: Engine, whose: Whose, window: Window) -> str:
    """People by their first ``Survey Sent`` between ``$begin`` and ``$end``; empty where none was ever sent."""
    column = engine.log.properties().of("survey")
    if column is None or column.array is not None:
        return ""
    keys = [whose.survey] if whose.survey is not None else _surveys(engine, whose, window)
    if not keys:
        return ""
    return (
        "SELECT e.profile_key, min(e.ts) AS first_at FROM log_events e WHERE e.event = 'Survey Sent' "
        f"AND e.ts >= $begin AND e.ts < $end AND e.{column.text} IN ({', '.join(map(text_sql, keys))}) "
        "GROUP BY e.profile_key"
    )


def _orders_sql() -> str:
    return (
        "SELECT o.profile_key, min(o.ts) AS first_at FROM log_orders o WHERE o.kind = 'completed' "
        "AND o.profile_key IS NOT NULL AND o.ts >= $begin AND o.ts < $end GROUP BY o.profile_key"
    )


def _surveys(engine: Engine, whose: Whose, window: Window) -> list[str]:
    found = engine.analytics.query(
        f"SELECT DISTINCT r.survey FROM survey_responses r WHERE r.measure = {text_sql(whose.measure.key)} "
        "AND r.survey IS NOT NULL AND r.answered_at >= $since AND r.answered_at < $until ORDER BY r.survey",
        {"since": naive_utc(window.since), "until": naive_utc(window.until)},
    )
    return [str(key) for key in found["survey"].to_pylist()]
