"""Reads the heads that speak of the person beside what they did: ``persona near context bucket``."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from foretell.condition import checks, literals
from foretell.condition.faults import Faults
from foretell.condition.nodes import Bucket, Check, Context, Near, Path, Persona
from foretell.definitions import described

Raw = Mapping[str, Any]
_POINT = ("trait", "lat", "lon", "km")
_BOUNDS = {"lat": (-90, 90), "lon": (-180, 180), "km": (0, 40_000)}


def persona(raw: Raw, head: str, path: Path, faults: Faults) -> Persona:
    """``{persona: loyal}``."""
    return Persona(literals.key(raw, head, path, faults), path)


def near(raw: Raw, head: str, path: Path, faults: Faults) -> Near | None:
    """``{near: {trait: address, lat: 33.7, lon: -84.4, km: 25}}``."""
    point, place = raw[head], (*path, head)
    missing = [name for name in _POINT if name not in point] if isinstance(point, Mapping) else list(_POINT)
    if missing:
        what = (
            f"{described(point)} is no place" if not isinstance(point, Mapping) else f"{head!r} has no {missing[0]!r}"
        )
        faults.add(place, "BAD_VALUE", what, "Write near: {trait: address, lat: 33.7, lon: -84.4, km: 25}.")
        return None
    faults.unknown_keys(point, place, _POINT, head)
    latitude, longitude, km = (_bounded(point[name], name, place, faults) for name in _POINT[1:])
    return Near(literals.key(point, "trait", place, faults), latitude, longitude, km, path)


def _bounded(raw: object, name: str, place: Path, faults: Faults) -> Decimal:
    found = literals.number(raw, (*place, name), faults)
    if found is None:
        return Decimal(0)
    low, high = _BOUNDS[name]
    if not low <= found <= high or (name == "km" and found == 0):
        said = f"{found:f} is no {'distance' if name == 'km' else 'coordinate'}"
        faults.add((*place, name), "BAD_NUMBER", said, f"Write a number from {low} to {high}.")
    return found


def context(raw: Raw, head: str, path: Path, faults: Faults) -> Context | None:
    """``{context: page.path, contains: /category/shoes}``."""
    tests = {key: raw[key] for key in raw if key in checks.VALUE_TESTS}
    if not tests:
        said = f"the context {raw[head]!r} is held against nothing"
        faults.add((*path, head), "MISSING_TEST", said, "Add a test, e.g. contains: /category/shoes.")
        return None
    return Context(literals.key(raw, head, path, faults), checks.value_test(tests, path, faults), path)


def bucket(raw: Raw, head: str, path: Path, faults: Faults) -> Bucket | None:
    """``{bucket: spring26, lt: 20%}``."""
    tests = {key: raw[key] for key in raw if key in checks.ORDER_TESTS}
    if not tests:
        said = f"the bucket {raw[head]!r} is held against nothing"
        faults.add((*path, head), "MISSING_TEST", said, "Add a test, e.g. lt: 20%.")
        return None
    test = checks.share_test(tests, path, faults)
    for check in test:
        _within_one(check, path, faults)
    return Bucket(literals.key(raw, head, path, faults), test, path)


def _within_one(check: Check, path: Path, faults: Faults) -> None:
    shares = [operand for operand in check.operands if isinstance(operand, Decimal)]
    if any(not 0 <= share <= 1 for share in shares):
        said = "a bucket holds shares from 0% to 100%"
        faults.add((*path, check.name), "BAD_NUMBER", said, "Write a share such as 20%.")
