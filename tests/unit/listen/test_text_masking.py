"""Personal data in texts are masked: by form, by check digits, by what the profile says."""

from __future__ import annotations

import pyarrow as pa
import pytest

from foretell.listen import text

CASES = [
    ("Write to ann.lee+shop@example.co.uk please", "Write to [e-mail] please"),
    ("mail: ANN (at) example.org!", "mail: [e-mail]!"),
    ("see https://example.org/a?token=abc123 or www.example.org/x.", "see [link] or [link]."),
    ("my account DE89 3704 0044 0532 0130 00 was charged", "my account [account number] was charged"),
    ("card 4111 1111 1111 1111 declined", "card [card number] declined"),
    ("card 4111 1111 1111 1112 declined", "card [number] declined"),
    ("call me on +44 20 7946 0958 today", "call me on [phone number] today"),
    ("call 030 90182000 today", "call [phone number] today"),
    ("order #1234567 and ORD-88123 are late", "order [number] and [number] are late"),
    ("kundennr123456 and order12345678", "kundennr[number] and order[number]"),
    ("الطلب ١٢٣٤٥٦٧ متأخر", "الطلب [number] متأخر"),
    ("I waited 3 days and paid 49.99 for 2 items in 2026", "I waited 3 days and paid 49.99 for 2 items in 2026"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "shown"), CASES)
def test_what_is_masked(written: str, shown: str) -> None:
    assert text.mask(pa.array([written]), region="DE").to_pylist() == [shown]


def test_all_at_once_are_masked_as_each_alone() -> None:
    every = text.mask(pa.array([written for written, _ in CASES] + [None]), region="DE").to_pylist()
    assert every == [shown for _, shown in CASES] + [None]


def test_names_of_the_person_are_masked_and_those_of_nobody_are_not() -> None:
    written = pa.array(["Best wishes, Ann Lee, Lee Ann", "ANN's parcel", "An annual plan", "Ann is fine", None])
    names = pa.table({"place": [0, 0, 1, 2, 4], "name": ["Ann", "Ann Lee", "Ann", "Ann", "Ann"]})
    assert text.mask(written, names).to_pylist() == [
        "Best wishes, [name], [name] [name]", "[name]'s parcel", "An annual plan", "Ann is fine", None,
    ]  # fmt: skip


def test_a_name_is_found_however_its_signs_are_written() -> None:
    written = pa.array(["I am Mary O'Brien", "José was here"])
    names = pa.table({"place": [0, 1], "name": ["O\u2019Brien", "Jose\u0301"]})
    assert text.mask(written, names).to_pylist() == ["I am Mary [name]", "[name] was here"]


@pytest.mark.parametrize("name", ["A.*", "(", "\\", "O'Brien", "[a-z]", "x" * 500, "", " ", "J", "Müller-Lüdenscheidt"])
def test_a_name_of_any_shape_masks_itself_alone(name: str) -> None:
    names = pa.table({"place": [0], "name": [name]})
    shown = text.mask(pa.array([f"I am {name} and well"]), names).to_pylist()[0]
    assert shown.startswith("I am ")
    assert shown.endswith(" and well")
    if len(name.strip()) > 1:
        assert name not in shown


def test_a_number_that_goes_on_is_masked_whole_and_fast() -> None:
    shown = text.mask(pa.array(["9" * 5_000, "1-" * 2_000, "a@" * 2_000, "www." * 1_000])).to_pylist()
    assert "9" * 31 not in shown[0]
