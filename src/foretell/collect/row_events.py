"""Rows of a file as events: which mapping takes them, what they tell, which ones go to quarantine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.collect.consents import CONSENT, GRANTED, consent_events
from foretell.collect.problems import MESSAGES, problem_rows
from foretell.collect.row_leaves import leaf_columns, together
from foretell.collect.row_plan import MappingPlan, RowPlan
from foretell.collect.tally import Tally
from foretell.collect.times import EARLIEST
from foretell.collect.told import Origin, assembled, read_properties, trait_rows
from foretell.collect.tracking import CODE, Enforced, SourceRules, enforced
from foretell.collect.who import tidied
from foretell.engine import EVENTS, IDENTIFIERS, TIMESTAMP, Decoded, integers, scratch, with_column

_FUTURE = timedelta(minutes=5)
_TOLD = pa.schema(
    [
        ("key", pa.string()),
        ("line", pa.int64()),
        ("lines", pa.int64()),
        ("ts", TIMESTAMP),
        ("stamped", pa.bool_()),
        ("message_id", pa.string()),
        ("properties", pa.string()),
        ("traits", pa.string()),
        ("mapping", pa.int64()),
        ("type", pa.string()),
        ("event", pa.string()),
    ]
)


@dataclass
class _Reading:
    """Events and refusals as they are found, mapping by mapping."""

    told: list[pa.Table] = field(default_factory=lambda: [_TOLD.empty_table()])
    named: list[pa.Table] = field(default_factory=list)
    refused: list[pa.Table] = field(default_factory=list)
    leaves: list[tuple[pa.Table, list[str]]] = field(default_factory=list)
    height: int = 0


def decode_rows(
    rows: pa.Table, plan: RowPlan, origin: Origin, lag: timedelta | None, rules: SourceRules | None = None
) -> tuple[Decoded, Tally]:
    """Read rows of a file.

    Args:
        rows: ``line`` (1-based row number), ``nth`` (equal rows before it in the file), then the
            columns that ``plan`` was made for. A group is never split between calls.
        lag, rules: see :func:`~foretell.collect.segment_spec.decode_segment`.
    """
    columns = ["line", "nth", *(f"c{number}" for number in range(rows.num_columns - 2))]
    assigned = _assigned(rows.rename_columns(columns), plan)
    reading = _Reading()
    for number, mapping in enumerate(plan.mappings):
        _read_mapping(assigned, plan, mapping, number, reading, origin)
    told = pa.concat_tables(reading.told)
    identifiers = pa.concat_tables([IDENTIFIERS.empty_table(), *reading.named])
    events = _events(told, origin, lag)
    docs = pa.table({"row": events["row"], "token": told["traits"]})
    plain = all(mapping.leaves is not None for mapping in plan.mappings)
    flat = read_properties(_without_properties(events) if plain else events, docs)
    decoded = assembled(events, flat, identifiers, trait_rows(flat), [_future(told, origin)], origin)
    if plain:
        decoded = replace(decoded, properties=together(reading.leaves, decoded.events["row"]))
    if rules is not None:
        decoded, told = _under_plan(enforced(decoded, rules, docs), told, reading)
    refused = _refused(assigned, plan, reading)
    problems = problem_rows(refused, source=origin.source, file=origin.file, received_at=origin.received_at)
    decoded = replace(decoded, problems=pa.concat_tables([problems, decoded.problems]))
    return decoded, _tally(assigned, plan, told, refused)


def _without_properties(events: pa.Table) -> pa.Table:
    return with_column(events, "properties", pa.nulls(events.num_rows, pa.string()))


def _under_plan(found: Enforced, told: pa.Table, reading: _Reading) -> tuple[Decoded, pa.Table]:
    """The rows of events that the plan puts aside are refused."""
    if not found.aside.num_rows:
        return found.decoded, told
    at = integers(found.aside["row"])
    aside = told.select(["key", "message_id"]).take(pa.array(at))
    codes = pa.repeat(CODE, aside.num_rows)
    columns = [aside["key"], codes, found.aside["message"], aside["message_id"]]
    refused = pa.table(columns, names=["key", "code", "message", "message_id"])
    reading.refused.append(
        scratch("SELECT key, min(code) AS code, min_by(message, message_id) AS message, min(message_id) AS message_id "
                "FROM r GROUP BY key", {"r": refused})
    )  # fmt: skip
    kept = np.ones(told.num_rows, np.bool_)
    kept[at] = False
    return found.decoded, told.filter(pa.array(kept))


def _assigned(rows: pa.Table, plan: RowPlan) -> pa.Table:
    """The rows with ``key``, ``skip``, ``mapping``, ``bad`` (a column that is no number), in groups ``content``."""
    skips = "".join(f"WHEN {sql} THEN {number} " for number, (_, sql) in enumerate(plan.skips))
    skip = f"CASE {skips} END" if skips else "CAST(NULL AS INTEGER)"
    whens = "".join(f"WHEN {mapping.when} THEN {number} " for number, mapping in enumerate(plan.mappings))
    choose = f"CASE {whens} END AS mapping"
    bads = "".join(f"WHEN {number} THEN {mapping.bad} " for number, mapping in enumerate(plan.mappings))
    key = plan.group or "CAST(line AS VARCHAR)"
    content = f", {plan.content} AS content" if plan.group else ""
    keyed = f"SELECT *, {skip} AS skip, {key} AS key{content} FROM rows"
    if plan.group:
        chosen = f"SELECT key, {choose} FROM keyed WHERE skip IS NULL AND key IS NOT NULL GROUP BY key"
        joined = (
            "SELECT k.*, CASE WHEN k.skip IS NULL THEN c.mapping END AS mapping "
            "FROM keyed k LEFT JOIN chosen c USING (key)"
        )
    else:
        chosen = "SELECT 1"
        joined = f"SELECT *, CASE WHEN skip IS NULL THEN CASE {whens} END END AS mapping FROM keyed"
    return scratch(
        f"WITH keyed AS ({keyed}), chosen AS ({chosen}), joined AS ({joined}) "
        f"SELECT *, CASE mapping {bads} END AS bad FROM joined ORDER BY line",
        {"rows": rows},
    )


def _read_mapping(
    assigned: pa.Table, plan: RowPlan, mapping: MappingPlan, number: int, reading: _Reading, origin: Origin
) -> None:
    mine = assigned.filter(pc.equal(assigned["mapping"], number))
    if pc.any(pc.is_valid(mine["bad"])).as_py():
        reading.refused.append(_bad_numbers(mine, plan))
        mine = scratch(
            "SELECT * FROM mine ANTI JOIN (SELECT key FROM mine WHERE bad IS NOT NULL) USING (key)", {"mine": mine}
        )
    if not mine.num_rows:
        return
    if plan.group:
        sql = f"SELECT key, min(line) AS line, count(*) AS lines, {mapping.select} FROM mine GROUP BY key ORDER BY 2"
    else:
        sql = f"SELECT key, line, 1 AS lines, {mapping.select} FROM mine ORDER BY line"
    found = scratch(sql, {"mine": mine})
    early = pc.fill_null(pc.less(found["ts"].cast(TIMESTAMP), pa.scalar(EARLIEST, TIMESTAMP)), False)
    _refuse(reading, found.filter(early), "EARLY_TIMESTAMP", MESSAGES["EARLY_TIMESTAMP"])
    found = found.filter(pc.invert(early))
    late = pc.and_(found["stamped"], pc.is_null(found["ts"]))
    ids = [pc.is_valid(found[f"id{i}"]) for i in range(len(mapping.kinds))]
    named = ids[0] if ids else pa.chunked_array([pa.repeat(True, found.num_rows)])
    for other in ids[1:]:
        named = pc.or_(named, other)
    _refuse(reading, found.filter(late), "BAD_TIMESTAMP", "the timestamp is missing or not understood")
    _refuse(reading, found.filter(pc.and_(pc.invert(late), pc.invert(named))), "NO_IDENTIFIER", _no_one(mapping))
    good = found.filter(pc.and_(pc.invert(late), named))
    _keep(reading, good, mapping, number)
    if mapping.leaves is not None:
        reading.leaves.append((leaf_columns(good, mapping.leaves), [path for path, _ in mapping.leaves]))
    for place, consent in enumerate(mapping.mapping.consents):
        _keep(reading, consent_events(good, mapping, place, consent, origin.source), mapping, GRANTED, CONSENT)


def _keep(reading: _Reading, good: pa.Table, mapping: MappingPlan, number: int, event: str | None = None) -> None:
    height = good.num_rows
    rows = np.arange(reading.height, reading.height + height)
    told = mapping.mapping
    constants = {"mapping": number, "type": "track" if event else told.type, "event": event or told.event}
    for name, value in constants.items():
        good = good.append_column(name, pa.repeat(value, height))
    for position, kind in enumerate(mapping.kinds):
        part = pa.table(
            [pa.array(rows), pa.repeat(kind, height), good[f"id{position}"]], names=["row", "kind", "value"]
        )
        reading.named.append(tidied(part))
    reading.told.append(good.select(_TOLD.names).cast(_TOLD))
    reading.height += height


def _no_one(mapping: MappingPlan) -> str:
    return f"none of the identifiers of {mapping.mapping.name!r} has a value: {', '.join(mapping.kinds)}"


def _bad_numbers(mine: pa.Table, plan: RowPlan) -> pa.Table:
    """The lines with a bad number, and the other lines of their groups."""
    group = ", ".join(plan.spec.group_by).replace("'", "''")
    return scratch(
        "SELECT line, CASE WHEN bad IS NULL THEN 'GROUP_INCOMPLETE' ELSE 'BAD_NUMBER' END AS code, "
        "CASE WHEN bad IS NULL THEN 'another line of the same group (' || $group || ') is bad' "
        "ELSE 'column ' || bad || ' holds no number' END AS message "
        "FROM mine SEMI JOIN (SELECT key FROM mine WHERE bad IS NOT NULL) USING (key)",
        {"mine": mine},
        {"group": group},
    )


def _refuse(reading: _Reading, found: pa.Table, code: str, message: str) -> None:
    if found.num_rows:
        texts = pa.repeat(code, found.num_rows), pa.repeat(message, found.num_rows)
        reading.refused.append(pa.table([found["key"], *texts], names=["key", "code", "message"]))


_UNTAKEN = """
SELECT line, CASE WHEN key IS NULL THEN 'NO_GROUP_KEY' ELSE 'NO_MAPPING' END AS code,
       CASE WHEN key IS NULL THEN 'the columns of group_by have no value'
            ELSE 'no mapping takes this row' END AS message
