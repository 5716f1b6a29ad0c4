"""``Survey Answered`` as rows for analytics: set-wise, whoever brought the events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Batch, scratch

ANSWERED = "Survey Answered"
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "stars": (1, 5)}
"""Lowest and highest score of each measure."""
_TEXTS = (
    "survey", "response_id", "measure", "text", "language", "channel", "touchpoint", "product_id", "agent", "order_id",
    "journey", "run", "step", "survey_message", "message_id", "asked_at", "complete", "anonymous",
)  # fmt: skip
_NUMBERS = ("score", "part")
_MOST_PARTS = 1_000_000
_DIGITS = (
    "CASE WHEN {n} % 1000000 = 0 THEN CAST({n} // 1000000 AS VARCHAR) "
    "ELSE rtrim(CAST(CAST({n} AS DECIMAL(25, 6)) / 1000000 AS VARCHAR), '0') END"
)
_ROWS = f"""
WITH named AS (
  SELECT seq, node_key, ts, event_id, survey, coalesce(nullif(response_id, ''), event_id) AS response_id,
    nullif(text, '') AS text, language, channel, touchpoint, product_id, agent, order_id, journey, run, step,
    coalesce(survey_message, message_id) AS message_id, TRY_CAST(asked_at AS TIMESTAMP) AS asked_at,
    coalesce(lower(complete), 'true') <> 'false' AS complete, coalesce(lower(anonymous), 'false') = 'true' AS anonymous,
    least(greatest(coalesce(part_n // 1000000, TRY_CAST(part_s AS BIGINT), 1), 1), {_MOST_PARTS}) AS part,
    coalesce(CAST(score_n AS DOUBLE) / 1000000, TRY_CAST(score_s AS DOUBLE)) AS told_score, lower(measure) AS measure
  FROM a WHERE survey IS NOT NULL AND survey <> ''),
measured AS (
  SELECT n.*, coalesce(n.measure, d.measure, k.measure) AS scale FROM named n
  LEFT JOIN d ON d.survey = n.survey LEFT JOIN (SELECT DISTINCT measure FROM k) k ON k.measure = n.survey)
SELECT m.seq, m.node_key, m.ts,
  CAST(md5_number(m.survey || chr(31) || m.response_id) & 9223372036854775807 AS BIGINT) AS response_key,
  m.response_id, CAST(m.part AS BIGINT) AS part,
  CASE WHEN k.measure IS NULL OR m.told_score BETWEEN k.lowest AND k.highest THEN m.told_score END AS score,
  m.survey, m.scale AS measure, m.text, m.language, m.channel, m.touchpoint, m.product_id, m.agent, m.order_id,
  m.journey, m.run, m.step, m.message_id, m.asked_at, m.complete, m.anonymous
FROM measured m LEFT JOIN k ON k.measure = m.scale ORDER BY m.seq
"""
_KNOWN = pa.table(
    {
        "measure": list(SCALES),
        "lowest": pa.array([lowest for lowest, _ in SCALES.values()], pa.float64()),
        "highest": pa.array([highest for _, highest in SCALES.values()], pa.float64()),
    }
)


def answer_rows(batch: Batch, measures: Mapping[str, str]) -> pa.Table | None:
    """The rows of ``survey_answer_rows`` for the answers of a batch; None where there are none.

    A score outside of its measure's scale is left out; the event keeps it. An answer that names no survey is none.

    Args:
        measures: survey → measure, as their documents say.
    """
    events = batch.events
    chosen = pc.equal(events["event"], ANSWERED)
    if not pc.any(chosen).as_py():
        return None
    own = events.select(["row", "seq", "node_key", "ts", "message_id"]).filter(chosen)
    properties = batch.decoded.properties
    place = pc.index_in(own["row"].combine_chunks(), properties["row"].combine_chunks())
    told = properties.select(["row", *_named(properties.column_names)]).take(place)
    columns = {name: own[name] for name in ("seq", "node_key", "ts")} | {"event_id": own["message_id"]}
    asked = pa.table({**columns, **_texts(told, _TEXTS), **_numbers(told, _NUMBERS)})
    documents = pa.table(
        {"survey": pa.array(list(measures), pa.string()), "measure": pa.array(list(measures.values()), pa.string())}
    )
    return scratch(_ROWS, {"a": asked, "d": documents, "k": _KNOWN})


def _named(columns: Iterable[str]) -> list[str]:
    wanted = {f"{side}:{name}" for name in (*_TEXTS, *_NUMBERS) for side in "sn"}
    return [name for name in columns if name in wanted]


def _texts(told: pa.Table, names: Iterable[str]) -> dict[str, pa.ChunkedArray]:
    """Properties as text; one that was sent as a number in its digits."""
    have = set(told.column_names)
    found = {}
    for name in names:
        text = told[f"s:{name}"] if f"s:{name}" in have else pa.chunked_array([pa.nulls(told.num_rows, pa.string())])
        if f"n:{name}" in have and told[f"n:{name}"].null_count < told.num_rows:
            digits = scratch(f"SELECT {_DIGITS.format(n='n')} AS t FROM v", {"v": pa.table({"n": told[f"n:{name}"]})})
            text = pc.coalesce(text, digits["t"])
        found[name] = text
    return found


def _numbers(told: pa.Table, names: Iterable[str]) -> dict[str, pa.ChunkedArray]:
    have = set(told.column_names)
    found = {}
    for name in names:
        for side, kind in (("s", pa.string()), ("n", pa.int64())):
            there = f"{side}:{name}" in have
            found[f"{name}_{side}"] = (
                told[f"{side}:{name}"] if there else pa.chunked_array([pa.nulls(told.num_rows, kind)])
            )
    return found
