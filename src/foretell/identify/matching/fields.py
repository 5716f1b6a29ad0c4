"""The fields that records are compared by: the usual ones of people, and those that a document names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foretell.identify.matching.document import Compare, MatchField, MatchingSpec

FULL_NAME = "full_name"
"""Not compared: where given and family name are missing, its first and last word stand for them."""

_ADDRESS = ("", "address", "shippingaddress", "billingaddress", "shipping", "billing", "defaultaddress", "home")


@dataclass(frozen=True)
class Field:
    """A field as it is compared.

    Args:
        traits: names as they are in the data, the preferred one first.
        identifiers: kinds of identifiers that tell it where no trait does.
        swaps_with: a field whose value may stand here by mistake.
    """

    name: str
    compare: Compare
    traits: tuple[str, ...]
    identifiers: tuple[str, ...]
    swaps_with: str | None = None


def _in_address(*names: str) -> tuple[str, ...]:
    return tuple(prefix + name for prefix in _ADDRESS for name in names)


_USUAL: Mapping[str, tuple[Compare, tuple[str, ...]]] = {
    "given_name": ("name", ("givenname", "firstname", "forename")),
    "family_name": ("name", ("familyname", "lastname", "surname")),
    FULL_NAME: ("name", ("name", "fullname", "displayname")),
    "email": ("email", ("email", "emailaddress", "mail")),
    "phone": ("phone", ("phone", "phonenumber", "mobile", "mobilephone", "telephone")),
    "birth_date": ("date", ("birthdate", "birthday", "dateofbirth", "dob")),
    "national_id": (
        "code",
        ("nationalid", "socsecid", "ssn", "socialsecuritynumber", "socialsecurityid", "taxid", "passport"),
    ),
    "house_number": ("code", _in_address("housenumber", "streetnumber")),
    "street": ("text", _in_address("street", "streetname", "address1", "line1", "streetaddress")),
    "address_2": ("text", _in_address("address2", "line2", "streetaddress2")),
    "city": ("text", _in_address("city", "suburb", "town", "locality")),
    "postcode": ("code", _in_address("postcode", "postalcode", "zip", "zipcode")),
    "region": ("code", _in_address("region", "state", "province", "county")),
}
"""Usual traits of people; names without what is no letter or digit, in lower case."""
USUAL_FIELDS = tuple(name for name in _USUAL if name != FULL_NAME)
_SHARED = frozenset({"house_number", "postcode", "region"})
_SWAPPED = {"given_name": "family_name", "family_name": "given_name"}
_IDENTIFIERS = {"email": ("email",), "phone": ("phone",)}


def own_to_a_person(field: Field) -> bool:
    """Whether hardly two people share a value: not so for names and the parts of an address."""
    return field.compare in ("email", "phone", "date") or (field.compare == "code" and field.name not in _SHARED)


def fields_of(spec: MatchingSpec, traits: Sequence[str], kinds: Sequence[str]) -> tuple[Field, ...]:
    """The fields that these data can tell, in a fixed order.

    Args:
        traits: names of the traits that exist.
        kinds: kinds of the identifiers that exist.
    """
    found = _usual(traits) if spec.keep_defaults else {}
    for name, field in spec.fields.items():
        found[name] = _own(name, field, traits)
    if FULL_NAME in found:
        for name in _SWAPPED:
            found.setdefault(name, Field(name, "name", (), (), _SWAPPED[name]))
    told = [
        Field(one.name, one.compare, one.traits, tuple(k for k in one.identifiers if k in kinds), one.swaps_with)
        for one in found.values()
    ]
    kept = {one.name for one in told if one.traits or one.identifiers}
    if FULL_NAME in kept:
        kept |= set(_SWAPPED)
    return tuple(_paired(one, kept) for one in told if one.name in kept)


def _usual(traits: Sequence[str]) -> dict[str, Field]:
    by_plain: dict[str, list[str]] = {}
    for trait in sorted(traits):
        by_plain.setdefault(re.sub(r"[^a-z0-9]", "", trait.lower()), []).append(trait)
    return {
        name: Field(
            name,
            compare,
            tuple(trait for wanted in dict.fromkeys(names) for trait in by_plain.get(wanted, ())),
            _IDENTIFIERS.get(name, ()),
            _SWAPPED.get(name),
        )
        for name, (compare, names) in _USUAL.items()
    }


def _own(name: str, field: MatchField, traits: Sequence[str]) -> Field:
    known = tuple(trait for trait in field.traits if trait in traits)
    return Field(name, field.compare, known, field.identifiers, _SWAPPED.get(name))


def _paired(field: Field, kept: set[str]) -> Field:
    if field.swaps_with is None or field.swaps_with in kept:
        return field
    return Field(field.name, field.compare, field.traits, field.identifiers)