FROM assigned WHERE skip IS NULL AND mapping IS NULL
"""


def _refused(assigned: pa.Table, plan: RowPlan, reading: _Reading) -> pa.Table:
    """All rows that go to quarantine: line, code, message, body."""
    by_line = [scratch(_UNTAKEN, {"assigned": assigned})]
    by_line += [part for part in reading.refused if "line" in part.column_names]
    by_key = [part for part in reading.refused if "key" in part.column_names]
    if by_key:
        by_key.append(pa.table({"message_id": pa.array([], pa.string())}))
        tables = {"assigned": assigned, "refused": pa.concat_tables(by_key, promote_options="default")}
        by_line.append(
            scratch(
                "SELECT a.line, r.code, r.message, r.message_id FROM assigned a JOIN refused r USING (key) "
                "WHERE skip IS NULL",
                tables,
            )
        )
    found = pa.concat_tables(by_line, promote_options="default")
    if not found.num_rows:
        return found.append_column("body", pa.nulls(0, pa.string()))
    return scratch(
        f"SELECT f.*, a.nth, CAST({plan.body} AS VARCHAR) AS body "
        "FROM found f JOIN assigned a ON a.line = f.line ORDER BY f.line",
        {"found": found, "assigned": assigned},
    )


def _events(told: pa.Table, origin: Origin, lag: timedelta | None) -> pa.Table:
    height = told.num_rows
    received = pa.scalar(naive_utc(origin.received_at), TIMESTAMP)
    ts = pc.fill_null(told["ts"], received)
    ts = pc.if_else(pc.greater(ts, pc.add(received, _FUTURE)), received, ts)
    known = pa.repeat(received, height) if lag is None else pc.min_element_wise(pc.add(ts, lag), received)
    columns = {
        "row": pa.array(np.arange(height)),
        "line": told["line"],
        "message_id": told["message_id"],
        "type": told["type"],
        "event": told["event"],
        "ts": ts,
        "known_at": known,
        "received_at": pa.repeat(received, height),
        "source": pa.repeat(pa.scalar(origin.source, pa.string()), height),
        "properties": told["properties"],
        "context": pa.nulls(height, pa.string()),
    }
    return pa.table(columns).cast(EVENTS)


def _future(told: pa.Table, origin: Origin) -> pa.Table:
    latest = pa.scalar(naive_utc(origin.received_at) + _FUTURE, TIMESTAMP)
    late = told.filter(pc.fill_null(pc.greater(told["ts"], latest), False))
    codes = pa.repeat(pa.scalar("FUTURE_TIMESTAMP", pa.string()), late.num_rows)
    messages = pa.repeat(pa.scalar(MESSAGES["FUTURE_TIMESTAMP"], pa.string()), late.num_rows)
    rows = pa.table([late["line"], codes, messages, late["message_id"]], names=["line", "code", "message", "body"])
    return problem_rows(
        rows, source=origin.source, file=origin.file, received_at=origin.received_at, severity="warning"
    )


def _tally(assigned: pa.Table, plan: RowPlan, told: pa.Table, refused: pa.Table) -> Tally:
    mapping, lines = integers(told["mapping"]), integers(told["lines"])
    skips = pc.drop_null(assigned["skip"]).to_numpy()
    names = [part.mapping.name for part in plan.mappings]
    return Tally(
        rows=assigned.num_rows,
        events=told.num_rows,
        quarantined=refused.num_rows,
        mapped={name: (int((mapping == i).sum()), int(lines[mapping == i].sum())) for i, name in enumerate(names)},
        skipped={name: int((skips == i).sum()) for i, (name, _) in enumerate(plan.skips)},
    )
