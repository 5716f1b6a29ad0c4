"""Requests to systems of the company about a person: queued like messages, posted by a channel of kind webhook.

They need no consent, since nothing goes to the person; whoever is restricted, or has denied ``service`` over
``request``, is left out all the same, with a decision row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.deliver import channel_document, outbox
from foretell.deliver.channels.base import Outgoing
from foretell.deliver.deciding import Sending, record_decisions
from foretell.deliver.gate import REFUSE, SEND
from foretell.deliver.outbox import Queued
from foretell.deliver.permissions import permissions
from foretell.deliver.webhook_channel import REQUEST, WebhookSettings
from foretell.engine import Batch, Tx
from foretell.profile import purposes_of

MEDIUM, PURPOSE = "request", "service"
"""What requests are called in the ledger."""


def carries_requests(catalog: Catalog, channel: str) -> bool:
    """Whether the channel of that key posts requests: it is one of the kinds ``webhook``."""
    kind = channel_document.kind_of(catalog, channel)
    return kind is not None and issubclass(kind.settings, WebhookSettings)


def request(tx: Tx, batch: Batch, context: Sending, channel: str, rows: pa.Table) -> pa.Table:
    """Queue a request for each row; one that is queued already stays as it is.

    Args:
        channel: key of a channel that :func:`carries_requests`.
        rows: message_id (the ``Idempotency-Key``), profile_key, node_key, at (timestamp), data (JSON text: the body,
            beside ``id`` and ``at``); run, journey and step where there are.

    Returns:
        ``rows`` with decision and reason; each leaves a decision row.
    """
    count = rows.num_rows
    same = {"channel": channel, "medium": MEDIUM, "template": "", "purpose": PURPOSE}
    asked = rows
    for name, value in same.items():
        asked = asked.append_column(name, pa.repeat(pa.scalar(value, pa.string()), count))
    told = permissions(tx, asked, purposes_of(context.catalog), context.now)
    place = pc.index_in(asked["profile_key"], told["profile_key"].combine_chunks())
    allowed = pc.fill_null(told["allowed"].take(place), False)
    asked = asked.append_column("decision", pc.if_else(allowed, SEND, REFUSE))
    asked = asked.append_column("reason", pc.if_else(allowed, "ok", "no_consent"))
    record_decisions(batch, asked)
    going = asked.filter(pc.equal(asked["decision"], SEND))
    variables = pc.binary_join_element_wise('{"data": ', going["data"], "}", "")
    address = pc.binary_join_element_wise("person:", going["profile_key"].cast(pa.string()), "")
    going = going.append_column("variables", variables).append_column("address", address)
    outbox.insert(tx, batch, going.drop_columns(["data", "decision", "reason"]))
    return rows.append_column("decision", asked["decision"]).append_column("reason", asked["reason"])


def request_row(message: Queued) -> Outgoing:
    """The queued request as its channel is handed it."""
    known: Mapping[str, Any] = json.loads(message.variables)
    return Outgoing(
        message.message_id, message.channel, message.address, "", "", "", message.at, {}, {REQUEST: known["data"]}
    )
