"""A lake: tables as Parquet files behind a manifest that is published whole or not at all.

One process writes (the leader), any number read. Every change is a new state: its files are written first, then the
manifest that names them; a crash between leaves files that nobody names, which :meth:`Lake.vacuum` removes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine.crash_points import reached
from foretell.engine.declared import require_declared
from foretell.engine.lake import merging
from foretell.engine.lake.delta import LOG, DeltaLog
from foretell.engine.lake.files import BATCH, filled, read, split, sql_type, write
from foretell.engine.lake.manifests import LakeFile, LakeTable, Manifest, Manifests
from foretell.engine.lake.places import Place
from foretell.engine.ports import AnalyticsTable, Without
from foretell.engine.tabular import last_of_each

_DATA = "tables"
_KEPT_STATES = 20
"""So many states stay readable after a newer one is there: whoever has begun to read has minutes to end."""


class Lake:
    """The tables of a workspace at one place.

    Args:
        writing: True in the one process that writes.
        delta: keep a Delta Lake log beside each table, for whatever else reads that.
    """

    def __init__(self, place: Place, *, writing: bool, delta: bool = False) -> None:
        self.place = place
        self._delta = DeltaLog(place) if delta and writing else None
        self._writing = writing
        self._manifests = Manifests(place)
        self._declared: dict[str, AnalyticsTable] = {}
        self._state = self._manifests.newest()

    def declare(self, tables: Sequence[AnalyticsTable], *, create: bool) -> None:
        """Tell the lake its tables; with ``create`` columns that are new are remembered."""
        self._declared = {table.name: table for table in tables}
        if create and any(self._missing(table) for table in tables):
            self._publish({table.name: LakeTable(self._columns(table)) for table in tables}, keep_files=True)
        elif create:
            self._follow(self._state.tables)

    def is_current(self) -> bool:
        """True where all tables stand as they are declared."""
        return not any(self._missing(table) for table in self._declared.values())

    def state(self) -> Manifest:
        """What the lake holds now; who writes knows it, others look."""
        if not self._writing:
            newest = self._manifests.numbers()
            if newest and newest[-1] != self._state.version:
                self._state = self._manifests.newest()
        return self._state

    def version(self) -> int:
        """Number of the state of now."""
        return self.state().version

    def last_batch(self) -> int:
        """Number of the last recorded batch that is in it."""
        return self.state().last_batch

    def columns(self) -> dict[str, dict[str, str]]:
        """Table → column → SQL type, without what the lake adds for itself."""
        tables = self.state().tables
        return {
            name: {column: kind for column, kind in table.columns.items() if column != BATCH}
            for name, table in tables.items()
        }

    def files(self, table: str) -> list[str]:
        """The addresses of a table's files."""
        found = self.state().tables.get(table)
        return [] if found is None else [self.place.address(file.name) for file in found.files]

    def newest_by(self, table: str) -> str | None:
        """The column by whose greatest value one of several rows of a key counts; None where keys do not repeat."""
        found = self.state().tables.get(table)
        repeats = found is not None and BATCH in found.columns and len(found.files) > 1
        return BATCH if repeats else None

    def apply(self, number: int, rows: Mapping[str, pa.Table]) -> None:
        """Append the rows of recorded batch ``number``; a batch applied before is passed over."""
        require_declared(self._declared.values(), rows)
        if number <= self._state.last_batch:
            return
        changed: dict[str, LakeTable] = {}
        for name, arriving in rows.items():
            table = self._table(name, arriving)
            files = self._written(self._declared[name], table, arriving, number)
            changed[name] = merging.merged(table.with_files(set(), files), self._declared[name], self)
        reached("lake.before_publish")
        self._publish(changed, last_batch=number)
        reached("lake.after_publish")
        self._let_go()

    def rewrite(
        self,
        without: Sequence[Without],
        added: Mapping[str, pa.Table],
        progress: Callable[[str, int], None] | None = None,
    ) -> None:
        """Leave rows out and add others, as one new state; then remove all that held what was left out.

        Only files that hold such rows are written anew. Files and states of before go at once: who reads them ends
        with an error and reads again.
        """
        require_declared(self._declared.values(), added)
        changed: dict[str, LakeTable] = {}
        for name, table in self._state.tables.items():
            parts = [part for part in without if part.table == name]
            found = self._table(name, added[name]) if name in added else table
            gone, fresh = self._left_out(self._declared[name], found, parts)
            if name in added:
                fresh += self._written(self._declared[name], found, added[name], self._state.last_batch)
            if gone or fresh:
                changed[name] = found.with_files(gone, fresh)
                reached("rewrite.table")
                if progress is not None:
                    progress(name, sum(file.rows for file in changed[name].files))
        self._publish(changed)
        reached("rewrite.after_replace")
        self.vacuum()

    def compact(self) -> int:
        """Bring the files of every table together; returns how many fewer there are."""
        before = sum(len(table.files) for table in self._state.tables.values())
        changed = {
            name: merging.merged(table, self._declared[name], self, wholly=True)
            for name, table in self._state.tables.items()
            if name in self._declared
        }
        changed = {name: table for name, table in changed.items() if table != self._state.tables[name]}
        if changed:
            self._publish(changed)
            self._let_go()
        return before - sum(len(table.files) for table in self._state.tables.values())

    def vacuum(self, keep_states: int = 1) -> int:
        """Remove all but the newest states, and files that none of them names; returns how many files went."""
        numbers = self._manifests.numbers()
        kept: set[str] = set()
        for number in numbers[-keep_states:]:
            kept |= self._manifests.read(number).names()
        for number in numbers[:-keep_states]:
            self._manifests.remove(number)
        reached("lake.vacuum")
        gone = [name for name in self.place.names(_DATA) if name not in kept and f"/{LOG}/" not in name]
        for name in gone:
            self.place.remove(name)
        return len(gone)

    def rows(self, table: str) -> pa.Table:
        """All rows of a table that count, for copies and checks of what fits into memory."""
        found = self.state().tables[table]
        parts = [read(self.place, file, found.columns) for file in found.files]
        rows = pa.concat_tables(parts) if parts else filled(pa.table({}), found.columns)
        return merging.newest(rows, self._declared[table].key).drop_columns([BATCH] if BATCH in found.columns else [])

    def fill(self, name: str, columns: Mapping[str, str], parts: Iterable[pa.Table]) -> None:
        """Let a table hold these rows and no others, as one state. Of rows with one key there is one.

        Args:
            columns: column → SQL type, those among them that were added as data arrived.
        """
        declared = self._declared[name]
        table = LakeTable({**self._columns(declared), **columns})
        files: tuple[LakeFile, ...] = ()
        for rows in parts:
            files += self._written(declared, table, rows, self._state.last_batch, once=True)
        self._publish({name: merging.merged(table.with_files(set(), files), declared, self)})

    def settle(self, number: int) -> None:
        """All recorded batches up to ``number`` are in it."""
        self._publish({}, last_batch=number)

    def parts(self, table: str) -> Iterator[pa.Table]:
        """All rows of a table that count, a file at a time where it may be."""
        if self.newest_by(table) is not None:
            yield self.rows(table)
            return
        found = self.state().tables[table]
        for file in found.files:
            rows = read(self.place, file, found.columns)
            yield rows.drop_columns([BATCH]) if BATCH in found.columns else rows

    def copy_to(self, place: Place) -> Manifest:
        """Copy the state of now to an empty place, file by file; returns it."""
        state = self.state()
        for table in state.tables.values():
            for file in table.files:
                place.write(file.name, self.place.read(file.name) or b"")
        Manifests(place).publish(state)
        return state

    def put(self, table: AnalyticsTable, part: str, rows: pa.Table) -> LakeFile:
        """Write a file of a table under a name that no other has."""
        folder = f"{_DATA}/{table.name}/{part}/" if part else f"{_DATA}/{table.name}/"
        name = f"{folder}{self._state.version + 1:012d}-{secrets.token_hex(6)}.parquet"
        written = write(self.place, name, table, part, rows)
        reached("lake.file")
        return written

    def _written(
        self, declared: AnalyticsTable, table: LakeTable, rows: pa.Table, number: int, *, once: bool = False
    ) -> tuple[LakeFile, ...]:
        if declared.key:
            rows = rows if once else last_of_each(rows, declared.key)
            rows = rows.append_column(BATCH, pa.repeat(pa.scalar(number, pa.int64()), rows.num_rows))
        held = {*rows.column_names, *declared.columns}
        ready = filled(rows, {name: kind for name, kind in table.columns.items() if name in held})
        return tuple(self.put(declared, part, some) for part, some in split(declared, ready))

    def _left_out(
        self, declared: AnalyticsTable, table: LakeTable, without: Sequence[Without]
    ) -> tuple[set[str], tuple[LakeFile, ...]]:
        gone: set[str] = set()
        fresh: list[LakeFile] = []
        for file in table.files:
            near = [part for part in without if _may_hold(file, part)]
            if not near:
                continue
            keys = read(self.place, file, table.columns, [part.column for part in near])
            out: pa.Array = pa.repeat(pa.scalar(False), file.rows)
            for part in near:
                out = pc.or_(out, pc.is_in(keys[part.column], part.keys))
            held = int(pc.sum(pc.cast(out, pa.int64())).as_py() or 0)
            if not held:
                continue
            gone.add(file.name)
            if held < file.rows:
                rows = read(self.place, file, table.columns).filter(pc.invert(out))
                fresh.append(self.put(declared, file.part, rows))
        return gone, tuple(fresh)

    def _table(self, name: str, rows: pa.Table) -> LakeTable:
        """The table as it is, with the columns that arrive for the first time."""
        found = self._state.tables[name]
        if not self._declared[name].open:
            return found
        fresh = {one.name: sql_type(one.type) for one in rows.schema if one.name not in found.columns}
        return LakeTable({**found.columns, **fresh}, found.files) if fresh else found

    def _columns(self, table: AnalyticsTable) -> dict[str, str]:
        known = self._state.tables.get(table.name)
        batch = {BATCH: "BIGINT"} if table.key else {}
        return {**(known.columns if known else {}), **table.columns, **batch}

    def _missing(self, table: AnalyticsTable) -> bool:
        found = self._state.tables.get(table.name)
        return found is None or any(name not in found.columns for name in table.columns)

    def _publish(
        self, changed: Mapping[str, LakeTable], *, last_batch: int | None = None, keep_files: bool = False
    ) -> None:
        if keep_files:
            known = self._state.tables
            changed = {
                name: LakeTable(table.columns, known[name].files if name in known else ())
                for name, table in changed.items()
            }
        state = self._state.with_tables(changed, self._state.last_batch if last_batch is None else last_batch)
        self._manifests.publish(state)
        self._state = state
        reached("lake.before_delta")
        self._follow({name: state.tables[name] for name in changed})

    def _follow(self, tables: Mapping[str, LakeTable]) -> None:
        if self._delta is not None:
            self._delta.follow(tables, _DATA)

    def _let_go(self) -> None:
        """Now and then remove states that nobody needs, and what only they name."""
        if self._state.version % _KEPT_STATES == 0:
            self.vacuum(_KEPT_STATES)


def _may_hold(file: LakeFile, part: Without) -> bool:
    """False where the ranges of a file show that none of the keys is in it."""
    ends = file.ranges.get(part.column)
    if ends is None or not len(part.keys):
        return bool(len(part.keys))
    inside = pc.and_(pc.greater_equal(part.keys, ends[0]), pc.less_equal(part.keys, ends[1]))
    return bool(pc.any(inside).as_py())
