"""Under which terms a survey asks: consent, sample, rest, reminders; and what a message tells of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.clock import Duration
from foretell.definitions import Catalog
from foretell.ids import text_keys, unit_intervals
from foretell.listen import surveys

MARKETING = "marketing"
"""The purpose of invitations where the document names none."""
LEFT_OUT = json.dumps(
    [{"check": "sample", "passed": False, "found": "not among those whom the survey asks"}], separators=(",", ":")
)
"""The checks of the decision row of somebody who is not in a survey's sample."""
_ABOUT = ("order_id", "agent", "ticket_id")
_PRODUCT = ("product_id", "sku", "id")


@dataclass(frozen=True)
class Terms:
    """What a survey's document says of asking.

    Args:
        purpose: of consent, without its channel.
        sample: share of people who are asked.
        again_after: for so long nobody is asked by it a second time.
        reminders: so long after the invitation each.
        closed: nobody is asked any more.
    """

    survey: str
    purpose: str
    touchpoint: str | None
    sample: float
    again_after: timedelta
    reminders: tuple[timedelta, ...]
    anonymous: bool
    closed: bool = False


def terms_of(catalog: Catalog, key: str) -> Terms:
    """The terms of a survey; raises ``UNKNOWN_DEFINITION``."""
    spec = surveys.spec_of(catalog.get("survey", key))
    return Terms(
        key,
        (spec.purpose or MARKETING).rpartition(".")[2],
        spec.touchpoint,
        1.0 if spec.sample is None else float(spec.sample),
        length_of(spec.again_after),
        tuple(sorted(length_of(one.after) for one in spec.reminders)),
        spec.anonymous,
        spec.closed,
    )


def length_of(text: str | None) -> timedelta:
    """A duration as a length; a month counts as 30.4375 days. Nothing: no time."""
    return timedelta(0) if text is None else timedelta(days=Duration.parse(text).days)


def in_sample(survey: str, share: float, profile_ids: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Who is asked by a survey that asks a share of people: always the same, by a hash of person and survey."""
    if share >= 1.0 or not profile_ids:
        return np.ones(len(profile_ids), bool)
    drawn = unit_intervals(f"survey:{survey}", text_keys(list(profile_ids)))
    inside: npt.NDArray[np.bool_] = drawn < share
    return inside


def about(event: Mapping[str, Any]) -> dict[str, str]:
    """What an event that led to a survey is about: ``order_id product_id product_name agent ticket_id``, those it has.

    Of an order with several products it is the first.
    """
    lines = event.get("products")
    line = lines[0] if isinstance(lines, list) and lines and isinstance(lines[0], Mapping) else event
    told = {name: event.get(name) for name in _ABOUT}
    told["product_id"] = next((line[name] for name in _PRODUCT if line.get(name)), None)
    if told["product_id"] is not None:
        told["product_name"] = line.get("name")
    return {name: str(value) for name, value in told.items() if isinstance(value, str | int) and str(value)}


def carried(
    terms: Terms, about: Mapping[str, str], *, touchpoint: str | None = None, thread: str = "", reminder: int = 0
) -> dict[str, Any]:
    """What a message's variables say of a survey, under ``deliver.CARRIED``.

    Args:
        touchpoint: instead of the survey's own.
        thread: id of the invitation; reminder: number of the message behind it.
    """
    told = {
        "survey": terms.survey,
        "again_us": terms.again_after // timedelta(microseconds=1),
        "touchpoint": touchpoint or terms.touchpoint,
        "thread": thread or None,
        "reminder": reminder,
        **about,
    }
    return {name: value for name, value in told.items() if value is not None}
