"""Events as compact records: one fixed record a row, whatever the kind of event."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.demo.shop.draws import Bools, Ints

Records = npt.NDArray[np.void]

ROW = np.dtype([
    ("person", "i4"), ("ts", "i8"), ("kind", "i1"), ("device", "i1"), ("known", "?"),
    ("product", "i2"), ("product_2", "i2"), ("product_3", "i2"),
    ("quantity", "i1"), ("quantity_2", "i1"), ("quantity_3", "i1"),
    ("amount_minor", "i4"), ("discount_minor", "i4"), ("number", "i8"), ("choice", "i2"), ("score", "i2"),
    ("coupon", "i4"),
])  # fmt: skip
"""``ts`` in microseconds since 1970; ``device`` -1 where no browser takes part; ``known`` where the user id
goes along; what a kind does not have is -1. ``coupon`` is a position in the world's list of codes."""
ENGAGEMENT = np.dtype(
    [("message", "i8"), ("ts", "i8"), ("kind", "i1"), ("link", "i1"), ("measure", "i1"), ("score", "i1"),
     ("words", "i2")]
)  # fmt: skip
"""``message``: position in the world's list of message ids; ``link``: -1 none, 0 the call to action; of answers the
``measure``, the ``score``, and the position of what is written beside it; of a reply to a call what is said."""
ENGAGEMENT_KINDS = ("open", "machine_open", "click", "unsubscribe", "reply", "spam", "scan", "answer")

KINDS = (
    ("identify", "Identify"),
    ("page", "Page Viewed"),
    ("track", "Products Searched"),
    ("track", "Product Viewed"),
    ("track", "Product Added"),
    ("track", "Checkout Started"),
    ("track", "Order Completed"),
    ("track", "Order Shipped"),
    ("track", "Order Delivered"),
    ("track", "Order Refunded"),
    ("track", "Ticket Opened"),
    ("track", "Ticket Solved"),
    ("track", "Survey Answered"),
    ("track", "Subscription Started"),
    ("track", "Subscription Renewed"),
    ("track", "Subscription Cancelled"),
    ("track", "Consent Updated"),
    ("track", "Email Delivered"),
    ("track", "Email Opened"),
    ("track", "Email Link Clicked"),
    ("track", "Survey Sent"),
    ("track", "Product Reviewed"),
)
"""Type and event, by kind."""
NUMBER = {event: number for number, (_, event) in enumerate(KINDS)}


def records(dtype: np.dtype[Any], height: int, **fields: Any) -> Records:
    """``height`` records of ``dtype`` with ``fields``; the others are -1 (false)."""
    found: Records = np.empty(height, dtype)
    found[...] = _empty(dtype)
    for name, values in fields.items():
        found[name] = values
    return found


@cache
def _empty(dtype: np.dtype[Any]) -> Records:
    empty: Records = np.array(tuple(dtype[name].kind != "b" and -1 for name in dtype.names or ()), dtype)
    return empty


def together(parts: Sequence[Records], dtype: np.dtype[Any]) -> Records:
    """Records one after the other; much quicker than numpy's own way where there are many small parts."""
    ends = np.cumsum([0, *map(len, parts)])
    found: Records = np.empty(ends[-1], dtype)
    for part, start, end in zip(parts, ends, ends[1:], strict=False):
        found[start:end] = part
    return found


class Pending:
    """Records that are known but not yet due."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._waiting: list[Records] = []

    def add(self, height: int, **fields: Any) -> None:
        """Add records; see :func:`records`."""
        if height:
            self._waiting.append(records(self._dtype, height, **fields))

    def put(self, event: str, chosen: Bools, **fields: Any) -> None:
        """Add an event for those who are ``chosen``; every field is a value or has one for each."""
        height = int(np.count_nonzero(chosen))
        if height:
            own = {name: value[chosen] if isinstance(value, np.ndarray) else value for name, value in fields.items()}
            self.add(height, kind=NUMBER[event], **own)

    def due(self, until: int) -> Records:
        """Take what happens before ``until`` (microseconds), in no order."""
        waiting = together(self._waiting, self._dtype)
        early = waiting["ts"] < until
        self._waiting = [waiting[~early]]
        found: Records = waiting[early]
        return found


def ordered(rows: Records) -> Records:
    """Rows by time; those of one instant in an order that is always the same."""
    sorting = np.lexsort((rows["choice"], rows["product"], rows["kind"], rows["person"], rows["ts"]))
    found: Records = rows[sorting]
    return found


def event_table(rows: Records, coupons: list[str]) -> pa.Table:
    """Rows as an Arrow table: their columns, ``message_id``, ``type`` and ``event``.

    ``ts`` is a timestamp in microseconds, UTC without a zone; ``coupon`` is the code's text.
    """
    columns: dict[str, Any] = {str(name): np.ascontiguousarray(rows[name]) for name in ROW.names or ()}
    kinds = pa.array(columns["kind"])
    codes = np.where(columns["coupon"] < 0, None, columns["coupon"].astype(object)) if coupons else None
    columns["ts"] = pa.array(columns["ts"]).cast(pa.timestamp("us"))
    height = len(rows)
    columns["coupon"] = (
        pa.nulls(height, pa.string())
        if codes is None
        else pa.array(coupons, pa.string()).take(pa.array(codes, pa.int32()))
    )
    named = {
        "message_id": _message_ids(rows),
        "type": pa.DictionaryArray.from_arrays(kinds, pa.array([kind for kind, _ in KINDS])),
        "event": pa.DictionaryArray.from_arrays(kinds, pa.array([event for _, event in KINDS])),
    }
    return pa.table({**named, **columns})


def _message_ids(rows: Records) -> pa.Array:
    """One each, from what happened to whom and when."""
    mixed = np.zeros(len(rows), np.uint64)
    for name in ("person", "ts", "kind", "choice", "product"):
        mixed = (mixed ^ rows[name].astype(np.int64).astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
    return pc.binary_join_element_wise("e", pa.array(mixed).cast(pa.string()), "")


def session_rank(person: Ints) -> Ints:
    """0 for the first occurrence of each person, 1 for the second, and so on."""
    order = np.argsort(person, kind="stable")
    sorted_people = person[order]
    starts = np.flatnonzero(np.r_[True, sorted_people[1:] != sorted_people[:-1]]) if len(person) else np.empty(0, int)
    sizes = np.diff(np.r_[starts, len(person)])
    rank = np.empty(len(person), np.int64)
    rank[order] = np.arange(len(person)) - np.repeat(starts, sizes)
    return rank
