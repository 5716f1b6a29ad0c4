"""What rows of erased people become: day, names of things and numbers, under a random key.

An :class:`~foretell.engine.AnalyticsTable` says it column by column: ``same`` keeps the value, ``day`` cuts an instant
to its day, ``random`` puts the same random text for the same value of the same person, ``address`` cuts query and
fragment off, ``product`` keeps the value of rows that name a product, ``seq`` puts another number, ``=TEXT`` is that
text. A text that is kept is emptied where it contains one of the words that tell the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine.scratch import scratch
from foretell.engine.tabular import quoted

LEAST_KEY, MOST_KEY = 2**52, 2**53
"""Random keys lie between; no counter comes so far, and a double holds them exactly."""
_TEXTS = ("same", "product", "address")
_WORDS_AT_ONCE = 2_000
_SQL = {pa.int64(): "BIGINT", pa.bool_(): "BOOLEAN"}
_CONTAINING = "SELECT DISTINCT t.text FROM t JOIN w ON contains(lower(t.text), w.word)"


@dataclass(frozen=True)
class Erased:
    """What is known of erased people while their rows are made anonymous.

    Args:
        people: ``node_key`` and the ``random_key`` that stands for them from now on.
        seqs: ``seq`` of their events and ``new_seq``, negative and in no order.
        words: texts, in lower case, that tell a person.
        zone: IANA zone of the workspace's days.
        salt: random, and thrown away afterwards.
    """

    people: pa.Table
    seqs: pa.Table
    words: pa.Array
    zone: str
    salt: str


def anonymous(
    rows: pa.Table, rules: Mapping[str, str], erased: Erased, *, profile_column: str | None, product: str = "false"
) -> pa.Table:
    """``rows`` as they are kept.

    Args:
        rows: of one table, with the columns in ``rules``, ``seq`` and the profile column where it has them.
        product: SQL text over them: true where a row names a product.

    Returns:
        The columns in ``rules`` and the profile column.
    """
    columns = [f"p.random_key AS {profile_column}"] if profile_column else []
    for name, rule in rules.items():
        kind = _SQL.get(rows.schema.field(name).type, "VARCHAR")
        columns.append(f"{_kept(name, rule, product, kind)} AS {quoted(name)}")
    kept = [name for name, rule in rules.items() if rule in _TEXTS and pa.types.is_string(rows.schema.field(name).type)]
    instants = [name for name, rule in rules.items() if rule == "day"]
    tables = {
        "r": rows,
        "p": erased.people,
        "seqs": erased.seqs,
        "spoken": _spoken(rows, kept, erased.words),
        "days": _days(rows, instants, erased.zone),
    }
    joins = f" JOIN p ON p.node_key = r.{profile_column}" if profile_column else ""
    return scratch(f"SELECT {', '.join(columns)} FROM r{joins}", tables, _params(columns, erased.salt))


def _params(columns: list[str], salt: str) -> dict[str, object]:
    return {"salt": salt} if any("$salt" in column for column in columns) else {}


def _kept(name: str, rule: str, product: str, kind: str) -> str:
    column = f"r.{quoted(name)}"
    said = f"CASE WHEN CAST({column} AS VARCHAR) NOT IN (SELECT text FROM spoken) THEN {column} END"
    if rule == "same":
        return said
    if rule == "product":
        return f"CASE WHEN {product} THEN {said} END"
    if rule == "address":
        return f"regexp_replace({said}, '[?#].*$', '')"
    if rule == "day":
        return f"(SELECT d.day FROM days d WHERE d.instant = {column})"
    if rule == "seq":
        return f"(SELECT s.new_seq FROM seqs s WHERE s.seq = {column})"
    if rule == "random":
        return f"CASE WHEN {column} IS NOT NULL THEN 'x_' || substr(md5($salt || chr(31) || {column}), 1, 24) END"
    return f"CAST('{rule.removeprefix('=')}' AS {kind})"


def _spoken(rows: pa.Table, columns: list[str], words: pa.Array) -> pa.Table:
    """The distinct texts in ``columns`` that contain one of ``words``: column text."""
    told = pa.chunked_array([rows[name].unique() for name in columns], pa.string())
    texts = pa.table({"text": told.unique()})
    found = [pa.array([], pa.string())]
    for start in range(0, len(words), _WORDS_AT_ONCE):
        part = pa.table({"word": words.slice(start, _WORDS_AT_ONCE)})
        hits = scratch(_CONTAINING, {"t": texts, "w": part})
        found.append(hits["text"].combine_chunks().cast(pa.string()))
    return pa.table({"text": pa.chunked_array(found, pa.string())})


def _days(rows: pa.Table, columns: list[str], zone: str) -> pa.Table:
    """The distinct instants in ``columns`` with their days: instant, day."""
    instants = pa.chunked_array(
        [chunk for name in columns for chunk in rows[name].cast(pa.timestamp("us")).chunks], pa.timestamp("us")
    )
    distinct = instants.unique().drop_null()
    return pa.table({"instant": distinct, "day": day_of(distinct, zone)})


def day_of(instants: pa.Array, zone: str) -> pa.Array:
    """The first instant of the same day, both in UTC and in ``zone`` (timestamps without a zone, UTC): counts by day
    are the same in either."""
    utc = pc.floor_temporal(instants, unit="day")
    clock = pc.local_timestamp(pc.assume_timezone(instants, "UTC").cast(pa.timestamp("us", zone)))
    # In some zones the clock is changed at midnight, which then is not there, or twice.
    local = pc.assume_timezone(pc.floor_temporal(clock, unit="day"), zone, ambiguous="earliest", nonexistent="latest")
    return pc.max_element_wise(utc, local.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us")))


def new_numbers(seqs: pa.Array, least: int, order: np.random.Generator) -> pa.Table:
    """``seq`` and ``new_seq``: below ``least`` and 0, in random order, so that they say nothing of the time."""
    fresh = min(least, 0) - 1 - order.permutation(len(seqs)).astype(np.int64)
    return pa.table({"seq": seqs, "new_seq": pa.array(fresh)})
