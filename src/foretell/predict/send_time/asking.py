"""The doors of send times: best hours and channels of many people, and everything about one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.clock import from_micros, naive_utc
from foretell.engine import Engine
from foretell.errors import ForetellError
from foretell.predict.send_time.habits import CHANNELS, HOURS, Floats, Ints, groups_at

_ROWS = """
SELECT profile_key, hour, chance, hours, clicks, active_hours, channels FROM (
  SELECT l.profile_key, l.hour, l.chance, l.hours, l.clicks, l.active_hours, l.channels,
    row_number() OVER (PARTITION BY l.profile_key
      ORDER BY CASE WHEN l.node_key = l.profile_key THEN 0 ELSE 1 END, l.node_key) AS place
  FROM log_send_times l JOIN asked a ON a.profile_key = l.profile_key WHERE l.as_of = $as_of
) r WHERE place = 1 ORDER BY profile_key"""


@dataclass(frozen=True)
class ChannelChance:
    """How somebody answers over a channel.

    Args:
        expected: answers a message; ``low`` and ``high`` hold 90 %.
    """

    channel: str
    expected: float
    low: float
    high: float
    messages: int
    answers: int
    sure: str


@dataclass(frozen=True)
class PersonSendTime:
    """When and how to reach one person.

    Args:
        hours: P(the next click is in this hour of their clock), 24 numbers.
        sure: from what it is known, in words.
        channels: those over which messages were ever sent, the best first.
    """

    as_of: datetime
    hour: int
    chance: float
    hours: tuple[float, ...]
    sure: str
    channels: tuple[ChannelChance, ...]


def best_hour(engine: Engine, people: pa.Table) -> pa.Table:
    """The hour of their own clock in which the next click of ``people`` (column profile_key) is most probable.

    Columns profile_key, hour (0 to 23), chance, own (hours with a click that it rests on; 0: people like them alone),
    in order of the keys, one row for each person. Raises ``NO_SEND_TIMES`` where nothing was worked out yet.
    """
    model, keys = _model(engine), _keys(people)
    rows = _rows(engine, model, keys)
    chance = _usual(engine, model, keys, np.array(model.content["hours"]))
    hour, most = chance.argmax(axis=1), chance.max(axis=1)
    own = np.zeros(keys.size, np.int64)
    place = np.searchsorted(keys, rows["profile_key"].to_numpy())
    hour[place], most[place] = rows["hour"].to_numpy(), rows["chance"].to_numpy()
    own[place] = rows["clicks"].to_numpy()
    return pa.table({"profile_key": keys, "hour": hour.astype(np.int32), "chance": most, "own": own})


def best_channel(engine: Engine, people: pa.Table, among: tuple[str, ...] = CHANNELS) -> pa.Table:
    """The channel ``among`` these over which ``people`` (column profile_key) answer most.

    Columns profile_key, channel (null where nobody ever got messages over any), expected, low, high, own (messages that
    it rests on), in order of the keys, one row for each person. Raises ``NO_SEND_TIMES``.
    """
    model, keys = _model(engine), _keys(people)
    rows = _rows(engine, model, keys)
    found = {
        name: _usual(engine, model, keys, np.array(values, np.float64))
        for name, values in zip(("expected", "low", "high"), model.content["channels"], strict=True)
    }
    found["messages"] = np.zeros((keys.size, len(CHANNELS)))
    place = np.searchsorted(keys, rows["profile_key"].to_numpy())
    for name, values in _told(rows).items():
        found[name][place] = values
    wanted = np.isin(np.array(CHANNELS), among)
    score = np.where(np.isnan(found["expected"]) | ~wanted, -1.0, found["expected"])
    best, at = score.argmax(axis=1), np.arange(keys.size)
    none = score.max(axis=1, initial=-1.0) < 0
    numbers = {name: pa.array(found[name][at, best], mask=none) for name in ("expected", "low", "high")}
    channel = pa.array(np.array(CHANNELS, dtype=object)[best], pa.string(), mask=none)
    own = found["messages"][at, best].astype(np.int64)
    return pa.table({"profile_key": keys, "channel": channel, **numbers, "own": own})


def person_send_time(engine: Engine, profile_key: int) -> PersonSendTime:
    """When and how to reach one person. Raises ``NO_SEND_TIMES``."""
    model, keys = _model(engine), np.array([profile_key], np.int64)
    rows = _rows(engine, model, keys).to_pylist()
    like = groups_at(engine.analytics, keys, model.as_of)[0]
    whom = "people like this" if like is None else f"people of the persona {like}"
    hours = _usual(engine, model, keys, np.array(model.content["hours"]))[0]
    clicks, active, told = 0, 0, {}
    if rows:
        row = rows[0]
        hours, clicks, active = np.array(json.loads(row["hours"])), row["clicks"], row["active_hours"]
        told = json.loads(row["channels"])
    usual = [_usual(engine, model, keys, np.array(one, np.float64))[0] for one in model.content["channels"]]
    channels = [_channel(name, at, told.get(name), usual, whom) for at, name in enumerate(CHANNELS)]
    shown = sorted((one for one in channels if one is not None), key=lambda one: -one.expected)
    best = int(hours.argmax())
    return PersonSendTime(
        model.as_of, best, float(hours[best]), tuple(hours.tolist()), _sure(clicks, active, whom), tuple(shown)
    )


def send_time_report(engine: Engine) -> Mapping[str, Any]:
    """``as_of``, ``settings`` and ``judged`` of what was worked out last. Raises ``NO_SEND_TIMES``."""
    model = _model(engine)
    content = model.content
    return {"as_of": model.as_of.isoformat(), "settings": content["settings"], "judged": content["judged"]}


@dataclass(frozen=True)
class _Kept:
    as_of: datetime
    content: Mapping[str, Any]


def _model(engine: Engine) -> _Kept:
    rows = engine.ops.query("SELECT as_of, content FROM send_time_models ORDER BY as_of DESC LIMIT 1")
    if not rows:
        raise ForetellError(
            "NO_SEND_TIMES",
            "nobody's best hour was worked out yet",
            next_step="Run foretell predict send-times once messages were sent and clicked.",
        )
    return _Kept(from_micros(int(rows[0][0])), json.loads(rows[0][1]))


def _keys(people: pa.Table) -> Ints:
    return np.unique(np.asarray(people["profile_key"].to_numpy(), dtype=np.int64))


def _rows(engine: Engine, model: _Kept, keys: Ints) -> pa.Table:
    asked = {"asked": pa.table({"profile_key": keys})}
    return engine.analytics.query(_ROWS, {"as_of": naive_utc(model.as_of)}, asked)


def _usual(engine: Engine, model: _Kept, keys: Ints, by_group: Floats) -> Floats:
    """For each person (n, k) what is said of their persona (rows of ``by_group``), else of everybody (its last row)."""
    place = {name: at for at, name in enumerate(model.content["groups"])}
    last = len(by_group) - 1
    found = [last if name is None else place.get(name, last) for name in groups_at(engine.analytics, keys, model.as_of)]
    return by_group.reshape(last + 1, -1 if by_group.size else HOURS)[np.array(found, np.int64)]


def _told(rows: pa.Table) -> dict[str, Floats]:
    """Numbers (n, 4) of the stored objects by channel."""
    names = ("expected", "low", "high", "messages")
    fields = pa.struct([(name, pa.float64()) for name in (*names, "answers")])
    objects = [json.loads(text) for text in rows["channels"].to_pylist()]
    parts = {channel: pa.array([one[channel] for one in objects], fields) for channel in CHANNELS}
    return {
        name: np.column_stack([parts[channel].field(name).to_numpy(zero_copy_only=False) for channel in CHANNELS])
        for name in names
    }


def _channel(
    name: str, at: int, told: Mapping[str, Any] | None, usual: list[Floats], whom: str
) -> ChannelChance | None:
    numbers = [float(one[at]) for one in usual] if told is None else [told["expected"], told["low"], told["high"]]
    if numbers[0] is None or np.isnan(numbers[0]):
        return None
    messages = 0 if told is None else int(told["messages"])
    answers = 0 if told is None else int(told["answers"])
    sure = f"from {whom}" if not messages else f"from {messages:,} own message{'' if messages == 1 else 's'} and {whom}"
    return ChannelChance(name, numbers[0], numbers[1], numbers[2], messages, answers, sure)


def _sure(clicks: int, active: int, whom: str) -> str:
    if clicks:
        return f"from {clicks:,} own click{'' if clicks == 1 else 's'} and {whom}"
    if active:
        return f"from {active:,} active hour{'' if active == 1 else 's'} of their own and {whom}"
    return f"from {whom}"
