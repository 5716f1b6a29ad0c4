"""Columns of compact events as texts, for putting JSON lines together without a loop over rows."""

from __future__ import annotations

import re
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.demo.shop.catalogue import Catalogue
from foretell.demo.shop.draws import Bools, Ints

Text: TypeAlias = "str | pa.Array"
_WIDE = pa.large_string()
_CENTS = pa.array([f".{cents:02d}" for cents in range(100)], _WIDE)


def joined(parts: list[Text]) -> pa.Array:
    """Texts one after the other, row by row; a column where one of them is."""
    wide = [pa.scalar(part, _WIDE) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*wide, pa.scalar("", _WIDE))


def when(chosen: Bools, parts: list[Text]) -> pa.Array:
    """The texts where ``chosen``, else nothing."""
    return pc.if_else(pa.array(chosen), joined(parts), pa.scalar("", _WIDE))


class Sheet:
    """The rows of one kind of event.

    Args:
        events: columns of ``ROW``, ``message_id`` and the text ``coupon``.
        identities: how people are known, by number.
    """

    def __init__(self, events: pa.Table, catalogue: Catalogue, identities: pa.Table) -> None:
        self._events, self._catalogue, self._identities = events, catalogue, identities
        self._person = pa.array(events["person"].to_numpy())

    def column(self, name: str) -> pa.Array:
        """A text column; nothing where it is null."""
        return pc.fill_null(self._events[name].combine_chunks().cast(_WIDE), "")

    def numbers(self, name: str) -> Ints:
        """A number column."""
        found: Ints = self._events[name].to_numpy().astype(np.int64)
        return found

    def flags(self, name: str) -> Bools:
        """A column of yes and no."""
        found: Bools = self._events[name].to_numpy().astype(np.bool_)
        return found

    def integer(self, values: str | Ints) -> pa.Array:
        """Whole numbers in digits."""
        numbers = self.numbers(values) if isinstance(values, str) else values
        return pa.array(numbers).cast(_WIDE)

    def money(self, values: str | Ints) -> pa.Array:
        """Cents as units with two digits."""
        minor = self.numbers(values) if isinstance(values, str) else values
        return joined([pa.array(minor // 100).cast(_WIDE), _CENTS.take(pa.array(minor % 100))])

    def instant(self, name: str) -> pa.Array:
        """ISO 8601 with milliseconds, UTC."""
        texts = self._events[name].combine_chunks().cast(pa.timestamp("ms"), safe=False).cast(pa.string())
        return joined([pc.binary_replace_slice(texts, 10, 11, "T").cast(_WIDE), "Z"])

    def looked_up(self, words: pa.Array, places: str | Ints) -> pa.Array:
        """Words by position; nothing for a position that is none of theirs."""
        found = self.numbers(places) if isinstance(places, str) else places
        return pa.concat_arrays([words.cast(_WIDE), pa.array([""], _WIDE)]).take(
            pa.array(np.where((found < 0) | (found >= len(words)), len(words), found))
        )

    def identity(self, name: str) -> pa.Array:
        """How the row's person is known."""
        return self._identities[name].combine_chunks().take(self._person).cast(_WIDE)

    def flags_of_person(self, name: str) -> Bools:
        """What is so of the row's person."""
        found: Bools = self._identities[name].combine_chunks().take(self._person).to_numpy(zero_copy_only=False)
        return found

    def anonymous(self, device: Ints) -> pa.Array:
        """The browser's id."""
        columns = [self.identity(f"anonymous_{number}") for number in range(3)]
        return pc.choose(pa.array(np.maximum(device, 0)), *columns)

    def product(self, suffix: str = "") -> pa.Array:
        """The inside of a JSON object: the product with its list price."""
        return self.looked_up(self._catalogue.fragments, "product" + suffix)

    def products(self, suffixes: tuple[str, ...]) -> pa.Array:
        """The inside of a JSON array: the lines of an order."""
        parts: list[Text] = []
        for suffix in suffixes:
            line = [
                ("," if suffix else "") + "{",
                self.product(suffix),
                ',"quantity":',
                self.integer("quantity" + suffix),
                "}",
            ]
            parts.append(when(self.numbers("product" + suffix) >= 0, line))
        return joined(parts)


def slug(text: str) -> str:
    """A text as part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
