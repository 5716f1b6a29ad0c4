"""A small shop in real stores: people, orders and scores put in as rows, read through views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from foretell import collect, identify, listen, measure, predict, profile, segment
from foretell.clock import FixedClock
from foretell.condition import Reader
from foretell.definitions import Catalog, load, raise_errors
from foretell.engine import Engine, EngineSettings, open_engine

NOW = datetime(2012, 1, 1, tzinfo=UTC)
T = pa.timestamp("us")
Rows = Sequence[tuple[object, ...]]


def at(text: str) -> datetime:
    """An ISO 8601 time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stored(text: str) -> datetime:
    """The same as stored."""
    return datetime.fromisoformat(text)


@contextmanager
def shop(folder: Path) -> Iterator[Engine]:
    """Empty stores with the tables and views of the rooms that KPIs read."""
    rooms = [collect.PARTS, identify.PARTS, profile.PARTS, predict.PARTS, segment.PARTS]
    rooms += [listen.surveys.ANSWER_PARTS, measure.PARTS]
    with open_engine(EngineSettings(folder / "data"), rooms, [], {}, FixedClock(NOW)) as engine:
        yield engine


def fill(
    engine: Engine,
    *,
    orders: Rows = (),
    scores: Rows = (),
    traits: Rows = (),
    anonymous: Sequence[int] = (),
) -> None:
    """Put rows in.

    Args:
        orders: (person, time, kind, amount in minor units[, currency]).
        scores: (prediction, horizon, person, as_of, score).
        traits: (person, time, trait, text or number).
        anonymous: people without a known identifier.
    """
    people = sorted({int(str(row[0])) for row in (*orders, *traits)} | {int(str(row[2])) for row in scores})
    seen: dict[int, datetime] = {}
    moments = [(row[0], stored(str(row[1]))) for row in (*orders, *traits)]
    moments += [(row[2], stored(str(row[3]))) for row in scores]
    for person, moment in moments:
        key = int(str(person))
        seen[key] = min(seen.get(key, moment), moment)
    known = set(engine.analytics.query("SELECT node_key FROM nodes")["node_key"].to_pylist())
    people = [person for person in people if person not in known]
    rows = {
        "nodes": table({"node_key": pa.int64(), "profile_id": pa.string()}, [(p, f"p{p}") for p in people]),
        "sightings": table(
            {"node_key": pa.int64(), "ts": T, "known_at": T, "known": pa.bool_()},
            [(p, seen[p], seen[p], p not in anonymous) for p in people],
        ),
        "event_log": _events(orders),
        "order_rows": _orders(orders),
        "score_rows": _scores(scores),
        "trait_values": _traits(traits),
    }
    engine.publish("shop", {name: part for name, part in rows.items() if part.num_rows}, now=NOW)


def table(columns: Mapping[str, pa.DataType], rows: Rows) -> pa.Table:
    """A table from Python rows."""
    return pa.table(
        {name: pa.array([row[place] for row in rows], kind) for place, (name, kind) in enumerate(columns.items())}
    )


def catalog_of(folder: Path, files: Mapping[str, str] | None = None, settings: str = "zone: UTC") -> Catalog:
    """The catalog of a workspace with ``files`` (path → YAML); raises where one is wrong."""
    catalog, problems = loaded(folder, files, settings)
    raise_errors(problems)
    return catalog


def loaded(folder: Path, files: Mapping[str, str] | None = None, settings: str = "zone: UTC") -> tuple:  # type: ignore[type-arg]
    """The same with its problems."""
    (folder / "foretell.yaml").write_text(f"name: shop\ncurrency: EUR\n{settings}\n")
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load(folder, [measure.KIND, segment.KIND, predict.KIND], environ={})


def read(engine: Engine, catalog: Catalog, key: str, **question: object) -> measure.KpiSeries:
    """``measure.show`` with the shop's present."""
    return measure.show(engine, Reader(engine, catalog), catalog, key, **{"now": NOW, **question})  # type: ignore[arg-type]


def values(series: measure.KpiSeries) -> dict[str, float | None]:
    """Value by period, or by group where there are groups, or by both."""
    groups = {point.group for point in series.points}
    periods = {point.period for point in series.points}
    if groups == {""}:
        return {point.period: point.estimate.value for point in series.points}
    if len(periods) == 1:
        return {point.group: point.estimate.value for point in series.points}
    return {f"{point.group} {point.period}": point.estimate.value for point in series.points}


def _events(orders: Rows) -> pa.Table:
    columns = {"seq": pa.int64(), "ts": T, "known_at": T, "event": pa.string(), "node_key": pa.int64()}
    rows = [
        (seq, stored(str(row[1])), stored(str(row[1])), "Order Completed", row[0])
        for seq, row in enumerate(orders)
        if row[2] == "completed"
    ]
    return table(columns, rows)


def _orders(orders: Rows) -> pa.Table:
    columns = {
        "seq": pa.int64(), "node_key": pa.int64(), "ts": T, "known_at": T, "order_id": pa.string(),
        "kind": pa.string(), "amount_minor": pa.int64(), "currency": pa.string(),
    }  # fmt: skip
    rows = [
        (seq, row[0], stored(str(row[1])), stored(str(row[1])), f"o{seq}", row[2], row[3], (*row, "EUR")[4])
        for seq, row in enumerate(orders)
    ]
    return table(columns, rows)


def _scores(scores: Rows) -> pa.Table:
    columns = {
        "prediction": pa.string(), "horizon": pa.string(), "node_key": pa.int64(), "as_of": T, "score": pa.float64(),
    }  # fmt: skip
    return table(columns, [(*row[:3], stored(str(row[3])), row[4]) for row in scores])


def _traits(traits: Rows) -> pa.Table:
    columns = {
        "seq": pa.int64(), "node_key": pa.int64(), "ts": T, "known_at": T, "trait": pa.string(),
        "s": pa.string(), "n": pa.int64(),
    }  # fmt: skip
    rows = [
        (1000 + seq, row[0], stored(str(row[1])), stored(str(row[1])), row[2], *_value(row[3]))
        for seq, row in enumerate(traits)
    ]
    return table(columns, rows)


def _value(value: object) -> tuple[str | None, int | None]:
    """Text, and number in millionths."""
    return (value, None) if isinstance(value, str) else (None, round(float(str(value)) * 1_000_000))
