"""The collect stage: quarantine, orders, order lines and the catalogue of each batch."""

from __future__ import annotations

import pyarrow as pa

from foretell.clock import micros
from foretell.collect.catalogue import update_catalogue
from foretell.collect.health import repeat_rows
from foretell.collect.orders import order_tables
from foretell.collect.own_tables import table_versions
from foretell.collect.quarantine import put_aside
from foretell.collect.read_again import settle
from foretell.collect.sessions import device_rows
from foretell.collect.tracking import note_violations
from foretell.engine import Batch, Stage, Tx


class CollectStage(Stage):
    """Runs after ``identify``, since orders belong to people.

    Args:
        currency: ISO 4217 code for orders that name none.
    """

    room = "collect"

    def __init__(self, currency: str = "EUR") -> None:
        self.currency = currency

    def apply(self, tx: Tx, batch: Batch) -> None:
        note_violations(tx, batch)
        settle(tx, batch.decoded.remarks, now_micros=micros(batch.now))
        put_aside(tx, batch)
        orders, items = order_tables(batch, self.currency)
        for table, rows in (
            ("order_rows", orders),
            ("order_item_rows", items),
            ("product_rows", update_catalogue(tx, batch)),
            ("device_rows", device_rows(batch)),
        ):
            batch.emit(table, rows)
        repeated = repeat_rows(batch)
        if repeated is not None:
            batch.emit("repeat_rows", repeated)
        versions = table_versions(batch)
        if versions is not None:
            batch.emit("table_version_rows", versions)

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """The analytics tables forget by their node keys; the quarantine, whose rows have no owner yet, by what
        they say, see :func:`~foretell.collect.quarantined_about`."""
