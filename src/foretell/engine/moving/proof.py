"""Whether two tables hold the same rows, in whatever order: their number, and the sum of a hash of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from foretell.engine.scratch import scratch
from foretell.engine.tabular import quoted
from foretell.errors import ForetellError

_MODULUS = 2**61 - 1
_COUNTED = "SELECT count(*) AS n, coalesce(CAST(sum(hash({columns})) % {modulus} AS BIGINT), 0) AS s FROM rows_given"


@dataclass(frozen=True)
class Proof:
    """What a table holds.

    Args:
        rows: how many rows.
        checksum: of all values, whatever the order of the rows.
    """

    rows: int = 0
    checksum: int = 0

    def plus(self, rows: pa.Table) -> Proof:
        """With further rows; their columns count in the order of their names."""
        if not rows.num_rows:
            return self
        columns = ", ".join(quoted(name) for name in sorted(rows.column_names))
        found = scratch(_COUNTED.format(columns=columns, modulus=_MODULUS), {"rows_given": rows}).to_pylist()[0]
        return Proof(self.rows + found["n"], (self.checksum + found["s"]) % _MODULUS)

    @classmethod
    def of(cls, parts: Iterable[pa.Table]) -> Proof:
        """Of rows in parts."""
        proof = cls()
        for part in parts:
            proof = proof.plus(part)
        return proof


@dataclass(frozen=True)
class MoveReport:
    """What a move carried over.

    Args:
        to: where it went.
        tables: by table what both sides hold.
        bodies: frames of the spool, of a move of the operational store.
        gone_on_with: tables that an earlier run that was cut off had carried over.
    """

    to: str
    tables: Mapping[str, Proof] = field(default_factory=dict)
    bodies: int = 0
    gone_on_with: int = 0

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(proof.rows for proof in self.tables.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        tables = {name: {"rows": one.rows, "checksum": one.checksum} for name, one in sorted(self.tables.items())}
        return {
            "to": self.to, "rows": self.rows, "bodies": self.bodies, "gone_on_with": self.gone_on_with,
            "tables": tables,
        }  # fmt: skip


def require_equal(table: str, source: Proof, target: Proof) -> None:
    """Refuse to go on where a table did not arrive as it was.

    Raises:
        ForetellError: ``COPY_DIFFERS``.
    """
    if source != target:
        raise ForetellError(
            "COPY_DIFFERS",
            f"{source.rows:,} rows with checksum {source.checksum} arrived as {target.rows:,} with {target.checksum}",
            thing=table, next_step="Nothing was switched. Run the move again; if it stays so, report it.",
        )  # fmt: skip


def told_as_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of an operational store as a table; a column whose values have no common type is told as text."""
    parts = list(zip(*rows, strict=True)) if rows else [() for _ in columns]
    return pa.table([_column(values) for values in parts], names=list(columns))


def _column(values: Sequence[Any]) -> pa.Array:
    plain = [int(one) if isinstance(one, bool) else one for one in values]
    kinds = {type(one) for one in plain if one is not None}
    if kinds <= {int}:
        return pa.array(plain, pa.int64())
    if kinds <= {float}:
        return pa.array(plain, pa.float64())
    if kinds <= {str}:
        return pa.array(plain, pa.string())
    if kinds <= {bytes, memoryview}:
        return pa.array([None if one is None else bytes(one) for one in plain], pa.binary())
    return pa.array([None if one is None else repr(one) for one in plain], pa.string())
