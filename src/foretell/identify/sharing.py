"""Shared devices: identifiers that were seen with too many people.

An identifier of a type with ``shared_after: n`` is shared from the event on that names it with the n + 1st value
of the strongest type. Events that name it beside something else are then read as if they did not name it. Events
that name nothing else belong to a profile of its own, under the type ``shared_`` + its type: what somebody does on
the tablet of a shop is nobody's who was seen on it. What it brought to its first people before, stays with them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.engine import Tx, integers, python_rows, scratch, table_of
from foretell.identify.arriving import Named
from foretell.identify.edges import numbers_of
from foretell.identify.rules import SHARED, IdentityRules

Ints = npt.NDArray[np.int64]

SEEN_DDL = """
CREATE TABLE seen_with (device BIGINT, other BIGINT, PRIMARY KEY (device, other)) /*clustered*/;
CREATE INDEX seen_with_by_other ON seen_with (other);
"""
"""Identifiers that may turn out to be shared, and with whom they were seen: at most one more than they may be. Both
as numbers (:func:`~foretell.identify.edges.numbers_of`)."""
DROPPED = pa.schema(
    [("row", pa.int64()), *((f"{name}_{side}", pa.string()) for side in "ab" for name in ("kind", "value"))]
)
"""Shared identifiers (``b``) that events name beside others, with the strongest of these (``a``)."""


def part_shared(tx: Tx, named: Named, rules: IdentityRules) -> tuple[Named, pa.Table]:
    """What a batch names without shared identifiers, and what was left out (:data:`DROPPED`)."""
    after = _by_kind(named.ids, {one.name: one.shared_after or 0 for one in rules.types}, rules)
    if not len(named.rows) or not after[named.codes].any():
        return named, DROPPED.empty_table()
    since = _shared_since(tx, named, after, rules)
    shared = named.rows >= since[named.codes]
    if not shared.any():
        return named, DROPPED.empty_table()
    starts = named.starts
    event = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(named.rows)]))
    others = np.bincount(event[~shared], minlength=len(starts)) > 0
    first = np.zeros(len(named.rows), dtype=bool)
    first[starts] = True
    alone = shared & first & ~others[event]
    star = np.zeros(len(starts), np.int64)
    star[event[~shared][::-1]] = named.codes[~shared][::-1]
    left = shared & others[event]
    sides = [named.ids.take(pa.array(ids)) for ids in (star[event[left]], named.codes[left])]
    dropped = pa.table([named.rows[left], *(column for side in sides for column in side.columns)], schema=DROPPED)
    return _renamed(named, alone).of(~shared | alone).used(), dropped


def forget_seen(tx: Tx, nodes: str) -> None:
    """Forget with whom the identifiers of nodes (a query of their keys) were seen."""
    if not tx.query("SELECT 1 FROM seen_with LIMIT 1"):
        return
    ids = tx.query(f"SELECT kind, value FROM identifiers WHERE node_key IN ({nodes})")
    numbers = numbers_of(table_of({"kind": pa.string(), "value": pa.string()}, ids))
    tx.put("forgotten_ids", pa.table({"number": np.unique(numbers)}), key="number")
    for column in ("device", "other"):
        tx.execute(f"DELETE FROM seen_with WHERE {column} IN (SELECT number FROM forgotten_ids)")


def _by_kind(ids: pa.Table, by_type: dict[str, int], rules: IdentityRules) -> Ints:
    kinds = ids["kind"].combine_chunks().dictionary_encode()
    values = [by_type[rules.type_of(kind).name] for kind in kinds.dictionary.to_pylist()]
    found: Ints = np.array(values, dtype=np.int64)[integers(kinds.indices)]
    return found


def _shared_since(tx: Tx, named: Named, after: Ints, rules: IdentityRules) -> Ints:
    """The row from which on each identifier is shared; a very high one where it is not."""
    strongest = _by_kind(named.ids, {one.name: int(one.name == rules.strongest) for one in rules.types}, rules)
    numbers = numbers_of(named.ids)
    device, other = after[named.codes] > 0, strongest[named.codes] > 0
    tables = {
        "d": pa.table({"row": named.rows[device], "id": named.codes[device]}),
        "o": pa.table({"row": named.rows[other], "other": numbers[named.codes[other]]}),
        "n": pa.table({"id": np.arange(len(numbers)), "device": numbers, "most": after}),
        "s": _seen(tx, np.unique(numbers[named.codes[device]])),
    }
    _remember(tx, scratch(_FRESH, tables))
    rows = scratch(_SINCE, tables)
    since = np.full(named.ids.num_rows, np.iinfo(np.int64).max)
    since[integers(rows["id"])] = integers(rows["since"])
    return since


def _seen(tx: Tx, devices: Ints) -> pa.Table:
    tx.put("asked_devices", pa.table({"device": devices}), key="device")
    rows = tx.query("SELECT s.device, s.other FROM asked_devices a JOIN seen_with s ON s.device = a.device")
    return table_of({"device": pa.int64(), "other": pa.int64()}, rows)


def _remember(tx: Tx, fresh: pa.Table) -> None:
    if fresh.num_rows:
        tx.executemany("INSERT INTO seen_with (device, other) VALUES (?, ?)", python_rows(fresh))


def _renamed(named: Named, alone: npt.NDArray[np.bool_]) -> Named:
    """``named`` in which what is ``alone`` goes by the type of shared ones."""
    devices, place = np.unique(named.codes[alone], return_inverse=True)
    old = named.ids.take(pa.array(devices))
    kinds = pa.array([SHARED + kind for kind in old["kind"].to_pylist()], pa.string())
    ids = pa.concat_tables([named.ids, pa.table({"kind": kinds, "value": old["value"]})])
    codes = named.codes.copy()
    codes[alone] = named.ids.num_rows + place
    return Named(ids.combine_chunks(), named.rows, codes, named.former)


_TOGETHER = """
WITH together AS (
  SELECT n.device, any_value(n.id) AS id, any_value(n.most) AS most, o.other, min(d.row) AS row
  FROM d JOIN o USING (row) JOIN n USING (id) GROUP BY n.device, o.other),
known AS (SELECT device, count(*) AS number FROM s GROUP BY device),
fresh AS (
  SELECT t.*, row_number() OVER (PARTITION BY t.device ORDER BY t.row, t.other) + coalesce(k.number, 0) AS place
  FROM together t LEFT JOIN known k USING (device) ANTI JOIN s ON s.device = t.device AND s.other = t.other)"""
_FRESH = f"{_TOGETHER} SELECT device, other FROM fresh WHERE place <= most + 1 ORDER BY device, other"
_SINCE = f"""{_TOGETHER}
SELECT id, min(since) AS since FROM (
  SELECT id, row AS since FROM fresh WHERE place = most + 1 UNION ALL
  SELECT n.id, -1 FROM n JOIN known k USING (device) WHERE k.number > n.most AND n.most > 0)
GROUP BY id"""
