"""The decide stage: redeems codes, keeps first assignments through merges, forgets people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import (
    Batch,
    OperationalStore,
    Stage,
    Tx,
    count_of,
    python_rows,
    rekey_rows,
    scratch,
    table_of,
    unmerge_rows,
)

ORDERED, COUPON = "Order Completed", "s:coupon"
_THEIRS = {"assignments": "experiment arms", "offer_codes": "offer codes"}
"""Tables with ``profile_key`` and ``node_key``, and how people call their rows."""
_CODE = {
    "code": pa.string(), "offer": pa.string(), "run": pa.string(), "profile_key": pa.int64(),
    "issued_at": pa.int64(), "expires_at": pa.int64(), "redeemed_at": pa.int64(),
}  # fmt: skip
_USED = """
SELECT o.code, o.order_id, o.ts, o.profile_key, o.node_key, c.offer, c.run, c.issued_at, c.expires_at FROM (
  SELECT upper(trim(p.code)) AS code, coalesce(p.order_id, e.message_id) AS order_id, e.ts, e.profile_key, e.node_key,
    row_number() OVER (PARTITION BY upper(trim(p.code)) ORDER BY e.ts, e.message_id) AS place
  FROM e JOIN p ON p.row = e.row) o
JOIN c ON c.code = o.code AND c.redeemed_at IS NULL
  AND epoch_us(o.ts) BETWEEN c.issued_at AND c.expires_at
WHERE o.place = 1 ORDER BY o.code"""


class DecideStage(Stage):
    """Watches orders for coupons; everything else happens on request."""

    room = "decide"

    def react(self, tx: Tx, batch: Batch) -> None:
        """Redeem the codes that orders of this batch name, each once and only in its time.

        A code counts for whoever brings it: people hand codes on, and the order says who came.
        """
        properties = batch.decoded.properties
        if COUPON not in properties.column_names:
            return
        orders = batch.events.filter(pc.equal(batch.events["event"], ORDERED))
        if not orders.num_rows:
            return
        used = self._used(tx, orders, properties)
        if not used.num_rows:
            return
        redeemed = scratch("SELECT epoch_us(ts), order_id, code FROM u", {"u": used})
        tx.executemany("UPDATE offer_codes SET redeemed_at = ?, order_id = ? WHERE code = ?", python_rows(redeemed))
        batch.emit(
            "offer_code_rows",
            scratch(
                "SELECT code, offer, run, node_key, make_timestamp(issued_at) AS issued_at, "
                "make_timestamp(expires_at) AS expires_at, ts AS redeemed_at, order_id FROM u",
                {"u": used},
            ),
        )
        batch.tell(
            scratch(
                "SELECT 'redeemed-' || code AS message_id, 'Offer Redeemed' AS event, ts, node_key, offer, code, run, "
                "order_id FROM u",
                {"u": used},
            )
        )

    def _used(self, tx: Tx, orders: pa.Table, properties: pa.Table) -> pa.Table:
        order_id = properties["s:order_id"] if "s:order_id" in properties.column_names else None
        told = pa.table(
            {
                "row": properties["row"],
                "code": properties[COUPON],
                "order_id": pa.nulls(properties.num_rows, pa.string()) if order_id is None else order_id,
            }
        ).filter(pc.is_valid(properties[COUPON]))
        codes = pc.unique(pc.utf8_upper(pc.utf8_trim_whitespace(told["code"])))
        tx.put("brought_codes", pa.table({"code": codes}))
        found = tx.query(
            "SELECT c.code, c.offer, c.run, c.profile_key, c.issued_at, c.expires_at, c.redeemed_at "
            "FROM brought_codes b JOIN offer_codes c ON c.code = b.code"
        )
        return scratch(_USED, {"e": orders, "p": told, "c": table_of(_CODE, found)})

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner takes over assignments and codes. Of two assignments the first counts; who was in both arms
        is left out of analyses. Both rows stay, for a split."""
        for table in _THEIRS:
            rekey_rows(tx, table, merges)

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Assignments and codes go back to the person they were made for."""
        for table in _THEIRS:
            unmerge_rows(tx, table, splits)

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """Assignments and codes of nodes."""
        return {words: count_of(store, table, nodes) for table, words in _THEIRS.items()}

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the people; a code that was given out is not given out again to another run anyway."""
        tx.put("decide_erased", profiles.select(["profile_key"]), key="profile_key")
        for table in _THEIRS:
            tx.execute(f"DELETE FROM {table} WHERE profile_key IN (SELECT profile_key FROM decide_erased)")
