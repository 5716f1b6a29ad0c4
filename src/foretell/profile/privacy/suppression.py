"""Who must not come back: identifiers as keyed hashes, held against what arrives.

An event is left out where its strongest identifier is suppressed, or where it names a suppressed user id or e-mail
address. Other suppressed identifiers (a shared phone, a device) are taken out of the event, which stays. What was
left out is noted by its message id until its body is cut out of the spool as well, and counted by day and source.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros
from foretell.engine import Batch, Tx, accepted, python_rows, scratch, table_of
from foretell.profile.privacy.hashing import keyed_hashes
from foretell.profile.privacy.restrictions import Asks

_HELD = """
SELECT i.row, max(CASE WHEN i.kind IN ('user_id', 'email') OR i.priority = t.first THEN 1 ELSE 0 END) = 1 AS out
FROM i JOIN s USING (kind, value) JOIN (SELECT row, min(priority) AS first FROM i GROUP BY row) t ON t.row = i.row
GROUP BY i.row ORDER BY i.row"""


REFUSED = "md5:"
"""Before the MD5 of a line that has no message id."""
_SPOKEN = f"""
WITH read AS (
  SELECT i, coalesce(source, '') AS source, '{REFUSED}' || md5(body) AS hash, json_extract_string(body,
    ['/userId', '/anonymousId', '/traits/email', '/context/traits/email', '/traits/phone', '/context/traits/phone'])
    AS said FROM p WHERE json_valid(body) AND severity = 'error'
), spread AS (
  SELECT i, source, hash, unnest(['user_id', 'anonymous_id', 'email', 'email', 'phone', 'phone']) AS kind,
    unnest(said) AS value FROM read
)
SELECT i, source, hash, kind, CASE WHEN kind = 'email' THEN lower(trim(value)) ELSE trim(value) END AS value
FROM spread WHERE trim(value) <> ''"""


def is_empty(store: Asks) -> bool:
    """True where nobody is suppressed."""
    return not store.query("SELECT 1 FROM suppressed_identifiers LIMIT 1")


def suppress_identifiers(
    tx: Tx, identifiers: pa.Table, key: bytes, *, reason: str, at: datetime, request: str | None = None
) -> int:
    """Put identifiers (columns kind, value) on the list; returns how many are new on it."""
    hashes = keyed_hashes(identifiers, key)
    return tx.executemany(
        "INSERT INTO suppressed_identifiers (hash, kind, reason, since, request) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (hash) DO NOTHING",
        ((hashed, kind, reason, micros(at), request) for kind, hashed in python_rows(hashes.select(["kind", "hash"]))),
    )


def unsuppress_identifiers(tx: Tx, identifiers: pa.Table, key: bytes) -> int:
    """Take identifiers off the list; returns how many were on it."""
    hashes = keyed_hashes(identifiers, key)
    return tx.executemany("DELETE FROM suppressed_identifiers WHERE hash = ?", python_rows(hashes.select(["hash"])))


def suppressed_among(store: Any, identifiers: pa.Table, key: bytes) -> pa.Table:
    """Those of ``identifiers`` (columns kind, value) that are on the list, each once."""
    hashes = keyed_hashes(identifiers, key)
    store.put("arriving_hashes", hashes.select(["hash"]))
    found = store.query("SELECT a.hash FROM arriving_hashes a JOIN suppressed_identifiers s ON s.hash = a.hash")
    if not found:
        return hashes.slice(0, 0).select(["kind", "value"])
    on_list = table_of({"hash": pa.string()}, found)
    return scratch("SELECT kind, value FROM h SEMI JOIN l USING (hash)", {"h": hashes, "l": on_list})


def hold_back(tx: Tx, batch: Batch, key: bytes) -> None:
    """Take suppressed people out of a batch before anything else sees it."""
    _hold_refused(tx, batch, key)
    identifiers = batch.decoded.identifiers
    if not identifiers.num_rows:
        return
    listed = suppressed_among(tx, identifiers, key)
    if not listed.num_rows:
        return
    held = scratch(_HELD, {"i": identifiers, "s": listed})
    out = held.filter(held["out"])["row"].combine_chunks()
    _strip(batch, listed)
    _note(tx, batch, batch.events.filter(pc.is_in(batch.events["row"], out)))
    stays = pc.invert(pc.is_in(batch.decoded.events["row"].combine_chunks(), out))
    batch.decoded = accepted(batch.decoded, stays)
    batch.events = batch.events.filter(stays)


def _hold_refused(tx: Tx, batch: Batch, key: bytes) -> None:
    """Keep lines of suppressed people out of the quarantine; they are noted by the MD5 of their text."""
    problems = batch.decoded.problems
    if not problems.num_rows:
        return
    told = scratch(_SPOKEN, {"p": problems.append_column("i", pa.array(range(problems.num_rows), pa.int64()))})
    if not told.num_rows:
        return
    listed = suppressed_among(tx, told, key)
    out = scratch("SELECT DISTINCT t.i, t.hash, t.source FROM t SEMI JOIN s USING (kind, value) ORDER BY t.i",
                  {"t": told, "s": listed})  # fmt: skip
    _note(tx, batch, pa.table({"message_id": out["hash"], "source": out["source"]}))
    kept = pc.invert(pc.is_in(pa.array(range(problems.num_rows), pa.int64()), out["i"].combine_chunks()))
    batch.decoded = replace(batch.decoded, problems=problems.filter(kept))


def _strip(batch: Batch, listed: pa.Table) -> None:
    """Take suppressed identifiers out of the events that stay, and traits that say the same."""
    decoded = batch.decoded
    identifiers = scratch(
        "SELECT i.* FROM i ANTI JOIN s USING (kind, value) ORDER BY row, priority, kind, value",
        {"i": decoded.identifiers, "s": listed},
    ).cast(decoded.identifiers.schema)
    traits = scratch("SELECT t.* FROM t ANTI JOIN s ON s.kind = t.trait AND s.value = lower(trim(t.s)) ORDER BY row",
                     {"t": decoded.traits, "s": listed}).cast(decoded.traits.schema)  # fmt: skip
    batch.decoded = replace(decoded, identifiers=identifiers, traits=traits)


def _note(tx: Tx, batch: Batch, events: pa.Table) -> None:
    if not events.num_rows:
        return
    at = micros(batch.now)
    told = events.select(["message_id", "source"])
    known = {row[0] for row in _known(tx, told)}
    fresh = np.array([name not in known for name in told["message_id"].to_pylist()])
    rows = told.filter(pa.array(fresh))
    tx.executemany(
        f"INSERT INTO suppressed_arrivals VALUES (?, ?, {int(batch.number)}, {at}) ON CONFLICT (message_id) DO NOTHING",
        python_rows(rows),
    )
    counts = rows.group_by("source").aggregate([([], "count_all")])
    day = from_micros(at).date().isoformat()
    tx.executemany(
        "INSERT INTO suppressed_counts VALUES (?, ?, ?) ON CONFLICT (day, source) DO UPDATE SET "
        "events = suppressed_counts.events + excluded.events",
        ((day, source, count) for source, count in python_rows(counts.select(["source", "count_all"]))),
    )


def _known(tx: Tx, told: pa.Table) -> list[tuple[Any, ...]]:
    tx.put("held_messages", told.select(["message_id"]))
    return tx.query(
        "SELECT h.message_id FROM held_messages h JOIN suppressed_arrivals s ON s.message_id = h.message_id"
    )


def waiting_arrivals(store: Asks) -> pa.Table:
    """Message ids that were held back and whose bodies still lie in the spool: column message_id."""
    return table_of({"message_id": pa.string()}, store.query("SELECT message_id FROM suppressed_arrivals"))


def held_back(store: Asks) -> list[dict[str, Any]]:
    """How many events were held back: day (UTC), source, events; the latest day first."""
    rows = store.query("SELECT day, source, events FROM suppressed_counts ORDER BY day DESC, source")
    return [{"day": day, "source": source, "events": events} for day, source, events in rows]


def suppressed_count(store: Asks) -> int:
    """How many identifiers are on the list."""
    return int(store.query("SELECT count(*) FROM suppressed_identifiers")[0][0])
