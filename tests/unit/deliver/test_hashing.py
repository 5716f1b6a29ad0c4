"""Identifiers in the forms that platforms compare: documented examples, and what documented rules make of others."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow as pa
import pytest

from foretell.deliver.hashing import hashed


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def forms(**person: Any) -> dict[str, str]:
    table = pa.table({name: pa.array([value], pa.string()) for name, value in person.items()})
    (text,) = hashed(table).to_pylist()
    found: dict[str, str] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("address", "meta", "google"),
    [
        (" User.Name+NYC@Example.com ", "user.name+nyc@example.com", "user.name+nyc@example.com"),
        ("cloudy.sanfrancisco+shopping@gmail.com", "cloudy.sanfrancisco+shopping@gmail.com",
         "cloudysanfrancisco@gmail.com"),
        ("J.Doe@GoogleMail.com", "j.doe@googlemail.com", "jdoe@googlemail.com"),
        ("a b@example.com", "a b@example.com", "ab@example.com"),
        ("ÄNN@Example.com", "änn@example.com", "änn@example.com"),
    ],
)  # fmt: skip
def test_an_address_is_two_texts(address: str, meta: str, google: str) -> None:
    assert forms(email=address) == {"email": sha(meta), "email_dotless": sha(google)}


@pytest.mark.parametrize(
    ("number", "plus", "digits"),
    [
        ("+18005550100", "+18005550100", "18005550100"),
        ("0044 20 7946-0958", "+442079460958", "442079460958"),
        ("(800)555-0100", None, None),
        ("none", None, None),
    ],
)
def test_a_number_has_its_country_code_or_no_form(number: str, plus: str | None, digits: str | None) -> None:
    wanted = {"phone": sha(plus), "phone_digits": sha(digits)} if plus and digits else {}
    assert forms(phone=number) == wanted


def test_names_are_small_and_without_what_is_no_name() -> None:
    found = forms(first_name=" Dr. Anne-Marie ", last_name="O'Brien, Jr.")
    assert found == {"first_name": sha("annemarie"), "last_name": sha("obrien")}
    assert forms(first_name="Éloïse", last_name="Mack") == {"first_name": sha("éloïse"), "last_name": sha("mack")}
    assert forms(first_name="Drew")["first_name"] == sha("drew"), "a title is a word of its own"


@pytest.mark.parametrize(
    ("country", "code", "plain", "tight"),
    [
        ("us", "94043-1234", "94043-1234", "94043"),
        ("GB", "m1  1ae", "M1 1AE", "m11"),
        ("DE", "10115", "10115", "10115"),
    ],
)
def test_places(country: str, code: str, plain: str, tight: str) -> None:
    found = forms(country=country, postal_code=code)
    assert found["country"] == country.upper()
    assert found["country_hash"] == sha(country.lower())
    assert (found["postal_code"], found["postal_hash"]) == (plain, sha(tight))


def test_what_is_no_country_or_nothing_at_all() -> None:
    assert forms(country="Germany", email="", first_name="...", external_id=None) == {}


def test_rows_keep_their_order() -> None:
    names = [f"p{number}@example.com" for number in range(3_000)]
    found = hashed(pa.table({"email": names})).to_pylist()
    assert [json.loads(text)["email"] for text in found] == [sha(name) for name in names]
