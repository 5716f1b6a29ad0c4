"""Violations as rows: one for each event, field and rule that was breached."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.tracking.enforcing import CODE, masked
from foretell.engine import AnalyticsTable, Batch, Tx, View, scratch, table_of

VIOLATION_ROWS = AnalyticsTable(
    "violation_rows",
    {
        "seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "received_at": "TIMESTAMP", "message_id": "VARCHAR",
        "source": "VARCHAR", "event": "VARCHAR", "field": "VARCHAR", "rule": "VARCHAR", "owner": "VARCHAR",
        "owner_type": "VARCHAR", "action": "VARCHAR", "example": "VARCHAR", "plan": "VARCHAR",
    },
    "node_key",
    order=("received_at", "event", "field"),
    derived="log_violations",
)  # fmt: skip
VIOLATIONS_VIEW = View(
    "violations",
    "SELECT v.message_id, coalesce(n.profile_id, '') AS profile_id, v.ts AS timestamp, v.received_at, v.source, "
    'v.event, v.field, v.rule, v.owner, v.owner_type, v.action, v.example, v."plan" '
    "FROM log_violations v LEFT JOIN nodes n ON n.node_key = v.profile_key",
    {
        "message_id": "Id of the event.",
        "profile_id": "The person; empty where the event was put aside and nobody was known whom it names.",
        "timestamp": "When the event happened, UTC.",
        "received_at": "When it arrived, UTC.",
        "source": "Key of the source.",
        "event": "Name of the event.",
        "field": "Property with its dotted path, or traits.NAME; empty where the event itself is not planned.",
        "rule": "What was breached: required, type, enum, minimum, maximum, pattern, format, standard or unplanned.",
        "owner": "Team or person who answers for the field.",
        "owner_type": "team or person.",
        "action": "What was done: allow, drop_field or quarantine.",
        "example": "The value; of fields with personal data, letters and digits are masked.",
        "plan": "Key of the tracking document.",
    },
)
_NAMES = list(VIOLATION_ROWS.columns)
_TAKEN = """
SELECT e.seq, e.node_key, r.ts, r.received_at, r.message_id, r.source, r.event, r.field, r.rule, r.owner,
       r.owner_type, r.action, r.example, r."plan"
FROM r JOIN e ON e.row = r.row
"""
_TELLING = "\\p{L}|([0-9][^0-9]?){6}"
"""Letters, or digits as many as those of a telephone number: not a plain amount."""
_ASIDE = f"""
SELECT DISTINCT ON (r.message_id, r.field, r.rule) CAST(NULL AS BIGINT) AS seq, p.node_key,
       r.ts, r.received_at, r.message_id, r.source, r.event, r.field, r.rule, r.owner, r.owner_type, r.action,
       CASE WHEN p.node_key IS NULL AND regexp_matches(r.example, '{_TELLING}') THEN {masked("r.example")}
            ELSE r.example END AS example, r."plan"
FROM r LEFT JOIN people p ON p.kind = r.who_kind AND p.value = r.who_value
ANTI JOIN known k ON k.message_id = r.message_id AND k.source = r.source
ORDER BY r.message_id, r.field, r.rule
"""


def note_violations(tx: Tx, batch: Batch) -> None:
    """Emit the batch's violations; those of an event that lies in quarantine already were told before.

    Runs before the batch's own problems enter the quarantine.
    """
    remarks = batch.decoded.remarks
    if "rule" not in remarks.column_names:
        return
    remarks = remarks.filter(pc.is_valid(remarks["rule"]))
    taken = remarks.filter(pc.is_valid(remarks["row"]))
    if taken.num_rows:
        events = batch.events.select(["row", "seq", "node_key"])
        batch.emit(VIOLATION_ROWS.name, scratch(_TAKEN, {"r": taken, "e": events}).select(_NAMES))
    aside = remarks.filter(pc.is_null(remarks["row"]))
    if aside.num_rows:
        tables = {"r": aside, "known": _known(tx, aside), "people": _named(tx, aside)}
        batch.emit(VIOLATION_ROWS.name, scratch(_ASIDE, tables).select(_NAMES))


def _known(tx: Tx, aside: pa.Table) -> pa.Table:
    """Messages that lie in quarantine for a breach of the plan."""
    ids = pa.table({"message_id": pc.unique(aside["message_id"])})
    tx.put("breaching_messages", ids)
    rows = tx.query(
        "SELECT DISTINCT q.source, q.message_id FROM breaching_messages b JOIN quarantine q "
        "ON q.message_id = b.message_id WHERE q.code = ?",
        (CODE,),
    )
    return table_of({"source": pa.string(), "message_id": pa.string()}, rows)


def _named(tx: Tx, aside: pa.Table) -> pa.Table:
    """Who is known of those whom events that were put aside name: ``kind``, ``value``, ``node_key``.

    The examples of the others are masked: whoever is forgotten later cannot be found by them.
    """
    named = aside.select(["who_kind", "who_value"]).rename_columns(["kind", "value"])
    tx.put("breaching_people", named.filter(pc.is_valid(named["kind"])).group_by(["kind", "value"]).aggregate([]))
    rows = tx.query(
        "SELECT b.kind, b.value, i.node_key FROM breaching_people b "
        "JOIN identifiers i ON i.kind = b.kind AND i.value = b.value"
    )
    return table_of({"kind": pa.string(), "value": pa.string(), "node_key": pa.int64()}, rows)
