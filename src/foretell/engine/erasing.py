"""Forgetting people in the stores: spool, analytics, operational store, each so that a crash can be gone on from.

The engine knows where things lie, not what they mean: what of a body is somebody's, which properties are money or
products and who the people are is told by the caller.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from foretell.engine.anonymous import Erased, anonymous, new_numbers
from foretell.engine.crash_points import reached
from foretell.engine.engine import Engine
from foretell.engine.event_log import PropertyColumns
from foretell.engine.framing import Position
from foretell.engine.ports import AnalyticsTable, Tx, Without
from foretell.engine.scratch import scratch
from foretell.engine.settings import PostgresPlace
from foretell.engine.spool_rewriting import Change, Rewritten
from foretell.engine.swapping import BEFORE, BESIDE, is_swap_promised
from foretell.engine.tabular import quoted
from foretell.engine.unsent import OWN_SOURCE
from foretell.errors import explain_os_errors

LOG, ELEMENTS, NODES = "event_log", "event_elements", "nodes"
_ONE_EACH = "SELECT node_key, min(profile_id) AS profile_id FROM r GROUP BY node_key ORDER BY node_key"
Progress = Callable[[str], None]
"""Is told what was done."""


@dataclass(frozen=True)
class KeptProperties:
    """What events of erased people keep beside their day and name.

    Args:
        numbers: paths whose numbers stay (money, quantities).
        codes: paths whose texts stay (currencies).
        products: paths that say which product it was; they stay where one of ``naming`` is there.
        arrays: arrays whose elements are products.
    """

    numbers: frozenset[str]
    codes: frozenset[str]
    products: frozenset[str]
    naming: tuple[str, ...]
    arrays: frozenset[str]


@contextmanager
def undisturbed(engine: Engine) -> Iterator[None]:
    """Keep everybody else from changing the stores, with all that waited taken in; arrivals are still made durable."""
    with engine.applier.exclusive():
        engine.apply_pending()
        yield


def cut_spool(engine: Engine, change: Change, *, now: datetime, progress: Progress | None = None) -> Rewritten:
    """Put what ``change`` says into the place of each frame of the spool; to be called :func:`undisturbed`.

    What has arrived meanwhile is taken in first, and what arrives from now on goes to a segment of its own.
    """

    def settle(begin: Position | None) -> None:
        engine.apply_pending()
        if begin is not None:
            engine.applier.pass_over(begin, now)

    return engine.spool.rewrite(change, settle, progress)


def remove_rests(data: Path, postgres: PostgresPlace | None = None) -> list[str]:
    """Remove what crashes and rebuilds left beside the stores; returns the names of what was there.

    Args:
        postgres: where the operational store lies; None: in ``data``.
    """
    with explain_os_errors("workspace data"):
        found = [*data.glob("spool/*.torn"), *data.glob("spool/*.rewriting")]
        folders = [data / BEFORE, data / "spill"] + ([] if is_swap_promised(data) else [data / BESIDE])
        gone = [path for path in found if path.exists()]
        for path in gone:
            path.unlink()
        there = [folder for folder in folders if folder.exists() and any(folder.iterdir())]
        for folder in there:
            shutil.rmtree(folder)
    names = [str(path.relative_to(data)) for path in (*gone, *there)]
    if postgres is None:
        return names
    from foretell.engine.postgres import drop_rests

    return [*names, *drop_rests(postgres, promised=is_swap_promised(data))]


@dataclass(frozen=True)
class Anonymised:
    """What the analytics store will no longer hold: rows by table, of those that go and of those kept anonymous."""

    gone: Mapping[str, int]
    kept: Mapping[str, int]
    without: Sequence[Without]
    added: Mapping[str, pa.Table]


def anonymised(
    engine: Engine, people: pa.Table, words: pa.Array, kept: KeptProperties, zone: str, naming: Sequence[str] = ()
) -> Anonymised:
    """Say what becomes of the rows of people in the analytics store; nothing is changed yet.

    Args:
        people: ``node_key`` and ``random_key`` (int64).
        words: texts, in lower case, that tell one of them.
        zone: IANA zone of the workspace's days.
        naming: properties in which Foretell's own events of others name them by profile id; such events go.
    """
    keys = people["node_key"].combine_chunks()
    log = engine.analytics.query(_OWNED.format(columns="t.seq", table=LOG, column="node_key"), tables={"gone": people})
    least = engine.analytics.query(f"SELECT min(seq) AS n FROM {LOG}")["n"][0].as_py()
    order = np.random.Generator(np.random.PCG64(secrets.randbits(128)))
    seqs = new_numbers(log["seq"].combine_chunks(), least or 0, order)
    erased = Erased(people, seqs, words, zone, secrets.token_hex(32))
    properties = engine.log.properties()
    gone: dict[str, int] = {}
    stays: dict[str, int] = {}
    without: list[Without] = []
    added: dict[str, pa.Table] = {}
    for table in engine.analytics.declared():
        column = table.profile_column or ("node_key" if "node_key" in table.columns else "seq")
        chosen = keys if column != "seq" else seqs["seq"].combine_chunks()
        if column not in table.columns or (column == "seq" and table.erased is None):
            continue
        rows = _rows(engine, table, column, chosen, erased, properties, kept)
        if not rows[0]:
            continue
        without.append(Without(table.name, column, chosen))
        if _told_by_event(table):
            without.append(Without(table.name, "seq", seqs["seq"].combine_chunks()))
        (gone if rows[1] is None else stays)[table.name] = rows[0]
        if rows[1] is not None:
            added[table.name] = rows[1]
    about = _naming_them(engine, people, naming)
    if len(about):
        without.append(Without(LOG, "seq", about))
        gone[LOG] = len(about)
    return Anonymised(gone, stays, without, added)


def put_anonymous(engine: Engine, found: Anonymised, progress: Progress | None = None) -> None:
    """Write the analytics store anew without the rows of erased people; to be called :func:`undisturbed`."""
    engine.analytics.rewrite(
        found.without, found.added, None if progress is None else lambda table, rows: progress(f"{table} ({rows:,})")
    )
    reached("erase.analytics")


def forget(
    engine: Engine, profiles: pa.Table, counted: Sequence[str], also: Callable[[Tx, Mapping[str, int]], None]
) -> dict[str, int]:
    """Let every stage forget people, in one transaction; to be called :func:`undisturbed`.

    The last room forgets first, so that what earlier rooms know can still be looked up.

    Args:
        profiles: ``profile_key`` (int64).
        counted: operational tables whose rows are counted.
        also: what else happens in the transaction; it is told how many rows went.

    Returns:
        Rows that went, by table; tables of which none went are left out.
    """
    with engine.ops.write() as tx:
        before = _counts(tx, counted)
        for stage in reversed(engine.applier.stages):
            stage.erase(tx, profiles)
        after = _counts(tx, counted)
        went = {name: count - after[name] for name, count in before.items() if count > after[name]}
        also(tx, went)
        reached("erase.before_commit")
    reached("erase.forgotten")
    return went


def _counts(tx: Tx, tables: Sequence[str]) -> dict[str, int]:
    return {name: int(tx.query(f"SELECT count(*) FROM {name}")[0][0]) for name in tables}


def _naming_them(engine: Engine, people: pa.Table, naming: Sequence[str]) -> pa.Array:
    """``seq`` of Foretell's own events of others that name one of the people in a property of ``naming``."""
    columns = [column.text for path, column in engine.log.properties().own().items() if path in naming]
    if not columns:
        return pa.array([], pa.int64())
    named = " OR ".join(f"t.{column} IN (SELECT profile_id FROM ids)" for column in columns)
    found = engine.analytics.query(_NAMING.format(table=LOG, named=named), {"own": OWN_SOURCE}, {"gone": people})
    return found["seq"].combine_chunks()


