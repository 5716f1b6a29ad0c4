"""What steps that send have in common: their candidates at the gate, the documents they name, what may be wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from foretell import deliver
from foretell.definitions import Problem
from foretell.journey.steps.base import Foresight, StepContext, StepPlace


def candidates(
    context: StepContext | Foresight,
    asked: pa.Table,
    *,
    template: str,
    channel: str,
    purpose: str,
    topic: str | None,
    campaign: str | None,
    priority: int | None,
) -> pa.Table:
    """Candidates as :func:`foretell.deliver.decide` takes them, one a run.

    Args:
        asked: runs with ``message_id``; their ``variables`` are those of the message.
        campaign: default: the journey.
        priority: default: the journey's.
    """
    told: dict[str, Any] = {
        "channel": channel,
        "template": template,
        "purpose": purpose,
        "journey": context.journey,
        "step": context.step.key,
        "campaign": campaign or context.journey,
        "topic": topic,
    }
    rows = asked.select(["message_id", "profile_key", "node_key", "at", "run", "variables"])
    for name, value in told.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, pa.string()), rows.num_rows))
    chosen = context.priority if priority is None else priority
    return rows.append_column("priority", pa.repeat(pa.scalar(chosen, pa.int64()), rows.num_rows))


def documents_named(template: str, channel: str) -> Iterable[tuple[str, str]]:
    """The documents that a message needs."""
    yield ("template", template)
    # What has a development channel of its own needs no document.
    kinds = deliver.channel_kinds().values()
    if channel not in {kind.capabilities.medium for kind in kinds if kind.development}:
        yield ("channel", channel)


def misfits(place: StepPlace, field: str, template: str, channel: str) -> Iterable[Problem]:
    """A problem where the template has no text for the channel."""
    medium, why = deliver.obstacle(place.catalog, channel, template)
    if why == "unfit_template":
        message = f"the template {template!r} has no text for {medium}"
        yield place.problem(field, "UNFIT_TEMPLATE", message, "Write one in the template, or choose another channel.")
