"""Deriving everything again from the bodies as they came, beside the live stores.

What follows from bodies (the log, people, traits, orders …) is emptied and made anew by applying the whole
spool once more. What was decided (journeys, messages, cases, scores, definitions …) is kept as it is: its
own events enter the new log with the same ids and times, and its rows follow their people to their new
keys. A person is found again by the identifier that they began with; who is one person now and was two, or
the other way round, is treated as after a merge or a split.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from foretell.engine import event_log
from foretell.engine.applier import ApplyReport
from foretell.engine.batches import ELEMENTS, EVENTS, Batch, Decoded, Decoder, Stage
from foretell.engine.capabilities import require_capability
from foretell.engine.carrying import carry_erased
from foretell.engine.claims import FileSpool
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.engine import Engine
from foretell.engine.folders import make_folder
from foretell.engine.opening import open_beside
from foretell.engine.ports import OperationalStore, RoomParts, Tx
from foretell.engine.scratch import scratch
from foretell.engine.settings import EngineSettings, PostgresPlace
from foretell.engine.spool import Spool
from foretell.engine.swapping import BESIDE, remember_shadow
from foretell.engine.tabular import table_of, with_column
from foretell.engine.unsent import OWN_SOURCE
from foretell.errors import ForetellError, explain_os_errors

OWN_ROWS = 50_000
"""Own events that enter in one batch."""
COPIED_ROWS = 200_000
"""Rows of a kept table that are copied in one batch."""
_KEYS = {"live_key": pa.int64(), "node_key": pa.int64()}
_TEXT_ELEMENTS = pa.schema([*ELEMENTS, ("s:", pa.string())])
Adopt = Callable[[Tx, Batch, OperationalStore], pa.Table]
"""Finds the people of the live store again: ``live_key``, ``node_key``, one row a node of the live store."""


@dataclass(frozen=True)
class RebuildParts:
    """What a rebuild needs to know of the rooms.

    Args:
        rooms: what they own.
        derived: stages of the rooms whose tables are derived again.
        kept: stages of the others.
        decoders: read the spooled bodies, by the definitions of today.
        adopt: see :data:`Adopt`.
        prepare: told before the first body is read anew, with the emptied store and the live one.
    """

    rooms: Sequence[RoomParts]
    derived: Sequence[Stage]
    kept: Sequence[Stage]
    decoders: Mapping[str, Decoder]
    adopt: Adopt
    prepare: Callable[[Tx, OperationalStore], None]


def rebuild_beside(live: Engine, parts: RebuildParts, progress: Callable[[ApplyReport], None] | None = None) -> Engine:
    """Build the workspace once more beside the live stores: in a folder, and in a schema where they are on PostgreSQL.

    Returns:
        The new stores, opened; the caller closes them. They take the live ones' place by
        :func:`~foretell.engine.promise_swap`.

    Raises:
        ForetellError: ``BODIES_GONE`` where the spool no longer begins with the first body; ``DISK_FULL``,
            ``NOT_PERMITTED`` where the user may make no schema; ``NOT_ON_SPARK``.
    """
    for store in (live.ops, live.analytics):
        require_capability(store, "rebuilds", str(live.data))
    live.apply_pending()
    folder = live.data / BESIDE
    rooms = [event_log.PARTS, *parts.rooms]
    with explain_os_errors("rebuild"):
        shutil.rmtree(folder, ignore_errors=True)
        make_folder(folder)
    derived = [name for room in rooms for name in room.rebuilt]
    settings, spool = _copied(live, folder, derived)
    with closing(_ops_of(settings)) as ops, ops.write() as tx:
        for table in derived:
            tx.execute(f"DELETE FROM {table}")
        tx.execute("UPDATE counters SET value = 0 WHERE name = 'seq'")
        parts.prepare(tx, live.ops)
    side = open_beside(settings, rooms, parts.derived, parts.decoders, live.clock, spool)
    try:
        _derive(live, side, rooms, parts, progress)
    except BaseException:
        side.close()
        raise
    return side


def _copied(live: Engine, folder: Path, derived: Sequence[str]) -> tuple[EngineSettings, Spool | PostgresPlace]:
    """Copy the operational store; returns where the new stores lie, and the spool they are derived from.

    Args:
        derived: tables whose rows are not needed.
    """
    spool, settings = live.spool, replace(live.settings, data=folder)
    if isinstance(spool, FileSpool):
        if (segments := spool.files.segments()) and segments[0] != 1:
            raise ForetellError(
                "BODIES_GONE",
                f"the bodies before segment {segments[0]} are no longer kept, and what they told cannot be read anew",
                where=str(live.data / "spool"),
                next_step="Restore them from a backup.",
            )
        live.ops.copy_to(folder / "operations.sqlite")
        return settings, spool.files
    from foretell.engine.postgres import make_shadow, shadow_of

    place = live.settings.postgres
    assert place is not None
    remember_shadow(live.data, make_shadow(place, derived))
    return replace(settings, postgres=shadow_of(place)), place


def _ops_of(settings: EngineSettings) -> OperationalStore:
    if settings.postgres is None:
        return EmbeddedOps(settings.data / "operations.sqlite")
    from foretell.engine.postgres import PostgresOps

    return PostgresOps(settings.postgres)


def _derive(
    live: Engine,
    side: Engine,
    rooms: Sequence[RoomParts],
    parts: RebuildParts,
    progress: Callable[[ApplyReport], None] | None,
) -> None:
    now = live.clock.now()
    adopted: list[pa.Table] = []
    with side.bulk():
        side.applier.replay(progress)
    side.act("identify", lambda tx, batch: adopted.append(parts.adopt(tx, batch, live.ops)), now=now)
    carry_erased(live, side, rooms, now)
    people = adopted[0].cast(pa.schema(list(_KEYS.items())))
    with side.bulk():
        for decoded in _own_events(live, people):
            side.applier.enter(decoded, now)
        kept = [room for room in rooms if not room.is_derived]
        for room in kept:
            for table in room.tables:
                for rows in live.analytics.stream(f"SELECT * FROM {table.name}", rows=COPIED_ROWS):
                    side.publish(room.room, {table.name: _moved(rows, table.profile_column, people)}, now=now)

    def settle(tx: Tx, batch: Batch) -> None:
        tx.put("adopted", people, key="live_key")
        _move_people(tx, kept)
        merges, splits = _changed_hands(tx, live.ops)
        for stage in parts.kept:
            if merges.num_rows:
                stage.rekey(tx, merges)
            if splits.num_rows:
                stage.unmerge(tx, splits)
            stage.rebuilt(tx, batch.number)

    side.act("engine", settle, now=now)


def _own_events(live: Engine, people: pa.Table) -> Iterator[Decoded]:
    """What Foretell itself did, in the order in which it was told."""
    names = _own_columns(live)
    columns = ", ".join(f"e.{column}" for column in names)
    select = (
        "SELECT e.seq, e.message_id, e.type, e.event, e.ts, e.known_at, e.received_at, e.source, e.node_key, "
        f"e.properties, e.context{', ' if columns else ''}{columns} FROM event_log e "
        "WHERE e.source = $source ORDER BY e.seq"
    )
    arrays = _own_arrays(live)
    for rows in live.analytics.stream(select, {"source": OWN_SOURCE}, rows=OWN_ROWS):
        yield _decoded(_moved(rows, "node_key", people), names, _elements_of(live, rows, arrays))


def _own_arrays(live: Engine) -> dict[str, str]:
    """The lists of texts in own events, by name → the column of the store that has their elements."""
    found = live.analytics.query(
        'SELECT DISTINCT x."array" AS name FROM event_elements x JOIN event_log e ON e.seq = x.seq '
        "WHERE e.source = $source",
        {"source": OWN_SOURCE},
    )
    columns = {name: live.log.properties().of(name) for name in sorted(found["name"].to_pylist())}
    return {name: column.text for name, column in columns.items() if column is not None and column.array == name}


def _elements_of(live: Engine, rows: pa.Table, arrays: Mapping[str, str]) -> pa.Table:
    """The elements that belong to ``rows`` of the log."""
    parts = [ELEMENTS.empty_table()]
    places = pa.table({"seq": rows["seq"], "row": np.arange(rows.num_rows, dtype=np.int64)})
    for name, column in arrays.items():
        found = live.analytics.query(
            f'SELECT x."array", o."row", x.ordinal, x.{column} AS text FROM event_elements x '
            'JOIN own_rows o ON o.seq = x.seq WHERE x."array" = $name ORDER BY o."row", x.ordinal',
            {"name": name},
            {"own_rows": places},
        )
        parts.append(found.rename_columns([*ELEMENTS.names, "s:"]).cast(_TEXT_ELEMENTS))
    return pa.concat_tables(parts, promote_options="default")


def _own_columns(live: Engine) -> dict[str, str]:
    """The property columns in which own events have values → the name a decoded frame gives them."""
    known = {
        column: f"{side}:{path}"
        for path, found in live.log.properties().own().items()
        for column, side in ((found.text, "s"), (found.number, "n"))
    }
    there = set(live.analytics.columns("event_log"))
    known = {column: name for column, name in known.items() if column in there}
    if not known:
        return {}
    counts = ", ".join(f"count({column}) AS {column}" for column in known)
    found = live.analytics.query(f"SELECT {counts} FROM event_log WHERE source = $source", {"source": OWN_SOURCE})
    return {column: known[column] for column, count in found.to_pylist()[0].items() if count}


def _decoded(rows: pa.Table, names: Mapping[str, str], elements: pa.Table) -> Decoded:
    number = pa.array(np.arange(rows.num_rows, dtype=np.int64))
    head = rows.append_column("row", number).append_column("line", pa.nulls(rows.num_rows, pa.int64()))
    events = head.select(EVENTS.names).cast(EVENTS).append_column("node_key", head["node_key"])
    properties = rows.select(list(names)).rename_columns(list(names.values()))
    return Decoded(events, properties=properties.add_column(0, "row", number), elements=elements)


def _moved(rows: pa.Table, column: str | None, people: pa.Table) -> pa.Table:
    """``rows`` with the keys in ``column`` as they are now; what names nobody goes on doing so."""
    if column is None or not rows.num_rows:
        return rows
    keys = pa.table({"i": np.arange(rows.num_rows), "live_key": rows[column].cast(pa.int64())})
    found = scratch(
        "SELECT coalesce(p.node_key, 0) AS node_key FROM k LEFT JOIN p ON p.live_key = k.live_key ORDER BY k.i",
        {"k": keys, "p": people},
    )
    return with_column(rows, column, found["node_key"])


def _move_people(tx: Tx, kept: Sequence[RoomParts]) -> None:
    for room in kept:
        for table, columns in room.people.items():
            for column in columns:
                tx.execute(
                    f"UPDATE {table} SET {column} = (SELECT a.node_key FROM adopted a WHERE a.live_key = "
                    f"{table}.{column}) WHERE {column} IN (SELECT live_key FROM adopted)"
                )


def _changed_hands(tx: Tx, live: OperationalStore) -> tuple[pa.Table, pa.Table]:
    """Who was somebody of their own and belongs to another now, and who belonged to another and no longer does.

    Returns:
        ``loser_key``, ``winner_key`` and ``node_key``, ``profile_key``, ``from_key``, as a stage's hooks take them.
    """
    owners = table_of(
        {**_KEYS, "owner": pa.int64()},
        tx.query(
            "SELECT a.live_key, a.node_key, coalesce(m.profile_key, a.node_key) FROM adopted a "
            "LEFT JOIN merged m ON m.node_key = a.node_key"
        ),
    )
    before = table_of(
        {"live_key": pa.int64(), "root": pa.int64()}, live.query("SELECT node_key, profile_key FROM merged")
    )
    tables = {"o": owners, "b": before}
    merges = scratch(
        "SELECT o.node_key AS loser_key, o.owner AS winner_key FROM o ANTI JOIN b USING (live_key) "
        "WHERE o.node_key <> o.owner ORDER BY o.node_key",
        tables,
    )
    splits = scratch(
        "SELECT o.node_key, o.owner AS profile_key, r.owner AS from_key FROM b JOIN o USING (live_key) "
        "JOIN o r ON r.live_key = b.root WHERE o.owner <> r.owner ORDER BY o.node_key",
        tables,
    )
    return merges, splits
