"""Who may not be used, and why: restriction of processing, suppression, minors.

A restriction belongs to the node that gave the profile its key, so that a merge moves nothing: a person is
restricted where any of their nodes is.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros
from foretell.engine import Tx, python_rows, scratch, table_of
from foretell.errors import UsageError

Restriction = Literal["restriction", "suppression", "guardian"]
"""``guardian``: somebody who may has agreed for a minor; it takes the bar of ``minor`` away."""
AGE_OF_CONSENT = 16
"""Years; Regulation (EU) 2016/679, Article 8, where the member state says nothing else."""
RESTRICTED = pa.schema(
    [("profile_key", pa.int64()), ("kind", pa.string()), ("reason", pa.string()), ("since", pa.timestamp("us"))]
)
_HELD = {"profile_key": pa.int64(), "kind": pa.string(), "reason": pa.string(), "since": pa.int64()}
_BORN = {"profile_key": pa.int64(), "born": pa.string()}


class Asks(Protocol):
    """An open transaction or the operational store."""

    def query(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...


def restricted(
    store: Asks, people: pa.Array | pa.ChunkedArray, at: datetime, *, age_of_consent: int = AGE_OF_CONSENT
) -> pa.Table:
    """Who of ``people`` (profile keys, int64) is barred at an instant.

    Returns:
        Columns of :data:`RESTRICTED`, by person and kind; nobody who is not barred. ``restriction`` and
        ``suppression`` bar everything, ``minor`` what may not be done to minors; of a minor, ``since`` is birth.
    """
    held = table_of(_HELD, store.query(_IN_FORCE, (micros(at), micros(at))))
    born = table_of(_BORN, store.query(_BIRTHS, (_years_before(at.date(), age_of_consent).isoformat(),)))
    if not held.num_rows and not born.num_rows:
        return RESTRICTED.empty_table()
    asked = pa.table({"profile_key": pc.unique(people).cast(pa.int64())})
    found = scratch(_BARRED, {"held": held, "born": born, "asked": asked}, {"age": age_of_consent})
    return found.cast(RESTRICTED)


def restrict(tx: Tx, profile_key: int, kind: Restriction, *, reason: str, made_by: str, at: datetime) -> None:
    """Bar a person from ``at`` on; who is barred already stays so since then."""
    if not tx.query(
        "SELECT 1 FROM restrictions WHERE node_key = ? AND kind = ? AND until IS NULL", (profile_key, kind)
    ):
        tx.execute(
            "INSERT INTO restrictions VALUES (?, ?, ?, ?, NULL, ?)", (profile_key, kind, reason, micros(at), made_by)
        )


def lift(tx: Tx, profile_key: int, kind: Restriction, at: datetime) -> None:
    """Take back what bars a person, on all that are they.

    Raises:
        UsageError: ``NOT_RESTRICTED``.
    """
    changed = tx.execute(
        f"UPDATE restrictions SET until = ? WHERE kind = ? AND until IS NULL AND node_key IN ({_NODES})",
        (micros(at), kind, profile_key, profile_key),
    )
    if not changed:
        raise UsageError("NOT_RESTRICTED", f"nothing is in force that could be lifted ({kind})", thing="restriction")


def is_barred(store: Asks, profile_key: int, kind: Restriction) -> bool:
    """True where something of this kind is in force on any that is the person."""
    return bool(
        store.query(
            f"SELECT 1 FROM restrictions WHERE kind = ? AND until IS NULL AND node_key IN ({_NODES})",
            (kind, profile_key, profile_key),
        )
    )


def restrictions_of(store: Asks, profile_key: int) -> list[dict[str, Any]]:
    """Every restriction a person has or had, the latest first: kind, reason, since, until, made_by."""
    rows = store.query(
        f"SELECT kind, reason, since, until, made_by FROM restrictions WHERE node_key IN ({_NODES}) "
        "ORDER BY since DESC, kind",
        (profile_key, profile_key),
    )
    return [
        {
            "kind": kind,
            "reason": reason,
            "since": from_micros(since),
            "until": None if until is None else from_micros(until),
            "made_by": made_by,
        }
        for kind, reason, since, until, made_by in rows
    ]


def forget_restrictions(tx: Tx, nodes: str) -> None:
    """Forget the restrictions of the nodes that the query ``nodes`` gives."""
    tx.execute(f"DELETE FROM restrictions WHERE node_key IN ({nodes})")


def mark_suppressed(tx: Tx, people: pa.Table, *, reason: str, made_by: str, at: datetime) -> None:
    """Bar all of ``profile_key`` as suppressed."""
    tx.executemany(
        f"INSERT INTO restrictions VALUES (?, 'suppression', ?, {micros(at)}, NULL, ?) "
        "ON CONFLICT (node_key, kind, since) DO NOTHING",
        ((key, reason, made_by) for (key,) in python_rows(people.select(["profile_key"]))),
    )


def _years_before(day: date, years: int) -> date:
    """The same day that many years earlier; of a leap day the first of March, when the birthday counts."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


_NODES = "SELECT node_key FROM merged WHERE profile_key = ? UNION SELECT node_key FROM nodes WHERE node_key = ?"
_IN_FORCE = (
    "SELECT coalesce(m.profile_key, r.node_key), r.kind, r.reason, r.since FROM restrictions r "
    "LEFT JOIN merged m ON m.node_key = r.node_key WHERE r.since <= ? AND (r.until IS NULL OR r.until > ?)"
)
_BIRTHS = (
    "SELECT coalesce(m.profile_key, b.node_key), b.born FROM births b "
    "LEFT JOIN merged m ON m.node_key = b.node_key WHERE b.born > ?"
)
"""Of several people that are one, the youngest counts."""
_BARRED = """
WITH told AS (
  SELECT profile_key, kind, min(reason) AS reason, make_timestamp(min(since)) AS since FROM held
  WHERE kind <> 'guardian' GROUP BY profile_key, kind
), young AS (
  SELECT b.profile_key, 'minor' AS kind, 'younger than ' || $age AS reason, min(TRY_CAST(b.born AS TIMESTAMP)) AS since
  FROM born b WHERE TRY_CAST(b.born AS TIMESTAMP) IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM held h WHERE h.profile_key = b.profile_key AND h.kind = 'guardian')
  GROUP BY b.profile_key
)
SELECT f.profile_key, f.kind, f.reason, f.since FROM (FROM told UNION ALL FROM young) f
SEMI JOIN asked USING (profile_key) ORDER BY f.profile_key, f.kind"""
