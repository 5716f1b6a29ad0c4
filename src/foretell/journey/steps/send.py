"""``send``: a message by a template, through the send gate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from foretell import decide, deliver
from foretell.definitions import KeyText, Problem
from foretell.engine import Batch, Tx
from foretell.journey.candidates import candidates, documents_named, misfits
from foretell.journey.sends import message_ids, remember
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, StepPlace, moves


class SendStep(Step):
    """One message to the person; a refused one does not keep the run from going on."""

    send: KeyText = Field(description="Key of the template.")
    channel: KeyText = Field("email", description="Key of the channel, or its medium: email, sms, push, alert.")
    purpose: str = Field("marketing", min_length=1, description="Purpose for which consent must be there.")
    topic: str | None = Field(None, description="What it is about, for conditions and preferences.")
    campaign: str | None = Field(None, description="Campaign it counts for; default: the journey.")
    priority: int | None = Field(
        None,
        ge=-1_000_000,
        le=1_000_000,
        description="Where messages compete for the same cap, the higher goes; default: the journey's.",
    )
    contaminated: Literal["leave_out", "send"] = Field(
        "send",
        description="leave_out: who has runs of both arms, since two people turned out to be one, is left alone.",
    )

    @property
    def template(self) -> str:
        """Key of the template."""
        return self.send


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, SendStep)
    asked = message_ids(tx, runs, step.key)
    rows = _candidates(context, step, asked)
    if step.contaminated == "leave_out":
        mixed = decide.contaminated(tx, f"journey:{context.journey}", rows["profile_key"])
        rows = rows.append_column("contaminated", pc.is_in(rows["profile_key"], mixed))
    decided = deliver.decide(tx, batch, deliver.Sending(context.catalog, context.now), rows)
    decided = decided.select(["message_id", "decision", "reason", "until"])
    place = pc.index_in(asked["message_id"], decided["message_id"].combine_chunks())
    answer = decided.take(place)
    for name in ("decision", "reason"):
        asked = asked.append_column(name, answer[name])
    deferred = pc.equal(answer["decision"], "defer")
    remember(tx, step.key, asked.filter(pc.invert(deferred)))
    return _decided(context, runs, answer)


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, SendStep)
    asked = runs.append_column("message_id", runs["run"])
    return _decided(context, runs, context.send(_candidates(context, step, asked).append_column("row", runs["row"])))


def _decided(context: StepContext | Foresight, runs: pa.Table, answer: pa.Table) -> pa.Table:
    """Where runs go after what the gate said, ``answer`` in their order."""
    deferred = pc.equal(answer["decision"], "defer")
    outcome = pc.if_else(
        pc.equal(answer["decision"], "send"),
        "sent",
        pc.binary_join_element_wise(pc.if_else(deferred, "deferred", "refused"), answer["reason"], ": "),
    )
    return moves(
        runs,
        outcome,
        pc.if_else(deferred, context.step.key, pa.scalar(context.following, pa.string())),
        pc.if_else(deferred, answer["until"], runs["at"]),
    )


def _candidates(context: StepContext | Foresight, step: SendStep, asked: pa.Table) -> pa.Table:
    return candidates(
        context, asked, template=step.send, channel=step.channel, purpose=step.purpose, topic=step.topic,
        campaign=step.campaign, priority=step.priority,
    )  # fmt: skip


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, SendStep)
    return documents_named(step.send, step.channel)


def _check(place: StepPlace) -> Iterable[Problem]:
    assert isinstance(place.step, SendStep)
    return misfits(place, "send", place.step.send, place.step.channel)


KIND = StepKind("send", SendStep, _advance, _check, refers=_refers, sends=True, foresee=_foresee)
