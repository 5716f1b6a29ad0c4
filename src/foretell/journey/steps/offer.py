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
from foretell.definitions import KeyText, Problem
from foretell.engine import Batch, Tx
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, StepPlace, moves
from foretell.journey.texts import filled, value_problems


class OfferStep(Step):
    """Issues an offer's code, unique to the run; templates know it as ``offer.code``."""

    offer: KeyText = Field(description="Key of the offer.")
    product: str | None = Field(
        None, description="What it is for, the same in every channel; may be Liquid: {{ event.product_id }}."
    )


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, OfferStep)
    document = context.catalog.get("offer", step.offer)
    issued = decide.issue_codes(tx, batch, document, runs.select(["run", "profile_key", "node_key", "at"]))
    products: list[str | None] = [None] * runs.num_rows
    outcome: pa.Array | str = "issued"
    if step.product is not None:
        found = filled(tx, context.catalog, context.journey, step.key, runs, {"product": step.product})
        products = [None if row is None or row["product"] in ("", None) else str(row["product"]) for row in found.rows]
        outcome = found.outcome("issued")
    told = (runs["variables"], issued["code"], issued["expires_at"])
    variables = [
        json.dumps({**json.loads(known), **_told(step.offer, code, utc(ends), context.zone, product)}, sort_keys=True)
        for known, code, ends, product in zip(*(column.to_pylist() for column in told), products, strict=True)
    ]
    return moves(runs, outcome, context.following, variables=pa.array(variables, pa.string()))


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    return moves(runs, "issued", context.following)


def _told(offer: str, code: str, expires_at: datetime, zone: ZoneInfo, product: str | None) -> dict[str, str | None]:
    """What templates know of the code; the last day on which it counts, as people read it."""
    last = expires_at.astimezone(zone)
    told = {"offer": offer, "offer_code": code, "offer_expires": f"{last.day} {last:%B %Y}", "offer_product": product}
    return {**told, "offer_expires_at": expires_at.isoformat()}


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, OfferStep)
    return (("offer", step.offer),)


def _check(place: StepPlace) -> Iterable[Problem]:
    assert isinstance(place.step, OfferStep)
    yield from value_problems(place, "product", {"product": place.step.product})


KIND = StepKind(
    "offer",
    OfferStep,
    _advance,
    _check,
    refers=_refers,
    reads=True,
    foresee=_foresee,
    unforeseen="who would have redeemed a code is not known, and what a code takes off is no cost here",
)
