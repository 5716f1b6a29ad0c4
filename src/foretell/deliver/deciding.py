"""Asking for messages: candidates go through the gate, and what may go is queued."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc, utc
from foretell.definitions import Catalog, WorkspaceSettings
from foretell.deliver import channel_document, outbox, people, sandboxes, survey_asking, template_document
from foretell.deliver.capping import OUTBID, Cap
from foretell.deliver.gate import REFUSE, SEND, GateRules, gate
from foretell.deliver.permissions import permissions
from foretell.deliver.quiet import QuietHours
from foretell.engine import TIMESTAMP, Batch, Tx, python_rows, scratch, table_of, with_column
from foretell.profile import purposes_of

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
    return GateRules(
        zone=settings.zone,
        quiet=QuietHours(*sending.quiet_hours.times) if sending.quiet_hours else None,
        caps=tuple(Cap(cap.messages, cap.length, cap.channel, cap.purpose, cap.unit) for cap in sending.caps),
        uncapped=sending.uncapped,
        unquiet=sending.unquiet,
        survey_gap=sending.gap,
    )


def decide(tx: Tx, batch: Batch, context: Sending, candidates: pa.Table) -> pa.Table:
    """Let candidates through the gate; queue those that may go, and leave a decision row for every one.

    A deferred candidate is not kept: the caller asks again at ``until``. A message id that is queued or sent already
    stays as it is. Queued messages that are less important than a candidate, and in whose place it goes, are taken
    back and leave another decision row.

    Args:
        candidates: message_id, profile_key, node_key, at (timestamp, UTC: the instant it is due), channel,
            template, purpose; journey, run, step, campaign, topic, variables (JSON text), priority (int64, the higher
            goes first) and contaminated (bool; true: left alone since the person has runs of both arms) where there
            are.

    Returns:
        ``candidates`` with decision (``send``, ``refuse``, ``defer``), reason, until (timestamp) and checks
        (JSON text), in their order.
    """
    rules = rules_of(context.catalog.settings)
    asked = _completed(candidates, context.catalog)
    people.ask_about(tx, asked["profile_key"])
    reached = people.reachable(tx, context.catalog, pc.unique(asked["medium"]).to_pylist())
    asked = sandboxes.marked(people.addressed(asked, reached), context.catalog)
    surveys = survey_asking.surveys_of(asked)
    asked = survey_asking.with_threads(asked, surveys)
    answer = gate(
        asked,
        consents=permissions(tx, asked, purposes_of(context.catalog), context.now),
        suppressed=people.suppressed(tx, asked),
        history=_history(tx, asked, rules),
        rules=rules,
        surveys=surveys,
        surveyed=survey_asking.surveyed(tx, asked, surveys, rules.survey_gap),
    )
    for name in ("decision", "reason", "until", "checks"):
        asked = asked.append_column(name, answer[name])
    _take_back(tx, batch, answer)
    for chosen, state in ((("decision", SEND), outbox.QUEUED), (("reason", "sandbox"), outbox.SANDBOXED)):
        going = asked.filter(pc.equal(asked[chosen[0]], chosen[1]))
        if going.num_rows:
            outbox.insert(tx, batch, people.with_address_nodes(tx, going), state)
            survey_asking.keep(tx, asked, surveys, going["message_id"])
    record_decisions(batch, asked)
    for name in ("decision", "reason", "until", "checks"):
        candidates = with_column(candidates, name, asked[name])
    return candidates


def _take_back(tx: Tx, batch: Batch, answer: pa.Table) -> None:
    """Cancel the queued messages whose place a candidate takes."""
    taking = answer.filter(pc.is_valid(answer["takes"])).select(["message_id", "takes"])
    if taking.num_rows == 0:
        return
    pairs = scratch("SELECT unnest(takes) AS loser, message_id AS winner FROM t ORDER BY 1", {"t": taking})
    lost = dict(python_rows(pairs))
    outbox.give_up(tx, batch, [(one, outbox.CANCELLED, f"outbid by {lost[one]}") for one in lost], batch.now)
    rows = outbox.of_ids(tx, pairs["loser"])
    found = [_outbid(lost[one]) for one in rows["message_id"].to_pylist()]
    told = {"decision": REFUSE, "reason": OUTBID}
    for name, value in told.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    rows = with_column(rows, "at", rows["at"].cast(TIMESTAMP))
    record_decisions(batch, rows.append_column("checks", pa.array(found, pa.string())))


def _outbid(winner: str) -> str:
    check = {"check": "frequency_cap", "passed": False, "found": f"outbid by {winner} while it was queued"}
    return json.dumps([check], separators=(",", ":"))


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


def _completed(candidates: pa.Table, catalog: Catalog) -> pa.Table:
    """Candidates with every column there is, their medium, and what is wrong with template or channel."""
    asked = candidates
    for name in _TEXTS:
        if name not in asked.column_names:
            asked = asked.append_column(name, pa.nulls(asked.num_rows, pa.string()))
    filled = pc.coalesce(asked["variables"].cast(pa.string()), pa.scalar("{}"))
    asked = with_column(asked, "variables", filled)
    if "priority" not in asked.column_names:
        asked = asked.append_column("priority", pa.repeat(pa.scalar(0, pa.int64()), asked.num_rows))
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
    most = pc.max(asked["priority"]).as_py() or 0
    rehearsing = pc.unique(asked["profile_key"].filter(pc.fill_null(asked["sandboxed"], False)))
    return people.history(tx, earliest, max(cap.longest for cap in rules.caps), most, rehearsing)
