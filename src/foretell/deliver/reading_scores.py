"""What was foreseen of people, by the instant of each message; nothing of those who object to profiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell import predict
from foretell.clock import Duration, naive_utc, utc
from foretell.definitions import Catalog
from foretell.deliver.instants import by_instant
from foretell.deliver.outbox import Queued
from foretell.engine import Engine
from foretell.profile import purposes_of

_FIELDS = ("score", "low", "high")


def scores_of(engine: Engine, catalog: Catalog, messages: Sequence[Queued]) -> dict[str, Mapping[str, Any]]:
    """Message id → prediction → ``score low high as_of horizon`` of its shortest horizon, and each by its name."""
    found: dict[str, Mapping[str, Any]] = {}
    for at, part in by_instant(messages):
        keys = pa.array(sorted({one.profile_key for one in part}), pa.int64())
        told = predict.SCORING.ask(engine.ops, keys, at, purposes_of(catalog))
        kept = told.filter(told["allowed"])["profile_key"].to_pylist()
        if not kept:
            continue
        rows = predict.latest_scores(engine.analytics, as_of=at, people=kept)
        rows = rows.filter(pc.less_equal(rows["as_of"], pa.scalar(naive_utc(at), rows["as_of"].type)))
        people: dict[int, dict[str, Any]] = {}
        for row in sorted(rows.to_pylist(), key=lambda one: Duration.parse(one["horizon"]).days):
            value = {name: row[name] for name in _FIELDS}
            value |= {"as_of": utc(row["as_of"]), "horizon": row["horizon"]}
            prediction = people.setdefault(row["profile_key"], {}).setdefault(row["prediction"], dict(value))
            prediction[row["horizon"]] = value
        found |= {one.message_id: people[one.profile_key] for one in part if one.profile_key in people}
    return found
