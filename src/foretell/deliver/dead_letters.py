"""Messages that were given up or refused: listed, and put through the gate again when somebody says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros, naive_utc
from foretell.deliver import outbox
from foretell.deliver.afterwards import BEFORE
from foretell.deliver.deciding import Sending, decide
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, python_rows
from foretell.errors import UsageError

PAGE_SIZE = 50
MOST_AT_ONCE = 5_000
Failure = Literal["transient", "terminal"]
_SHOWN = (
    "message_id", "channel", "medium", "template", "journey", "step", "address", "failure", "error", "attempts", "at",
    "ended_at",
)  # fmt: skip
_ASKED = (
    "message_id", "profile_key", "node_key", "channel", "template", "purpose", "journey", "run", "step", "campaign",
    "topic", "variables",
)  # fmt: skip
_DEAD = "state = 'failed'"
_UNGATED = pa.array(["ads", "request"])
"""Media that no gate times; whether they may go is looked at when they are handed over, as always."""
_AGAIN = (
    "UPDATE messages SET state = 'queued', next_at = ?, attempts = 0, ended_at = NULL, error = NULL, failure = NULL, "
    "sent_at = NULL, handed_over_at = NULL, delivered_at = NULL, accepted_id = NULL "
    "WHERE message_id = ? AND state = 'failed'"
)
_EARLIER_TOLD = (
    f"UPDATE engagements SET kind = '{BEFORE}' || kind WHERE message_id = ? "
    "AND kind IN ('accepted', 'delivered', 'bounce', 'soft_bounce', 'failed')"
)
_REFUSED = "UPDATE messages SET error = ? WHERE message_id = ? AND state = 'failed'"


@dataclass(frozen=True)
class DeadPage:
    """A page of dead letters, the latest first; ``rows`` have the columns of a message that concern its end."""

    total: int
    rows: tuple[dict[str, Any], ...]


@dataclass
class ReplayReport:
    """What became of dead letters that were put through again.

    Args:
        queued: will be handed over now; ``deferred``: later, since it is quiet.
        refused: reason of the gate → how many may not go any more.
        alive: ids that are not, or no longer, dead.
    """

    queued: int = 0
    deferred: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    alive: int = 0


def dead_letters(
    engine: Engine, *, channel: str | None = None, failure: Failure | None = None, page: int = 1, size: int = PAGE_SIZE
) -> DeadPage:
    """Messages that were given up (``transient``: every try failed) or refused (``terminal``), the latest first."""
    where, params = _where(channel, failure)
    total = int(engine.ops.query(f"SELECT count(*) FROM messages WHERE {where}", params)[0][0])
    rows = engine.ops.query(
        f"SELECT {', '.join(_SHOWN)} FROM messages WHERE {where} ORDER BY ended_at DESC, message_id DESC "
        f"LIMIT {int(size)} OFFSET {(max(page, 1) - 1) * int(size)}",
        params,
    )
    return DeadPage(total, tuple(_row(row) for row in rows))


def dead_by_channel(engine: Engine) -> dict[str, int]:
    """How many dead letters each channel has."""
    rows = engine.ops.query(f"SELECT channel, count(*) FROM messages WHERE {_DEAD} GROUP BY channel")
    return {channel: int(number) for channel, number in rows}


def replay(
    engine: Engine,
    context: Sending,
    ids: Sequence[str] = (),
    *,
    channel: str | None = None,
    failure: Failure | None = None,
) -> ReplayReport:
    """Put dead letters through the gate again, as of now, and queue those that may go.

    Consent, suppression, caps and quiet hours are looked at as for a new message. A message that is not dead (any more)
    is passed over, so that nothing is sent twice, however often this is called.

    Args:
        ids: of messages; without any, all of ``channel`` and ``failure``, or all there are.

    Raises:
        UsageError: ``MESSAGE_UNKNOWN``; nothing has changed then.
    """
    report = ReplayReport()
    left = list(ids) if ids else _all(engine, channel, failure)
    if ids:
        _known(engine, left)
    for start in range(0, len(left), MOST_AT_ONCE):
        part = left[start : start + MOST_AT_ONCE]
        engine.act("deliver", partial(_replay, context=context, ids=part, report=report), now=context.now)
    return report


def _replay(tx: Tx, batch: Batch, *, context: Sending, ids: Sequence[str], report: ReplayReport) -> None:
    messages = outbox.of_ids(tx, pa.array(ids, pa.string()))
    dead = messages.filter(pc.equal(messages["state"], outbox.FAILED))
    report.alive += len(ids) - dead.num_rows
    ungated = pc.is_in(dead["medium"], _UNGATED)
    now = micros(context.now)
    again = [(now, one) for one in dead.filter(ungated)["message_id"].to_pylist()]
    report.queued += len(again)
    asked = dead.filter(pc.invert(ungated)).select(list(_ASKED))
    if asked.num_rows:
        due = pa.repeat(pa.scalar(naive_utc(context.now), TIMESTAMP), asked.num_rows)
        again += _decided(tx, decide(tx, batch, context, asked.append_column("at", due)), now, report)
    tx.executemany(_AGAIN, again)
    tx.executemany(_EARLIER_TOLD, [(one,) for _, one in again])
    outbox.publish(tx, batch, dead["message_id"])


def _decided(tx: Tx, decided: pa.Table, now: int, report: ReplayReport) -> list[tuple[int, str]]:
    """When each message goes that may; the others keep their place among the dead, and say why."""
    until = decided["until"].cast(TIMESTAMP).cast(pa.int64())
    rows = list(python_rows(decided.select(["message_id", "decision", "reason"]).append_column("until", until)))
    again = [(now, one) for one, decision, _, _ in rows if decision == "send"]
    later = [(at, one) for one, decision, _, at in rows if decision == "defer"]
    refused = [(reason, one) for one, decision, reason, _ in rows if decision == "refuse"]
    tx.executemany(_REFUSED, [(f"not sent again: {reason}", one) for reason, one in refused])
    report.queued += len(again)
    report.deferred += len(later)
    for reason, number in Counter(reason for reason, _ in refused).items():
        report.refused[reason] = report.refused.get(reason, 0) + number
    return [*again, *later]


def _all(engine: Engine, channel: str | None, failure: Failure | None) -> list[str]:
    where, params = _where(channel, failure)
    rows = engine.ops.query(f"SELECT message_id FROM messages WHERE {where} ORDER BY ended_at, message_id", params)
    return [message_id for (message_id,) in rows]


def _known(engine: Engine, ids: Sequence[str]) -> None:
    with engine.ops.write() as tx:
        known = set(outbox.of_ids(tx, pa.array(ids, pa.string()))["message_id"].to_pylist())
    missing = [one for one in ids if one not in known]
    if missing:
        next_step = "See `foretell messages dead`."
        raise UsageError("MESSAGE_UNKNOWN", f"there is no message {missing[0]!r}", next_step=next_step)


def _where(channel: str | None, failure: Failure | None) -> tuple[str, tuple[str, ...]]:
    told = [("channel", channel), ("failure", failure)]
    named = [(name, value) for name, value in told if value is not None]
    return " AND ".join([_DEAD, *(f"{name} = ?" for name, _ in named)]), tuple(value for _, value in named)


def _row(row: Sequence[Any]) -> dict[str, Any]:
    told = dict(zip(_SHOWN, row, strict=True))
    return {**told, **{name: None if told[name] is None else from_micros(told[name]) for name in ("at", "ended_at")}}
