"""The catalogue as texts read it: ``catalogue['sku-1']``, ``products | where: 'category', 'shoes'``.

Which products a text asks for is known only while it is rendered. So what is not there yet is noted, fetched for all
messages of a batch at once, and those messages are rendered once more (:mod:`foretell.deliver.rendering`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from foretell import collect
from foretell.clock import micros, utc
from foretell.engine import Analytics
from foretell.money import from_micro, minor_digits

NO_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when a shelf of no messages reads."""
MOST_LISTED = 100
"""So many products at most of one ``where``."""
_FIELDS = ("product_id", "sku", "name", "category", "brand", "variant", "url", "image_url")
LISTED_BY = ("category", "brand", "sku", "variant", "name")


@dataclass
class Shelf:
    """The products that texts of one batch have asked for, and those they still ask for.

    Args:
        until: no message is due later (UTC).
    """

    currency: str
    until: datetime
    wanted: set[str] = field(default_factory=set)
    wanted_lists: set[tuple[str, str]] = field(default_factory=set)
    _versions: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    _lists: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    asked: int = 0
    """How often something was asked for that was not there."""

    def fetch(self, analytics: Analytics) -> None:
        """Get what is asked for: two queries at most, whatever the number of messages and products."""
        for pair in self.wanted_lists:
            self._lists[pair] = []
        by_field: dict[str, list[str]] = {}
        for name, value in sorted(self.wanted_lists):
            by_field.setdefault(name, []).append(value)
        for name, values in by_field.items():
            found = collect.products_listed(analytics, name, values, as_of=self.until, most=MOST_LISTED)
            for value, product_id in zip(found["value"].to_pylist(), found["product_id"].to_pylist(), strict=True):
                self._lists[name, value].append(product_id)
                if product_id not in self._versions:
                    self.wanted.add(product_id)
        ids = sorted(self.wanted)
        for product_id in ids:
            self._versions[product_id] = []
        if ids:
            for row in collect.product_versions(analytics, pa.array(ids, pa.string())).to_pylist():
                self._versions[row["product_id"]].append((micros(utc(row["ts"])), product_value(row, self.currency)))
        self.wanted.clear()
        self.wanted_lists.clear()

    def product(self, product_id: str, at: int) -> dict[str, Any] | None:
        """A product as it was known to be at an instant (µs); None where it was not, or is still to be fetched."""
        versions = self._versions.get(product_id)
        if versions is None:
            self.wanted.add(product_id)
            self.asked += 1
            return None
        place = bisect_right(versions, at, key=lambda one: one[0])
        return versions[place - 1][1] if place else None

    def listed(self, name: str, value: str, at: int) -> list[dict[str, Any]]:
        """Products with such a value, those that changed last first."""
        ids = self._lists.get((name, value))
        if ids is None:
            self.wanted_lists.add((name, value))
            self.asked += 1
            return []
        found = (self.product(one, at) for one in ids)
        return [one for one in found if one is not None and one[name] == value]


def product_value(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A product as texts read it; its price as text with the decimals of the currency."""
    price = row["price_micro"]
    shown = None if price is None else f"{from_micro(price):.{minor_digits(currency)}f}"
    return {**{name: row.get(name) for name in _FIELDS}, "price": shown, "currency": currency}


class Catalogue(Mapping[str, Any]):
    """``catalogue`` of one message: products by their id."""

    def __init__(self, shelf: Shelf, at: datetime) -> None:
        self._shelf, self._at = shelf, micros(at)

    def __getitem__(self, key: object) -> dict[str, Any] | None:
        return None if key is None or key == "" else self._shelf.product(str(key), self._at)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1  # never empty: a text may ask whether there is a catalogue


class Products:
    """``products`` of one message: ``where`` says which."""

    def __init__(self, shelf: Shelf, at: datetime) -> None:
        self._shelf, self._at = shelf, micros(at)

    def where(self, name: str, value: str) -> list[dict[str, Any]]:
        """Products with such a value."""
        return self._shelf.listed(name, value, self._at) if name in LISTED_BY else []

    def __str__(self) -> str:
        return ""
