"""The words of texts as themes and clouds count them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from foretell.listen.text.terms import MOST_TERMS, form, form_of, terms


def words(*texts: str) -> list[set[str]]:
    found = terms(pa.array(texts, pa.string())).to_pylist()
    return [{row["word"] for row in found if row["place"] == place} for place in range(len(texts))]


def test_words_and_pairs_next_to_each_other() -> None:
    assert words("Late deliveries! The delivery was late.", "customer service", "parcel. service", "") == [
        {"late", "delivery", "late delivery"}, {"customer", "service", "customer service"}, {"parcel", "service"},
        set(),
    ]  # fmt: skip


def test_masks_numbers_and_words_that_say_nothing_are_left_out() -> None:
    assert words("[name] ordered 12345 shoes from [link] on 2026-01-01, und das war nicht gut") == [{"shoe"}]


def test_a_text_without_end_has_an_end() -> None:
    (found,) = words(" ".join(f"word{chr(97 + n % 26)}{n}" for n in range(1_000)))
    assert len(found) == MOST_TERMS


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("Deliveries", "delivery"), ("too small", "small"), ("Delivery  time", "delivery time"), ("boxes", "box"),
        ("glass", "glass"), ("bus", "bus"), ("series", "sery"), ("customer's", "customer"), ("the", None),
        ("quality of service", None), ("a b c", None), ("!!", None), ("very long delivery", "long delivery"),
        ("42", None),
    ],
)  # fmt: skip
def test_words_as_people_write_them(written: str, counted: str | None) -> None:
    assert form_of(written) == counted


def test_one_and_many_are_one() -> None:
    assert {form(one) for one in ("parcel", "parcels", "parcel's")} == {"parcel"}
