"""What a platform is told of a person who joins an audience: hashed identifiers, consent, and the offer of the run.

It is made once, in the transaction in which the person joins, and kept with the membership, so that whoever leaves is
named exactly as when they came.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.deliver import audience_document, people
from foretell.deliver.hashing import hashed
from foretell.engine import Tx, scratch, table_of
from foretell.profile import golden, survivorship_of

_NAMED = {
    "phone": (),
    "address": ("first_name", "last_name", "country", "country_code", "postal_code", "postcode", "zip"),
    "external_id": (),
}  # fmt: skip
_TRAITS = """
SELECT a.i, max(CASE WHEN t.trait = 'first_name' THEN t.s END) AS first_name,
  max(CASE WHEN t.trait = 'last_name' THEN t.s END) AS last_name,
  coalesce(max(CASE WHEN t.trait = 'country_code' THEN t.s END), max(CASE WHEN t.trait = 'country' THEN t.s END))
    AS country,
  coalesce(max(CASE WHEN t.trait = 'postal_code' THEN t.s END), max(CASE WHEN t.trait = 'postcode' THEN t.s END),
    max(CASE WHEN t.trait = 'zip' THEN t.s END)) AS postal_code
FROM a LEFT JOIN t ON t.profile_key = a.profile_key GROUP BY a.i ORDER BY a.i"""
# An offer's product is what its step says; whoever holds a code for one product is shown that one.
_TOLD = """
SELECT CAST(json_merge_patch('{}', json_object('hashed', CAST(r.hashed AS JSON),
  'consent', r.consent, 'code', coalesce(r.code, r.variables ->> '$.offer_code'),
  'offer', r.variables ->> '$.offer', 'expires', r.variables ->> '$.offer_expires',
  'product', coalesce(r.variables ->> '$.offer_product', r.variables ->> '$.product_id'))) AS VARCHAR) AS told,
  coalesce(r.code, r.variables ->> '$.offer_code') AS code
FROM r ORDER BY r.i"""


def told_of(tx: Tx, catalog: Catalog, audience: str, rows: pa.Table) -> pa.Table:
    """What the platform of ``audience`` is told of each row, in their order.

    Args:
        rows: profile_key and address (the e-mail address); phone, consent (``granted`` where there is an express
            consent), code and variables (JSON text of the run) where there are.

    Returns:
        Columns told (JSON text) and code. Told are ``hashed`` (see :func:`foretell.deliver.hashing.hashed`),
        ``consent``, ``code``, ``offer``, ``product``, ``expires``: those that there are.
    """
    wanted = audience_document.spec_for(catalog, audience).match
    count, empty = rows.num_rows, pa.nulls(rows.num_rows, pa.string())
    known = {name: rows[name] if name in rows.column_names else empty for name in ("consent", "code", "variables")}
    numbered = pa.array(np.arange(count, dtype=np.int64))
    identities = _identities(tx, catalog, rows.append_column("i", numbered), wanted)
    table = pa.table({"i": numbered, "hashed": hashed(pa.table(identities)), **known})
    return scratch(_TOLD, {"r": table})


def told_by_address(addresses: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray:
    """``told`` of memberships of which nothing but the e-mail address is known."""
    count = len(addresses)
    empty = pa.nulls(count, pa.string())
    numbered = pa.array(np.arange(count, dtype=np.int64))
    known = dict.fromkeys(("consent", "code", "variables"), empty)
    table = pa.table({"i": numbered, "hashed": hashed(pa.table({"email": addresses})), **known})
    return scratch(_TOLD, {"r": table})["told"]


def _identities(
    tx: Tx, catalog: Catalog, rows: pa.Table, wanted: Sequence[str]
) -> dict[str, pa.ChunkedArray | pa.Array]:
    found: dict[str, pa.ChunkedArray | pa.Array] = {}
    if "email" in wanted:
        found["email"] = rows["address"]
    if "phone" in wanted and "phone" in rows.column_names:
        found["phone"] = rows["phone"]
    if "external_id" in wanted:
        found["external_id"] = _profile_ids(tx, rows["profile_key"])
    if "address" in wanted:
        told = golden(tx, rows["profile_key"], survivorship_of(catalog), traits=_NAMED["address"])
        asked = {"a": rows.select(["i", "profile_key"]), "t": told.select(["profile_key", "trait", "s"])}
        traits = scratch(_TRAITS, asked)
        found |= {name: traits[name] for name in traits.column_names if name != "i"}
    return found


def _profile_ids(tx: Tx, keys: pa.ChunkedArray) -> pa.ChunkedArray:
    people.ask_about(tx, keys)
    rows = tx.query("SELECT n.node_key, n.profile_id FROM gated_people g JOIN nodes n ON n.node_key = g.profile_key")
    known = table_of({"node_key": pa.int64(), "profile_id": pa.string()}, rows)
    return known["profile_id"].take(pc.index_in(keys, known["node_key"].combine_chunks()))
