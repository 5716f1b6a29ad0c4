"""Sending the e-mails of a rehearsal to whoever tests, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from foretell import deliver
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.ids import stable_id
from foretell.journey.rehearsing import Rehearsal


@dataclass(frozen=True)
class Posted:
    """What the channel said of one e-mail: see :class:`foretell.deliver.Receipt`."""

    step: str
    outcome: str
    error: str = ""


def send_rehearsed(engine: Engine, catalog: Catalog, told: Rehearsal, to: str, *, now: datetime) -> Sequence[Posted]:
    """Hand the e-mails of a rehearsal to their channels, addressed to ``to``; they stand in no ledger and no cap.

    Returns: one a message that could be rendered, in the order of the steps.
    """
    found: list[Posted] = []
    for place, step in enumerate(told.steps):
        message = step.message
        if message is None or message.error or message.medium != "email":
            continue
        outgoing = deliver.Outgoing(
            message_id=stable_id("t", told.journey, step.step, to, str(place), now.isoformat()),
            channel=message.channel, address=to, subject=f"[Test] {message.subject}", html=message.html,
            text=message.text, at=now,
        )  # fmt: skip
        (receipt,) = deliver.send_test(engine, catalog, message.channel, [outgoing], now=now)
        found.append(Posted(step.step, receipt.outcome, receipt.error))
    return found
