"""What the gate has to know of people: address, zone, messages they had."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, zone_of
from foretell.deliver.gate import HISTORY, SUPPRESSED
from foretell.engine import TIMESTAMP, Tx, scratch, table_of, with_column
from foretell.errors import UsageError
from foretell.profile import Survivorship, golden

_PEOPLE = "gated_people"
_SAID = pa.schema(
    [("profile_key", pa.int64()), ("origin", pa.string()), ("field", pa.string()), ("value", pa.string())]
)
_ASKED = f"IN (SELECT profile_key FROM {_PEOPLE})"
"""Not a join: that would read all of the big table and look each row up among the few people."""
_ADDRESSES = f"""
SELECT i.node_key, 'identifier', i.kind, min(i.value) FROM identifiers i
WHERE i.node_key {_ASKED} AND i.kind IN ('email', 'phone') GROUP BY i.node_key, i.kind
UNION ALL
SELECT m.profile_key, 'identifier', i.kind, min(i.value) FROM merged m JOIN identifiers i ON i.node_key = m.node_key
WHERE m.profile_key {_ASKED} AND i.kind IN ('email', 'phone') GROUP BY m.profile_key, i.kind"""

# An e-mail address that no server would take is none. Phone numbers come as people write them.
_FIT = r"""
WITH said AS (
  SELECT profile_key, field, CASE WHEN field = 'email' THEN lower(trim(value))
    WHEN field = 'phone' THEN regexp_replace(value, '[\s().\-/]', '', 'g') ELSE trim(value) END AS value,
    CASE origin WHEN 'trait' THEN 0 ELSE 1 END AS rank FROM f
), fit AS (
  SELECT *, row_number() OVER (PARTITION BY profile_key, field ORDER BY rank, value) AS place FROM said
  WHERE CASE field WHEN 'email' THEN regexp_full_match(value, '[^@\s<>,;"]+@[^@\s<>,;"]+\.[^@\s<>,;".]+')
    WHEN 'phone' THEN regexp_full_match(value, '\+?[0-9]{5,15}') ELSE value <> '' END
)
SELECT profile_key, max(CASE WHEN field = 'email' THEN value END) AS email,
  max(CASE WHEN field = 'phone' THEN value END) AS phone,
  coalesce(max(CASE WHEN field = 'timezone' THEN value END), max(CASE WHEN field = 'zone' THEN value END)) AS zone
FROM fit WHERE place = 1 GROUP BY profile_key"""


def ask_about(tx: Tx, profile_keys: pa.ChunkedArray | pa.Array) -> None:
    """Name the people whom the other functions here speak of."""
    tx.put(_PEOPLE, pa.table({"profile_key": pc.unique(profile_keys)}), key="profile_key")


def reachable(tx: Tx, rules: Survivorship) -> pa.Table:
    """Of the people asked about: profile_key, email, phone, zone; null where there is none that fits.

    The address is the trait told, else the first identifier in order; the zone is known to exist.

    Args:
        rules: which values of traits stand.
    """
    asked = pa.array([key for (key,) in tx.query(f"SELECT profile_key FROM {_PEOPLE}")], pa.int64())
    told = golden(tx, asked, rules, traits=("email", "phone", "zone", "timezone"))
    told = told.filter(pc.is_valid(told["s"]))
    traits = [told["profile_key"], pa.repeat(pa.scalar("trait"), told.num_rows), told["trait"], told["s"]]
    identifiers = table_of(dict(zip(_SAID.names, _SAID.types, strict=True)), tx.query(_ADDRESSES))
    found = scratch(_FIT, {"f": pa.concat_tables([pa.table(traits, schema=_SAID), identifiers])})
    named = pc.unique(found["zone"]).drop_null().to_pylist()
    bad = pa.array([zone for zone in named if not _exists(zone)], pa.string())
    zone = pc.if_else(pc.is_in(found["zone"], bad), pa.scalar(None, pa.string()), found["zone"])
    return found.set_column(found.schema.get_field_index("zone"), "zone", zone)


def _exists(zone: str) -> bool:
    try:
        zone_of(zone)
    except UsageError:
        return False
    return True


def addressed(candidates: pa.Table, people: pa.Table) -> pa.Table:
    """``candidates`` (profile_key, medium) with ``address`` and ``zone``, in their order."""
    numbered = candidates.append_column("i", pa.array(np.arange(candidates.num_rows, dtype=np.int64)))
    return scratch(
        "SELECT c.* EXCLUDE (i), CASE WHEN c.medium IN ('email', 'ads') THEN p.email "
        "WHEN c.medium = 'sms' THEN p.phone ELSE 'person:' || CAST(c.profile_key AS VARCHAR) END AS address, p.zone "
        "FROM c LEFT JOIN p ON p.profile_key = c.profile_key ORDER BY c.i",
        {"c": numbered, "p": people},
    )


def with_address_nodes(tx: Tx, addressees: pa.Table) -> pa.Table:
    """``addressees`` (profile_key, medium, address) with ``address_node``: the node of the identifier that the
    address is; null where it is none of the person's (an address that is only told as a trait)."""
    kinds = pc.if_else(pc.equal(addressees["medium"], "sms"), "phone", "email")
    asked = {"place": pa.array(np.arange(addressees.num_rows)), "profile_key": addressees["profile_key"]}
    tx.put("addressed_people", pa.table(asked | {"kind": kinds, "value": addressees["address"]}))
    found = tx.query(
        "SELECT a.place, i.node_key FROM addressed_people a "
        "JOIN identifiers i ON i.kind = a.kind AND i.value = a.value "
        "LEFT JOIN merged m ON m.node_key = i.node_key WHERE coalesce(m.profile_key, i.node_key) = a.profile_key"
    )
    nodes = dict(found)
    column = pa.array([nodes.get(place) for place in range(addressees.num_rows)], pa.int64())
    return with_column(addressees, "address_node", column)


def suppressed(tx: Tx, candidates: pa.Table) -> pa.Table:
    """Those of the candidates' addresses that nothing may be sent to: columns medium, address."""
    asked = candidates.select(["medium", "address"]).filter(pc.is_valid(candidates["address"]))
    tx.put("asked_addresses", asked.group_by(["medium", "address"]).aggregate([]))
    found = tx.query(
        "SELECT a.medium, a.address FROM asked_addresses a JOIN suppressions s "
        "ON s.medium = a.medium AND s.address = a.address"
    )
    return table_of({field.name: field.type for field in SUPPRESSED}, found)


def history(tx: Tx, since: datetime, span: timedelta, uncapped: frozenset[str]) -> pa.Table:
    """Messages to the people asked about that count for caps.

    Args:
        since: the earliest instant of a candidate.
        span: length of the longest cap.
    """
    found = tx.query(
        f"SELECT m.profile_key, m.medium, m.at, m.purpose FROM messages m WHERE m.profile_key {_ASKED} AND m.at > ? "
        "AND m.state IN ('queued', 'claimed', 'sent', 'delivered', 'uncertain') AND m.medium <> 'ads'",
        (micros(since - span),),
    )
    rows = [row[:3] for row in found if row[3] not in uncapped]
    table = table_of({"profile_key": pa.int64(), "medium": pa.string(), "at": pa.int64()}, rows)
    return table.set_column(2, "at", table["at"].cast(TIMESTAMP)).cast(HISTORY)


def no_history() -> pa.Table:
    """Nothing that counts for caps."""
    return HISTORY.empty_table()
