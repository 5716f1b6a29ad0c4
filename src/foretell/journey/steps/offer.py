"""``offer``: one code a run, for the messages and audiences that follow."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import Field

from foretell import decide
from foretell.clock import utc
from foretell.definitions import KeyText
from foretell.engine import Batch, Tx
from foretell.journey.steps.base import Step, StepContext, StepKind, moves


class OfferStep(Step):
    """Issues an offer's code, unique to the run; templates know it as ``offer.code``."""

    offer: KeyText = Field(description="Key of the offer.")


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, OfferStep)
    document = context.catalog.get("offer", step.offer)
    issued = decide.issue_codes(tx, batch, document, runs.select(["run", "profile_key", "node_key", "at"]))
    rows = zip(runs["variables"].to_pylist(), issued["code"].to_pylist(), issued["expires_at"].to_pylist(), strict=True)
    variables = [
        json.dumps({**json.loads(known), **_told(step.offer, code, utc(ends), context.zone)}, sort_keys=True)
        for known, code, ends in rows
    ]
    return moves(runs, "issued", context.following, variables=pa.array(variables, pa.string()))


def _told(offer: str, code: str, expires_at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """What templates know of the code; the last day on which it counts, as people read it."""
    last = expires_at.astimezone(zone)
    return {"offer": offer, "offer_code": code, "offer_expires": f"{last.day} {last:%B %Y}"}


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, OfferStep)
    return (("offer", step.offer),)


KIND = StepKind("offer", OfferStep, _advance, refers=_refers)
