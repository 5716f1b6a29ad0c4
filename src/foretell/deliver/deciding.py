"""Asking for messages: candidates go through the gate, and what may go is queued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, naive_utc, utc
from foretell.definitions import Catalog, WorkspaceSettings
from foretell.deliver import channel_document, outbox, people, template_document
from foretell.deliver.gate import SEND, Cap, GateRules, gate
from foretell.deliver.permissions import permissions
from foretell.deliver.quiet import QuietHours
from foretell.engine import TIMESTAMP, Batch, Tx, python_rows, table_of, with_column
from foretell.profile import purposes_of, survivorship_of

_TEXTS = ("journey", "run", "step", "campaign", "topic", "variables")
_DECIDED = (
    "message_id", "node_key", "channel", "medium", "template", "purpose", "journey", "run", "step", "campaign",
    "topic", "decision", "reason", "checks",
)  # fmt: skip


@dataclass(frozen=True)
class Sending:
    """The definitions and the present under which messages are decided."""

    catalog: Catalog
    now: datetime


def rules_of(settings: WorkspaceSettings) -> GateRules:
    """What the settings say to the gate."""
    sending = settings.sending
    service = frozenset({"service"})
    return GateRules(
        zone=settings.zone,
        quiet=QuietHours(*sending.quiet_hours.times) if sending.quiet_hours else None,
        caps=tuple(Cap(cap.messages, _exact(cap.per), cap.channel) for cap in sending.caps),
        uncapped=service if sending.service.passes_caps else frozenset(),
        unquiet=service if sending.service.passes_quiet_hours else frozenset(),
    )


def decide(tx: Tx, batch: Batch, context: Sending, candidates: pa.Table) -> pa.Table:
    """Let candidates through the gate; queue those that may go, and leave a decision row for every one.

    A deferred candidate is not kept: the caller asks again at ``until``. A message id that is queued or
    sent already stays as it is.

    Args:
        candidates: message_id, profile_key, node_key, at (timestamp, UTC: the instant it is due), channel,
            template, purpose; journey, run, step, campaign, topic, variables (JSON text) where there are.

    Returns:
        ``candidates`` with decision (``send``, ``refuse``, ``defer``), reason, until (timestamp) and checks
        (JSON text), in their order.
    """
    rules = rules_of(context.catalog.settings)
    asked = _completed(candidates, context.catalog)
    people.ask_about(tx, asked["profile_key"])
    asked = people.addressed(asked, people.reachable(tx, survivorship_of(context.catalog)))
    answer = gate(
        asked,
        consents=permissions(tx, asked, purposes_of(context.catalog), context.now),
        suppressed=people.suppressed(tx, asked),
        history=_history(tx, asked, rules),
        rules=rules,
    )
    for name in ("decision", "reason", "until", "checks"):
        asked = asked.append_column(name, answer[name])
    outbox.insert(tx, batch, people.with_address_nodes(tx, asked.filter(pc.equal(asked["decision"], SEND))))
    record_decisions(batch, asked)
    for name in ("decision", "reason", "until", "checks"):
        candidates = with_column(candidates, name, asked[name])
    return candidates


def record_decisions(batch: Batch, rows: pa.Table) -> None:
    """Leave decision rows, also for people whom no message was asked for (the held out).

    Args:
        rows: message_id, node_key, at, decision, reason; until, checks and what else a candidate has
            where there is any.
    """
    if rows.num_rows == 0:
        return
    empty = pa.nulls(rows.num_rows, pa.string())
    columns = {name: rows[name] if name in rows.column_names else empty for name in _DECIDED}
    until = rows["until"] if "until" in rows.column_names else pa.nulls(rows.num_rows, TIMESTAMP)
    columns |= {
        "at": rows["at"].cast(TIMESTAMP),
        "decided_at": pa.repeat(pa.scalar(naive_utc(batch.now), TIMESTAMP), rows.num_rows),
        "until": until,
    }
    batch.emit("decision_rows", pa.table(columns))


def _exact(text: str) -> timedelta:
    length = Duration.parse(text).exact
    assert length is not None  # the settings take nothing else
    return length


def _completed(candidates: pa.Table, catalog: Catalog) -> pa.Table:
    """Candidates with every column there is, their medium, and what is wrong with template or channel."""
    asked = candidates
    for name in _TEXTS:
        if name not in asked.column_names:
            asked = asked.append_column(name, pa.nulls(asked.num_rows, pa.string()))
    filled = pc.coalesce(asked["variables"].cast(pa.string()), pa.scalar("{}"))
    asked = with_column(asked, "variables", filled)
    pairs = asked.group_by(["channel", "template"]).aggregate([])
    faults = [(*pair, *obstacle(catalog, *pair)) for pair in python_rows(pairs.select(["channel", "template"]))]
    kinds = {name: pa.string() for name in ("channel", "template", "medium", "fault")}
    known = table_of(kinds, faults)
    place = pc.index_in(_pair(asked), _pair(known).combine_chunks())
    for name in ("medium", "fault"):
        asked = asked.append_column(name, known[name].take(place))
    return asked


def _pair(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["channel"], table["template"], "\n")


def obstacle(catalog: Catalog, channel: str, template: str) -> tuple[str, str | None]:
    """Medium of ``channel``, and why no message by ``template`` can go over it: ``unknown_channel``,
    ``unknown_template`` or ``unfit_template`` (no text for the medium); None where nothing is wrong."""
    kind = channel_document.kind_of(catalog, channel)
    if kind is None:
        return channel, "unknown_channel"
    medium = kind.capabilities.medium
    document = catalog.documents.get(("template", template))
    if document is None:
        return medium, "unknown_template"
    return medium, None if template_document.spec_of(document).fits(medium) else "unfit_template"


def _history(tx: Tx, asked: pa.Table, rules: GateRules) -> pa.Table:
    if not rules.caps or not asked.num_rows:
        return people.no_history()
    earliest = utc(pc.min(asked["at"]).as_py())
    return people.history(tx, earliest, max(cap.per for cap in rules.caps), rules.uncapped)
