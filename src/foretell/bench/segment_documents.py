"""The hundred segments of the rivals as documents of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_PATH = re.compile(r"path LIKE '(.+)%'")
_EVENT = re.compile(r"event = '(\w+)'")
_CATEGORY = re.compile(r"category = '(\w+)'")
_DEVICE = re.compile(r"device = '(\w+)'")
_REVENUE = re.compile(r"revenue > (\d+)")
PAGES = ["page_view", "product_list_viewed"]
"""The events that have a path."""


def documents(segments: Sequence[tuple[str, int, int]]) -> list[dict[str, Any]]:
    """Segment documents that mean the same as the rivals' predicates: ``s000`` and on, in their order.

    Args:
        segments: predicate in SQL, window in days, at least so many times.
    """
    return [
        {"kind": "segment", "key": f"s{place:03d}", "spec": {"condition": _condition(*one), "of": "all"}}
        for place, one in enumerate(segments)
    ]


def written(made: Sequence[Mapping[str, object]]) -> str:
    """Documents as the text of one file."""
    return "\n---\n".join(json.dumps(one) for one in made)


def _condition(predicate: str, days: int, times: int) -> dict[str, Any]:
    event = _EVENT.search(predicate)
    where: dict[str, Any] = {}
    if path := _PATH.search(predicate):
        where["path"] = {"starts_with": path[1]}
    if category := _CATEGORY.search(predicate):
        where["category"] = category[1]
    if device := _DEVICE.search(predicate):
        where["device"] = device[1]
    if revenue := _REVENUE.search(predicate):
        where["revenue"] = {"gt": int(revenue[1])}
    made = {"did": event[1] if event else {"in": PAGES}, "times": {"gte": times}, "within": f"{days}d"}
    return made | ({"where": where} if where else {})
