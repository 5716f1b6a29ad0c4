"""What goes wrong on the way from a shop: a few events that come a second time, broken.

The world knows nothing of it, and nobody in it acts otherwise. Every broken copy is put aside, by the tracking plan or
because it cannot be read, so that orders and people are as they would be without. Which events it befalls, the hash in
their message id says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.demo.shop import WorldStep


@dataclass(frozen=True)
class Slip:
    """A mistake of a sender.

    Args:
        event: in copies of which it is.
        one_of: how many events there are for each copy.
        found, instead: what is written wrong (regular expression, and what stands there).
    """

    event: str
    one_of: int
    found: str
    instead: str


SLIPS = (
    Slip("Product Viewed", 500, r'"price":([0-9.]+)', r'"price":"\1 EUR"'),
    Slip("Order Completed", 150, r'"order_id":"[^"]*",', ""),
    Slip("Identify", 90, r'("traits":\{.*"email":"[^"@]*)@', r"\1 at "),
    Slip("Page Viewed", 2_000, r',"(userId|anonymousId)":"[^"]*"', ""),
    Slip("Products Searched", 600, r'("context".{40}).*', r"\1"),
)
NEW_SINCE = timedelta(hours=20)
"""So long before the end the pages begin to send a property that the plan does not know."""
NEW_EVENT, NEW_PROPERTY = "Product Viewed", '"app_version":"4.2.0",'


def lines_of(step: WorldStep, end: datetime | None = None) -> bytes:
    """The events of a step as JSON lines, with the broken copies.

    Args:
        end: when what is played ends.
    """
    told = step.lines() if end is None else _with_the_new_property(step, end)
    return told + b"".join(_copies(step))


def _copies(step: WorldStep) -> Iterator[bytes]:
    events, ids = step.events, step.events["message_id"]
    if not events.num_rows:
        return
    drawn = pc.utf8_slice_codeunits(ids, 1).cast(pa.uint64()).to_numpy()
    for number, slip in enumerate(SLIPS):
        mine = pc.equal(events["event"].cast(pa.string()), slip.event).to_numpy() & (drawn % slip.one_of == number)
        if mine.any():
            lines = _texts(step.wording.lines(events.take(pa.array(np.flatnonzero(mine)))))
            again = pc.replace_substring(lines, pattern='"messageId":"', replacement='"messageId":"again-')
            yield _joined(pc.replace_substring_regex(again, pattern=slip.found, replacement=slip.instead))


def _with_the_new_property(step: WorldStep, end: datetime) -> bytes:
    events = step.events
    late = pc.greater(events["ts"], pa.scalar(naive_utc(end - NEW_SINCE), events["ts"].type))
    chosen = pc.and_(late, pc.equal(events["event"].cast(pa.string()), NEW_EVENT))
    if not pc.any(chosen).as_py():
        return step.lines()
    lines = _texts(step.lines())
    place = '"properties":{'
    added = pc.replace_substring(lines, pattern=place, replacement=place + NEW_PROPERTY, max_replacements=1)
    return _joined(pc.if_else(chosen.combine_chunks(), added, lines))


def _texts(lines: bytes) -> pa.Array:
    return pa.array(lines.decode().split("\n")[:-1], pa.large_string())


def _joined(lines: pa.Array) -> bytes:
    return "".join(f"{line}\n" for line in lines.to_pylist()).encode()