def _told_by_event(table: AnalyticsTable) -> bool:
    """True where the rows go that their events tell, whoever's they are: what somebody said while they were one with
    another stands at the other's nodes too."""
    return table.erased is None and "seq" in table.columns


_OWNED = "SELECT {columns} FROM {table} t SEMI JOIN gone ON gone.node_key = t.{column}"
_NAMING = (
    "WITH ids AS (SELECT n.profile_id FROM nodes n SEMI JOIN gone ON gone.node_key = n.node_key) "
    "SELECT t.seq FROM {table} t WHERE t.source = $own AND t.node_key NOT IN (SELECT node_key FROM gone) "
    "AND ({named}) ORDER BY t.seq"
)
_GONE = "SELECT count(*) AS n FROM {table} t WHERE t.{column} IN (SELECT node_key FROM gone)"
_TOLD = " OR t.seq IN (SELECT seq FROM told)"


def _rows(
    engine: Engine,
    table: AnalyticsTable,
    column: str,
    keys: pa.Array,
    erased: Erased,
    properties: PropertyColumns,
    kept: KeptProperties,
) -> tuple[int, pa.Table | None]:
    """How many rows of ``table`` are concerned, and what they become; None where they go."""
    gone = pa.table({"node_key": keys})
    if table.erased is None:
        sql, tables = _GONE.format(table=table.name, column=column), {"gone": gone}
        if _told_by_event(table):
            sql, tables = sql + _TOLD, tables | {"told": erased.seqs.select(["seq"])}
        return int(engine.analytics.query(sql, tables=tables)["n"][0].as_py()), None
    rules, product = dict(table.erased), "false"
    if table.name in (LOG, ELEMENTS):
        there = set(engine.analytics.columns(table.name))
        more, product = _property_rules(table.name, properties, kept, there)
        rules |= more
    named = [*rules] if column in rules else [*rules, column]
    listed = ", ".join(f"t.{quoted(name)}" for name in named)
    sql = _OWNED.format(columns=listed, table=table.name, column=column)
    if table.name == ELEMENTS:
        sql += ' WHERE t."array" IN (' + ", ".join(f"'{name}'" for name in sorted(kept.arrays)) + ")"
    rows = engine.analytics.query(sql, tables={"gone": gone})
    made = anonymous(rows, rules, erased, profile_column=table.profile_column, product=product)
    if table.name == NODES:  # one random name a person, however many nodes they were
        return rows.num_rows, scratch(_ONE_EACH, {"r": made})
    if table.name == ELEMENTS:
        whole = _OWNED.format(columns="count(*) AS n", table=table.name, column=column)
        return int(engine.analytics.query(whole, tables={"gone": gone})["n"][0].as_py()), made
    return rows.num_rows, made


def _property_rules(
    table: str, properties: PropertyColumns, kept: KeptProperties, there: set[str]
) -> tuple[dict[str, str], str]:
    """Rules of the property columns of a table, and what says that a row names a product."""
    rules: dict[str, str] = {}
    naming: list[str] = []
    for array in [None] if table == LOG else sorted(kept.arrays):
        for path, rule in _rules_of(kept).items():
            number = properties.number(array, path)
            if number is None:
                continue
            sides = {"numbers": ("n",), "codes": ("s",), "product": ("s", "n")}[rule]
            for side in sides:
                if (name := f"p{number}{side}") in there:
                    rules[name] = "product" if rule == "product" else "same"
                    naming += [f"r.{name} IS NOT NULL"] if path in kept.naming else []
    return rules, " OR ".join(naming) or "false"


def _rules_of(kept: KeptProperties) -> dict[str, str]:
    return {
        **dict.fromkeys(sorted(kept.products), "product"),
        **dict.fromkeys(sorted(kept.numbers), "numbers"),
        **dict.fromkeys(sorted(kept.codes), "codes"),
    }
