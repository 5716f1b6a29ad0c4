"""The suppression list: addresses that nothing is sent to, whoever they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from foretell.clock import from_micros, micros
from foretell.engine import Engine, Tx


def add(tx: Tx, rows: Sequence[tuple[str, str, str, str]], at: datetime) -> None:
    """List addresses: (medium, address, reason, message id). The first reason stays."""
    tx.executemany(
        "INSERT INTO suppressions (medium, address, reason, since, message_id) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (medium, address) DO NOTHING",
        [(medium, address, reason, micros(at), message_id) for medium, address, reason, message_id in rows],
    )


def suppress(engine: Engine, medium: str, address: str, *, reason: str, now: datetime) -> None:
    """Send nothing more to ``address``."""
    with engine.ops.write() as tx:
        add(tx, [(medium, normal(medium, address), reason, "")], now)


def release(engine: Engine, medium: str, address: str) -> bool:
    """Take ``address`` from the list; False where it was not on it."""
    with engine.ops.write() as tx:
        where = "DELETE FROM suppressions WHERE medium = ? AND address = ?"
        return tx.execute(where, (medium, normal(medium, address))) > 0


def suppression(engine: Engine, medium: str, address: str) -> tuple[str, datetime] | None:
    """Why and since when nothing is sent to ``address``; None where it is not listed."""
    found = engine.ops.query(
        "SELECT reason, since FROM suppressions WHERE medium = ? AND address = ?", (medium, normal(medium, address))
    )
    return (found[0][0], from_micros(found[0][1])) if found else None


def normal(medium: str, address: str) -> str:
    """An address as it is compared."""
    return address.strip().lower() if medium in ("email", "ads") else address.strip()
