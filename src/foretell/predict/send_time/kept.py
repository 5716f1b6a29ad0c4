"""``refresh_send_times``: everybody's best hour and channel, made daily and kept as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros, naive_utc
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.predict.permission import SCORING, Permission
from foretell.predict.send_time.habits import CHANNELS, CLICKED, Floats, Habits, habits
from foretell.predict.send_time.learning import Priors, Settings, channels_of, hours_of, judgement, priors_of, settled
from foretell.predict.training_report import plain
from foretell.profile import purposes_of

EVERY = timedelta(days=1)
LATER = timedelta(days=30)
"""Clicks of so long a time are what habits are held against."""
LEAST_CLICKS = 50


@dataclass(frozen=True)
class SendTimes:
    """What was made.

    Args:
        judged: how probable the clicks of the last 30 days were by habits before them: ``log_loss`` (nats an hour with
            a click) beside ``everybody`` at the hours of all and ``any_hour``; and the share that came
            ``in_best_hour``, beside ``in_everybodys_best_hour``.
    """

    as_of: datetime
    people: int
    settings: Settings
    judged: Mapping[str, Any]
    left_out: Mapping[str, int]


def refresh_send_times(engine: Engine, catalog: Catalog, *, now: datetime) -> SendTimes | None:
    """Work out everybody's hours and channels as of ``now`` where a day has passed; None where nothing was due.

    Nothing is learnt before 50 hours with a click are known. How much a person's own counts weigh is what made the
    clicks of the last 30 days most probable; how well that works is judged with what was chosen 30 days before.
    """
    due = send_times_due(engine, now=now)
    return None if due is None or due > now else make_send_times(engine, catalog, as_of=now, now=now)


def send_times_due(engine: Engine, *, now: datetime) -> datetime | None:
    """When there is something to do; None where nobody ever got or answered a message."""
    last = engine.ops.query("SELECT max(as_of) FROM send_time_models WHERE as_of <= ?", (micros(now),))[0][0]
    if last is not None:
        return from_micros(int(last)) + EVERY
    names = ", ".join(f"'{name}'" for name in CLICKED)
    sql = f"SELECT 1 AS one FROM event_log e WHERE e.event IN ({names}) AND e.ts <= $now LIMIT 1"
    return now if engine.analytics.query(sql, {"now": naive_utc(now)}).num_rows else None


def make_send_times(engine: Engine, catalog: Catalog, *, as_of: datetime, now: datetime) -> SendTimes:
    """The same whether it is due or not."""
    store, zone = engine.analytics, catalog.settings.zone_info
    mark = engine.log.properties().of("machine")
    seen = partial(habits, store, zone, machine=None if mark is None else mark.text)
    known = seen(as_of)
    permission = Permission(SCORING, engine.ops, purposes_of(catalog), now)
    judged: Mapping[str, Any] = {}
    settings = Settings()
    if known.responses.sum() >= LEAST_CLICKS:
        earlier, before = (seen(as_of - count * LATER) for count in (2, 1))
        middle = seen(as_of - LATER, since=as_of - 2 * LATER)
        last = seen(as_of, since=as_of - LATER)
        judged = judgement(before, last, settled(earlier, middle))
        settings = settled(before, last)
    priors = priors_of(known, settings)
    rows = _rows(known, priors, settings, as_of)
    kept = permission.kept(pa.table({"profile_key": rows["node_key"]}))
    rows = rows.filter(pc.is_in(rows["node_key"], kept["profile_key"].combine_chunks()))
    engine.publish("predict", {"send_time_rows": rows}, now=now)
    _record(engine, as_of, known, priors, settings, judged)
    return SendTimes(as_of, len(rows), settings, judged, permission.left_out)


def _rows(known: Habits, priors: Priors, settings: Settings, as_of: datetime) -> pa.Table:
    hours, (expected, low, high) = hours_of(known, priors, settings), channels_of(known, priors)
    n = len(known)
    at, best = np.arange(n), hours.argmax(axis=1)
    some = ~np.isnan(expected).all(axis=1) if n else np.zeros(0, bool)
    channel = np.where(np.isnan(expected), -1.0, expected).argmax(axis=1)
    of = {"expected": expected, "low": low, "high": high, "messages": known.messages, "answers": known.answers}
    return pa.table(
        {
            "node_key": known.people,
            "as_of": pa.repeat(pa.scalar(naive_utc(as_of), pa.timestamp("us")), n),
            "hour": best.astype(np.int32),
            "chance": hours[at, best],
            "hours": _listed(hours),
            "clicks": known.responses.sum(axis=1).astype(np.int64),
            "active_hours": known.active.sum(axis=1).astype(np.int64),
            "channel": pc.if_else(pa.array(some), pa.array(CHANNELS).take(pa.array(channel)), None),
            **{name: pa.array(one[at, channel], mask=~some) for name, one in ((k, of[k]) for k in list(of)[:3])},
            "channels": _by_channel(of),
        }
    )


def _listed(values: Floats) -> pa.Array:
    """Each row (k,) as a JSON list."""
    parts = [pc.round(pa.array(values[:, at]), ndigits=5).cast(pa.string()) for at in range(values.shape[1])]
    return pc.binary_join_element_wise("[", pc.binary_join_element_wise(*parts, ", "), "]", "")


def _by_channel(of: Mapping[str, Floats]) -> pa.Array:
    """For each person a JSON object by channel; null for what is unknown."""
    objects = []
    for at, channel in enumerate(CHANNELS):
        fields = []
        for name, values in of.items():
            number = pc.round(pa.array(values[:, at], from_pandas=True), ndigits=5).cast(pa.string())
            fields.append(pc.binary_join_element_wise(f'"{name}": ', pc.fill_null(number, "null"), ""))
        inner = pc.binary_join_element_wise(*fields, ", ")
        objects.append(pc.binary_join_element_wise(f'"{channel}": {{', inner, "}", ""))
    return pc.binary_join_element_wise("{", pc.binary_join_element_wise(*objects, ", "), "}", "")


def _record(
    engine: Engine, as_of: datetime, known: Habits, priors: Priors, settings: Settings, judged: Mapping[str, Any]
) -> None:
    """What the doors need for people without a row, and the judgement; only the last is kept."""
    of_nobody = channels_of(
        Habits(
            np.arange(len(known.groups) + 1), np.zeros((len(known.groups) + 1, 24)),
            np.zeros((len(known.groups) + 1, 24)), np.append(np.arange(len(known.groups)), -1), known.groups,
            np.zeros((len(known.groups) + 1, len(CHANNELS))), np.zeros((len(known.groups) + 1, len(CHANNELS))),
        ),
        priors,
    )  # fmt: skip
    content = {
        "groups": list(known.groups),
        "hours": np.vstack([priors.by_group, priors.hours]).tolist(),
        "channels": [one.tolist() for one in of_nobody],
        "settings": vars(settings),
        "judged": dict(judged),
    }
    text = json.dumps(plain(content), allow_nan=False)
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM send_time_models")
        tx.execute("INSERT INTO send_time_models (as_of, content) VALUES (?, ?)", (micros(as_of), text))
