"""What is known of people as of the instant at which they were asked: the traits by which the silent are made up for.

Each trait has a few levels, so that a level means something to whoever reads it and every level has people in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.engine import Engine
from foretell.listen.scores.answers import text_sql
from foretell.listen.scores.measures import Measure

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trait:
    """A trait by which people are told apart.

    Args:
        levels: SQL: an expression of a text, over the row of a person.
    """

    key: str
    title: str
    levels: str


TRAITS = (
    Trait(
        "orders",
        "Orders so far",
        "CASE WHEN coalesce(o.orders, 0) = 0 THEN 'none' WHEN o.orders = 1 THEN '1' "
        "WHEN o.orders <= 3 THEN '2 or 3' ELSE '4 or more' END",
    ),
    Trait(
        "recency",
        "Last order",
        "CASE WHEN o.newest > f.as_of - INTERVAL 30 DAY THEN 'in 30 days' "
        "WHEN o.newest > f.as_of - INTERVAL 120 DAY THEN '1 to 4 months ago' "
        "WHEN o.newest IS NOT NULL THEN 'longer ago' ELSE 'never' END",
    ),
    Trait("tickets", "Ticket in 90 days", "CASE WHEN t.profile_key IS NULL THEN 'no' ELSE 'yes' END"),
    Trait("late", "Late delivery in 90 days", "CASE WHEN l.profile_key IS NULL THEN 'no' ELSE 'yes' END"),
    Trait("persona", "Persona", "coalesce(p.persona, 'none')"),
    Trait("earlier", "Answer before", "coalesce(e.band, 'none')"),
)
"""Every trait, in the order in which a report lists them."""


@dataclass(frozen=True)
class Known:
    """The levels of people, coded.

    Args:
        labels: the levels of each trait, in the order of :data:`TRAITS`.
        codes: a level's place among its trait's labels, a row a person (n, traits).
    """

    labels: tuple[tuple[str, ...], ...]
    codes: Codes

    def of(self, rows: npt.NDArray[np.bool_] | Codes) -> Known:
        """Only some people."""
        return Known(self.labels, self.codes[rows])


def known_of(engine: Engine, measure: Measure, people: pa.Table) -> Known:
    """What is known of ``people``, row by row.

    Args:
        people: ``profile_key profile_id as_of``; a person may stand in it several times.
    """
    rows = people.select(["profile_key", "profile_id", "as_of"])
    rows = rows.append_column("place", pa.array(np.arange(rows.num_rows)))
    traits = ", ".join(f"{trait.levels} AS {trait.key}" for trait in TRAITS)
    found = engine.analytics.query(
        f"WITH {_parts(engine, measure)} SELECT f.place, {traits} FROM score_frame AS f "
        "LEFT JOIN o ON o.place = f.place LEFT JOIN t ON t.place = f.place LEFT JOIN l ON l.place = f.place "
        "LEFT JOIN p ON p.place = f.place AND p.newest = 1 LEFT JOIN e ON e.place = f.place AND e.newest = 1 "
        "ORDER BY f.place",
        tables={"score_frame": rows},
    )
    coded = [found[trait.key].combine_chunks().dictionary_encode() for trait in TRAITS]
    codes = [np.asarray(column.indices.to_numpy(zero_copy_only=False), dtype=np.int64) for column in coded]
    labels = tuple(tuple(str(one) for one in column.dictionary.to_pylist()) for column in coded)
    return Known(labels, np.stack(codes, axis=1) if rows.num_rows else np.zeros((0, len(TRAITS)), np.int64))


def _parts(engine: Engine, measure: Measure) -> str:
    """SQL: the common table expressions that :data:`TRAITS` read, each a row a place in ``score_frame``."""
    orders = (
        "SELECT f.place, count(DISTINCT x.order_id) AS orders, max(x.ts) AS newest FROM score_frame AS f "
        "JOIN log_orders AS x ON x.profile_key = f.profile_key AND x.ts <= f.as_of WHERE x.kind = 'completed' "
        "GROUP BY f.place"
    )
    tickets = _happened("x.event = 'Ticket Opened'")
    personas = (
        "SELECT f.place, x.persona, row_number() OVER (PARTITION BY f.place ORDER BY x.as_of DESC, x.node_key) "
        "AS newest FROM score_frame AS f JOIN log_personas AS x ON x.profile_key = f.profile_key AND x.as_of <= f.as_of"
    )
    bands = measure.bands
    cases = " ".join(f"WHEN x.score < {end.above} THEN {text_sql(one.title)}" for one, end in pairwise(bands))
    earlier = (
        f"SELECT f.place, CASE {cases} ELSE {text_sql(bands[-1].title)} END AS band, row_number() OVER "
        "(PARTITION BY f.place ORDER BY x.answered_at DESC, x.response_id) AS newest FROM score_frame AS f "
        "JOIN survey_responses AS x ON x.profile_id = f.profile_id AND x.answered_at < f.as_of "
        f"WHERE x.measure = {text_sql(measure.key)} AND x.score BETWEEN {measure.lowest} AND {measure.highest}"
    )
    parts = {"o": orders, "t": tickets, "l": _happened(_late(engine)), "p": personas, "e": earlier}
    return ", ".join(f"{name} AS ({sql})" for name, sql in parts.items())


def _happened(test: str) -> str:
    return (
        "SELECT DISTINCT f.place, f.profile_key FROM score_frame AS f JOIN log_events AS x "
        "ON x.profile_key = f.profile_key AND x.ts <= f.as_of AND x.ts > f.as_of - INTERVAL 90 DAY "
        f"WHERE {test}"
    )


def _late(engine: Engine) -> str:
    """A parcel that came late, or an issue that says so."""
    columns = engine.log.properties()
    delay, issue = columns.of("delay_days"), columns.of("issue")
    tests = []
    if delay is not None and delay.array is None:
        tests.append(f"(x.event = 'Order Delivered' AND x.{delay.number} > 0)")
    if issue is not None and issue.array is None:
        tests.append(f"(x.event = 'Issue Detected' AND x.{issue.text} = 'late_delivery')")
    return " OR ".join(tests) or "FALSE"
