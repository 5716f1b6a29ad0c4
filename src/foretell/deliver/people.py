"""What the gate has to know of people: address, zone, messages they had."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, zone_of
from foretell.collect import email_addresses, phone_numbers
from foretell.definitions import Catalog
from foretell.deliver.gate import HISTORY, SUPPRESSED
from foretell.engine import TIMESTAMP, Tx, scratch, table_of, with_column
from foretell.errors import UsageError
from foretell.profile import golden, survivorship_of

PEOPLE = "gated_people"
"""The table of those asked about, for as long as the transaction lasts."""
_SAID = pa.schema(
    [("profile_key", pa.int64()), ("origin", pa.string()), ("field", pa.string()), ("value", pa.string())]
)
_ASKED = f"IN (SELECT profile_key FROM {PEOPLE})"
"""Not a join: that would read all of the big table and look each row up among the few people. And no kind that an index
could begin with: it would read all who have an e-mail address."""
_ADDRESSES = f"""
SELECT i.node_key, 'identifier', i.kind, i.value FROM identifiers i
WHERE i.node_key {_ASKED} AND coalesce(i.kind, '') IN ({{kinds}})
UNION ALL
SELECT m.profile_key, 'identifier', i.kind, i.value FROM merged m JOIN identifiers i ON i.node_key = m.node_key
WHERE m.profile_key {_ASKED} AND coalesce(i.kind, '') IN ({{kinds}})"""
_ZONES = ("timezone", "zone")
_COUNTED = ("'queued'", "'claimed'", "'sent'", "'delivered'", "'uncertain'", "'sandboxed'")
"""States of messages that count for caps; the last in a rehearsal alone."""
_FIELD_OF: Mapping[str, str] = {"email": "email", "ads": "email", "sms": "phone"}
"""What a medium sends to; the others know people by themselves."""

# What is told last stands before what people are known by; of several, what fits.
_CHOSEN = """
WITH chosen AS (
  SELECT profile_key, field, value, fit, row_number() OVER (PARTITION BY profile_key, field
    ORDER BY CASE WHEN fit IS NULL THEN 1 ELSE 0 END, CASE origin WHEN 'trait' THEN 0 ELSE 1 END, value) AS place FROM f
)
SELECT profile_key, max(CASE WHEN field = 'email' THEN fit END) AS email,
  max(CASE WHEN field = 'email' THEN value END) AS email_told, max(CASE WHEN field = 'phone' THEN fit END) AS phone,
  max(CASE WHEN field = 'phone' THEN value END) AS phone_told,
  coalesce(max(CASE WHEN field = 'timezone' THEN fit END), max(CASE WHEN field = 'zone' THEN fit END)) AS zone
FROM chosen WHERE place = 1 GROUP BY profile_key"""
_ADDRESSED = """
SELECT c.* EXCLUDE (i), CASE WHEN c.medium IN ('email', 'ads') THEN p.email WHEN c.medium = 'sms' THEN p.phone
    ELSE 'person:' || CAST(c.profile_key AS VARCHAR) END AS address,
  CASE WHEN c.medium IN ('email', 'ads') THEN p.email_told WHEN c.medium = 'sms' THEN p.phone_told END AS told, p.zone
