"""Which texts are new: of what a response says in several parts each wording is judged and told once.

A later part repeats what was said before, or says it in other words; parts are in the order of their numbers, whenever
they came. The same words stay as they were judged, at the
instant at which they were said; only the score beside them may change.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Engine, scratch
from foretell.listen.text.parts import TEXT_ROWS
from foretell.listen.text.sources import texts_of

_STANDING = (
    f"SELECT {', '.join(f't.{name}' for name in TEXT_ROWS)} FROM text_rows t "
    "JOIN asked a ON a.origin = t.origin AND a.item = t.item AND a.node_key = t.node_key"
)
_ITEM = "origin, survey, item, node_key"
_SAME_ITEM = " AND ".join(f"b.{name} IS NOT DISTINCT FROM f.{name}" for name in _ITEM.split(", "))
_RUNS = f"""
WITH stood AS (
  SELECT -1 AS place, {", ".join(f"b.{name}" for name in _ITEM.split(", "))}, coalesce(w.part, 1) AS part, b.ts, b.seq,
    md5(w.text) AS words, b.score, b.anonymous FROM b LEFT JOIN w ON w.seq = b.seq
), came AS (
  SELECT place, {_ITEM}, part, ts, seq, md5(text) AS words, score, anonymous FROM f
), said AS (
  SELECT * FROM stood UNION ALL SELECT * FROM came f
  WHERE NOT EXISTS (SELECT 1 FROM stood b WHERE {_SAME_ITEM} AND (b.part, b.ts, b.seq) > (f.part, f.ts, f.seq))
), turns AS (
  SELECT *, row_number() OVER w AS nth, CASE WHEN words = lag(words) OVER w THEN 0 ELSE 1 END AS turn FROM said
  WINDOW w AS (PARTITION BY {_ITEM} ORDER BY part, ts, seq, place)
), runs AS (
  SELECT *, sum(turn) OVER (PARTITION BY {_ITEM} ORDER BY nth) AS run FROM turns
)
SELECT arg_min(seq, nth) AS seq, arg_min(place, nth) AS place, arg_max(score, nth) AS score,
  bool_or(anonymous) AS anonymous, min(nth) AS nth
FROM runs GROUP BY {_ITEM}, run ORDER BY {_ITEM}, nth"""
_CHANGED = f"""
SELECT {", ".join(f"r.{name}" if name in ("score", "anonymous") else f"b.{name}" for name in TEXT_ROWS)}
FROM b JOIN r ON r.seq = b.seq
WHERE r.place < 0 AND (b.score IS DISTINCT FROM r.score OR b.anonymous IS DISTINCT FROM r.anonymous) ORDER BY b.seq"""
_NOTHING = pa.table(
    {"seq": pa.array([], pa.int64()), "text": pa.array([], pa.string()), "part": pa.array([], pa.int64())}
)


@dataclass(frozen=True)
class Sorted:
    """Texts, told apart.

    Args:
        fresh: those in words that their response does not have yet, with its last score.
        standing: rows of ``text_rows`` whose words stay and whose score does not.
    """

    fresh: pa.Table
    standing: pa.Table


def sort_out(engine: Engine, found: pa.Table) -> Sorted:
    """Tell apart which of ``found`` are new.

    Args:
        found: columns of :func:`~foretell.listen.text.sources.new_texts`, and ``item``.
    """
    asked = found.select(["origin", "item", "node_key"]).group_by(["origin", "item", "node_key"]).aggregate([])
    standing = engine.analytics.query(_STANDING, tables={"asked": asked})
    said = texts_of(engine, standing) if standing.num_rows else _NOTHING
    places = found.append_column("place", pa.array(range(found.num_rows), pa.int64()))
    runs = scratch(_RUNS, {"b": standing, "w": said, "f": places})
    fresh = runs.filter(pc.greater_equal(runs["place"], 0))
    rows = found.take(fresh["place"])
    for name in ("score", "anonymous"):
        rows = rows.set_column(rows.schema.get_field_index(name), name, fresh[name])
    return Sorted(rows, scratch(_CHANGED, {"b": standing, "r": runs}))