FROM c LEFT JOIN p ON p.profile_key = c.profile_key ORDER BY c.i"""


def ask_about(tx: Tx, profile_keys: pa.ChunkedArray | pa.Array) -> None:
    """Name the people whom the other functions here speak of."""
    tx.put(PEOPLE, pa.table({"profile_key": pc.unique(profile_keys)}), key="profile_key")


def reachable(tx: Tx, catalog: Catalog, media: Collection[str] = ("email", "sms")) -> pa.Table:
    """Of the people asked about: profile_key, email, phone and zone (IANA, one that exists), null where there is none
    that fits; email_told and phone_told as the people have them. The trait told stands, else the first identifier.

    Args:
        media: only what these send to is looked for.
    """
    fields = tuple(sorted({_FIELD_OF[medium] for medium in media if medium in _FIELD_OF}))
    asked = pa.array([key for (key,) in tx.query(f"SELECT profile_key FROM {PEOPLE}")], pa.int64())
    told = golden(tx, asked, survivorship_of(catalog), traits=(*fields, *_ZONES))
    told = told.filter(pc.is_valid(told["s"]))
    traits = [told["profile_key"], pa.repeat(pa.scalar("trait"), told.num_rows), told["trait"], told["s"]]
    said = pa.table(traits, schema=_SAID)
    if fields:
        kinds = ", ".join(f"'{field}'" for field in fields)
        rows = tx.query(_ADDRESSES.format(kinds=kinds))
        said = pa.concat_tables([said, table_of(dict(zip(_SAID.names, _SAID.types, strict=True)), rows)])
    trimmed = pc.utf8_trim_whitespace(said["value"].combine_chunks())
    said = with_column(said, "value", trimmed).filter(pc.not_equal(trimmed, ""))
    return scratch(_CHOSEN, {"f": _fitting(said, catalog)})


def addressed(candidates: pa.Table, reached: pa.Table) -> pa.Table:
    """``candidates`` with where each goes, in their order.

    Args:
        candidates: profile_key and medium.
        reached: what :func:`reachable` says of them.

    Returns:
        ``candidates`` with address (null where there is none that fits), told (as the person has it), unfit (true
        where what is told is no address) and zone.
    """
    numbered = candidates.append_column("i", pa.array(np.arange(candidates.num_rows, dtype=np.int64)))
    found = scratch(_ADDRESSED, {"c": numbered, "p": reached})
    return found.append_column("unfit", pc.and_(pc.is_null(found["address"]), pc.is_valid(found["told"])))


def _fitting(said: pa.Table, catalog: Catalog) -> pa.Table:
    """``said`` with ``fit``: each value as it is used, null where it is of no use."""
    parts = []  # each distinct value is looked at once
    for field in ("email", "phone", *_ZONES):
        part = said.filter(pc.equal(said["field"], field))
        distinct = pc.unique(part["value"])
        if field == "email":
            fits = email_addresses(pc.utf8_lower(distinct))
        elif field == "phone":
            fits = phone_numbers(distinct, catalog.settings)
        else:
            fits = pa.array([zone if _exists(zone) else None for zone in distinct.to_pylist()], pa.string())
        place = pc.index_in(part["value"], distinct).combine_chunks()
        parts.append(part.append_column("fit", fits.take(place)))
    return pa.concat_tables(parts)


def _exists(zone: str) -> bool:
    try:
        zone_of(zone)
    except UsageError:
        return False
    return True


def with_address_nodes(tx: Tx, addressees: pa.Table) -> pa.Table:
    """``addressees`` (profile_key, medium, told) with ``address_node``: the node of the identifier that they are
    addressed by; null where it is none of the person's (an address that is only told as a trait)."""
    kinds = pc.if_else(pc.equal(addressees["medium"], "sms"), "phone", "email")
    asked = {"place": pa.array(np.arange(addressees.num_rows)), "profile_key": addressees["profile_key"]}
    tx.put("addressed_people", pa.table(asked | {"kind": kinds, "value": addressees["told"]}))
    found = tx.query(
        "SELECT a.place, i.node_key FROM addressed_people a "
        "JOIN identifiers i ON i.kind = a.kind AND i.value = a.value "
        "LEFT JOIN merged m ON m.node_key = i.node_key WHERE coalesce(m.profile_key, i.node_key) = a.profile_key"
    )
    nodes = dict(found)
    column = pa.array([nodes.get(place) for place in range(addressees.num_rows)], pa.int64())
    return with_column(addressees, "address_node", column)


def suppressed(tx: Tx, candidates: pa.Table) -> pa.Table:
    """Those of the candidates' addresses that nothing may be sent to: columns medium, address, reason."""
    asked = candidates.select(["medium", "address"]).filter(pc.is_valid(candidates["address"]))
    tx.put("asked_addresses", asked.group_by(["medium", "address"]).aggregate([]))
    found = tx.query(
        "SELECT a.medium, a.address, s.reason FROM asked_addresses a JOIN suppressions s "
        "ON s.medium = a.medium AND s.address = a.address"
    )
    return table_of({field.name: field.type for field in SUPPRESSED}, found)


def history(tx: Tx, since: datetime, span: timedelta, most: int, rehearsing: pa.Array) -> pa.Table:
    """Messages to the people asked about that count for caps; those of merged people are the person's.

    What is queued and less important than a candidate is held fast, so that no other process hands it over while it
    is decided whether it is taken back; then all is read again.

    Args:
        since: the earliest instant of a candidate.
        span: length of the longest cap.
        most: the highest priority of a candidate.
        rehearsing: people whom the sandbox lets nothing out to; for them what it kept back counts too.
    """
    params = (micros(since - span),)
    states = ", ".join(_COUNTED if len(rehearsing) else _COUNTED[:-1])
    table = _counted(tx, states, params)
    loose = pc.and_(table["queued"], pc.less(table["priority"], most))
    if pc.any(loose, min_count=0).as_py():
        where = f"profile_key {_ASKED} AND state = 'queued' AND priority < ?"
        tx.execute(f"UPDATE messages SET priority = priority WHERE {where}", (most,))
        table = _counted(tx, states, params)
    if len(rehearsing):
        real = pc.not_equal(table["state"], "sandboxed")
        table = table.filter(pc.or_(real, pc.is_in(table["profile_key"], rehearsing)))
    return table.select(HISTORY.names)


def _counted(tx: Tx, states: str, params: tuple[int, ...]) -> pa.Table:
    """Columns of HISTORY and state; only what is queued may be named."""
    found = tx.query(
        "SELECT m.profile_key, m.medium, m.at, m.purpose, CASE WHEN m.state = 'queued' THEN m.message_id END, "
        f"m.priority, m.state FROM messages m WHERE m.profile_key {_ASKED} AND m.at > ? AND m.state IN ({states}) "
        "AND m.medium <> 'ads'",
        params,
    )
    kinds = {field.name: field.type for field in HISTORY if field.name != "queued"}
    table = table_of(kinds | {"at": pa.int64(), "state": pa.string()}, found)
    table = with_column(table, "at", table["at"].cast(TIMESTAMP))
    return table.append_column("queued", pc.equal(table["state"], "queued"))


def no_history() -> pa.Table:
    """Nothing that counts for caps."""
    return HISTORY.empty_table()
